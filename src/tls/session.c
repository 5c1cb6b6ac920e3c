/* session.c - the sessions that a client keeps, one for each host.
 * Floor 7. */
/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/memory.h"
#include "tls/context.h"

static void drop(struct xie_tls_session *entry)
{
    SSL_SESSION_free(entry->session);
    xie_release(entry->host);
    *entry = (struct xie_tls_session){0};
}

/* The entry of a host, else NULL. Linear: at most 64, and a handshake costs a thousand times
 * that. */
static struct xie_tls_session *find(const struct xie_tls_context *context, const char *host,
                                    uint16_t port)
{
    for (int i = 0; context->sessions && i < XIE_TLS_SESSIONS; i++) {
        struct xie_tls_session *entry = &context->sessions[i];
        if (entry->host && entry->port == port && !strcmp(entry->host, host))
            return entry;
    }
    return NULL;
}

/* An empty entry, or the one that was kept first. */
static struct xie_tls_session *oldest(const struct xie_tls_context *context)
{
    struct xie_tls_session *found = context->sessions;
    for (int i = 1; i < XIE_TLS_SESSIONS; i++)
        if (context->sessions[i].used < found->used)
            found = &context->sessions[i];
    return found;
}

static bool keep(struct xie_tls_context *context, const char *host, uint16_t port,
                 SSL_SESSION *session)
{
    if (!context->sessions)
        context->sessions = xie_alloc_zero(XIE_TLS_SESSIONS * sizeof *context->sessions);
    char *copy = context->sessions ? xie_copy_string(host) : NULL;
    if (!copy)
        return false;
    struct xie_tls_session *entry = find(context, host, port);
    if (!entry)
        entry = oldest(context);
    drop(entry);
    *entry = (struct xie_tls_session){copy, port, session, ++context->clock};
    return true;
}

bool xie_tls_session_keep(struct xie_tls_context *context, const char *host, uint16_t port,
                          SSL_SESSION *session)
{
    pthread_mutex_lock(&context->lock);
    bool kept = keep(context, host, port, session);
    pthread_mutex_unlock(&context->lock);
    return kept;
}

SSL_SESSION *xie_tls_session_take(struct xie_tls_context *context, const char *host, uint16_t port)
{
    SSL_SESSION *session = NULL;
    pthread_mutex_lock(&context->lock);
    struct xie_tls_session *entry = find(context, host, port);
    if (entry) {
        session = entry->session;
        entry->session = NULL;
        drop(entry);
    }
    pthread_mutex_unlock(&context->lock);
    return session;
}

void xie_tls_session_forget(struct xie_tls_context *context)
{
    for (int i = 0; context->sessions && i < XIE_TLS_SESSIONS; i++)
        drop(&context->sessions[i]);
    xie_release(context->sessions);
    context->sessions = NULL;
}
