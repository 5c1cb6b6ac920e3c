/* sign.c - notices that QQ gives by itself: somebody types, likes a profile, an account goes.
 * Gateway, sixth floor. Extensions that NapCat and others have; nothing else comes of them. */
/* SPDX-License-Identifier: MIT */
#include "sign.h"

#include "event.h"

enum { SIGN_TEXT = 256 };

json_t *sign_input(struct call *call)
{
    const struct account *account = call_account(call);
    char text[SIGN_TEXT];
    int64_t type = 1;
    if (!account || !call_text(call, "status_text", text, sizeof text) ||
        !call_number(call, "event_type", 0, INT32_MAX, &type))
        return NULL;
    return call_told_to(call, account->user_id,
                        event_new("notice", "notify", "input_status", "{s:I, s:i, s:s, s:I}",
                                  "user_id", (json_int_t)call->self, "group_id", 0, "status_text",
                                  text, "event_type", (json_int_t)type));
}

json_t *sign_like(struct call *call)
{
    const struct account *account = call_account(call);
    int64_t times = 1;
    if (!account || !call_number(call, "times", 1, INT32_MAX, &times))
        return NULL;
    const char *name = world_person(&call->gateway->world, call->self)->nickname;
    return call_told_to(call, account->user_id,
                        event_new("notice", "notify", "profile_like", "{s:I, s:s, s:I}",
                                  "operator_id", (json_int_t)call->self, "operator_nick", name,
                                  "times", (json_int_t)times));
}

json_t *sign_file(struct call *call)
{
    const struct account *account = call_account(call);
    char name[SIGN_TEXT], url[SIGN_TEXT];
    int64_t size = 0;
    if (!account || !call_text(call, "name", name, sizeof name) ||
        !call_text(call, "url", url, sizeof url) || !call_number(call, "size", 0, INT64_MAX, &size))
        return NULL;
    if (!*name)
        return call_fail(call, RETCODE_BAD_PARAMS, "parameter name is missing, or empty");
    return call_told_to(call, account->user_id,
                        event_new("notice", "offline_file", NULL, "{s:I, s:{s:s, s:I, s:s}}",
                                  "user_id", (json_int_t)call->self, "file", "name", name, "size",
                                  (json_int_t)size, "url", url));
}

json_t *sign_tip(struct call *call)
{
    struct group *group = call_group(call, NULL);
    char text[SIGN_TEXT];
    if (!group || !call_text(call, "content", text, sizeof text))
        return NULL;
    return call_told(call, event_new("notice", "notify", "gray_tip", "{s:I, s:I, s:s, s:s}",
                                     "group_id", (json_int_t)group->group_id, "user_id",
                                     (json_int_t)call->self, "busi_id", "0", "content", text));
}

json_t *sign_client(struct call *call)
{
    const struct account *account = call_account(call);
    char name[SIGN_TEXT];
    bool online = true;
    if (!account || !call_flag(call, "online", &online) ||
        !call_text(call, "device_name", name, sizeof name))
        return NULL;
    return call_told_to(call, account->user_id,
                        event_new("notice", "client_status", NULL, "{s:b, s:{s:i, s:s, s:s}}",
                                  "online", online, "client", "app_id", 1, "device_name",
                                  *name ? name : "simulated", "device_kind", "PC"));
}

json_t *sign_offline(struct call *call)
{
    const struct account *account = call_account(call);
    char tag[SIGN_TEXT], text[SIGN_TEXT];
    if (!account || !call_text(call, "tag", tag, sizeof tag) ||
        !call_text(call, "message", text, sizeof text))
        return NULL;
    return call_told_to(call, account->user_id,
                        event_new("notice", "bot_offline", NULL, "{s:I, s:s, s:s}", "user_id",
                                  (json_int_t)account->user_id, "tag", tag, "message", text));
}
