/* option.c - variables of the environment that say how the library works.
 * Floor 0. */
/* SPDX-License-Identifier: MIT */
#include "base/option.h"

#include <errno.h>
#include <stdlib.h>

#include "base/misuse.h"

enum { VALUE_SHOWN = 100 /* bytes of a wrong value that are shown */ };

const char *xie_option_text(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? text : NULL;
}

/* Stricter than strtoull(3) alone, which takes spaces, signs, and a zero for octal. */
static bool parse(const char *text, uint64_t *number)
{
    char *end;
    bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    *number = strtoull(text, &end, hex ? 16 : 10);
    return !*end && !errno;
}

/* return true: it is in the range */
static bool read_number(const char *text, uint64_t least, uint64_t most, uint64_t *number)
{
    return parse(text, number) && *number >= least && *number <= most;
}

uint64_t xie_option_number(struct xie_option *option)
{
    const char *text = xie_option_text(option->name);
    uint64_t number;
    if (!text)
        return option->otherwise;
    if (read_number(text, option->least, option->most, &number))
        return number;
    if (!__atomic_exchange_n(&option->told, true, __ATOMIC_RELAXED))
        xie_report("%s=%.*s is not a number from %llu to %llu; %llu is used", option->name,
                   VALUE_SHOWN, text, (unsigned long long)option->least,
                   (unsigned long long)option->most, (unsigned long long)option->otherwise);
    return option->otherwise;
}

int xie_option_read(const char *name, uint64_t least, uint64_t most, uint64_t *number)
{
    const char *text = xie_option_text(name);
    uint64_t found;
    if (!text)
        return 0;
    if (read_number(text, least, most, &found)) {
        *number = found;
        return 0;
    }
    xie_report("%s=%.*s is not a number from %llu to %llu", name, VALUE_SHOWN, text,
               (unsigned long long)least, (unsigned long long)most);
    return -EINVAL;
}
