/* authorize.c - whether somebody who comes to us may.
 * Floor 9. HMAC-SHA1 by libcrypto. */
/* SPDX-License-Identifier: MIT */
#include "onebot/authorize.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>
#include <strings.h>

enum { SHA1_BYTES = 20, SIGNATURE = 2 * SHA1_BYTES };

bool onebot_same_secret(const char *given, size_t len, const char *want, size_t want_len)
{
    volatile unsigned char differ = len != want_len || !want_len;
    for (size_t i = 0; i < len; i++)
        differ |= (unsigned char)(given[i] ^ want[want_len ? i % want_len : 0]);
    return !differ;
}

/* What follows "Bearer" or "Token" and spaces; NULL: the field is neither. */
static const char *token_of(const char *field)
{
    static const char *const schemes[] = {"Bearer", "Token"};
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t len = strlen(schemes[i]);
        if (strncasecmp(field, schemes[i], len) != 0)
            continue;
        if (!field[len])
            return field + len;
        if (field[len] == ' ')
            return field + len + strspn(field + len, " ");
    }
    return NULL;
}

int onebot_check_token(const char *field, const char *query, const char *want)
{
    if (!want || !*want)
        return 0;
    const char *given = field ? token_of(field) : NULL;
    if (!given || !*given) /* "Bearer" alone is what some send who have no token */
        given = query;
    if (!given || !*given)
        return ONEBOT_NO_TOKEN;
    return onebot_same_secret(given, strlen(given), want, strlen(want)) ? 0 : ONEBOT_WRONG_TOKEN;
}

static int digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* "sha1=" and 40 digits as 20 bytes. */
static bool read_signature(const char *field, char bytes[SHA1_BYTES])
{
    if (strncasecmp(field, "sha1=", 5) != 0 || strlen(field) != 5 + SIGNATURE)
        return false;
    for (size_t i = 0; i < SHA1_BYTES; i++) {
        int high = digit(field[5 + 2 * i]), low = digit(field[5 + 2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (char)(high << 4 | low);
    }
    return true;
}

int onebot_check_form(const char *field)
{
    char given[SHA1_BYTES];
    if (!field || !*field)
        return ONEBOT_NO_TOKEN;
    return read_signature(field, given) ? 0 : ONEBOT_WRONG_TOKEN;
}

int onebot_check_signature(const char *field, const void *body, size_t len, const char *secret)
{
    unsigned char want[EVP_MAX_MD_SIZE];
    char given[SHA1_BYTES];
    unsigned want_len = 0;
    if (!field || !*field)
        return ONEBOT_NO_TOKEN;
    if (!read_signature(field, given) ||
        !HMAC(EVP_sha1(), secret, (int)strlen(secret), body, len, want, &want_len) ||
        !onebot_same_secret(given, sizeof given, (const char *)want, want_len))
        return ONEBOT_WRONG_TOKEN;
    return 0;
}
