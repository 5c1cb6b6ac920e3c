/* extension.c - permessage-deflate being agreed upon.
 * Floor 8. RFC 7692 section 7.1; the grammar of RFC 6455 section 9.1. */
/* SPDX-License-Identifier: MIT */
#include "extension.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <xie/error.h>

#include "field.h"

enum { NAME = 32, VALUE = 8, LEAST = 8, USABLE = 9, MOST = 15 };

/* One extension of a list, as it was written. */
struct element {
    bool deflate; /* it is permessage-deflate, and its parameters are right */
    bool server_alone, client_alone;
    bool server_bits_given, client_bits_given;
    int server_bits, client_bits; /* 0: without a value */
};

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t");
}

/* A token, cut to fit: what is longer is none of ours. */
static const char *take_token(const char *at, char *token, size_t cap)
{
    size_t used = 0;
    for (; xie_field_token(*at); at++) {
        if (used < cap - 1)
            token[used++] = *at;
    }
    token[used] = 0;
    return skip_blanks(at);
}

/* "=value" or "=\"value\"", if there is one. NULL: neither. */
static const char *take_value(const char *at, char *value)
{
    *value = 0;
    if (*at != '=')
        return at;
    at = skip_blanks(at + 1);
    bool quoted = *at == '"';
    at = take_token(at + quoted, value, VALUE);
    if (quoted && *at++ != '"')
        return NULL;
    return *value ? skip_blanks(at) : NULL;
}

/* 8..15 without a sign or a leading 0; -1: no such number. */
static int take_bits(const char *value)
{
    size_t len = strlen(value);
    int bits = 0;
    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9')
            return -1;
        bits = bits * 10 + value[i] - '0';
    }
    return len <= 2 && value[0] != '0' && bits >= LEAST && bits <= MOST ? bits : -1;
}

static bool flag(bool *seen, const char *value)
{
    bool ok = !*seen && !*value;
    *seen = true;
    return ok;
}

static bool number(bool *seen, int *bits, const char *value, bool optional)
{
    if (*seen)
        return false;
    *seen = true;
    *bits = *value ? take_bits(value) : 0;
    return *bits > 0 || (!*value && optional);
}

/* A parameter known and right? bare: client_max_window_bits may be without a value. */
static bool take_parameter(struct element *element, const char *name, const char *value, bool bare)
{
    if (!strcasecmp(name, "server_no_context_takeover"))
        return flag(&element->server_alone, value);
    if (!strcasecmp(name, "client_no_context_takeover"))
        return flag(&element->client_alone, value);
    if (!strcasecmp(name, "server_max_window_bits"))
        return number(&element->server_bits_given, &element->server_bits, value, false);
    if (!strcasecmp(name, "client_max_window_bits"))
        return number(&element->client_bits_given, &element->client_bits, value, bare);
    return false;
}

/* Take the next extension off a list. return what follows; NULL: the rest is no list */
static const char *take_element(const char *at, struct element *element, bool bare)
{
    char name[NAME], value[VALUE];
    *element = (struct element){0};
    at = take_token(at, name, sizeof name);
    if (!*name)
        return NULL;
    element->deflate = !strcasecmp(name, "permessage-deflate");
    while (*at == ';') {
        at = take_token(skip_blanks(at + 1), name, sizeof name);
        at = *name ? take_value(at, value) : NULL;
        if (!at)
            return NULL;
        if (!take_parameter(element, name, value, bare))
            element->deflate = false;
    }
    if (*at && *at != ',')
        return NULL;
    return at;
}

static int bits_or_most(int bits)
{
    return bits ? bits : MOST;
}

static bool bits_ok(int bits)
{
    return !bits || (bits >= USABLE && bits <= MOST);
}

int xie_extension_check(const struct xie_ws_options *options)
{
    if (!options)
        return 0;
    return bits_ok(options->own_window_bits) && bits_ok(options->peer_window_bits) ? 0 : -EINVAL;
}

static bool wanted(const struct xie_ws_options *options)
{
    return options && options->deflate && xie_deflate_built();
}

static void add(char *text, const char *what)
{
    size_t used = strlen(text);
    snprintf(text + used, XIE_EXTENSION - used, "; %s", what);
}

static void add_bits(char *text, const char *what, int bits)
{
    size_t used = strlen(text);
    snprintf(text + used, XIE_EXTENSION - used, "; %s=%d", what, bits);
}

void xie_extension_offer(const struct xie_ws_options *options, char text[XIE_EXTENSION])
{
    *text = 0;
    if (!wanted(options))
        return;
    strcpy(text, "permessage-deflate");
    if (options->peer_alone)
        add(text, "server_no_context_takeover");
    if (options->own_alone)
        add(text, "client_no_context_takeover");
    if (options->peer_window_bits)
        add_bits(text, "server_max_window_bits", options->peer_window_bits);
    /* Always, so that the server may choose: we can do what it asks for. */
    if (options->own_window_bits)
        add_bits(text, "client_max_window_bits", options->own_window_bits);
    else
        add(text, "client_max_window_bits");
}

/* Is what the server took what it was offered? Section 7.1.2. */
static bool fits(const struct xie_ws_options *options, const struct element *answer)
{
    if (options->peer_alone && !answer->server_alone)
        return false;
    if (options->peer_window_bits &&
        (!answer->server_bits_given || answer->server_bits > options->peer_window_bits))
        return false;
    return !answer->client_bits_given || !options->own_window_bits ||
           answer->client_bits <= options->own_window_bits;
}

int xie_extension_accept(const struct xie_ws_options *options, const struct xie_message *answer,
                         struct xie_deflate_terms *terms)
{
    struct element element;
    const char *list = xie_message_value(answer, "sec-websocket-extensions");
    *terms = (struct xie_deflate_terms){0};
    if (!list)
        return 0;
    if (!wanted(options) || xie_message_count(answer, "sec-websocket-extensions") > 1)
        return XIE_EWS_HANDSHAKE;
    const char *rest = take_element(list, &element, false);
    if (!rest || *rest || !element.deflate || !fits(options, &element))
        return XIE_EWS_HANDSHAKE;
    int own = bits_or_most(options->own_window_bits);
    if (element.client_bits_given && element.client_bits < own)
        own = element.client_bits;
    *terms = (struct xie_deflate_terms){
        .on = true,
        .own_alone = options->own_alone || element.client_alone,
        .peer_alone = element.server_alone,
        .own_bits = own,
        .peer_bits = bits_or_most(element.server_bits),
    };
    return 0;
}

/* Terms for an offer; false: it asks for what we cannot do, a window of 8 bits. */
static bool take_offer(const struct xie_ws_options *options, const struct element *offer,
                       struct xie_deflate_terms *terms)
{
    int own = bits_or_most(options->own_window_bits),
        peer = bits_or_most(options->peer_window_bits);
    if (offer->server_bits_given && offer->server_bits < own)
        own = offer->server_bits;
    if (own < USABLE)
        return false;
    if (!offer->client_bits_given)
        peer = MOST; /* it may not be told */
    else if (offer->client_bits && offer->client_bits < peer)
        peer = offer->client_bits;
    *terms = (struct xie_deflate_terms){
        .on = true,
        .own_alone = options->own_alone || offer->server_alone,
        .peer_alone = options->peer_alone || offer->client_alone,
        .own_bits = own,
        .peer_bits = peer,
    };
    return true;
}

static void write_answer(const struct xie_deflate_terms *terms, const struct element *offer,
                         char *text)
{
    strcpy(text, "permessage-deflate");
    if (terms->own_alone)
        add(text, "server_no_context_takeover");
    if (terms->peer_alone)
        add(text, "client_no_context_takeover");
    if (offer->server_bits_given || terms->own_bits < MOST)
        add_bits(text, "server_max_window_bits", terms->own_bits);
    if (offer->client_bits_given && terms->peer_bits < MOST)
        add_bits(text, "client_max_window_bits", terms->peer_bits);
}

void xie_extension_choose(const struct xie_ws_options *options, const struct xie_message *request,
                          struct xie_deflate_terms *terms, char text[XIE_EXTENSION])
{
    const struct xie_field *field = NULL;
    struct element offer;
    *terms = (struct xie_deflate_terms){0};
    *text = 0;
    if (!wanted(options))
        return;
    while ((field = xie_message_field(request, "sec-websocket-extensions", field))) {
        const char *at = field->value + strspn(field->value, " \t,");
        while (*at && (at = take_element(at, &offer, true))) {
            at += strspn(at, " \t,");
            if (!offer.deflate || !take_offer(options, &offer, terms))
                continue;
            write_answer(terms, &offer, text);
            return;
        }
    }
}
