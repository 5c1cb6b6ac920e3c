/* fuzz_answer.c - seeds for fuzz/http_answer.c. */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

const struct fuzz_seed fuzz_seeds[] = {
    SEED("\0HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\nA: c\r\n\r\nhello"),
    SEED("\1HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;n=v\r\nhello\r\n0\r\nT: x\r\n"
         "\r\n"),
    SEED("\2HTTP/1.1 100 Go\r\n\r\nHTTP/1.1 204 No\r\nConnection: close\r\n\r\n"),
    SEED("\3HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nto the end"),
    SEED("\4HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n"),
    SEED("\0HTTP/1.1 302 Found\r\nLocation: ../d?e#f\r\nContent-Length: 1\r\n\r\nx"),
    SEED(
        "\0HTTP/1.1 301 M\r\nLocation: http://localhost:1/\xc3\xa9 x\r\nContent-Length: 0\r\n\r\n"),
    SEED("\x09HTTP/1.1 413 Much\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
    {NULL, 0},
};
