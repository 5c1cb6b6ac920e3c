/* query.c - pairs of names and values: a query, or a form in a body.
 * Floor 8. */
/* SPDX-License-Identifier: MIT */
#include "query.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "field.h"
#include "http.h"

bool xie_query_text(struct xie_bytes *target, const char *text, size_t len, bool plus)
{
    ssize_t n = xie_field_unescape(xie_bytes_end(target), text, len, plus);
    if (n < 0)
        return false;
    target->len += (size_t)n;
    target->data[target->len++] = 0;
    return true;
}

static bool pair(struct xie_bytes *target, const char *text, size_t len)
{
    const char *equals = memchr(text, '=', len);
    size_t name = equals ? (size_t)(equals - text) : len;
    size_t value = equals ? len - name - 1 : 0;
    return xie_query_text(target, text, name, true) &&
           xie_query_text(target, text + len - value, value, true);
}

bool xie_query_pairs(struct xie_bytes *target, const char *query, size_t len)
{
    const char *end = len ? query + len : query;
    while (query < end) {
        const char *amp = memchr(query, '&', (size_t)(end - query));
        const char *stop = amp ? amp : end;
        if (stop > query && !pair(target, query, (size_t)(stop - query)))
            return false;
        query = amp ? amp + 1 : end;
    }
    return true;
}

/* A walk over the pairs of the query, then over those of the form. */
struct walk {
    const char *at, *end, *form, *form_end;
};

static struct walk walk(const struct xie_http *http)
{
    const char *form = xie_bytes_first(&http->form), *target = http->target.data;
    return (struct walk){.at = target + strlen(target) + 1,
                         .end = target + http->target.len,
                         .form = form,
                         .form_end = http->form.len ? form + http->form.len : form};
}

static bool step(struct walk *walk, struct xie_http_field *pair)
{
    if (walk->at >= walk->end) {
        walk->at = walk->form;
        walk->end = walk->form = walk->form_end;
    }
    if (walk->at >= walk->end)
        return false;
    pair->name = walk->at;
    pair->value = pair->name + strlen(pair->name) + 1;
    walk->at = pair->value + strlen(pair->value) + 1;
    return true;
}

int xie_http_query_at(struct xie_http *http, size_t index, struct xie_http_field *pair)
{
    struct walk pairs = walk(http);
    struct xie_http_field found;
    while (step(&pairs, &found)) {
        if (index-- == 0) {
            *pair = found;
            return 1;
        }
    }
    return 0;
}

const char *xie_http_query(struct xie_http *http, const char *name)
{
    struct walk pairs = walk(http);
    struct xie_http_field found;
    while (step(&pairs, &found)) {
        if (!strcmp(found.name, name))
            return found.value;
    }
    return NULL;
}

/* Is it the type, with or without parameters? */
static bool is_form(const char *type)
{
    static const char form[] = "application/x-www-form-urlencoded";
    size_t len = sizeof form - 1;
    return type && !strncasecmp(type, form, len) && (!type[len] || strchr("; \t", type[len]));
}

int xie_http_form(struct xie_http *http)
{
    char *body;
    if (!is_form(xie_http_field(http, "Content-Type")))
        return -EINVAL;
    ssize_t len = xie_http_body(http, &body);
    if (len < 0)
        return (int)len;
    xie_bytes_clear(&http->form);
    if (xie_bytes_reserve(&http->form, xie_query_room((size_t)len)) < 0)
        return -ENOMEM;
    if (xie_query_pairs(&http->form, body, (size_t)len))
        return 0;
    xie_bytes_clear(&http->form);
    return -EILSEQ;
}
