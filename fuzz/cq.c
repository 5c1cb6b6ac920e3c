/* cq.c - whatever an implementation may send as a message or an event: read, written and read.
 * The first byte says how the rest is taken: a text in CQ form, JSON of a message, of an event,
 * or the argument of a template.
 *
 *   clang -fsanitize=fuzzer,address,undefined … fuzz/cq.c   (see fuzz/README.md) */
/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <xie.h>
#include <xie/onebot.h>

#include "onebot/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { TEXT, MESSAGE, EVENT, ARGUMENT, WAYS };

static void must(bool condition)
{
    if (!condition)
        abort();
}

/* Every segment as a struct: no string is NULL, each kind's are read to their ends. */
static void look(const struct onebot_message *message)
{
    struct onebot_segment segment;
    size_t count = 0, sum = 0;
    for (; onebot_message_get(message, count, &segment); count++) {
        must(segment.type && *segment.type);
        if (segment.kind == ONEBOT_SEGMENT_TEXT || segment.kind == ONEBOT_SEGMENT_JSON)
            sum += strlen(segment.text);
        if (segment.kind == ONEBOT_SEGMENT_IMAGE || segment.kind == ONEBOT_SEGMENT_FILE)
            sum += strlen(segment.media.file) + strlen(segment.media.url);
        if (segment.kind == ONEBOT_SEGMENT_NODE || segment.kind == ONEBOT_SEGMENT_FORWARD)
            sum += strlen(segment.bundle.id) + strlen(segment.bundle.nickname);
    }
    must(count == json_array_size(message->segments) && sum < SIZE_MAX);
}

/* What is written is read as what it was written from. */
static void round_trip(const struct onebot_message *message)
{
    struct onebot_message back = {0};
    char *once, *twice;
    look(message);
    ssize_t len = onebot_message_string(message, &once);
    must(len >= 0 && !once[len]);
    onebot_message_parse(&back, once, (size_t)len);
    look(&back);
    must(onebot_message_string(&back, &twice) == len && !memcmp(once, twice, (size_t)len));
    xie_free(once);
    xie_free(twice);
    onebot_message_clear(&back);
}

static void take_text(const char *text, size_t len)
{
    struct onebot_message message = {0};
    onebot_message_parse(&message, text, len);
    round_trip(&message);
    onebot_message_clear(&message);
}

/* Keys with "=" cannot be told in a string, and a decoder that is given one back may differ. */
static void take_message(const char *text, size_t len)
{
    json_error_t why;
    json_t *json = onebot_decode(text, len, JSON_ALLOW_NUL | JSON_DECODE_ANY, &why);
    struct onebot_message message = {0};
    char *string;
    onebot_message_read(&message, json);
    look(&message);
    must(onebot_message_string(&message, &string) >= 0);
    xie_free(string);
    onebot_message_clear(&message);
    json_decref(json);
}

static void take_event(const char *text, size_t len)
{
    json_error_t why;
    json_t *json = onebot_decode(text, len, JSON_ALLOW_NUL, &why);
    struct onebot_letter *letter = json ? onebot_letter_new(NULL, json) : NULL;
    must(!json == !letter);
    if (!letter)
        return;
    const struct onebot_detail *detail = onebot_event_detail(&letter->event);
    look(onebot_event_message(&letter->event));
    if (detail->kind == ONEBOT_EVENT_GROUP_MESSAGE)
        must(detail->message.sender.level && detail->message.anonymous.flag);
    for (size_t i = 0; detail->kind == ONEBOT_EVENT_REACTION && i < detail->reaction.count; i++)
        must(detail->reaction.likes[i].emoji != NULL);
    onebot_letter_free(letter);
}

/* An argument changes nothing but its own place: two segments, whatever it says. */
static void take_argument(const char *text)
{
    struct onebot_message message = {0};
    struct onebot_segment segment;
    onebot_message_cq(&message, "[CQ:image,file=%s,type=flash][%s]%s.", text, text, text);
    must(message.error == 0 && json_array_size(message.segments) == 2);
    must(onebot_message_get(&message, 0, &segment) && segment.kind == ONEBOT_SEGMENT_IMAGE);
    must(segment.media.flash && json_object_size(segment.data) == 2);
    must(onebot_message_get(&message, 1, &segment) && segment.kind == ONEBOT_SEGMENT_TEXT);
    must(segment.text[strlen(segment.text) - 1] == '.');
    round_trip(&message);
    onebot_message_clear(&message);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    char *text = calloc(1, size); /* of its own size, so that reading beyond is seen */
    if (!text)
        return 0;
    memcpy(text, data + 1, size - 1);
    switch (data[0] % WAYS) {
    case TEXT:
        take_text(text, size - 1);
        break;
    case MESSAGE:
        take_message(text, size - 1);
        break;
    case EVENT:
        take_event(text, size - 1);
        break;
    default:
        take_argument(text);
    }
    free(text);
    return 0;
}
