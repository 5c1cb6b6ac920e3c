/* error.c - one English line for each negative return value.
 * Floor 0. */
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>
#include <xie/error.h>

static const char *own_text(int code)
{
    switch ((enum xie_error)code) {
    case XIE_EOF:
        return "the stream ended early";
    case XIE_ELIMIT:
        return "longer than its limit";
    case XIE_ECLOSED:
        return "closed on this side";
    case XIE_EGENEXIT:
        return "the generator is being closed";
    case XIE_EGENIGNORED:
        return "the generator yielded while it was being closed";
    case XIE_EDEADLOCK:
        return "waiting for oneself would never end";
    case XIE_EBROKEN:
        return "the barrier was reset or aborted";
    case XIE_EDNS_NONAME:
        return "the host name does not exist or has no address";
    case XIE_EDNS_AGAIN:
        return "the name servers do not answer at the moment";
    case XIE_EDNS_FAIL:
        return "looking up the host name failed";
    case XIE_EURL:
        return "not a valid URL";
    case XIE_EHTTP:
        return "the peer sent invalid HTTP";
    case XIE_EWS_HANDSHAKE:
        return "the server did not agree to speak WebSocket";
    case XIE_EWS_PROTOCOL:
        return "the peer broke the WebSocket protocol";
    case XIE_EJSON:
        return "not valid JSON or not of the expected shape";
    case XIE_EAUTH:
        return "the peer refused the token";
    case XIE_ENOTCONNECTED:
        return "not connected, the call was not sent";
    case XIE_EUNKNOWN:
        return "the connection broke after the call was sent, its outcome is unknown";
    case XIE_EACTION:
        return "the implementation does not know this action";
    case XIE_EFAILED:
        return "the implementation answered that the action failed";
    case XIE_EDIRECTORY:
        return "the working directory for the child is missing, no directory, or closed to it";
    case XIE_EREAPED:
        return "the child has ended, but somebody else took its exit status";
    case XIE_ETLS_CONFIG:
        return "a certificate, key or setting for TLS is not usable";
    case XIE_ETLS_PROTOCOL:
        return "the TLS handshake failed or the peer broke the protocol";
    case XIE_ETLS_TRUNCATED:
        return "the connection ended before TLS did";
    case XIE_ETLS_CERTIFICATE:
        return "the peer's certificate is missing or not trusted";
    case XIE_ETLS_HOST:
        return "the peer's certificate is for another host";
    case XIE_ETLS_REFUSED:
        return "the peer refused or ended TLS by an alert";
    case XIE_ETLS_ALPN:
        return "no application protocol in common";
    }
    return NULL;
}

const char *xie_strerror(int code)
{
    if (code >= 0)
        return "success";
    /* strerrordesc_np: neither translated nor written into a shared buffer. */
    const char *text = code < -4096 ? own_text(code) : strerrordesc_np(-code);
    return text ? text : "unknown error";
}
