/* address.c - socket addresses as text and back; nothing here waits.
 * Floor 5. */
/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <xie/address.h>

/* --- out ---------------------------------------------------------------------------- */

static void format_ipv4(const struct sockaddr_in *in, char text[XIE_ADDRESS_TEXT])
{
    char host[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
    snprintf(text, XIE_ADDRESS_TEXT, "%s:%u", host, ntohs(in->sin_port));
}

static void format_ipv6(const struct sockaddr_in6 *in, char text[XIE_ADDRESS_TEXT])
{
    char host[INET6_ADDRSTRLEN];
    inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof host);
    if (in->sin6_scope_id)
        snprintf(text, XIE_ADDRESS_TEXT, "[%s%%%u]:%u", host, in->sin6_scope_id,
                 ntohs(in->sin6_port));
    else
        snprintf(text, XIE_ADDRESS_TEXT, "[%s]:%u", host, ntohs(in->sin6_port));
}

/* unix(7): a path may lack its 0 byte; an abstract name begins with one and has none. */
static void format_unix(const struct xie_address *address, char text[XIE_ADDRESS_TEXT])
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)&address->storage;
    size_t offset = offsetof(struct sockaddr_un, sun_path);
    size_t len = address->len > offset ? address->len - offset : 0;
    bool abstract = len && !un->sun_path[0];
    if (!abstract)
        len = strnlen(un->sun_path, len);
    snprintf(text, XIE_ADDRESS_TEXT, "unix:%s%.*s", abstract ? "@" : "",
             (int)(abstract ? len - 1 : len), un->sun_path + abstract);
}

const char *xie_address_format(const struct xie_address *address, char text[XIE_ADDRESS_TEXT])
{
    int family = address->len ? address->storage.ss_family : AF_UNSPEC;
    if (family == AF_INET)
        format_ipv4((const struct sockaddr_in *)&address->storage, text);
    else if (family == AF_INET6)
        format_ipv6((const struct sockaddr_in6 *)&address->storage, text);
    else if (family == AF_UNIX)
        format_unix(address, text);
    else
        snprintf(text, XIE_ADDRESS_TEXT, "family %d", family);
    return text;
}

uint16_t xie_address_port(const struct xie_address *address)
{
    if (address->storage.ss_family == AF_INET)
        return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
    if (address->storage.ss_family == AF_INET6)
        return ntohs(((const struct sockaddr_in6 *)&address->storage)->sin6_port);
    return 0;
}

void xie_address_set_port(struct xie_address *address, uint16_t port)
{
    if (address->storage.ss_family == AF_INET)
        ((struct sockaddr_in *)&address->storage)->sin_port = htons(port);
    else if (address->storage.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&address->storage)->sin6_port = htons(port);
}

/* --- in ----------------------------------------------------------------------------------------
 */

static int parse_ipv4(struct xie_address *address, const char *host, uint16_t port)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    if (inet_pton(AF_INET, host, &in.sin_addr) != 1)
        return -EINVAL;
    *address = (struct xie_address){.len = sizeof in};
    memcpy(&address->storage, &in, sizeof in);
    return 0;
}

/* "fe80::1%2": an interface by its number; by its name only xie_resolve knows it. */
static int parse_scope(const char *text, uint32_t *scope)
{
    char *end;
    if (*text < '0' || *text > '9')
        return -EINVAL;
    unsigned long number = strtoul(text, &end, 10);
    if (*end || number > UINT32_MAX)
        return -EINVAL;
    *scope = (uint32_t)number;
    return 0;
}

static int parse_ipv6(struct xie_address *address, const char *host, uint16_t port)
{
    struct sockaddr_in6 in = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    char number[INET6_ADDRSTRLEN];
    size_t len = strcspn(host, "%");
    if (len >= sizeof number)
        return -EINVAL;
    memcpy(number, host, len);
    number[len] = 0;
    if (inet_pton(AF_INET6, number, &in.sin6_addr) != 1)
        return -EINVAL;
    if (host[len] && parse_scope(host + len + 1, &in.sin6_scope_id))
        return -EINVAL;
    *address = (struct xie_address){.len = sizeof in};
    memcpy(&address->storage, &in, sizeof in);
    return 0;
}

int xie_address_parse(struct xie_address *address, const char *host, uint16_t port)
{
    return strchr(host, ':') ? parse_ipv6(address, host, port) : parse_ipv4(address, host, port);
}

int xie_address_unix(struct xie_address *address, const char *path)
{
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    bool abstract = *path == '@';
    if (!len) /* the kernel would invent a name */
        return -EINVAL;
    if (len >= sizeof un.sun_path)
        return -ENAMETOOLONG;
    memcpy(un.sun_path, path, len);
    if (abstract)
        un.sun_path[0] = 0;
    *address = (struct xie_address){
        .len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + !abstract)};
    memcpy(&address->storage, &un, sizeof un);
    return 0;
}

static int parse_port(const char *text, uint16_t *port)
{
    unsigned number = 0;
    size_t len = strspn(text, "0123456789");
    if (!len || len > 5 || text[len])
        return -EINVAL;
    for (; *text; text++)
        number = number * 10 + (unsigned)(*text - '0');
    if (number > UINT16_MAX)
        return -EINVAL;
    *port = (uint16_t)number;
    return 0;
}

int xie_address_split(const char *text, char *host, size_t cap, uint16_t *port)
{
    bool bracket = *text == '[';
    const char *from = text + bracket;
    const char *end = strchr(from, bracket ? ']' : ':'); /* an IPv6 number needs its brackets */
    uint16_t number;
    if (!end || (bracket && end[1] != ':') || parse_port(end + 1 + bracket, &number))
        return -EINVAL;
    size_t len = (size_t)(end - from);
    if (len >= cap)
        return -ENAMETOOLONG;
    memcpy(host, from, len);
    host[len] = 0;
    *port = number;
    return 0;
}
