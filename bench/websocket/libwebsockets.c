/* libwebsockets.c - the peer libwebsockets: each message is kept until the socket is writable. */
/* SPDX-License-Identifier: MIT */
#include <libwebsockets.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROOM = 1 << 17, PENDING = 64 };

/* Messages that came, in order, until they are written back: a ring, each behind the room for a
 * frame's head that the library wants. */
struct session {
    struct {
        unsigned char *data;
        size_t len;
    } ring[PENDING];
    unsigned first, count;
};

static int receive(struct lws *wsi, struct session *session, const void *in, size_t len)
{
    if (session->count == PENDING)
        return -1;
    unsigned last = (session->first + session->count) % PENDING;
    if (lws_is_first_fragment(wsi)) {
        session->ring[last].data = malloc(LWS_PRE + ROOM);
        session->ring[last].len = 0;
    }
    if (!session->ring[last].data || session->ring[last].len + len > ROOM)
        return -1;
    memcpy(session->ring[last].data + LWS_PRE + session->ring[last].len, in, len);
    session->ring[last].len += len;
    if (lws_is_final_fragment(wsi)) {
        session->count++;
        lws_callback_on_writable(wsi);
    }
    return 0;
}

static int writable(struct lws *wsi, struct session *session)
{
    if (!session->count)
        return 0;
    unsigned char *data = session->ring[session->first].data;
    size_t len = session->ring[session->first].len;
    int sent = lws_write(wsi, data + LWS_PRE, len, LWS_WRITE_BINARY);
    free(data);
    session->ring[session->first].data = NULL;
    session->first = (session->first + 1) % PENDING;
    session->count--;
    if (session->count)
        lws_callback_on_writable(wsi);
    return sent < (int)len ? -1 : 0;
}

static int echo(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    struct session *session = user;
    if (reason == LWS_CALLBACK_RECEIVE)
        return receive(wsi, session, in, len);
    if (reason == LWS_CALLBACK_SERVER_WRITEABLE)
        return writable(wsi, session);
    if (reason == LWS_CALLBACK_CLOSED)
        for (unsigned i = 0; i < PENDING; i++)
            free(session->ring[i].data);
    return 0;
}

static const struct lws_protocols protocols[] = {
    {"echo", echo, sizeof(struct session), 1 << 16, 0, NULL, 0},
    {NULL, NULL, 0, 0, 0, NULL, 0},
};

int main(void)
{
    struct lws_context_creation_info info = {.port = 0,
                                             .iface = "127.0.0.1",
                                             .protocols = protocols,
                                             .gid = (gid_t)-1,
                                             .uid = (uid_t)-1,
                                             .options = LWS_SERVER_OPTION_DISABLE_IPV6};
    lws_set_log_level(0, NULL);
    struct lws_context *context = lws_create_context(&info);
    struct lws_vhost *host = context ? lws_get_vhost_by_name(context, "default") : NULL;
    if (!host)
        return 1;
    printf("port %d\n", lws_get_vhost_listen_port(host));
    fflush(stdout);
    while (lws_service(context, 0) >= 0) {
    } /* until it is killed */
    lws_context_destroy(context);
    return 0;
}
