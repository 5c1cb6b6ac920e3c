/* fetch.c - several pages at once, in as much time as the slowest takes.
 * The site they come from is served by the same program. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <xie.h>
#include <xie/http.h>

static struct xie_http_client *client; /* keeps connections from one page for the next */
static char urls[3][64], texts[3][32];

static int answer(struct xie_http *http, void *arg)
{
    (void)arg;
    xie_sleep(10 * XIE_MILLISECOND);
    return xie_http_answer(http, 200, "text/plain", xie_http_path(http), 2);
}

static int serve(void *listener)
{
    return xie_http_serve(listener, NULL, answer, NULL);
}

static int fetch(void *url)
{
    struct xie_http_response *response = NULL;
    char *body, *text = texts[(char(*)[64])url - urls];
    int error = xie_http_fetch(client, &(struct xie_http_request){.url = url}, &response);
    if (!error && xie_http_response_body(response, &body) > 0)
        snprintf(text, sizeof *texts, "%d %s", xie_http_response_status(response), body);
    xie_http_response_free(response);
    return error;
}

static int start(void *arg)
{
    struct xie_listener *listener;
    struct xie_address address;
    (void)arg;
    if (xie_tcp_listen("127.0.0.1", 0, 0, &listener) || xie_http_client_open(NULL, &client))
        return -1;
    xie_listener_address(listener, &address);
    unsigned port = xie_address_port(&address);
    struct xie_task *server = xie_spawn(serve, listener);
    XIE_GROUP(group)
        for (int i = 0; i < 3; i++) {
            snprintf(urls[i], sizeof *urls, "http://127.0.0.1:%u/%d", port, i);
            xie_group_spawn(&group, fetch, urls[i]);
        }
    for (int i = 0; i < 3; i++)
        puts(texts[i]);
    xie_http_client_close(client);
    xie_listener_close(listener);
    return xie_join(server);
}

int main(void)
{
    return xie_run(start, NULL) != 0;
}
