/* authorize.h - whether somebody who comes to us may.
 * Floor 9. Knows header fields and secrets; what they differ in is not to be seen by the time
 * a comparison takes. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ONEBOT_AUTHORIZE_H
#define XIE_ONEBOT_AUTHORIZE_H

#include <stdbool.h>
#include <stddef.h>

/* HTTP statuses of a refusal. */
enum { ONEBOT_NO_TOKEN = 401, ONEBOT_WRONG_TOKEN = 403 };

/* The same bytes? Takes as long as given is, whatever is in it. */
bool onebot_same_secret(const char *given, size_t len, const char *want, size_t want_len);

/**
 * Does a request bring the token?
 *
 * field   of "Authorization": "Bearer …" or "Token …"; NULL: none
 * query   of "access_token", looked at when the field brings none; NULL: none
 * want    NULL or "": none is asked for
 * return  0, ONEBOT_NO_TOKEN or ONEBOT_WRONG_TOKEN
 */
int onebot_check_token(const char *field, const char *query, const char *want);

/* Could this be a signature, whatever the body? return as onebot_check_signature */
int onebot_check_form(const char *field);

/**
 * Is a body signed with the secret?
 *
 * field   of "X-Signature": "sha1=" and the hexadecimal HMAC-SHA1 of the body; NULL: none
 * body    as it came [len bytes]
 * return  0, ONEBOT_NO_TOKEN or ONEBOT_WRONG_TOKEN
 */
int onebot_check_signature(const char *field, const void *body, size_t len, const char *secret);

#endif
