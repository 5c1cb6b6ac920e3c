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
#include "roster.h"
#include "scene.h"
#include "shelf.h"
#include "traffic.h"

enum { IDS_SINCE = 1767225600 }; /* 2026-01-01: see gateway_init */

struct program {
    struct options options;
    struct gateway gateway;
    struct xie_listener *page;
    struct side {
        struct door door;
        struct xie_listener *listener;
    } onebot[OPTIONS_MOST], http[OPTIONS_MOST];
    struct post post[OPTIONS_MOST];
    struct reverse reverse[3][OPTIONS_MOST];
    struct xie_signals *signals;
    const char *option, *place; /* where listening failed */
};

/* Those that the command line names. -ENOSPC: they are too many. */
static int open_accounts(struct gateway *gateway, const struct options *options)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < options->accounts.count; i++) {
        const struct options_account *account = &options->accounts.list[i];
        result = roster_open(gateway, account->account_id, account->nickname, true);
        if (result == 0)
            roster_seat(gateway, account->account_id)->token = account->token;
    }
    for (size_t i = 0; i < WORLD_ACCOUNTS; i++) /* those to come as well */
        gateway->seats[i].report_self = options->report_self;
    return result;
}

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
    shelf_fini(gateway);
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

static int listen_at_all(struct program *program, const char *option,
                         const struct options_place *places, size_t count, struct side *sides)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < count; i++) {
        sides[i].door = (struct door){&program->gateway, places[i].host, places[i].account_id};
        result = listen_at(program, option, &places[i], &sides[i].listener);
    }
    return result;
}

static void close_all(struct side *sides)
{
    for (size_t i = 0; i < OPTIONS_MOST && sides[i].listener; i++)
        xie_listener_close(sides[i].listener);
}

/* The URL of a listener, its port being the real one now. */
static void url_of(struct xie_listener *listener, const char *scheme,
                   char url[XIE_ADDRESS_TEXT + 8])
{
    struct xie_address address;
    char text[XIE_ADDRESS_TEXT];
    if (xie_listener_address(listener, &address) == 0)
        snprintf(url, XIE_ADDRESS_TEXT + 8, "%s://%s", scheme, xie_address_format(&address, text));
}

/* For the page: the first door that is open to all, and of each account its own. */
static void note_doors(struct program *program)
{
    struct gateway *gateway = &program->gateway;
    for (size_t i = 0; i < program->options.onebot.count; i++) {
        const struct side *side = &program->onebot[i];
        int64_t account_id = side->door.account_id;
        char *url = account_id ? roster_seat(gateway, account_id)->onebot : gateway->onebot;
        url_of(side->listener, "ws", url);
    }
}

/* A line for each from `first` on, and whose it is where it is one account's. */
static void tell_sides(const struct side *sides, size_t first, size_t count, const char *name,
                       const char *scheme, const char *end)
{
    for (size_t i = first; i < count; i++) {
        char url[XIE_ADDRESS_TEXT + 8] = "";
        url_of(sides[i].listener, scheme, url);
        if (sides[i].door.account_id)
            printf("%s %s%s as %lld\n", name, url, end, (long long)sides[i].door.account_id);
        else
            printf("%s %s%s\n", name, url, end);
    }
}

/* The first two lines are where bots connect and where the page is. */
static void tell_addresses(const struct program *program)
{
    size_t onebot = program->options.onebot.count;
    tell_sides(program->onebot, 0, 1, "onebot", "ws", "");
    printf("page %s/\n", program->gateway.page);
    tell_sides(program->http, 0, program->options.http.count, "http", "http", "/");
    tell_sides(program->onebot, 1, onebot, "onebot", "ws", "");
    fflush(stdout);
}

static int onebot_task(void *arg)
{
    struct side *side = arg;
    return onebot_serve(side->listener, &side->door);
}

static int http_task(void *arg)
{
    struct side *side = arg;
    return api_http_serve(side->listener, &side->door);
}

static int page_task(void *arg)
{
    struct program *program = arg;
    return page_serve(program->page, &program->gateway);
}

static int spawn(struct xie_group *group, const char *name, xie_task_fn *run, void *arg)
{
    struct xie_task_options named = {.name = name}; /* for xie ps */
    return xie_group_spawn_with(group, run, arg, &named);
}

/* The sides that listen. */
static int spawn_sides(struct program *program, struct xie_group *group)
{
    int result = 0;
    for (size_t i = 0; result == 0 && i < program->options.onebot.count; i++)
        result = spawn(group, "onebot_task", onebot_task, &program->onebot[i]);
    for (size_t i = 0; result == 0 && i < program->options.http.count; i++)
        result = spawn(group, "http_task", http_task, &program->http[i]);
    return result;
}

static int64_t account_of(const struct options_url *url)
{
    return url->account_id ? url->account_id : WORLD_BOT;
}

static int spawn_posts(struct program *program, struct xie_group *group)
{
    const struct options *options = &program->options;
    int result = 0;
    for (size_t i = 0; result == 0 && i < options->post.count; i++) {
        const struct options_url *url = &options->post.urls[i];
        const struct options_account *account = options_account(options, account_of(url));
        const char *secret = account && account->secret ? account->secret : options->secret;
        program->post[i] = (struct post){&program->gateway, account_of(url), url->url, secret};
        result = spawn(group, "post_run", post_run, &program->post[i]);
    }
    return result;
}

static int spawn_reverse(struct program *program, struct xie_group *group)
{
    const struct options *options = &program->options;
    const struct {
        const char *name, *role;
        size_t count;
        const struct options_url *urls;
    } kinds[] = {
        {"reverse_run", "Universal", options->reverse.count, options->reverse.urls},
        {"reverse_api", "API", options->reverse_api.count, options->reverse_api.urls},
        {"reverse_event", "Event", options->reverse_event.count, options->reverse_event.urls}};
    int result = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        for (size_t i = 0; result == 0 && i < kinds[k].count; i++) {
            struct reverse *reverse = &program->reverse[k][i];
            const struct options_url *url = &kinds[k].urls[i];
            *reverse =
                (struct reverse){&program->gateway, account_of(url), url->url, kinds[k].role};
            result = spawn(group, kinds[k].name, reverse_run, reverse);
        }
    }
    return result;
}

/* What always runs, and the ways to talk that were asked for. All start, or it is an error. */
static int spawn_all(struct program *program, struct xie_group *group)
{
    struct gateway *gateway = &program->gateway;
    int result = spawn_sides(program, group);
    if (result == 0)
        result = spawn(group, "page_task", page_task, program);
    if (result == 0)
        result = spawn(group, "event_beat", event_beat, gateway);
    if (result == 0)
        result = spawn(group, "late_run", late_run, gateway);
    if (result == 0)
        result = spawn_posts(program, group);
    return result == 0 ? spawn_reverse(program, group) : result;
}

/* Until a signal (then 0) or until a task fails. */
static int live(struct program *program)
{
    int result = 0;
    XIE_GROUP(group) {
        program->gateway.tasks = &group;
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
    const struct options *options = &program->options;
    if (result == 0)
        result = open_accounts(&program->gateway, options);
    if (result == 0)
        result = listen_at_all(program, "--onebot", options->onebot.places, options->onebot.count,
                               program->onebot);
    if (result == 0)
        result = listen_at(program, "--page", &options->page, &program->page);
    if (result == 0)
        result = listen_at_all(program, "--http", options->http.places, options->http.count,
                               program->http);
    if (result == 0) {
        note_doors(program);
        url_of(program->page, "http", program->gateway.page);
        result = live(program);
    }
    ignore_more();
    close_all(program->http);
    xie_listener_close(program->page);
    close_all(program->onebot);
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
