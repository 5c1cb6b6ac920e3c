/* parse.h - JSON that comes from outside: bounded in depth, lenient about numbers in strings.
 * Gateway, ground. Every reason for a refusal is a sentence for the person who sent it. */
/* SPDX-License-Identifier: MIT */
#ifndef GATEWAY_PARSE_H
#define GATEWAY_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

enum {
    PARSE_WHY = 200, /* bytes that any reason needs; a longer one is cut */
};

/* Read an object. return new reference; NULL with the reason in why. */
json_t *parse_object(const char *text, size_t len, char why[PARSE_WHY]);

/* An integer, or a string that holds one and nothing else. */
bool parse_integer(const json_t *value, int64_t *integer);
/* The same from text. */
bool parse_number(const char *text, int64_t *integer);
/* true, false, 0, 1, and the strings "true" "false" "yes" "no" "0" "1". */
bool parse_flag(const json_t *value, bool *flag);

/* Leave out what is no UTF-8, as where a text was cut inside a character: JSON would not take it.
 */
void parse_repair(char *text);

/* Is all of a text UTF-8? */
bool parse_utf8(const char *text);

/* Code points of a UTF-8 text. */
size_t parse_characters(const char *text);

#endif
