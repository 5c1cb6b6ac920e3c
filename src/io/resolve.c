/* resolve.c - finding addresses by name, on threads of its own.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netdb.h>
#include <string.h>

#include <xie/address.h>

#include "base/memory.h"
#include "io/pool.h"

enum {
    XIE_NAME_MOST = 253, /* RFC 1035 2.3.4, as text */
    XIE_FOUND_MOST = 32  /* addresses of one name; the rest is not looked at */
};

/* One look-up; the pool's thread disposes of it when nobody waits any more. */
struct lookup {
    char host[XIE_NAME_MOST + 1];
    uint16_t port;
    int count; /* of addresses found, or an error */
    struct xie_address found[XIE_FOUND_MOST];
};

static int error_of(int code)
{
    switch (code) {
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
        return XIE_EDNS_NONAME;
    case EAI_AGAIN:
        return XIE_EDNS_AGAIN;
    case EAI_MEMORY:
        return -ENOMEM;
    default:
        return XIE_EDNS_FAIL;
    }
}

/* return how many addresses, or an error */
static int ask(struct lookup *lookup, int flags)
{
    struct addrinfo hints = {.ai_flags = flags, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    int code = getaddrinfo(lookup->host, NULL, &hints, &list);
    if (code)
        return error_of(code);
    int count = 0;
    for (struct addrinfo *at = list; at && count < XIE_FOUND_MOST; at = at->ai_next) {
        if (at->ai_addrlen > sizeof lookup->found->storage)
            continue;
        struct xie_address *address = &lookup->found[count++];
        address->len = at->ai_addrlen;
        memcpy(&address->storage, at->ai_addr, at->ai_addrlen);
        xie_address_set_port(address, lookup->port);
    }
    freeaddrinfo(list);
    return count ? count : XIE_EDNS_NONAME;
}

/* On a thread. AI_ADDRCONFIG leaves out families this machine has no address of; where only the
 * loopback is up it would leave out everything, so a name not found is asked for without. */
static int look_up(void *arg)
{
    struct lookup *lookup = arg;
    lookup->count = ask(lookup, AI_ADDRCONFIG);
    if (lookup->count == XIE_EDNS_NONAME)
        lookup->count = ask(lookup, 0);
    /* RFC 6761 6.3: this name is the loopback even where no file says so. */
    if (lookup->count < 0 && !strcmp(lookup->host, "localhost") &&
        !xie_address_parse(lookup->found, "127.0.0.1", lookup->port))
        lookup->count = 1;
    return 0;
}

/* sim has no network but its own. */
static int look_up_on_sim(void *arg)
{
    struct lookup *lookup = arg;
    bool known = !strcmp(lookup->host, "localhost") &&
                 !xie_address_parse(lookup->found, "127.0.0.1", lookup->port);
    lookup->count = known ? 1 : XIE_EDNS_NONAME;
    return 0;
}

static int resolve_name(const char *host, uint16_t port, struct xie_address *addresses, size_t cap)
{
    size_t len = strlen(host);
    if (len > XIE_NAME_MOST)
        return XIE_EDNS_NONAME;
    struct lookup *lookup = xie_alloc_zero(sizeof *lookup);
    if (!lookup)
        return -ENOMEM;
    memcpy(lookup->host, host, len);
    lookup->port = port;
    int result = xie_pool_run(&xie_pool_names, xie_on_sim() ? look_up_on_sim : look_up, lookup,
                              xie_release, "xie_resolve");
    if (result) /* the look-up is not ours any more */
        return result == -EAGAIN ? XIE_EDNS_AGAIN : result;
    result = lookup->count;
    if (result > 0 && (size_t)result > cap)
        result = (int)cap;
    for (int i = 0; i < result; i++)
        addresses[i] = lookup->found[i];
    xie_release(lookup);
    return result;
}

int xie_resolve(const char *host, uint16_t port, struct xie_address *addresses, size_t cap)
{
    if (!cap)
        return -EINVAL;
    if (!host || !*host) {
        int count = 1;
        xie_address_parse(&addresses[0], "0.0.0.0", port);
        if (cap > 1)
            count += !xie_address_parse(&addresses[1], "::", port);
        return count;
    }
    if (!xie_address_parse(addresses, host, port))
        return 1;
    return resolve_name(host, port, addresses, cap);
}
