/* address.c - the promises of <xie/address.h> that need no loop. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/un.h>

#include <xie/address.h>

#include "tap.h"

/* The text of what host and port parse to. */
static const char *round_trip(const char *host, uint16_t port)
{
    static char text[XIE_ADDRESS_TEXT];
    struct xie_address address;
    if (xie_address_parse(&address, host, port))
        return "error";
    CHECK_EQ(xie_address_port(&address), port);
    return xie_address_format(&address, text);
}

static void numbers_parse_and_format(void)
{
    CHECK_STR(round_trip("127.0.0.1", 80), "127.0.0.1:80");
    CHECK_STR(round_trip("0.0.0.0", 0), "0.0.0.0:0");
    CHECK_STR(round_trip("255.255.255.255", 65535), "255.255.255.255:65535");
    CHECK_STR(round_trip("::1", 80), "[::1]:80");
    CHECK_STR(round_trip("::", 0), "[::]:0");
    CHECK_STR(round_trip("::ffff:1.2.3.4", 5), "[::ffff:1.2.3.4]:5");
    CHECK_STR(round_trip("fe80::1%3", 7), "[fe80::1%3]:7");
}

static void what_is_no_number_does_not_parse(void)
{
    static const char *const bad[] = {
        "",           "localhost",
        "127.1",      "127.0.0.256",
        "127.0.0.1 ", " 127.0.0.1",
        "[::1]",      "::1::",
        ":::",        "fe80::1%",
        "fe80::1%x",  "fe80::1%-1",
        "1.2.3",      "1.2.3.4.5",
        "0x7f.1.1.1", "fe80::1%99999999999",
        "::1%1%2",    "aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa:aaaa"};
    struct xie_address address = {.len = 77};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (xie_address_parse(&address, bad[i], 1) != -EINVAL)
            tap_failed(__FILE__, __LINE__, "\"%s\" was taken", bad[i]);
    CHECK_EQ(address.len, 77); /* untouched */
}

static void unix_names(void)
{
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT], path[110];
    CHECK_EQ(xie_address_unix(&address, "/tmp/socket"), 0);
    CHECK_STR(xie_address_format(&address, text), "unix:/tmp/socket");
    CHECK_EQ(xie_address_port(&address), 0);
    CHECK_EQ(xie_address_unix(&address, "@hidden"), 0);
    CHECK_STR(xie_address_format(&address, text), "unix:@hidden");
    CHECK_EQ(((struct sockaddr_un *)&address.storage)->sun_path[0], 0);
    CHECK_EQ(address.len, offsetof(struct sockaddr_un, sun_path) + strlen("@hidden"));

    memset(path, 'p', sizeof path);
    path[107] = 0;
    CHECK_EQ(xie_address_unix(&address, path), 0);
    CHECK_EQ(strlen(xie_address_format(&address, text)), 107 + strlen("unix:"));
    path[107] = 'p';
    path[108] = 0;
    CHECK_EQ(xie_address_unix(&address, path), -ENAMETOOLONG);
    CHECK_EQ(xie_address_unix(&address, ""), -EINVAL);
}

static void odd_addresses_format(void)
{
    char text[XIE_ADDRESS_TEXT];
    struct xie_address address = {0};
    CHECK_STR(xie_address_format(&address, text), "family 0");
    address.storage.ss_family = AF_UNIX; /* a client's: it has no name */
    address.len = sizeof(sa_family_t);
    CHECK_STR(xie_address_format(&address, text), "unix:");
    struct sockaddr_un *un = (struct sockaddr_un *)&address.storage;
    memset(un->sun_path, 'q', sizeof un->sun_path); /* all 108 bytes, no 0 at the end */
    address.len = sizeof *un;
    CHECK_EQ(strlen(xie_address_format(&address, text)), 108 + strlen("unix:"));
}

static void ports_are_changed(void)
{
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT];
    CHECK_EQ(xie_address_parse(&address, "127.0.0.1", 1), 0);
    xie_address_set_port(&address, 65535);
    CHECK_STR(xie_address_format(&address, text), "127.0.0.1:65535");
    CHECK_EQ(xie_address_parse(&address, "::1", 1), 0);
    xie_address_set_port(&address, 80);
    CHECK_STR(xie_address_format(&address, text), "[::1]:80");
    CHECK_EQ(xie_address_unix(&address, "/none"), 0);
    xie_address_set_port(&address, 80);
    CHECK_STR(xie_address_format(&address, text), "unix:/none");
}

static void splitting(void)
{
    char host[16];
    uint16_t port = 1;
    CHECK_EQ(xie_address_split("example:80", host, sizeof host, &port), 0);
    CHECK_STR(host, "example");
    CHECK_EQ(port, 80);
    CHECK_EQ(xie_address_split("[::1]:65535", host, sizeof host, &port), 0);
    CHECK_STR(host, "::1");
    CHECK_EQ(port, 65535);
    CHECK_EQ(xie_address_split(":0", host, sizeof host, &port), 0);
    CHECK_STR(host, "");
    CHECK_EQ(port, 0);
    CHECK_EQ(xie_address_split("exactly15bytes_:1", host, sizeof host, &port), 0);
    CHECK_EQ(xie_address_split("sixteen_bytes___:1", host, sizeof host, &port), -ENAMETOOLONG);
}

static void what_does_not_split(void)
{
    static const char *const bad[] = {"",           "host",    "host:",       "host:x",
                                      "host:65536", "host:-1", "host: 1",     "host:1 ",
                                      "host:+1",    "::1:80",  "[::1]",       "[::1]80",
                                      "[::1:80",    "[::1]:",  "host:000080", "host:1:2"};
    char host[16] = "kept";
    uint16_t port = 7;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (xie_address_split(bad[i], host, sizeof host, &port) != -EINVAL)
            tap_failed(__FILE__, __LINE__, "\"%s\" was taken", bad[i]);
    CHECK_STR(host, "kept");
    CHECK_EQ(port, 7);
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"numbers_parse_and_format", numbers_parse_and_format},
        {"what_is_no_number_does_not_parse", what_is_no_number_does_not_parse},
        {"unix_names", unix_names},
        {"odd_addresses_format", odd_addresses_format},
        {"ports_are_changed", ports_are_changed},
        {"splitting", splitting},
        {"what_does_not_split", what_does_not_split},
        {0},
    };
    return tap_main(argc, argv, tests);
}
