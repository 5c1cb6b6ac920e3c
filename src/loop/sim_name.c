/* sim_name.c - addresses: ports of the loopback, and paths of Unix sockets.
 * Floor 2. Nothing here touches the real file system, but to look for a directory. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "loop/sim.h"

enum {
    PORT_FIRST = 32768, /* of those the system chooses: ip(7) */
    PORT_COUNT = 28232,
    TEST_NET = 192 << 16 | 0 << 8 | 2 /* 192.0.2.0/24 */
};

/* An internet address of either version, as version 6 writes it. */
struct place {
    struct in6_addr ip;
    uint16_t port; /* the host's order */
    bool any;
};

static const uint8_t test_net6[] = {0x20, 0x01, 0x0d, 0xb8}; /* 2001:db8::/32 */
static const struct in6_addr loopback6 = IN6ADDR_LOOPBACK_INIT;

static struct in6_addr map(uint32_t v4)
{
    struct in6_addr ip = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
    memcpy(&ip.s6_addr[12], &v4, sizeof(v4));
    return ip;
}

static uint32_t unmap(const struct in6_addr *ip)
{
    uint32_t v4;
    memcpy(&v4, &ip->s6_addr[12], sizeof(v4));
    return v4;
}

static struct place place_of(const struct xie_sim_name *name)
{
    struct place place = {.port = 0};
    if (name->storage.ss_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)&name->storage;
        place.ip = map(in->sin_addr.s_addr);
        place.port = ntohs(in->sin_port);
        place.any = !in->sin_addr.s_addr;
    } else {
        const struct sockaddr_in6 *in = (const void *)&name->storage;
        place.ip = in->sin6_addr;
        place.port = ntohs(in->sin6_port);
        place.any = IN6_IS_ADDR_UNSPECIFIED(&in->sin6_addr);
    }
    return place;
}

static struct xie_sim_name name_of(int domain, const struct in6_addr *ip, uint16_t port)
{
    struct xie_sim_name name = {.len = sizeof(struct sockaddr_in)};
    if (domain == AF_INET) {
        struct sockaddr_in *in = (void *)&name.storage;
        in->sin_family = AF_INET;
        in->sin_port = htons(port);
        in->sin_addr.s_addr = unmap(ip);
        return name;
    }
    struct sockaddr_in6 *in = (void *)&name.storage;
    name.len = sizeof(*in);
    in->sin6_family = AF_INET6;
    in->sin6_port = htons(port);
    in->sin6_addr = *ip;
    return name;
}

struct xie_sim_name xie_sim_mapped(const struct xie_sim_name *name, int domain)
{
    if (domain == AF_UNIX)
        return *name;
    struct place place = place_of(name);
    return name_of(domain, &place.ip, place.port);
}

static bool is_loopback(const struct in6_addr *ip)
{
    if (IN6_IS_ADDR_V4MAPPED(ip))
        return ntohl(unmap(ip)) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(ip);
}

/* The caller's address, checked: of self's family and long enough. */
static int read_name(const struct xie_sim_socket *self, const struct sockaddr *address,
                     socklen_t len, struct xie_sim_name *name)
{
    size_t least = self->domain == AF_INET    ? sizeof(struct sockaddr_in)
                   : self->domain == AF_INET6 ? sizeof(struct sockaddr_in6)
                                              : offsetof(struct sockaddr_un, sun_path) + 1;
    if (len < sizeof(sa_family_t) || len > sizeof(name->storage))
        return -EINVAL;
    if (address->sa_family != self->domain)
        return self->domain == AF_UNIX ? -EINVAL : -EAFNOSUPPORT;
    if (len < least || (self->domain == AF_UNIX && len > sizeof(struct sockaddr_un)))
        return -EINVAL;
    memset(name, 0, sizeof(*name));
    memcpy(&name->storage, address, len);
    name->len = self->domain == AF_UNIX ? len : (socklen_t)least;
    return 0;
}

int xie_sim_target(const struct xie_sim_socket *self, const struct sockaddr *address, socklen_t len,
                   struct xie_sim_name *name)
{
    int error = read_name(self, address, len, name);
    if (error || self->domain == AF_UNIX)
        return error;
    struct place place = place_of(name);
    struct in6_addr v4 = map(htonl(INADDR_LOOPBACK));
    if (place.any)
        *name = name_of(self->domain, self->domain == AF_INET ? &v4 : &loopback6, place.port);
    return 0;
}

int xie_sim_route(const struct xie_sim_name *name)
{
    struct place place = place_of(name);
    if (is_loopback(&place.ip))
        return 0;
    if (IN6_IS_ADDR_V4MAPPED(&place.ip) && ntohl(unmap(&place.ip)) >> 8 == TEST_NET)
        return -ETIMEDOUT;
    if (!memcmp(&place.ip, test_net6, sizeof(test_net6)))
        return -ETIMEDOUT;
    return -ENETUNREACH;
}

struct xie_sim_name xie_sim_source(const struct xie_sim_socket *self, const struct xie_sim_name *to)
{
    if (self->domain == AF_UNIX)
        return self->local;
    struct place place = place_of(&self->local), there = place_of(to);
    struct in6_addr v4 = map(htonl(INADDR_LOOPBACK));
    if (place.any)
        place.ip = IN6_IS_ADDR_V4MAPPED(&there.ip) ? v4 : loopback6;
    return name_of(self->domain, &place.ip, place.port);
}

void xie_sim_copy_name(const struct xie_sim_name *name, struct sockaddr *address, socklen_t *len)
{
    if (!address)
        return;
    memcpy(address, &name->storage, *len < name->len ? *len : name->len);
    *len = name->len;
}

/* --- ports -------------------------------------------------------------------------------------
 */

static struct xie_link *bucket(struct xie_sim *sim, uint16_t port)
{
    return &sim->bound[port % XIE_SIM_BUCKETS];
}

/* Would a socket see what is sent to that place? */
static bool covers(const struct xie_sim_socket *self, const struct place *place)
{
    struct place own = place_of(&self->local);
    if (own.port != place->port)
        return false;
    if (!own.any)
        return IN6_ARE_ADDR_EQUAL(&own.ip, &place->ip);
    bool v4 = IN6_IS_ADDR_V4MAPPED(&place->ip);
    return self->domain == AF_INET ? v4 : !v4 || !(self->flags & XIE_SIM_V6ONLY);
}

/* socket(7): may both have the port? */
static bool conflict(const struct xie_sim_socket *self, const struct xie_sim_socket *other)
{
    struct place a = place_of(&self->local), b = place_of(&other->local);
    if (self->type != other->type || a.port != b.port)
        return false;
    if (!(a.any ? covers(self, &b) : covers(other, &a)) && !(b.any && covers(other, &a)) &&
        !(a.any && b.any && self->domain == other->domain))
        return false;
    if (self->flags & other->flags & XIE_SIM_REUSEPORT)
        return false;
    return !(self->flags & other->flags & XIE_SIM_REUSEADDR) ||
           (self->type == SOCK_STREAM && other->state == XIE_SIM_LISTENING);
}

static bool is_taken(struct xie_sim_socket *self)
{
    struct xie_link *head = bucket(self->sim, place_of(&self->local).port);
    for (struct xie_link *link = head->next; link != head; link = link->next)
        if (conflict(self, XIE_CONTAINER(link, struct xie_sim_socket, bound)))
            return true;
    return false;
}

/* A free port for the address that self->local names; the one after the last, as often. */
static int choose_port(struct xie_sim_socket *self)
{
    struct place place = place_of(&self->local);
    uint32_t flags = self->flags;
    self->flags &= ~(uint32_t)(XIE_SIM_REUSEADDR | XIE_SIM_REUSEPORT); /* nobody else's */
    for (int tries = 0; tries < PORT_COUNT; tries++) {
        self->sim->port = (uint16_t)(self->sim->port + 1);
        uint16_t port = (uint16_t)(PORT_FIRST + self->sim->port % PORT_COUNT);
        self->local = name_of(self->domain, &place.ip, port);
        if (!is_taken(self)) {
            self->flags = flags;
            return 0;
        }
    }
    self->flags = flags;
    return -EADDRINUSE;
}

static int bind_port(struct xie_sim_socket *self, struct xie_sim_name *name)
{
    struct place place = place_of(name);
    struct xie_sim_name before = self->local;
    if (!place.any && !is_loopback(&place.ip))
        return -EADDRNOTAVAIL;
    self->local = name_of(self->domain, &place.ip, place.port);
    int error = !place.port ? choose_port(self) : is_taken(self) ? -EADDRINUSE : 0;
    if (error) {
        self->local = before;
        return error;
    }
    xie_list_push(bucket(self->sim, place_of(&self->local).port), &self->bound);
    return 0;
}

/* --- paths --------------------------------------------------------------------------------------
 */

static size_t path_len(const struct xie_sim_name *name)
{
    const struct sockaddr_un *un = (const void *)&name->storage;
    size_t len = name->len - offsetof(struct sockaddr_un, sun_path);
    return un->sun_path[0] ? strnlen(un->sun_path, len) : len;
}

static struct xie_sim_path *find_path(struct xie_sim *sim, const char *bytes, size_t len)
{
    for (struct xie_link *link = sim->paths.next; link != &sim->paths; link = link->next) {
        struct xie_sim_path *path = XIE_CONTAINER(link, struct xie_sim_path, link);
        if (path->len == len && !memcmp(path->bytes, bytes, len))
            return path;
    }
    return NULL;
}

static void forget_path(struct xie_sim_path *path)
{
    if (path->socket)
        path->socket->path = NULL;
    xie_list_remove(&path->link);
    xie_release(path);
}

/* The directory is the real one's: a path that could not be made fails here too. */
static int check_directory(const char *bytes, size_t len)
{
    char text[sizeof(((struct sockaddr_un *)0)->sun_path) + 1];
    while (len && bytes[len - 1] != '/')
        len--;
    memcpy(text, bytes, len);
    text[len] = 0;
    return len && access(text, W_OK | X_OK) ? -errno : 0;
}

static int bind_path(struct xie_sim_socket *self, const struct xie_sim_name *name)
{
    const struct sockaddr_un *un = (const void *)&name->storage;
    size_t len = path_len(name);
    int error = un->sun_path[0] ? check_directory(un->sun_path, len) : 0;
    if (error)
        return error;
    if (find_path(self->sim, un->sun_path, len))
        return -EADDRINUSE;
    struct xie_sim_path *path = xie_alloc_zero(sizeof(*path));
    if (!path)
        return -ENOMEM;
    path->socket = self;
    path->len = len;
    memcpy(path->bytes, un->sun_path, len);
    xie_list_push(&self->sim->paths, &path->link);
    self->path = path;
    self->local = *name;
    return 0;
}

int xie_sim_unlink(struct xie_sim *sim, const char *text)
{
    struct xie_sim_path *path = *text ? find_path(sim, text, strlen(text)) : NULL;
    if (!path)
        return -ENOENT;
    forget_path(path);
    return 0;
}

void xie_sim_forget_paths(struct xie_sim *sim)
{
    while (!xie_list_empty(&sim->paths))
        forget_path(XIE_CONTAINER(sim->paths.next, struct xie_sim_path, link));
}

/* --- both --------------------------------------------------------------------------- */

static bool is_bound(const struct xie_sim_socket *self)
{
    return self->local.len > sizeof(sa_family_t);
}

int xie_sim_bind(struct xie_sim_socket *self, const struct sockaddr *address, socklen_t len)
{
    struct xie_sim_name name;
    int error = read_name(self, address, len, &name);
    if (error)
        return error;
    if (is_bound(self) || self->state != XIE_SIM_FRESH)
        return -EINVAL;
    return self->domain == AF_UNIX ? bind_path(self, &name) : bind_port(self, &name);
}

int xie_sim_autobind(struct xie_sim_socket *self)
{
    static const struct in6_addr any6;
    if (is_bound(self) || self->domain == AF_UNIX)
        return 0;
    struct in6_addr any4 = map(0);
    struct xie_sim_name name = name_of(self->domain, self->domain == AF_INET ? &any4 : &any6, 0);
    return bind_port(self, &name);
}

void xie_sim_unbind(struct xie_sim_socket *self)
{
    struct xie_sim_path *path = self->path;
    xie_list_remove(&self->bound);
    if (!path)
        return;
    self->path = NULL;
    path->socket = NULL;
    if (!path->bytes[0]) /* unix(7): an abstract name goes with its socket, a file stays */
        forget_path(path);
}

int xie_sim_path_error(struct xie_sim *sim, const struct xie_sim_name *name, int type)
{
    const struct sockaddr_un *un = (const void *)&name->storage;
    struct xie_sim_path *path = find_path(sim, un->sun_path, path_len(name));
    if (!path && un->sun_path[0])
        return -ENOENT;
    return path && path->socket && path->socket->type != type ? -EPROTOTYPE : -ECONNREFUSED;
}

static struct xie_sim_socket *lookup_path(struct xie_sim *sim, const struct xie_sim_name *name,
                                          int type)
{
    const struct sockaddr_un *un = (const void *)&name->storage;
    struct xie_sim_path *path = find_path(sim, un->sun_path, path_len(name));
    return path && path->socket && path->socket->type == type ? path->socket : NULL;
}

/* An exact address comes before a wildcard. Among equals chance decides where they share a port
 * (SO_REUSEPORT); else, with SO_REUSEADDR alone, the last one that was bound has it. */
struct xie_sim_socket *xie_sim_lookup(struct xie_sim *sim, const struct xie_sim_name *name,
                                      int type)
{
    if (name->storage.ss_family == AF_UNIX)
        return lookup_path(sim, name, type);
    struct place place = place_of(name);
    struct xie_link *head = bucket(sim, place.port);
    struct xie_sim_socket *best = NULL;
    unsigned equals = 0;
    for (struct xie_link *link = head->next; link != head; link = link->next) {
        struct xie_sim_socket *at = XIE_CONTAINER(link, struct xie_sim_socket, bound);
        bool open = type != SOCK_STREAM || at->state == XIE_SIM_LISTENING;
        if (at->type != type || !open || !covers(at, &place))
            continue;
        bool at_any = place_of(&at->local).any, best_any = best && place_of(&best->local).any;
        if (best && at_any && !best_any)
            continue;
        equals = best && at_any == best_any ? equals + 1 : 1;
        bool last = !(at->flags & XIE_SIM_REUSEPORT);
        if (equals == 1 || last || !xie_sim_below(sim, equals))
            best = at;
    }
    return best;
}
