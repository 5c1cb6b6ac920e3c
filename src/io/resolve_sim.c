/* resolve_sim.c - the names of sim's world: localhost, and what XIE_SIM_HOSTS says.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "base/misuse.h"
#include "base/option.h"
#include "io/resolve.h"

static bool is_address(const char *text, size_t len)
{
    struct xie_address address;
    char number[XIE_ADDRESS_TEXT] = "";
    if (len < sizeof number)
        memcpy(number, text, len);
    return !xie_address_parse(&address, number, 0);
}

static bool is_usable(const char *entry)
{
    size_t len = strcspn(entry, "= ");
    const char *at = entry + len;
    if (!len || *at != '=')
        return false;
    while (*at == '=' || *at == ',') {
        len = strcspn(++at, ", ");
        if (!is_address(at, len))
            return false;
        at += len;
    }
    return true;
}

static const char *next_entry(const char *text)
{
    text += strcspn(text, " ");
    return text + strspn(text, " ");
}

/* What cannot be used is told, once in a process; the rest is used all the same. */
static const char *hosts(void)
{
    static bool looked; /* atomic: loops of several threads ask */
    const char *text = xie_option_text("XIE_SIM_HOSTS");
    if (!text)
        return "";
    text += strspn(text, " ");
    if (__atomic_exchange_n(&looked, true, __ATOMIC_RELAXED))
        return text;
    for (const char *at = text; *at; at = next_entry(at))
        if (!is_usable(at))
            xie_report("XIE_SIM_HOSTS=%.*s is not used as it stands: name=address,address is "
                       "allowed",
                       (int)strcspn(at, " "), at);
    return text;
}

static void add(struct xie_lookup *lookup, const char *text, size_t len)
{
    char number[XIE_ADDRESS_TEXT] = "";
    if (lookup->result == XIE_FOUND_MOST)
        return;
    if (len < sizeof number)
        memcpy(number, text, len);
    if (!xie_address_parse(&lookup->found[lookup->result], number, lookup->port))
        lookup->result++;
}

/* The addresses of the entry that begins at text: "name=a,b,c". */
static void read_entry(struct xie_lookup *lookup, const char *text)
{
    text += strcspn(text, "= ");
    while (*text == '=' || *text == ',') {
        size_t len = strcspn(++text, ", ");
        add(lookup, text, len);
        text += len;
    }
}

int xie_lookup_on_sim(void *arg)
{
    struct xie_lookup *lookup = arg;
    size_t len = strlen(lookup->host);
    lookup->result = 0;
    for (const char *at = hosts(); *at && !lookup->result; at = next_entry(at))
        if (!strncmp(at, lookup->host, len) && at[len] == '=')
            read_entry(lookup, at);
    if (!lookup->result && !strcmp(lookup->host, "localhost"))
        read_entry(lookup, "localhost=127.0.0.1");
    if (!lookup->result)
        lookup->result = XIE_EDNS_NONAME;
    return 0;
}

static bool has(struct xie_lookup *lookup, const struct xie_address *wanted)
{
    for (int i = 0; i < lookup->result; i++)
        if (lookup->found[i].len == wanted->len &&
            !memcmp(&lookup->found[i].storage, &wanted->storage, wanted->len))
            return true;
    return false;
}

/* The entry at text has the address; its name is the answer. */
static bool take_name(struct xie_lookup *lookup, const char *text, const struct xie_address *wanted)
{
    size_t len = strcspn(text, "= ");
    lookup->result = 0;
    read_entry(lookup, text);
    if (!has(lookup, wanted) || len >= sizeof lookup->host)
        return false;
    memcpy(lookup->host, text, len);
    lookup->host[len] = 0;
    lookup->result = 0;
    return true;
}

int xie_lookup_name_on_sim(struct xie_lookup *lookup)
{
    struct xie_address wanted = lookup->found[0];
    bool found = false;
    lookup->port = xie_address_port(&wanted);
    for (const char *at = hosts(); *at && !found; at = next_entry(at))
        found = take_name(lookup, at, &wanted);
    if (!found)
        found = take_name(lookup, "localhost=127.0.0.1,::1", &wanted);
    lookup->found[0] = wanted;
    return lookup->result = found ? 0 : XIE_EDNS_NONAME;
}
