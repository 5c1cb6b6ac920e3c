/* error.h - what a negative return value means.
 * Floor 0. Every call returns >= 0 or one of: a negative errno, a code below. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_ERROR_H
#define XIE_ERROR_H

#include <errno.h> /* the names of the others */

#ifdef __cplusplus
extern "C" {
#endif

/* Marks what the shared libraries export; everything else stays hidden. */
#define XIE_API __attribute__((visibility("default")))

#define XIE_STRING2_(x) #x
#define XIE_STRING_(x) XIE_STRING2_(x)
/* The place of a call, "file:line": what reports name things by. */
#define XIE_HERE __FILE__ ":" XIE_STRING_(__LINE__)

/* The library's own codes; all below every errno. xie_strerror() explains each. */
enum xie_error {
    XIE_EOF = -4097,              /* the stream ended before what was asked for came */
    XIE_ELIMIT = -4098,           /* a line, header, frame or body is longer than its limit */
    XIE_ECLOSED = -4099,          /* the queue, stream or listener was closed on this side */
    XIE_EGENEXIT = -4100,         /* thrown into a generator that is being closed */
    XIE_EGENIGNORED = -4101,      /* the generator yielded again while it was being closed */
    XIE_EDEADLOCK = -4102,        /* waiting for oneself, directly or in a circle; of a run
                                     on sim: every task waits, and nothing can wake one */
    XIE_EBROKEN = -4105,          /* the barrier was reset or aborted */
    XIE_EDNS_NONAME = -4110,      /* the name does not exist, or has no address */
    XIE_EDNS_AGAIN = -4111,       /* the name servers do not answer now; may work later */
    XIE_EDNS_FAIL = -4112,        /* the look-up failed for good */
    XIE_EURL = -4120,             /* not a URL this call understands */
    XIE_EHTTP = -4121,            /* the peer sent something that is not valid HTTP */
    XIE_EWS_HANDSHAKE = -4122,    /* the server did not agree to speak WebSocket */
    XIE_EWS_PROTOCOL = -4123,     /* the peer broke the WebSocket protocol */
    XIE_EJSON = -4124,            /* not valid JSON, or not of the expected shape */
    XIE_EAUTH = -4130,            /* the peer refused the token */
    XIE_ENOTCONNECTED = -4131,    /* not connected: the call was not sent */
    XIE_EUNKNOWN = -4132,         /* sent, but the connection broke: outcome unknown */
    XIE_EACTION = -4133,          /* the implementation does not know this action */
    XIE_EFAILED = -4134,          /* refused, and told why: an action by its result, a
                                     configuration by complaints */
    XIE_EDECLINED = -4135,        /* the person who was asked does not want to go on */
    XIE_EANSWER = -4136,          /* the person who was asked gave no good answer */
    XIE_ETLS_CONFIG = -4140,      /* a certificate, key or setting of a TLS context is not usable */
    XIE_ETLS_PROTOCOL = -4141,    /* the TLS handshake failed, or the peer broke the protocol */
    XIE_ETLS_TRUNCATED = -4142,   /* the connection ended before TLS did */
    XIE_ETLS_CERTIFICATE = -4143, /* the peer's certificate is not trusted, or missing */
    XIE_ETLS_HOST = -4144,        /* the peer's certificate is for another host */
    XIE_ETLS_REFUSED = -4145,     /* the peer ended TLS by an alert, perhaps for our certificate */
    XIE_ETLS_ALPN = -4146,        /* no application protocol in common */
    XIE_EDIRECTORY = -4150,       /* the child's working directory cannot be entered */
    XIE_EREAPED = -4151           /* the child has ended, and somebody else took its status */
};

/**
 * Explain a code in one English line.
 *
 * code    any return value of this library; a negative errno or a XIE_ code
 * return  a constant string, never NULL; "success" for code >= 0
 * cost    a table look-up, no allocation
 */
XIE_API const char *xie_strerror(int code);

#ifdef __cplusplus
}
#endif
#endif
