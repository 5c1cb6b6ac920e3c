/* chat_room.c - a room of fifty guests without a task for any of them: callbacks for each
 * connection. What one says is written to all the others; the loop calls, and nothing here waits.
 */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <xie.h>

enum { GUESTS = 50 };

static struct xie_transport *room[GUESTS]; /* the server's ends */
static int entered, heard;

static void enter(void *self, struct xie_transport *transport)
{
    (void)self;
    room[entered++] = transport;
    if (entered == GUESTS) /* the room is full: the last one greets all the others */
        for (int i = 0; i < GUESTS - 1; i++)
            xie_transport_write(room[i], "welcome", 7);
}

static void hear(void *self, struct xie_transport *transport, const char *data, size_t len)
{
    struct xie_listener *listener = self;
    (void)data, (void)len;
    xie_transport_close(transport); /* the first word will do */
    if (++heard == GUESTS - 1) {
        xie_transport_close(room[GUESTS - 1]);
        xie_listener_close(listener); /* nobody else comes: the server ends with its last guest */
    }
}

static const struct xie_protocol host = {.connection_made = enter};
static const struct xie_protocol guest = {.data_received = hear};

static int start(void *arg)
{
    struct xie_listener *listener = arg;
    struct xie_address address;
    struct xie_transport *transport;
    if (xie_tcp_listen("127.0.0.1", 0, 0, &listener) || xie_listener_address(listener, &address))
        return -1;
    for (int i = 0; i < GUESTS; i++)
        if (xie_create_connection("127.0.0.1", xie_address_port(&address), &guest, listener,
                                  &transport))
            return -1;
    int error = xie_serve_protocol(listener, &host, NULL);
    return error ? error : printf("%d guests were welcomed by the last to come\n", heard);
}

int main(void)
{
    return xie_run(start, NULL) < 0;
}
