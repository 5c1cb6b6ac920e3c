/* main.c - xie-gateway: listens, starts its tasks, ends on a signal.
 * Gateway, roof. Its tasks stand in one group; the first that fails ends them all. */
/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include <xie.h>

#include "api_http.h"
#include "event.h"
#include "forward.h"
#include "gateway.h"
#include "late.h"
#include "onebot.h"
#include "options.h"
#include "page.h"
#include "post.h"
#include "reverse.h"
#include "scene.h"
#include "traffic.h"

enum { IDS_SINCE = 1767225600 }; /* 2026-01-01: see gateway_init */

struct program {
    struct options options;
    struct gateway gateway;
    struct xie_listener *onebot, *page, *http;
    struct post post;
    struct reverse reverse[3];
    struct xie_signals *signals;
    const char *option, *place; /* where listening failed */
};

/* Message ids begin with the seconds since 2026, so that a later run has higher ones and a
 * script that waits for `after=` some id does not go deaf when the gateway was restarted. */
static void gateway_init(struct gateway *gateway, const struct options *options)
{
    struct timespec clock;
    clock_gettime(CLOCK_REALTIME, &clock);
    int64_t now = clock.tv_sec;
    gateway->run = now * 1000 + clock.tv_nsec / 1000000;
    gateway->token = options->token;
    gateway->auth_after_upgrade = options->auth_after_upgrade;
    gateway->page_host = options->page.host;
    gateway->onebot_host = options->onebot.host;
    gateway->http_host = options->http.host;
    world_init(&gateway->world, now);
    history_init(&gateway->history, now > IDS_SINCE ? now - IDS_SINCE : 1);
    late_init(gateway);
}

static void gateway_fini(struct gateway *gateway)
{
    late_fini(gateway);
    forward_fini(gateway);
    history_fini(&gateway->history);
    traffic_fini(gateway);
    scene_fini(gateway);
}

static int listen_at(struct program *program, const char *option, const struct options_place *place,
                     struct xie_listener **listener)
{
    int result = xie_tcp_listen(place->host, place->port, 0, listener);
    if (result < 0) {
        program->option = option;
        program->place = place->text;
    }
    return result;
}

/* Print both addresses, the ports being the real ones now. */
static void tell_addresses(struct program *program)
{
    struct gateway *gateway = &program->gateway;
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT];
    if (xie_listener_address(program->onebot, &address) == 0)
        snprintf(gateway->onebot, sizeof gateway->onebot, "ws://%s",
                 xie_address_format(&address, text));
    printf("onebot %s\n", gateway->onebot);
    if (xie_listener_address(program->page, &address) == 0)
        printf("page http://%s/\n", xie_address_format(&address, text));
    if (program->http && xie_listener_address(program->http, &address) == 0)
        printf("http http://%s/\n", xie_address_format(&address, text));
    fflush(stdout);
}

static int onebot_task(void *arg)
{
    struct program *program = arg;
    return onebot_serve(program->onebot, &program->gateway);
}

static int http_task(void *arg)
{
    struct program *program = arg;
    return api_http_serve(program->http, &program->gateway);
}

static int page_task(void *arg)
{
    struct program *program = arg;
    return page_serve(program->page, &program->gateway);
}

/* What always runs, and the ways to talk that were asked for. All start, or it is an error. */
static int spawn_all(struct program *program, struct xie_group *group)
{
    const struct options *options = &program->options;
    struct gateway *gateway = &program->gateway;
    struct reverse *reverse = program->reverse;
    program->post = (struct post){gateway, options->post, options->secret};
    reverse[0] = (struct reverse){gateway, options->reverse, "Universal"};
    reverse[1] = (struct reverse){gateway, options->reverse_api, "API"};
    reverse[2] = (struct reverse){gateway, options->reverse_event, "Event"};
    const struct {
        const char *name; /* for xie ps */
        xie_task_fn *run;
        void *arg;
        bool wanted;
    } tasks[] = {{"onebot_task", onebot_task, program, true},
                 {"page_task", page_task, program, true},
                 {"event_beat", event_beat, gateway, true},
                 {"late_run", late_run, gateway, true},
                 {"http_task", http_task, program, program->http},
                 {"post_run", post_run, &program->post, options->post},
                 {"reverse_run", reverse_run, reverse, reverse->url},
                 {"reverse_api", reverse_run, reverse + 1, reverse[1].url},
                 {"reverse_event", reverse_run, reverse + 2, reverse[2].url}};
    int result = 0;
    for (size_t i = 0; result == 0 && i < sizeof tasks / sizeof *tasks; i++) {
        struct xie_task_options named = {.name = tasks[i].name};
        if (tasks[i].wanted)
            result = xie_group_spawn_with(group, tasks[i].run, tasks[i].arg, &named);
    }
    return result;
}

/* Until a signal (then 0) or until a task fails. */
static int live(struct program *program)
{
    int result = 0;
    XIE_GROUP(group) {
        int signal = spawn_all(program, &group);
        if (signal == 0) {
            tell_addresses(program);
            signal = xie_signals_wait(program->signals);
        }
        xie_group_cancel(&group);
        result = xie_group_wait(&group);
        result = result < 0 || signal > 0 ? result : signal;
    }
    return result;
}

static const int ending[] = {SIGINT, SIGTERM, 0};

/* It is ending already: a second Ctrl-C must not turn code 0 into a death by signal. */
static void ignore_more(void)
{
    sigset_t set;
    sigemptyset(&set);
    for (const int *number = ending; *number; number++)
        sigaddset(&set, *number);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

static int run(void *arg)
{
    struct program *program = arg;
    int result = xie_signals_open(ending, &program->signals);
    if (result == 0)
        result = listen_at(program, "--onebot", &program->options.onebot, &program->onebot);
    if (result == 0)
        result = listen_at(program, "--page", &program->options.page, &program->page);
    if (result == 0 && program->options.http.text)
        result = listen_at(program, "--http", &program->options.http, &program->http);
    if (result == 0)
        result = live(program);
    ignore_more();
    xie_listener_close(program->http);
    xie_listener_close(program->page);
    xie_listener_close(program->onebot);
    xie_signals_close(program->signals);
    return result;
}

static void report(const struct program *program, int error)
{
    if (program->option)
        fprintf(stderr, "xie-gateway: %s %s: %s\n", program->option, program->place,
                xie_strerror(error));
    else
        fprintf(stderr, "xie-gateway: %s\n", xie_strerror(error));
}

int main(int argc, char **argv)
{
    static struct program program;
    options_read(&program.options, argc, argv);
    gateway_init(&program.gateway, &program.options);
    int result = xie_run(run, &program);
    if (result < 0)
        report(&program, result);
    gateway_fini(&program.gateway);
    return result < 0 ? 1 : 0;
}
