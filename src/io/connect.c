/* connect.c - reaching a peer, several addresses at a time: RFC 8305.
 * Floor 5. An attempt is a task of a group that ends before the call does. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netinet/in.h>

#include <xie/connect.h>
#include <xie/group.h>
#include <xie/sync.h>

#include "base/memory.h"
#include "base/sys.h"
#include "io/stream.h"

#define XIE_CONNECT_DELAY (250 * XIE_MILLISECOND) /* RFC 8305, 5 */

static int family_of(const struct xie_address *address)
{
    return address->storage.ss_family;
}

/* --- one address ------------------------------------------------------------------------------ */

/* unix(7): where the listener's backlog is full, a non-blocking connect says EAGAIN, and no poll
 * tells when there is room again. So it is tried anew after a pause, for as long as the scopes
 * allow; a blocking program would hang in connect(2) the same. */
static int connect_fd(int fd, const struct xie_address *address)
{
    bool local = family_of(address) == AF_UNIX;
    for (int64_t pause = XIE_MILLISECOND;; pause *= pause < 64 * XIE_MILLISECOND ? 2 : 1) {
        struct xie_op op = {.kind = XIE_OP_CONNECT, .fd = fd};
        op.address = (struct sockaddr *)(uintptr_t)&address->storage;
        op.address_len = address->len;
        int error = (int)xie_op_run(&op, "xie_connect");
        if (error != -EAGAIN || !local)
            return error;
        error = xie_sleep(pause);
        if (error)
            return error;
    }
}

/* ip(7): a port that the kernel chooses is chosen when the peer is known, so that one local
 * address reaches as many connections to each peer as there are ports. One that was said is
 * shared by the attempts, and with connections that are over. */
static int bind_local(int fd, const struct xie_address *local)
{
    bool any = !xie_address_port(local);
    int on = 1; /* refused: fewer connections, none wrong */
    xie_sys_setsockopt(fd, any ? IPPROTO_IP : SOL_SOCKET,
                       any ? IP_BIND_ADDRESS_NO_PORT : SO_REUSEADDR, &on, sizeof on);
    return xie_sys_bind(fd, (const struct sockaddr *)&local->storage, local->len);
}

static int connect_one(const struct xie_address *address, const struct xie_address *local,
                       struct xie_stream **stream)
{
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    if (address->len < sizeof(sa_family_t) || address->len > sizeof address->storage)
        return -EINVAL;
    struct xie_stream *made = xie_socket_new();
    if (!made)
        return -ENOMEM;
    int fd = xie_sys_socket(family_of(address), SOCK_STREAM, 0);
    if (fd < 0) {
        xie_socket_free(made);
        return fd;
    }
    enum xie_fd_kind kind = xie_socket_tune(fd, family_of(address));
    error = local ? bind_local(fd, local) : 0;
    if (!error)
        error = connect_fd(fd, address);
    if (error) {
        xie_socket_close(fd);
        xie_socket_free(made);
        return error;
    }
    xie_socket_attach(made, fd, kind);
    *stream = made;
    return 0;
}

/* --- several ------------------------------------------------------------------------------------
 */

struct race {
    struct xie_group group;
    struct xie_event ended; /* an attempt has */
    struct xie_stream *winner;
    const struct xie_address *local;
};

struct attempt {
    struct race *race;
    const struct xie_address *address;
    int error;
};

/* Two may come through in the same turn: the second to run gives its connection up. */
static int attempt_run(void *arg)
{
    struct attempt *self = arg;
    struct race *race = self->race;
    struct xie_stream *stream;
    self->error = connect_one(self->address, race->local, &stream);
    if (!self->error && race->winner) {
        xie_stream_close(stream);
    } else if (!self->error) {
        race->winner = stream;
        xie_group_cancel(&race->group);
    }
    xie_event_set(&race->ended);
    return 0;
}

/* Begin one attempt after the other, until one has won or the scopes say no. */
static void race_begin(struct race *race, struct attempt *attempts, size_t count, int64_t delay_ns)
{
    for (size_t i = 0; i < count && !race->winner && !xie_check(); i++) {
        xie_event_clear(&race->ended);
        attempts[i].error = xie_group_spawn(&race->group, attempt_run, &attempts[i]);
        if (attempts[i].error || i + 1 == count)
            continue;
        XIE_TIMEOUT(delay_ns)
            xie_event_wait(&race->ended);
    }
}

static bool says_little(int error)
{
    return error == -ENETUNREACH || error == -EAFNOSUPPORT || error == -EADDRNOTAVAIL;
}

static int error_of(const struct attempt *attempts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!says_little(attempts[i].error))
            return attempts[i].error;
    return attempts[0].error;
}

static int connect_race(const struct xie_address *const *order, size_t count,
                        const struct xie_connect_options *options, struct xie_stream **stream)
{
    struct race race = {.local = options->local};
    struct attempt attempts[XIE_CONNECT_MOST];
    struct xie_task *self;
    int error = xie_wait_enter(&self);
    if (error)
        return error;
    for (size_t i = 0; i < count; i++)
        attempts[i] = (struct attempt){.race = &race, .address = order[i]};
    xie_group_open(&race.group);
    race_begin(&race, attempts, count, options->delay_ns ? options->delay_ns : XIE_CONNECT_DELAY);
    error = xie_group_close(&race.group);
    if (race.winner) { /* also where a scope has triggered since: it was obtained */
        *stream = race.winner;
        return 0;
    }
    return error ? error : error_of(attempts, count);
}

/* --- which, and in which order ------------------------------------------------------------------
 */

static bool is_wanted(const struct xie_address *address, const struct xie_connect_options *options)
{
    int family = family_of(address);
    if (options->local && family_of(options->local) != family)
        return false;
    return !options->family || options->family == family;
}

/* The next address from `at` on whose family is, or is not, the first one's; count: none. */
static size_t find_next(const struct xie_address *const *from, size_t count, size_t at, bool first)
{
    while (at < count && (family_of(from[at]) == family_of(from[0])) != first)
        at++;
    return at;
}

/* RFC 8305, 4: `head` of the first family, then one of each in turn. */
static void interleave(const struct xie_address *const *from, const struct xie_address **to,
                       size_t count, size_t head)
{
    size_t next[2] = {find_next(from, count, 0, false), 0}; /* of the others; of the first */
    for (size_t i = 0; i < count; i++) {
        bool first = i < head || (i - head) % 2;
        if (next[first] == count)
            first = !first;
        to[i] = from[next[first]];
        next[first] = find_next(from, count, next[first] + 1, first);
    }
}

static int connect_some(const struct xie_address *addresses, size_t count,
                        const struct xie_connect_options *options, struct xie_stream **stream)
{
    const struct xie_address *wanted[XIE_CONNECT_MOST], *order[XIE_CONNECT_MOST];
    size_t left = 0;
    for (size_t i = 0; i < count; i++)
        if (is_wanted(&addresses[i], options))
            wanted[left++] = &addresses[i];
    if (left < 2)
        return left ? connect_one(wanted[0], options->local, stream) : -EAFNOSUPPORT;
    if (options->addresses)
        return connect_race(wanted, left, options, stream);
    interleave(wanted, order, left, options->interleave ? options->interleave : 1);
    return connect_race(order, left, options, stream);
}

static int connect_host(const struct xie_connect_options *options, struct xie_stream **stream)
{
    struct xie_address number;
    if (!xie_address_parse(&number, options->host, options->port))
        return connect_some(&number, 1, options, stream);
    struct xie_address *found = xie_alloc(XIE_CONNECT_MOST * sizeof *found);
    if (!found)
        return -ENOMEM;
    int result = xie_resolve(options->host, options->port, found, XIE_CONNECT_MOST);
    if (result > 0)
        result = connect_some(found, (size_t)result, options, stream);
    xie_release(found);
    return result;
}

int xie_connect(const struct xie_connect_options *options, struct xie_stream **stream)
{
    bool some = options->addresses && options->count >= 1 && options->count <= XIE_CONNECT_MOST;
    bool name = !options->addresses && options->host && *options->host;
    if ((!some && !name) || options->delay_ns < 0)
        return -EINVAL;
    if (name)
        return connect_host(options, stream);
    return connect_some(options->addresses, options->count, options, stream);
}

int xie_tcp_connect(const char *host, uint16_t port, struct xie_stream **stream)
{
    return xie_connect(&(struct xie_connect_options){.host = host, .port = port}, stream);
}

int xie_stream_connect(const struct xie_address *address, struct xie_stream **stream)
{
    return connect_one(address, NULL, stream);
}

int xie_unix_connect(const char *path, struct xie_stream **stream)
{
    struct xie_address address;
    int error = xie_address_unix(&address, path);
    return error ? error : connect_one(&address, NULL, stream);
}
