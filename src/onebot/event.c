/* event.c - an event's JSON as the struct that handlers read.
 * Floor 9. */
/* SPDX-License-Identifier: MIT */
#include "onebot/event.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "onebot/cq.h"
#include "onebot/detail.h"

static const char spaces[] = " \t\r\n";

/* The field that says which kind of its post_type an event is. */
static const char *detail_key(const char *post_type)
{
    static const char *const keys[][2] = {{"message", "message_type"},
                                          {"message_sent", "message_type"},
                                          {"notice", "notice_type"},
                                          {"request", "request_type"},
                                          {"meta_event", "meta_event_type"}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(post_type, keys[i][0]) == 0)
            return keys[i][1];
    return "";
}

static void read_sender(struct onebot_event *event)
{
    const json_t *sender = json_object_get(event->raw, "sender");
    event->sender.nickname = onebot_string(sender, "nickname");
    event->sender.card = onebot_string(sender, "card");
    event->sender.role = onebot_string(sender, "role");
    event->sender.name = *event->sender.card ? event->sender.card : event->sender.nickname;
}

/* A private talk opened from a group names that group in the event or in its sender. */
static int64_t read_temporary_group(const struct onebot_event *event)
{
    if (strcmp(event->sub_type, "group") != 0)
        return 0;
    int64_t group = onebot_int(event->raw, "group_id");
    return group ? group : onebot_int(json_object_get(event->raw, "sender"), "group_id");
}

static void read_fields(struct onebot_letter *letter)
{
    struct onebot_event *event = &letter->event;
    const json_t *raw = letter->json;
    event->raw = raw;
    event->post_type = onebot_string(raw, "post_type");
    event->detail_type = onebot_string(raw, detail_key(event->post_type));
    event->sub_type = onebot_string(raw, "sub_type");
    event->time = onebot_int(raw, "time");
    event->self_id = onebot_int(raw, "self_id");
    event->user_id = onebot_int(raw, "user_id");
    event->message_id = onebot_int(raw, "message_id");
    event->text = event->args = letter->words;
    event->command = "";
    read_sender(event);
    if (strcmp(event->detail_type, "private") == 0)
        letter->temporary_group = read_temporary_group(event);
    else
        event->group_id = onebot_int(raw, "group_id");
    letter->person = (struct onebot_person){event->self_id, event->group_id, event->user_id};
}

struct onebot_letter *onebot_letter_new(struct onebot_bot *bot, json_t *json)
{
    struct onebot_letter *letter = xie_alloc_zero(sizeof *letter);
    if (!letter) {
        json_decref(json);
        return NULL;
    }
    letter->json = json;
    letter->event.bot = bot;
    xie_list_init(&letter->link);
    onebot_message_read(&letter->message, json_object_get(json, "message"));
    letter->words = onebot_cq_text(json_object_get(json, "message"));
    if (letter->words && !letter->message.error) {
        read_fields(letter);
        if (onebot_detail_read(&letter->event, &letter->detail, &letter->memory) == 0)
            return letter;
    }
    onebot_letter_free(letter);
    return NULL;
}

void onebot_letter_free(struct onebot_letter *letter)
{
    if (!letter)
        return;
    xie_list_remove(&letter->link);
    json_decref(letter->json);
    onebot_message_clear(&letter->message);
    onebot_memory_free(letter->memory);
    xie_release(letter->words);
    xie_release(letter->view.line);
    xie_release(letter->view.text);
    onebot_found_free(&letter->found);
    xie_release(letter);
}

struct onebot_letter *onebot_letter_copy(const struct onebot_letter *letter)
{
    struct onebot_letter *copy = onebot_letter_new(letter->event.bot, json_incref(letter->json));
    if (!copy)
        return NULL;
    copy->number = letter->number;
    copy->place = letter->place;
    copy->passed = letter->passed;
    copy->commanded = letter->commanded;
    return copy;
}

void onebot_letter_set_found(struct onebot_letter *letter, const struct onebot_found *found)
{
    letter->found = *found;
    if (found->rest)
        letter->event.args = found->rest;
}

void onebot_found_free(struct onebot_found *found)
{
    xie_release(found->rest);
    xie_release(found->captures);
    onebot_args_free(&found->args);
    *found = (struct onebot_found){0};
}

bool onebot_event_is_own(const struct onebot_event *event)
{
    return strcmp(event->post_type, "message_sent") == 0 ||
           (strcmp(event->post_type, "message") == 0 && event->user_id == event->self_id);
}

bool onebot_event_is_message(const struct onebot_event *event)
{
    return strcmp(event->post_type, "message") == 0 && !onebot_event_is_own(event);
}

/* A copy of the rest of a command, without the spaces around. */
static char *trimmed(const char *text)
{
    text += strspn(text, spaces);
    char *copy = xie_copy_string(text);
    size_t len = strlen(text);
    while (copy && len && strchr(spaces, copy[len - 1]))
        copy[--len] = 0;
    return copy;
}

int onebot_letter_command(struct onebot_letter *letter, const struct onebot_command *table,
                          const struct onebot_command **command)
{
    const char *text = letter->event.text + strspn(letter->event.text, spaces);
    if (*text++ != '/')
        return 0;
    size_t len = strcspn(text, spaces);
    for (; table->name; table++) {
        if (strlen(table->name) != len || memcmp(table->name, text, len) != 0)
            continue;
        struct onebot_found found = {.rest = trimmed(text + len)};
        if (!found.rest)
            return -ENOMEM;
        onebot_letter_set_found(letter, &found);
        letter->event.command = table->name;
        letter->event.arg = table->arg;
        *command = table;
        return 1;
    }
    return 0;
}
