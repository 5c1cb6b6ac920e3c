/* tls.h - TLS 1.2 and 1.3 over any stream, which keeps its pointer and all its calls.
 * Floor 7. Verification and the check of the host's name are on unless switched off. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_TLS_H
#define XIE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xie/stream.h>
#include <xie/time.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Part of libxie-tls (pkg-config xie-tls). The library beneath is OpenSSL 3, which no header
 * here includes. A task that calls these needs 64 KiB of stack; the default is 256. */

/* What connections have in common: certificates, whom to trust, protocols, sessions.
 * Opaque and counted; may be shared by loops on several threads. */
struct xie_tls_context;

/* Whether the peer needs a certificate that is trusted. */
enum xie_tls_verify {
    XIE_TLS_VERIFY_DEFAULT,  /* a client: as required; a server: as none */
    XIE_TLS_VERIFY_NONE,     /* not asked for, not looked at */
    XIE_TLS_VERIFY_OPTIONAL, /* a server: asked for; one that comes must be trusted */
    XIE_TLS_VERIFY_REQUIRED
};

enum { XIE_TLS_1_2 = 0x0303, XIE_TLS_1_3 = 0x0304 };

/* What failed, in words that name the host or the file, and the reason: "example.org: certificate
 * has expired (certificate /CN=example.org)". Written on failure alone. */
struct xie_tls_failure {
    char text[256];
};

/* How to make a context; zero is the default of each. Strings are copied. */
struct xie_tls_options {
    bool server;
    /* Own certificate with its chain, and key, in PEM; a server needs both. key_file: default
     * cert_file. key_password: for an encrypted key; without it such a key is an error, never a
     * question on the terminal. */
    const char *cert_file, *key_file, *key_password;
    /* Whom to trust: PEM files. Neither: a client trusts whom the system trusts, a server nobody.
     * A server tells its clients the names in ca_file. */
    const char *ca_file, *ca_dir;
    enum xie_tls_verify verify;
    bool no_host_check; /* a client takes any trusted certificate, whatever its name */
    /* Protocols, the best first: "h2,http/1.1"; each 1..255 bytes. A server that has none in
     * common with a client that offers some refuses it. source SSLContext.set_alpn_protocols */
    const char *alpn;
    int min_version, max_version; /* XIE_TLS_1_2 and XIE_TLS_1_3 unless set */
    const char *ciphers;          /* OpenSSL's list, for TLS 1.2 */
    const char *ciphersuites;     /* and for TLS 1.3 */
    /* A client keeps the last session of up to 64 hosts, and resumes it; a server hands out
     * tickets. true: neither. */
    bool no_resumption;
    /**
     * A server's certificate for the name a client asks for (SNI).
     *
     * name    "" when the client names none
     * return  the context to go on with, borrowed for the call, then kept as long as the
     *         connection; NULL refuses the client. May not wait
     * source  SSLContext.sni_callback
     */
    struct xie_tls_context *(*by_name)(const char *name, void *arg);
    void *by_name_arg;
    const char *keylog_file; /* append each connection's secrets, for Wireshark: debugging only */
    int64_t handshake_ns;    /* the most a handshake takes [ns]; 0: 60 s */
    int64_t shutdown_ns;     /* the most a close waits for its last bytes to leave [ns]; 0: 30 s */
};

/**
 * Make a context, loading what its options name.
 *
 * options  NULL: a client with the defaults
 * context  receives it, with one reference; untouched on error
 * failure  receives which file or setting, and why; may be NULL
 * errors   XIE_ETLS_CONFIG; -EINVAL options that contradict each other; -ENOMEM
 * cost     reads files, blocking the thread for as long as that takes
 * source   ssl.create_default_context, SSLContext.load_cert_chain
 */
XIE_API int xie_tls_context_new(const struct xie_tls_options *options,
                                struct xie_tls_context **context, struct xie_tls_failure *failure);

/* One reference more, or fewer: the last gives it back. NULL is allowed. Each connection holds
 * one. */
XIE_API struct xie_tls_context *xie_tls_context_ref(struct xie_tls_context *context);
XIE_API void xie_tls_context_unref(struct xie_tls_context *context);

/**
 * Load the files again, for connections that begin from now on; those that run go on with what
 * they began with. Kept sessions and tickets are forgotten, since whom to trust may have changed.
 *
 * errors  as xie_tls_context_new; then the context is as it was
 */
XIE_API int xie_tls_context_reload(struct xie_tls_context *context,
                                   struct xie_tls_failure *failure);

/**
 * Connect over TCP and shake hands as a client.
 *
 * context  a client's; NULL: one with the defaults, made for this call
 * host     a name or numeric address: connected to, asked for (SNI), and checked against the
 *          certificate
 * failure  receives what failed in the handshake; may be NULL
 * stream   receives the stream, owned; untouched on error
 * errors   those of xie_tcp_connect and xie_tls_start
 * source   asyncio.open_connection(ssl=…)
 */
XIE_API int xie_tls_connect(struct xie_tls_context *context, const char *host, uint16_t port,
                            struct xie_tls_failure *failure, struct xie_stream **stream);

/**
 * Turn an open stream into TLS, as a client or a server by its context.
 *
 * stream   any stream, TLS included; the pointer stays. What had been read and not yet given
 *          out is taken for the peer's first TLS bytes: none is lost
 * host     a client: whom to ask for and check; NULL only where the check is off. A server: NULL
 * failure  may be NULL
 * return   0: from now on reads and writes are of plain text
 * errors   XIE_ETLS_CERTIFICATE the peer's is not trusted; XIE_ETLS_HOST it is another's;
 *          XIE_ETLS_REFUSED the peer said no, perhaps to our certificate; XIE_ETLS_ALPN nothing
 *          in common; XIE_ETLS_TRUNCATED the connection ended; XIE_ETLS_PROTOCOL all else;
 *          -ETIMEDOUT handshake_ns passed; those of reading and writing. After these the stream
 *          is good for being closed, and every other call returns the same.
 *          -ETIMEDOUT -ECANCELED of a scope: nothing is lost, the same call goes on with it;
 *          until then the stream's other calls return -ENOTCONN.
 *          -EBUSY a task reads or writes; -EINVAL a client without host, -ENOMEM before
 *          anything was done: the stream is as it was
 * note     with TLS 1.3 a client is done before the server has judged the client's certificate:
 *          a refusal comes with the first read. A server is done when it has heard the client
 *          out; its tickets leave by themselves
 * source   StreamWriter.start_tls, loop.start_tls; SSLContext.wrap_socket
 */
XIE_API int xie_tls_start(struct xie_stream *stream, struct xie_tls_context *context,
                          const char *host, struct xie_tls_failure *failure);

/**
 * How the stream's calls behave once it is TLS, where that differs from stream.h:
 *
 * read       0 when the peer ended TLS in order; XIE_ETLS_TRUNCATED when the connection beneath
 *            ended without: what was read may not be all; XIE_ETLS_PROTOCOL XIE_ETLS_REFUSED
 *            the connection broke
 * write      up to four records of 16 KiB leave together. What xie_stream_written counts is
 *            encrypted and on its way, even when the call was interrupted: a task of the library
 *            sends the rest, at most 64 KiB; it moves when all of them have left, not with each.
 *            When the connection failed it counts what is in records that left as a whole: of
 *            what is not counted the peer has read nothing
 * write_eof  tells the peer that the plain text ends (close_notify); reading goes on. After it
 *            writes return -EPIPE
 * close      tells it too, if write_eof has not, and waits until that has left, at most
 *            shutdown_ns (a second where a scope has triggered); not for the peer's answer.
 *            From a callback a task of the library does it
 * abort      tells nothing: the peer sees XIE_ETLS_TRUNCATED or a reset
 */

/**
 * End TLS and go on in plain text.
 *
 * return  0: the stream is what it was before xie_tls_start; bytes the peer sent after its end
 *         of TLS are read next
 * errors  -EBUSY there is plain text to be read first (until 0, then call again), or a task reads
 *         or writes; -EINVAL not TLS; -ECANCELED -ETIMEDOUT call again to go on; -ENOMEM;
 *         XIE_ETLS_TRUNCATED, and as read
 * source  ssl.SSLSocket.unwrap
 */
XIE_API int xie_tls_unwrap(struct xie_stream *stream);

/* What was agreed upon; strings live as long as the stream is TLS. */
struct xie_tls_info {
    const char *version; /* "TLSv1.3" */
    const char *cipher;  /* "TLS_AES_256_GCM_SHA384" */
    const char *alpn;    /* the protocol, NULL for none */
    const char *host;    /* a client: who was asked for; a server: as whom; NULL for nobody */
    const char *reason;  /* why the connection broke, NULL when it did not */
    bool resumed;        /* a session was */
    bool verified;       /* the peer has a certificate, and it is trusted */
};

/* errors -EINVAL not TLS. source SSLSocket.version, cipher, selected_alpn_protocol,
 * session_reused; StreamWriter.get_extra_info */
XIE_API int xie_tls_info(const struct xie_stream *stream, struct xie_tls_info *info);

enum xie_tls_part {
    XIE_TLS_SUBJECT, /* "CN=example.org,O=Example" (RFC 2253) */
    XIE_TLS_ISSUER,
    XIE_TLS_NAMES, /* whom it is for: "DNS:example.org, IP Address:192.0.2.1"; "" for none */
    XIE_TLS_PEM    /* all of it */
};

/**
 * A part of the peer's certificate as text.
 *
 * buf     receives it, cut to fit, ended by a 0 byte [cap bytes]; may be NULL when cap is 0
 * return  its length in bytes, without the 0: larger than cap - 1 when it was cut
 * errors  -EINVAL not TLS; -ENOENT the peer showed none; -ENOMEM
 * source  SSLSocket.getpeercert
 */
XIE_API ssize_t xie_tls_peer(const struct xie_stream *stream, enum xie_tls_part part, char *buf,
                             size_t cap);

#ifdef __cplusplus
}
#endif
#endif
