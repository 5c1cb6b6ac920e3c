/* error.c - every code is explained in words of its own.
 * Tests of floor 0. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <xie/error.h>

#include "tap.h"

static const int own[] = {
    XIE_EOF,          XIE_ELIMIT,        XIE_ECLOSED,        XIE_EGENEXIT,         XIE_EGENIGNORED,
    XIE_EDEADLOCK,    XIE_EBROKEN,       XIE_EDNS_NONAME,    XIE_EDNS_AGAIN,       XIE_EDNS_FAIL,
    XIE_EURL,         XIE_EHTTP,         XIE_EWS_HANDSHAKE,  XIE_EWS_PROTOCOL,     XIE_EJSON,
    XIE_EAUTH,        XIE_ENOTCONNECTED, XIE_EUNKNOWN,       XIE_EACTION,          XIE_EFAILED,
    XIE_ETLS_CONFIG,  XIE_ETLS_PROTOCOL, XIE_ETLS_TRUNCATED, XIE_ETLS_CERTIFICATE, XIE_ETLS_HOST,
    XIE_ETLS_REFUSED, XIE_ETLS_ALPN,     XIE_EDIRECTORY,     XIE_EREAPED,          XIE_EDECLINED,
    XIE_EANSWER,
};
enum { OWN_COUNT = sizeof(own) / sizeof(own[0]) };

static void each_own_code_has_its_own_line(void)
{
    for (int i = 0; i < OWN_COUNT; i++) {
        const char *text = xie_strerror(own[i]);
        REQUIRE(text);
        CHECK(strlen(text) > 5 && !strchr(text, '\n'));
        CHECK(strcmp(text, "unknown error"));
        CHECK(own[i] < -4096);
        for (int j = 0; j < i; j++)
            CHECK(strcmp(text, xie_strerror(own[j])));
    }
}

static void errno_values_are_the_systems(void)
{
    CHECK_STR(xie_strerror(-ENOENT), "No such file or directory");
    CHECK_STR(xie_strerror(-ECONNREFUSED), "Connection refused");
    for (int code = 1; code <= 133; code++)
        if (code != 41 && code != 58) /* numbers that Linux skipped */
            CHECK(strcmp(xie_strerror(-code), "unknown error"));
}

static void success_is_success(void)
{
    CHECK_STR(xie_strerror(0), "success");
    CHECK_STR(xie_strerror(12), "success");
    CHECK_STR(xie_strerror(INT_MAX), "success");
}

static void unknown_codes_are_never_null(void)
{
    CHECK_STR(xie_strerror(-4000), "unknown error");
    CHECK_STR(xie_strerror(-4096), "unknown error");
    CHECK_STR(xie_strerror(-4999), "unknown error");
    CHECK_STR(xie_strerror(INT_MIN), "unknown error");
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"each own code has its own line", each_own_code_has_its_own_line},
        {"errno values are the system's", errno_values_are_the_systems},
        {"success is success", success_is_success},
        {"unknown codes are never NULL", unknown_codes_are_never_null},
        {0},
    };
    return tap_main(argc, argv, tests);
}
