/* fuzz_http_ws.c - seeds for fuzz/http_ws.c. */
/* SPDX-License-Identifier: MIT */
#include "fuzz.h"

const struct fuzz_seed fuzz_seeds[] = {
    SEED("\0GET /a%20b?q=%41&r HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.0\r\n\r\n"),
    SEED("\0POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
         "5;n=v\r\nhello\r\n0\r\nT: x\r\n\r\n"),
    SEED("\2POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\nabc"),
    SEED("\0GET http://a/ HTTP/1.1\r\nHost: a\r\nConnection: close\r\nUpgrade: x\r\n\r\n"),
    SEED("\1\x81\x83\0\0\0\0abc\x89\x80\1\2\3\4\x02\x81\0\0\0\0x\x80\x81\0\0\0\0y"
         "\x88\x82\0\0\0\0\x03\xe8"),
    SEED("\3\x82\xfe\0\x80\0\0\0\0abcdefgh\x01\x80\1\1\1\1\x80\x83\0\0\0\0\xe4\xbd\xa0"),
    SEED("\5\x81\xff\0\0\0\0\0\1\0\0\0\0\0\0abc"),
    SEED("\x09\xc1\x87\0\0\0\0\xf2\x48\xcd\xc9\xc9\x07\x00\xc1\x85\0\0\0\0\xf2\0\x11\0\0"),
    SEED("\x0b\x41\x83\0\0\0\0\xf2\x48\xcd\x80\x84\0\0\0\0\xc9\xc9\x07\x00"),
    {NULL, 0},
};
