/* resolve.c - finding addresses by name, on threads of its own.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "io/pool.h"
#include "io/resolve.h"

enum { XIE_NAME_MOST = 253 /* RFC 1035 2.3.4, as text */ };

static int error_of(int code)
{
    switch (code) {
    case 0:
        return 0;
    case EAI_NONAME:
    case EAI_NODATA:
    case EAI_ADDRFAMILY:
    case EAI_SERVICE:
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
static int ask(struct xie_lookup *lookup, int flags)
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
    struct xie_lookup *lookup = arg;
    lookup->result = ask(lookup, AI_ADDRCONFIG);
    if (lookup->result == XIE_EDNS_NONAME)
        lookup->result = ask(lookup, 0);
    /* RFC 6761 6.3: this name is the loopback even where no file says so. */
    if (lookup->result < 0 && !strcmp(lookup->host, "localhost") &&
        !xie_address_parse(lookup->found, "127.0.0.1", lookup->port))
        lookup->result = 1;
    return 0;
}

/* The other way round. */
static int ask_name(struct xie_lookup *lookup, bool host)
{
    const struct xie_address *address = lookup->found;
    return error_of(getnameinfo((const struct sockaddr *)&address->storage, address->len,
                                host ? lookup->host : NULL, host ? sizeof lookup->host : 0,
                                lookup->service, sizeof lookup->service, NI_NAMEREQD));
}

/* On a thread. */
static int look_up_name(void *arg)
{
    struct xie_lookup *lookup = arg;
    lookup->result = ask_name(lookup, true);
    return 0;
}

/* On a thread, or on sim, where addresses have names of their own. */
static int look_up_service(void *arg)
{
    struct xie_lookup *lookup = arg;
    lookup->result = ask_name(lookup, false);
    return 0;
}

static int look_up_name_on_sim(void *arg)
{
    return xie_lookup_name_on_sim(arg) ? 0 : look_up_service(arg);
}

/* On a thread. */
static int look_up_port(void *arg)
{
    struct xie_lookup *lookup = arg;
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM};
    struct addrinfo *list;
    lookup->result = error_of(getaddrinfo(NULL, lookup->service, &hints, &list));
    if (lookup->result)
        return 0;
    lookup->port = ntohs(((const struct sockaddr_in *)(const void *)list->ai_addr)->sin_port);
    freeaddrinfo(list);
    return 0;
}

/* Do a job on the names' threads. On an error the look-up is not the caller's any more. */
static int look(struct xie_lookup *lookup, int (*job)(void *arg))
{
    int error = xie_pool_run_as(&xie_pool_names, job, lookup, xie_release, "xie_resolve");
    if (error)
        return error == -EAGAIN ? XIE_EDNS_AGAIN : error;
    int result = lookup->result;
    if (result < 0)
        xie_release(lookup);
    return result;
}

static int resolve_name(const char *host, uint16_t port, struct xie_address *addresses, size_t cap)
{
    size_t len = strlen(host);
    if (len > XIE_NAME_MOST)
        return XIE_EDNS_NONAME;
    struct xie_lookup *lookup = xie_alloc_zero(sizeof *lookup);
    if (!lookup)
        return -ENOMEM;
    memcpy(lookup->host, host, len);
    lookup->port = port;
    int result = look(lookup, xie_on_sim() ? xie_lookup_on_sim : look_up);
    if (result < 0)
        return result;
    if ((size_t)result > cap)
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

int xie_resolve_name(const struct xie_address *address, char host[XIE_HOST_TEXT],
                     char service[XIE_SERVICE_TEXT])
{
    int family = address->storage.ss_family;
    if (family != AF_INET && family != AF_INET6)
        return -EAFNOSUPPORT;
    struct xie_lookup *lookup = xie_alloc_zero(sizeof *lookup);
    if (!lookup)
        return -ENOMEM;
    lookup->found[0] = *address;
    int error = look(lookup, !host          ? look_up_service
                             : xie_on_sim() ? look_up_name_on_sim
                                            : look_up_name);
    if (error)
        return error;
    if (host)
        strcpy(host, lookup->host);
    if (service)
        strcpy(service, lookup->service);
    xie_release(lookup);
    return 0;
}

int xie_resolve_service(const char *service, uint16_t *port)
{
    char text[XIE_SERVICE_TEXT + 1] = ":", none[1];
    if (strlen(service) >= XIE_SERVICE_TEXT)
        return XIE_EDNS_NONAME;
    strcpy(text + 1, service);
    if (!xie_address_split(text, none, sizeof none, port))
        return 0;
    if (!service[strspn(service, "0123456789")]) /* the resolver would cut "65616" to 80 */
        return XIE_EDNS_NONAME;
    struct xie_lookup *lookup = xie_alloc_zero(sizeof *lookup);
    if (!lookup)
        return -ENOMEM;
    strcpy(lookup->service, service);
    int error = look(lookup, look_up_port);
    if (error)
        return error;
    *port = lookup->port;
    xie_release(lookup);
    return 0;
}
