/* scalar.c - texts, numbers, durations, sizes, flags, choices and secrets.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/scalar.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "onebot/nearest.h"
#include "onebot/real.h"
#include "onebot/utf8.h"

struct unit {
    const char *name;
    int64_t size;
};

static const struct unit times[] = {{"ms", XIE_MILLISECOND}, {"s", XIE_SECOND},
                                    {"m", XIE_MINUTE},       {"h", XIE_HOUR},
                                    {"d", 24 * XIE_HOUR},    {NULL, 0}};
static const struct unit sizes[] = {{"", 1},
                                    {"B", 1},
                                    {"KiB", INT64_C(1) << 10},
                                    {"MiB", INT64_C(1) << 20},
                                    {"GiB", INT64_C(1) << 30},
                                    {NULL, 0}};
static const struct unit plain[] = {{"", 1}, {NULL, 0}};

/* What is asked of a value: its parts under one name. */
struct asked {
    struct onebot_complaints *complaints;
    const struct onebot_yaml *node;
    const struct onebot_config_key *key;
    const struct onebot_spot *place;
};

#define COMPLAIN(asked, ...) \
    onebot_complain((asked)->complaints, (asked)->node->line, (asked)->place, __VA_ARGS__)

static json_t *keep(struct onebot_complaints *complaints, json_t *value)
{
    if (!value)
        complaints->error = -ENOMEM;
    return value;
}

/* --- numbers ------------------------------------------------------------------------ */

/* A whole number and one of the units. */
static bool measure(const char *text, const struct unit *units, int64_t *value)
{
    char *end;
    if (strspn(text, "-0123456789") == 0)
        return false;
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end == text)
        return false;
    end += *end == ' ';
    while (units->name && strcmp(units->name, end) != 0)
        units++;
    int64_t product;
    if (!units->name || __builtin_mul_overflow((int64_t)number, units->size, &product))
        return false;
    *value = product;
    return true;
}

static bool bounded(const struct onebot_config_key *key)
{
    return key->least || key->most;
}

/* A bound as it would be written. */
static void show(char *text, size_t cap, enum onebot_key_kind kind, int64_t value)
{
    const struct unit *units = kind == ONEBOT_KEY_DURATION ? times
                               : kind == ONEBOT_KEY_SIZE   ? sizes
                                                           : plain;
    const struct unit *best = units;
    for (; units->name; units++)
        if (value && value % units->size == 0)
            best = units;
    snprintf(text, cap, "%lld%s", (long long)(value / best->size), best->name);
}

static json_t *in_range(const struct asked *asked, int64_t value)
{
    char least[32], most[32];
    const struct onebot_config_key *key = asked->key;
    if (!bounded(key) || (value >= key->least && value <= key->most))
        return keep(asked->complaints, json_integer(value));
    show(least, sizeof least, key->kind, key->least);
    show(most, sizeof most, key->kind, key->most);
    COMPLAIN(asked, "\"%.60s\" is not within %s to %s", asked->node->text, least, most);
    return NULL;
}

static json_t *number(const struct asked *asked)
{
    int64_t value;
    if (measure(asked->node->text, plain, &value))
        return in_range(asked, value);
    COMPLAIN(asked, "\"%.60s\" is not a whole number", asked->node->text);
    return NULL;
}

static json_t *duration(const struct asked *asked)
{
    int64_t value;
    bool never = !bounded(asked->key);
    if (never && strcmp(asked->node->text, "never") == 0)
        return keep(asked->complaints, json_integer(XIE_NEVER));
    if (measure(asked->node->text, times, &value) && value >= 0)
        return in_range(asked, value);
    COMPLAIN(asked, "\"%.60s\" is not a duration: a whole number with ms, s, m, h or d%s",
             asked->node->text, never ? ", or never" : "");
    return NULL;
}

static json_t *size(const struct asked *asked)
{
    int64_t value;
    if (measure(asked->node->text, sizes, &value) && value >= 0)
        return in_range(asked, value);
    COMPLAIN(asked, "\"%.60s\" is not a size: a whole number with B, KiB, MiB or GiB",
             asked->node->text);
    return NULL;
}

/* --- words -------------------------------------------------------------------------- */

static json_t *flag(const struct asked *asked)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(asked->node->text, words[i]) == 0)
            return json_boolean(i % 2);
    COMPLAIN(asked, "\"%.60s\" is neither true nor false", asked->node->text);
    return NULL;
}

static json_t *choice(const struct asked *asked)
{
    char known[256] = "";
    size_t len = 0;
    struct onebot_nearest nearest = {.word = asked->node->text};
    for (const char *const *at = asked->key->choices; *at; at++) {
        if (strcmp(*at, asked->node->text) == 0)
            return keep(asked->complaints, json_string(*at));
        onebot_nearest_try(&nearest, *at);
        if (len < sizeof known)
            len += (size_t)snprintf(known + len, sizeof known - len, "%s%s", len ? ", " : "", *at);
    }
    if (nearest.best)
        COMPLAIN(asked, "\"%.60s\" is none of %s; did you mean \"%s\"?", asked->node->text, known,
                 nearest.best);
    else
        COMPLAIN(asked, "\"%.60s\" is none of %s", asked->node->text, known);
    return NULL;
}

static json_t *text(const struct asked *asked, const char *value)
{
    const struct onebot_config_key *key = asked->key;
    int64_t len = (int64_t)strlen(value);
    if (bounded(key) && (len < key->least || len > key->most)) {
        COMPLAIN(asked, "is %lld bytes long, not %lld to %lld", (long long)len,
                 (long long)key->least, (long long)key->most);
        return NULL;
    }
    for (size_t step; *value; value += step) /* libyaml has looked, but not in the environment */
        if (!(step = onebot_utf8_char(value))) {
            COMPLAIN(asked, "is not UTF-8");
            return NULL;
        }
    return keep(asked->complaints, json_stringn_nocheck(value - len, (size_t)len));
}

/* As names of the environment are written: what is none may be the secret itself. */
static bool is_name(const char *text)
{
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    return *text && strchr(first, *text) && !text[len];
}

static json_t *secret(const struct asked *asked)
{
    const char *value = asked->node->text;
    if (*value != '$')
        return text(asked, value);
    if (value[1] == '$')
        return text(asked, value + 1);
    const char *found = value[1] ? getenv(value + 1) : NULL;
    if (found)
        return text(asked, found);
    if (is_name(value + 1))
        COMPLAIN(asked,
                 "there is no \"%.60s\" in the environment; a text that begins with $ is written "
                 "with $$",
                 value + 1);
    else
        COMPLAIN(asked, "begins with $ and names nothing in the environment; a text that begins "
                        "with $ is written with $$");
    return NULL;
}

/* --- all ---------------------------------------------------------------------------- */

json_t *onebot_scalar(struct onebot_complaints *complaints, const struct onebot_yaml *node,
                      const struct onebot_config_key *key, const struct onebot_spot *place)
{
    struct asked asked = {complaints, node, key, place};
    if (node->kind != ONEBOT_YAML_SCALAR)
        COMPLAIN(&asked, "is a %s, and should be one value",
                 node->kind == ONEBOT_YAML_LIST ? "list" : "table");
    else if (onebot_yaml_is_null(node))
        COMPLAIN(&asked, "has no value; \"\" is the empty text");
    else if (key->kind == ONEBOT_KEY_NUMBER)
        return number(&asked);
    else if (key->kind == ONEBOT_KEY_DURATION)
        return duration(&asked);
    else if (key->kind == ONEBOT_KEY_SIZE)
        return size(&asked);
    else if (key->kind == ONEBOT_KEY_FLAG)
        return flag(&asked);
    else if (key->kind == ONEBOT_KEY_CHOICE)
        return choice(&asked);
    else
        return key->kind == ONEBOT_KEY_SECRET ? secret(&asked) : text(&asked, node->text);
    return NULL;
}

json_t *onebot_scalar_free(struct onebot_complaints *complaints, const struct onebot_yaml *node)
{
    int64_t whole;
    double fraction;
    if (onebot_yaml_is_null(node))
        return json_null();
    if (node->plain && strcmp(node->text, "true") == 0)
        return json_true();
    if (node->plain && strcmp(node->text, "false") == 0)
        return json_false();
    if (node->plain && measure(node->text, plain, &whole))
        return keep(complaints, json_integer(whole));
    if (node->plain && onebot_real_read(node->text, &fraction))
        return keep(complaints, json_real(fraction));
    return keep(complaints, json_string(node->text));
}
