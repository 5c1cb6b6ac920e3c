/* accounts.c - the page's calls about accounts: which there are, one more, one less.
 * Gateway, eighth floor. */
/* SPDX-License-Identifier: MIT */
#include "accounts.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "api.h"
#include "mask.h"
#include "parse.h"
#include "reply.h"
#include "roster.h"
#include "scene.h"

static json_t *shown(const struct gateway *gateway, size_t at)
{
    const struct account *account = &gateway->world.accounts[at];
    char path[24];
    snprintf(path, sizeof path, "/%lld", (long long)account->user_id);
    return json_pack("{s:I, s:s, s:I, s:b, s:s}", "user_id", (json_int_t)account->user_id,
                     "nickname", world_person(&gateway->world, account->user_id)->nickname, "bots",
                     (json_int_t)gateway->seats[at].bots, "report_self",
                     gateway->seats[at].report_self, "path", at ? path : "/");
}

static json_t *list_of(const struct gateway *gateway)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < gateway->world.account_count; i++) {
        if (gateway->world.accounts[i].open && json_array_append_new(list, shown(gateway, i)) < 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* NULL, or what is wrong with the body. */
static const char *read_body(const json_t *body, int64_t *user_id, const char **nickname,
                             bool *open)
{
    json_t *name = json_object_get(body, "nickname"), *flag = json_object_get(body, "open");
    *nickname = name ? json_string_value(name) : "";
    *open = true;
    if (!parse_integer(json_object_get(body, "user_id"), user_id) || *user_id <= 0 ||
        *user_id == MASK_NOBODY)
        return "user_id must be a positive integer, and no mask's";
    if (!*nickname || strlen(*nickname) >= WORLD_NAME)
        return "nickname must be a string of less than 64 bytes";
    return flag && !parse_flag(flag, open) ? "open must be true or false" : NULL;
}

static int answer(struct xie_http *http, struct gateway *gateway, int result)
{
    if (result == -ENOENT)
        return reply_error(http, 404, "there is no such account");
    if (result == -EPERM)
        return reply_error(http, 403, "the first account stays");
    if (result < 0)
        return reply_error(http, 409, "there is room for no more accounts or people");
    return reply_json(http, 200, list_of(gateway));
}

static int change(struct xie_http *http, struct gateway *gateway, const json_t *body)
{
    int64_t user_id;
    const char *nickname;
    bool open, report = false;
    json_t *flag = json_object_get(body, "report_self");
    const char *wrong = read_body(body, &user_id, &nickname, &open);
    if (!wrong && flag && !parse_flag(flag, &report))
        wrong = "report_self must be true or false";
    if (wrong)
        return reply_error(http, 400, wrong);
    int result =
        open ? roster_open(gateway, user_id, nickname, true) : roster_close(gateway, user_id);
    if (result == 0 && open && flag) {
        roster_seat(gateway, user_id)->report_self = report;
        scene_tell(gateway);
    }
    return answer(http, gateway, result);
}

int accounts_request(struct xie_http *http, struct gateway *gateway)
{
    int result = 0;
    if (strcmp(xie_http_method(http), "POST") != 0)
        return reply_json(http, 200, list_of(gateway));
    json_t *body = api_body(http, &result);
    if (!body)
        return result;
    result = change(http, gateway, body);
    json_decref(body);
    return result;
}
