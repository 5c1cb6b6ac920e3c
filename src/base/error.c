/* error.c - one English line for each negative return value.
 * Floor 0. */
/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>
#include <xie/error.h>

/* The library's codes begin below every errno. */
enum { XIE_OWN = -4096 };
#define AT(code) (XIE_OWN - (code))

static const char *const own_texts[] = {
    [AT(XIE_EOF)] = "the stream ended early",
    [AT(XIE_ELIMIT)] = "longer than its limit",
    [AT(XIE_ECLOSED)] = "closed on this side",
    [AT(XIE_EGENEXIT)] = "the generator is being closed",
    [AT(XIE_EGENIGNORED)] = "the generator yielded while it was being closed",
    [AT(XIE_EDEADLOCK)] = "deadlock: what is waited for can never come",
    [AT(XIE_EBROKEN)] = "the barrier was reset or aborted",
    [AT(XIE_EDNS_NONAME)] = "the host name does not exist or has no address",
    [AT(XIE_EDNS_AGAIN)] = "the name servers do not answer at the moment",
    [AT(XIE_EDNS_FAIL)] = "looking up the host name failed",
    [AT(XIE_EURL)] = "not a valid URL",
    [AT(XIE_EHTTP)] = "the peer sent invalid HTTP",
    [AT(XIE_EWS_HANDSHAKE)] = "the server did not agree to speak WebSocket",
    [AT(XIE_EWS_PROTOCOL)] = "the peer broke the WebSocket protocol",
    [AT(XIE_EJSON)] = "not valid JSON or not of the expected shape",
    [AT(XIE_EAUTH)] = "the peer refused the token",
    [AT(XIE_ENOTCONNECTED)] = "not connected, the call was not sent",
    [AT(XIE_EUNKNOWN)] = "the connection broke after the call was sent, its outcome is unknown",
    [AT(XIE_EACTION)] = "the implementation does not know this action",
    [AT(XIE_EFAILED)] = "refused, for reasons that are in the answer or in the complaints",
    [AT(XIE_EDECLINED)] = "the person who was asked does not want to go on",
    [AT(XIE_EANSWER)] = "the person who was asked gave no good answer",
    [AT(XIE_EDIRECTORY)] =
        "the working directory for the child is missing, no directory, or closed to it",
    [AT(XIE_EREAPED)] = "the child has ended, but somebody else took its exit status",
    [AT(XIE_ETLS_CONFIG)] = "a certificate, key or setting for TLS is not usable",
    [AT(XIE_ETLS_PROTOCOL)] = "the TLS handshake failed or the peer broke the protocol",
    [AT(XIE_ETLS_TRUNCATED)] = "the connection ended before TLS did",
    [AT(XIE_ETLS_CERTIFICATE)] = "the peer's certificate is missing or not trusted",
    [AT(XIE_ETLS_HOST)] = "the peer's certificate is for another host",
    [AT(XIE_ETLS_REFUSED)] = "the peer refused or ended TLS by an alert",
    [AT(XIE_ETLS_ALPN)] = "no application protocol in common",
};

static const char *own_text(int code)
{
    unsigned at = (unsigned)XIE_OWN - (unsigned)code;
    return at < sizeof own_texts / sizeof *own_texts ? own_texts[at] : NULL;
}

const char *xie_strerror(int code)
{
    if (code >= 0)
        return "success";
    /* strerrordesc_np: neither translated nor written into a shared buffer. */
    const char *text = code < XIE_OWN ? own_text(code) : strerrordesc_np(-code);
    return text ? text : "unknown error";
}
