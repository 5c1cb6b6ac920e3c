/* guest.c - an implementation that comes to the bot: by reverse WebSocket, or by HTTP POST. */
/* SPDX-License-Identifier: MIT */
#include "guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int guest_knock(struct guest *guest, struct rig *rig, const struct knock *knock, int *status)
{
    struct xie_http_field fields[4] = {{NULL, NULL}};
    char url[160];
    size_t count = 0;
    if (knock->self_id)
        fields[count++] = (struct xie_http_field){"X-Self-ID", knock->self_id};
    if (knock->role)
        fields[count++] = (struct xie_http_field){"X-Client-Role", knock->role};
    if (knock->authorization)
        fields[count++] = (struct xie_http_field){"Authorization", knock->authorization};
    struct xie_ws_options options = {.fields = fields, .tls = knock->tls};
    snprintf(url, sizeof url, "%s://127.0.0.1:%u/onebot/v11/ws%s%s", knock->tls ? "wss" : "ws",
             rig_port(rig), knock->query ? "?" : "", knock->query ? knock->query : "");
    guest->self_id = knock->self_id ? atoll(knock->self_id) : 0;
    return xie_ws_connect(url, &options, status, &guest->ws);
}

void guest_connect(struct guest *guest, struct rig *rig, int64_t self_id, const char *role)
{
    char number[24];
    snprintf(number, sizeof number, "%lld", (long long)self_id);
    struct knock knock = {.self_id = number, .role = *role ? role : NULL};
    REQUIRE(guest_knock(guest, rig, &knock, NULL) == 0);
}

void guest_leave(struct guest *guest)
{
    xie_ws_free(guest->ws);
    guest->ws = NULL;
}

void guest_send(struct guest *guest, const char *text)
{
    CHECK_EQ(xie_ws_send(guest->ws, XIE_WS_TEXT, text, strlen(text)), 0);
}

void guest_message(char text[512], int64_t self_id, int64_t group, int64_t id, const char *said)
{
    char place[48] = "";
    if (group)
        snprintf(place, sizeof place, "\"group_id\":%lld,", (long long)group);
    snprintf(text, 512,
             "{\"post_type\":\"message\",\"message_type\":\"%s\",\"time\":1700000000,"
             "\"self_id\":%lld,\"user_id\":%d,%s\"message_id\":%lld,\"message\":\"%s\"}",
             group ? "group" : "private", (long long)self_id, FAKE_USER, place, (long long)id,
             said);
}

int64_t guest_say(struct guest *guest, int64_t group, const char *text)
{
    char json[512];
    guest_message(json, guest->self_id, group, ++guest->last_id, text);
    guest_send(guest, json);
    return guest->last_id;
}

json_t *guest_call(struct guest *guest)
{
    char *text;
    size_t len;
    if (xie_ws_receive(guest->ws, &text, &len) <= 0)
        return NULL;
    return json_loadb(text, len, 0, NULL);
}

void guest_answer(struct guest *guest, json_t *call, json_t *data)
{
    char text[512];
    json_t *answer = json_pack("{s:s, s:i, s:o, s:O}", "status", "ok", "retcode", 0, "data", data,
                               "echo", json_object_get(call, "echo"));
    REQUIRE(answer != NULL);
    size_t len = json_dumpb(answer, text, sizeof text - 1, JSON_COMPACT);
    text[len] = 0;
    json_decref(answer);
    json_decref(call);
    guest_send(guest, text);
}

void guest_wait_end(struct guest *guest)
{
    char *text;
    size_t len;
    while (xie_ws_receive(guest->ws, &text, &len) > 0)
        continue;
}

int guest_post(struct rig *rig, const char *fields, const char *body)
{
    struct xie_stream *stream;
    char text[2048];
    int status = 0, len = 0;
    REQUIRE(xie_tcp_connect("127.0.0.1", rig_port(rig), &stream) == 0);
    len = snprintf(text, sizeof text,
                   "POST /events?a=b HTTP/1.1\r\nHost: bot\r\nConnection: close\r\n%s"
                   "Content-Length: %zu\r\n\r\n%s",
                   fields, strlen(body), body);
    REQUIRE(len < (int)sizeof text);
    CHECK_EQ(xie_stream_write(stream, text, (size_t)len), len);
    for (len = 0; len < (int)sizeof text - 1;) {
        ssize_t n = xie_stream_read(stream, text + len, sizeof text - 1 - (size_t)len);
        if (n <= 0)
            break;
        len += (int)n;
    }
    text[len] = 0;
    sscanf(text, "HTTP/1.1 %d", &status);
    xie_stream_close(stream);
    return status;
}
