/* web.c - what the bot fetches by HTTP: pages of the test's, and who asked for them.
 * Kit, fourth floor. On sim every host that a page names is this machine, and port 80 is free. */
/* SPDX-License-Identifier: MIT */
#include "web.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bot.h"
#include "pattern.h"

static const char hosts_name[] = "XIE_SIM_HOSTS", scheme[] = "http://";

void kit_page_release(void *item)
{
    struct kit_page *page = item;
    free(page->url);
    free(page->body);
}

void kit_fetch_release(void *item)
{
    struct kit_fetch *fetch = item;
    free(fetch->url);
    free(fetch->body);
}

/* --- what was asked for ------------------------------------------------------------- */

/* "http://host/path?name=value&…", decoded. NULL without memory. */
static char *asked_url(struct xie_http *http)
{
    char *text = NULL;
    size_t len;
    struct xie_http_field pair;
    const char *host = xie_http_field(http, "Host");
    FILE *out = open_memstream(&text, &len);
    if (!out)
        return NULL;
    fprintf(out, "%s%s%s", scheme, host ? host : "", xie_http_path(http));
    for (size_t i = 0; xie_http_query_at(http, i, &pair); i++)
        fprintf(out, "%c%s=%s", i ? '&' : '?', pair.name, pair.value);
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static const char *path_of(const char *url)
{
    return url + sizeof scheme - 1 + strcspn(url + sizeof scheme - 1, "/");
}

/* For the server by its own address the host is not compared. */
static bool fits(const char *pattern, const char *url)
{
    static const char own[] = "http://127.0.0.1";
    const char *behind = url + sizeof own - 1;
    bool by_address = strncmp(url, own, sizeof own - 1) == 0 && (*behind == '/' || *behind == ':');
    return by_address ? kit_fits(path_of(pattern), path_of(url)) : kit_fits(pattern, url);
}

static const struct kit_page *find_page(const struct onebot_test *t, const char *url)
{
    const struct kit_page *found = NULL;
    for (const struct kit_item *at = t->pages.first; at; at = at->next) {
        const struct kit_page *page = (const struct kit_page *)at;
        if (page->url && fits(page->url, url))
            found = page;
    }
    return found;
}

/* --- answering ---------------------------------------------------------------------- */

static int answer(struct onebot_test *t, struct xie_http *http, const char *url)
{
    static const char nothing[] = "there is no such page in the test\n";
    const struct kit_page *page = find_page(t, url);
    if (!page)
        return xie_http_answer(http, 404, "text/plain", nothing, sizeof nothing - 1);
    if (page->status == 0)
        return xie_sleep_until(XIE_NEVER);
    bool json = *page->body == '{' || *page->body == '[';
    return xie_http_answer(http, page->status,
                           json ? "application/json" : "text/plain; charset=utf-8", page->body,
                           strlen(page->body));
}

static int take(struct xie_http *http, void *arg)
{
    struct onebot_test *t = arg;
    char *body;
    ssize_t len = xie_http_body(http, &body);
    if (len < 0)
        return (int)len;
    struct kit_fetch *fetch = kit_list_add(&t->fetches, sizeof *fetch);
    if (fetch) {
        fetch->url = asked_url(http);
        fetch->body = strdup(len ? body : "");
    }
    if (!fetch || !fetch->url || !fetch->body) {
        kit_no_memory(t);
        return -ENOMEM;
    }
    kit_story(t, "the bot fetches %s %s", xie_http_method(http), fetch->url);
    kit_pulse(t);
    return answer(t, http, fetch->url);
}

static int kit_web(void *arg)
{
    struct onebot_test *t = arg;
    return xie_http_serve(t->web.listener, NULL, take, t);
}

static int listen_for_web(struct onebot_test *t)
{
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT];
    int error = xie_tcp_listen("127.0.0.1", t->on_sim ? 80 : 0, 0, &t->web.listener);
    if (!error)
        error = xie_listener_address(t->web.listener, &address);
    if (!error)
        snprintf(t->web.url, sizeof t->web.url, "%s%s", scheme, xie_address_format(&address, text));
    return error ? error : xie_group_spawn(t->group, kit_web, t);
}

static bool begin(struct onebot_test *t)
{
    int error = t->web.listener ? 0 : listen_for_web(t);
    if (error == -ENOMEM)
        return kit_no_memory(t);
    return !error || kit_fail(t, "there is no web: %s", xie_strerror(error));
}

void kit_web_close(struct onebot_test *t)
{
    xie_listener_close(t->web.listener);
    if (t->changed_hosts && t->old_hosts)
        setenv(hosts_name, t->old_hosts, 1);
    else if (t->changed_hosts)
        unsetenv(hosts_name);
    free(t->old_hosts);
}

/* --- the test's --------------------------------------------------------------------- */

/* That host is this machine. */
static bool add_host(struct onebot_test *t, const char *url)
{
    const char *host = url + sizeof scheme - 1, *now = getenv(hosts_name);
    char *text = NULL;
    int len = (int)strcspn(host, "/:");
    if (!t->changed_hosts && now && !(t->old_hosts = strdup(now)))
        return kit_no_memory(t);
    if (asprintf(&text, "%.*s=127.0.0.1 %s", len, host, now ? now : "") < 0)
        return kit_no_memory(t);
    t->changed_hosts = setenv(hosts_name, text, 1) == 0 || t->changed_hosts;
    free(text);
    return true;
}

/* Is it a pattern of pages? Else the test fails. */
static bool check_pattern(struct onebot_test *t, const char *url)
{
    if (strncmp(url, scheme, sizeof scheme - 1) == 0 && *path_of(url) &&
        !memchr(url, '*', (size_t)(path_of(url) - url)))
        return true;
    return kit_fail(t, "no pattern of a page: \"%s\"; it begins with http://host/", url);
}

bool(onebot_test_web)(struct onebot_test *t, const char *url, int status, const char *body)
{
    if (t->failed || !check_pattern(t, url))
        return false;
    if ((status < 200 && status != 0) || status > 999)
        return kit_fail(t, "%d is no status of an answer", status);
    if (!begin(t) || (t->on_sim && !add_host(t, url)))
        return false;
    struct kit_page *page = kit_list_add(&t->pages, sizeof *page);
    if (page) {
        page->url = strdup(url);
        page->body = strdup(body ? body : "");
        page->status = status;
    }
    if (page && page->url && page->body)
        return true;
    return kit_no_memory(t);
}

const char *(onebot_test_web_url)(struct onebot_test *t)
{
    return !t->failed && begin(t) ? t->web.url : NULL;
}

const char *(onebot_test_fetches)(struct onebot_test *t, const char *url)
{
    if (!kit_bot_ready(t) || !check_pattern(t, url))
        return NULL;
    int64_t until = xie_now() + t->patience_ns;
    do {
        for (struct kit_item *at = t->fetches.first; at && !t->failed; at = at->next) {
            const struct kit_fetch *fetch = (const struct kit_fetch *)at;
            if (at->taken || !fits(url, fetch->url))
                continue;
            at->taken = t->heard = true;
            return fetch->body;
        }
    } while (kit_wait(t, until));
    kit_fail(t, "the bot is to fetch \"%s\", and does not for %g s", url,
             (double)t->patience_ns / (double)XIE_SECOND);
    return NULL;
}
