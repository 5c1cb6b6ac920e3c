/* address.h - where a peer is, and finding it by name.
 * Floor 5. Look-ups run on their own threads; numeric addresses never leave the loop. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ADDRESS_H
#define XIE_ADDRESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A socket address of any family, by value. */
struct xie_address {
    socklen_t len; /* bytes used of storage */
    struct sockaddr_storage storage;
};

/* Bytes that any text of xie_address_format needs, its end included. */
enum { XIE_ADDRESS_TEXT = 128 };
/* Bytes that names of xie_resolve_name need, their end included. */
enum { XIE_HOST_TEXT = 256, XIE_SERVICE_TEXT = 64 };

/* Write "127.0.0.1:80", "[::1]:80", "unix:/path" or "unix:@abstract" into text.
 * return  text */
XIE_API const char *xie_address_format(const struct xie_address *address,
                                       char text[XIE_ADDRESS_TEXT]);

/* The port of an IP address, 0 for others. */
XIE_API uint16_t xie_address_port(const struct xie_address *address);
/* Change it; others are left as they are. */
XIE_API void xie_address_set_port(struct xie_address *address, uint16_t port);

/* Read a numeric address: "127.0.0.1" or "::1" with a port.
 * errors  -EINVAL not numeric */
XIE_API int xie_address_parse(struct xie_address *address, const char *host, uint16_t port);

/* A Unix socket's address; a leading '@' means the abstract name space.
 * errors  -ENAMETOOLONG more than 107 bytes; -EINVAL none */
XIE_API int xie_address_unix(struct xie_address *address, const char *path);

/* Split "host:port", "[::1]:port" or ":port" (host becomes ""). host has cap bytes.
 * errors  -EINVAL no port, or not 0..65535, or an IPv6 number without brackets;
 *         -ENAMETOOLONG */
XIE_API int xie_address_split(const char *text, char *host, size_t cap, uint16_t *port);

/**
 * Look a name up; suspends, but not for a numeric host.
 *
 * host       a name or number; NULL or "": any address (to listen on), 0.0.0.0 then ::
 * addresses  receives up to cap of them, in the resolver's order; cap 0 is -EINVAL
 * return     how many, at least 1
 * errors     XIE_EDNS_NONAME XIE_EDNS_AGAIN XIE_EDNS_FAIL -ENOMEM -ECANCELED -ETIMEDOUT;
 *            interrupted, it returns at once and the look-up's answer is thrown away
 * note       on sim "localhost" is 127.0.0.1, others are what XIE_SIM_HOSTS says of them, as
 *            "name=192.0.2.1,::1 other=127.0.0.2", and else XIE_EDNS_NONAME
 * source     asyncio loop.getaddrinfo; getaddrinfo(3)
 */
XIE_API int xie_resolve(const char *host, uint16_t port, struct xie_address *addresses, size_t cap);

/**
 * The name of an IP address, the look-up backwards; suspends.
 *
 * host     receives the name; may be NULL
 * service  receives what its port is called for TCP, "http", or the number; may be NULL
 * errors   XIE_EDNS_NONAME it has no name (xie_address_format writes the number), then service
 *          is not written either; -EAFNOSUPPORT no IP address; others as xie_resolve
 * note     a name found so is what the address's owner says, and proves nothing
 * source   asyncio loop.getnameinfo; getnameinfo(3)
 */
XIE_API int xie_resolve_name(const struct xie_address *address, char host[XIE_HOST_TEXT],
                             char service[XIE_SERVICE_TEXT]);

/* The TCP port of a service, "http", by this machine's list (services(5)); suspends, but not
 * for a number. errors XIE_EDNS_NONAME unknown; as xie_resolve. source getaddrinfo(port=) */
XIE_API int xie_resolve_service(const char *service, uint16_t *port);

#ifdef __cplusplus
}
#endif
#endif
