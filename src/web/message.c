/* message.c - one HTTP message being taken apart: head, then body.
 * Floor 8. Knows bytes and llhttp; knows nothing of streams. Nothing here waits. */
/* SPDX-License-Identifier: MIT */
#include "message.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <xie/error.h>

#include "base/memory.h"
#include "field.h"

enum { NO_BODY = 1 /* what on_headers_complete tells the parser by */ };

/* A line of fields has to begin with a name and a colon. Anything else is a folded line
 * (RFC 9112 section 5.2) or one that two readers would understand differently. */
static bool begins_with_name(const char *line, size_t len)
{
    size_t name = 0;
    while (name < len && xie_field_token(line[name]))
        name++;
    return name > 0 && name < len && line[name] == ':';
}

/* The line data[scan->line..scan->at] is complete with its LF. 1: it ends the head. */
static int end_line(struct xie_scan *scan, const char *data)
{
    size_t len = scan->at - 1 - scan->line;
    if (!len && scan->lines)
        return 1;
    /* One empty line before a request is ignored (RFC 9112 section 2.2), not a second. */
    if (!len && scan->start)
        return XIE_EHTTP;
    if (!len)
        scan->start = scan->at + 1;
    else if (scan->lines++ && !begins_with_name(data + scan->line, len))
        return XIE_EHTTP;
    scan->line = scan->at + 1;
    return 0;
}

ssize_t xie_head_scan(struct xie_scan *scan, const char *data, size_t len)
{
    for (; scan->at < len; scan->at++) {
        unsigned char c = (unsigned char)data[scan->at];
        bool after_cr = scan->at && data[scan->at - 1] == '\r';
        if (after_cr != (c == '\n'))
            return XIE_EHTTP;
        if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return XIE_EHTTP;
        if (c != '\n')
            continue;
        int end = end_line(scan, data);
        if (end < 0)
            return end;
        if (end)
            return (ssize_t)++scan->at;
    }
    return 0;
}

static struct xie_message *of_parser(llhttp_t *parser)
{
    return parser->data;
}

static int fail(struct xie_message *message, int error)
{
    message->error = error;
    return -1;
}

/* The head is parsed in one piece, so the spans are whole; should a parser hand one over
 * in two, they adjoin. */
static int on_url(llhttp_t *parser, const char *at, size_t len)
{
    struct xie_message *message = of_parser(parser);
    if (!message->target)
        message->target = message->text.data + (at - message->text.data);
    message->target_len += len;
    return 0;
}

static int add_field(struct xie_message *message, char *name, size_t len)
{
    if (message->count == message->cap) {
        size_t cap = message->cap ? message->cap * 2 : 16;
        struct xie_field *fields = xie_resize(message->fields, cap * sizeof *fields);
        if (!fields)
            return fail(message, -ENOMEM);
        message->fields = fields;
        message->cap = cap;
    }
    message->fields[message->count++] = (struct xie_field){.name = name, .name_len = len};
    return 0;
}

static int on_name(llhttp_t *parser, const char *at, size_t len)
{
    struct xie_message *message = of_parser(parser);
    if (message->head_done)
        return 0;
    struct xie_field *last = message->count ? &message->fields[message->count - 1] : NULL;
    if (last && last->name + last->name_len == at) {
        last->name_len += len;
        return 0;
    }
    return add_field(message, message->text.data + (at - message->text.data), len);
}

static int on_value(llhttp_t *parser, const char *at, size_t len)
{
    struct xie_message *message = of_parser(parser);
    if (message->head_done || !message->count)
        return 0;
    struct xie_field *last = &message->fields[message->count - 1];
    if (!last->value)
        last->value = message->text.data + (at - message->text.data);
    last->value_len += len;
    return 0;
}

static int on_headers_complete(llhttp_t *parser)
{
    struct xie_message *message = of_parser(parser);
    message->head_done = true;
    message->keep_alive = llhttp_should_keep_alive(parser);
    message->length = parser->content_length;
    if (parser->type == HTTP_REQUEST)
        return 0;
    if (message->rest == XIE_REST_IGNORED)
        return HPE_PAUSED;
    /* RFC 9112 section 6.3: these have no body, whatever their fields say. */
    int status = parser->status_code;
    if (message->rest == XIE_REST_NONE || status == 204 || status == 304)
        return NO_BODY;
    message->until_end = llhttp_message_needs_eof(parser);
    return 0;
}

/* Do lines of chunks and trailers end as lines do, by CR LF? The parser takes a bare LF after the
 * last chunk, where another server may see no end. */
static bool lines_ok(struct xie_message *message, const char *here)
{
    for (const char *at = message->mark; at < here; at++) {
        if (message->gap_cr != (*at == '\n'))
            return false;
        message->gap_cr = *at == '\r';
    }
    return true;
}

/* Look at what came up to here without being body, and count it. 0; XIE_ELIMIT; XIE_EHTTP */
static int check_gap(struct xie_message *message, const char *here)
{
    if (!lines_ok(message, here))
        return XIE_EHTTP;
    message->gap += (size_t)(here - message->mark);
    message->mark = here;
    return message->gap_limit && message->gap > message->gap_limit ? XIE_ELIMIT : 0;
}

static int on_body(llhttp_t *parser, const char *at, size_t len)
{
    struct xie_message *message = of_parser(parser);
    message->body_seen += len;
    int error = message->body_seen > message->body_limit ? XIE_ELIMIT : check_gap(message, at);
    if (error)
        return fail(message, error);
    message->mark = at + len;
    message->gap = 0;
    if (message->discard)
        return 0;
    return xie_bytes_add(&message->body, at, len) < 0 ? fail(message, -ENOMEM) : 0;
}

static int on_message_complete(llhttp_t *parser)
{
    of_parser(parser)->complete = true;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_url = on_url,
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
    .on_body = on_body,
    .on_message_complete = on_message_complete,
};

static void start(struct xie_message *message, llhttp_type_t type)
{
    llhttp_init(&message->parser, type, &settings);
    message->parser.data = message;
    message->count = 0;
    message->target = NULL;
    message->target_len = 0;
    message->head_done = message->complete = message->discard = message->until_end = false;
    message->body_seen = message->body_wire = 0;
    message->gap = 0;
    message->gap_cr = false;
    message->error = 0;
    xie_bytes_clear(&message->text);
    xie_bytes_clear(&message->body);
}

/* Make strings of the fields, once the parser no longer looks at the text. */
static void end_strings(struct xie_message *message)
{
    for (size_t i = 0; i < message->count; i++) {
        struct xie_field *field = &message->fields[i];
        field->name[field->name_len] = 0;
        /* The parser finds an empty value on the line after it, which is not its to end. */
        if (!field->value_len)
            field->value = field->name + field->name_len;
        while (field->value_len && strchr(" \t", field->value[field->value_len - 1]))
            field->value_len--;
        field->value[field->value_len] = 0;
    }
}

int xie_message_parse(struct xie_message *message, llhttp_type_t type, const char *data, size_t len)
{
    start(message, type);
    if (xie_bytes_add(&message->text, data, len) < 0)
        return -ENOMEM;
    llhttp_errno_t result = llhttp_execute(&message->parser, message->text.data, len);
    if (message->error)
        return message->error;
    if (!message->head_done ||
        (result != HPE_OK && result != HPE_PAUSED && result != HPE_PAUSED_UPGRADE))
        return XIE_EHTTP;
    end_strings(message);
    return 0;
}

/* What chunks may cost on the wire: one byte of body in a chunk of its own takes six. */
static uint64_t wire_limit(const struct xie_message *message)
{
    uint64_t limit = message->body_limit;
    return limit < UINT64_MAX / 16 ? 8 * limit + 16384 : UINT64_MAX;
}

int xie_message_feed(struct xie_message *message, const char *data, size_t len, size_t *used)
{
    *used = 0;
    message->mark = data;
    llhttp_errno_t result = llhttp_execute(&message->parser, data, len);
    if (message->error)
        return message->error;
    if (result == HPE_OK)
        *used = len;
    else if (message->complete && (result == HPE_PAUSED || result == HPE_PAUSED_UPGRADE))
        *used = (size_t)(llhttp_get_error_pos(&message->parser) - data);
    else
        return XIE_EHTTP;
    message->body_wire += *used;
    int error =
        message->body_wire > wire_limit(message) ? XIE_ELIMIT : check_gap(message, data + *used);
    return error ? error : message->complete;
}

const struct xie_field *xie_message_field(const struct xie_message *message, const char *name,
                                          const struct xie_field *after)
{
    /* Linear: a head holds some twenty fields, and at most its limit's worth. */
    for (size_t i = after ? (size_t)(after - message->fields) + 1 : 0; i < message->count; i++) {
        if (!strcasecmp(message->fields[i].name, name))
            return &message->fields[i];
    }
    return NULL;
}

const char *xie_message_value(const struct xie_message *message, const char *name)
{
    const struct xie_field *field = xie_message_field(message, name, NULL);
    return field ? field->value : NULL;
}

size_t xie_message_count(const struct xie_message *message, const char *name)
{
    size_t count = 0;
    const struct xie_field *field = NULL;
    while ((field = xie_message_field(message, name, field)))
        count++;
    return count;
}

void xie_message_fini(struct xie_message *message)
{
    xie_bytes_fini(&message->text);
    xie_bytes_fini(&message->body);
    xie_release(message->fields);
    message->fields = NULL;
    message->count = message->cap = 0;
}
