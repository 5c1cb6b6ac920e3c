/* load.c - plays a OneBot 11 implementation to bots that connect to it: sends messages, and wants
 * an answer to each. Obeys bench/run (bench/README.md), with --listen. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <xie.h>

#include "implementation.h"

enum { PROBES = 150, WARM = 2000, STILL_SECONDS = 30 };

static size_t depth = 1, talks, count;
static struct bot *bots;

/* A message goes out for each answer, in the answered one's group, until the window ends. */
static void next(struct bot *bot, size_t slot)
{
    if (talks ? bot->started < bot->wanted : xie_now() < bot->end)
        bot_say(bot, slot, talks ? "/talk" : "/ping");
}

/* Everything answered, or nothing for a while. */
static int drained(struct bot *bot)
{
    int error = 0;
    while (bot->outstanding && !error) {
        uint64_t before = bot->answered;
        XIE_TIMEOUT(STILL_SECONDS *XIE_SECOND)
            error = xie_event_wait(&bot->idle);
        if (error == -ETIMEDOUT && bot->answered != before)
            error = 0;
    }
    return error == -ETIMEDOUT ? 0 : error;
}

static void begin(struct bot *bot, size_t slots)
{
    bot->answered = bot->started = bot->outstanding = 0;
    xie_event_clear(&bot->idle);
    for (size_t slot = 0; slot < slots; slot++)
        next(bot, slot);
    if (!bot->outstanding)
        xie_event_set(&bot->idle);
}

/* Until the bot answers for the first time: it may have questions of its own before. */
static int wake(struct bot *bot)
{
    int error = 0;
    XIE_TIMEOUT(30 * XIE_SECOND)
        error = xie_event_wait(&bot->connected);
    bot->end = 0;
    for (int i = 0; i < PROBES && !error && !bot->answered; i++) {
        bot_say(bot, BOT_PROBE, "/ping");
        error = xie_sleep(200 * XIE_MILLISECOND);
    }
    if (!error && !bot->answered)
        error = -ETIMEDOUT;
    return error ? error : xie_sleep(XIE_SECOND); /* later answers to the probes */
}

static int open_bot(struct bot *bot)
{
    if (wake(bot)) {
        printf("opened 0\n");
        return 0;
    }
    if (talks) { /* so that what the first messages cost a bot is not the conversations' */
        size_t wanted = talks;
        talks = 0;
        bot->end = xie_now() + 2 * XIE_SECOND;
        begin(bot, 16);
        int error = drained(bot);
        talks = wanted;
        if (error)
            return error;
    }
    printf("opened 1\n");
    return 0;
}

static int play(struct bot *bot, int64_t length)
{
    int64_t start = xie_now();
    bot->end = start + length;
    bot->wanted = talks;
    begin(bot, talks && talks < depth ? talks : depth);
    int error = drained(bot);
    if (error)
        return error;
    printf("played %" PRIu64 " %" PRIu64 " %" PRId64 " 0 0 0 0\n", bot->answered, bot->outstanding,
           bot->last - start);
    return 0;
}

static int obey(const char *line)
{
    char word[8];
    size_t index;
    long long ms = 0;
    double rate = 0;
    if (sscanf(line, "%7s %zu %lld %lf", word, &index, &ms, &rate) < 2 || index >= count ||
        rate > 0)
        return -EINVAL;
    int error = -EINVAL;
    if (!strcmp(word, "open"))
        error = open_bot(&bots[index]);
    else if (!strcmp(word, "play"))
        error = play(&bots[index], ms * XIE_MILLISECOND);
    fflush(stdout);
    return error;
}

static int start(void *arg)
{
    struct xie_stream *in;
    char *line;
    int error = xie_stream_borrow(STDIN_FILENO, &in);
    (void)arg;
    if (error)
        return error;
    XIE_GROUP(group) {
        for (size_t i = 0; i < count && !error; i++) {
            bots[i].next = next;
            error = bot_listen(&bots[i], &group);
        }
        fflush(stdout);
        while (!error && xie_stream_read_line(in, &line, NULL) == 1)
            error = obey(line);
        xie_group_cancel(&group);
    }
    xie_stream_close(in);
    return error;
}

static int number(const char *word, size_t *value)
{
    char *end;
    unsigned long read = strtoul(word, &end, 10);
    *value = read;
    return *end || end == word || read > 100000 ? -1 : 0;
}

int main(int argc, char **argv)
{
    int error = 0;
    for (int i = 1; i + 1 < argc && !error; i += 2) {
        size_t *to = !strcmp(argv[i], "--depth")    ? &depth
                     : !strcmp(argv[i], "--talks")  ? &talks
                     : !strcmp(argv[i], "--listen") ? &count
                                                    : NULL;
        error = to ? number(argv[i + 1], to) : -1;
    }
    if (error || argc % 2 == 0 || !count || !depth || depth >= BOT_PROBE) {
        fprintf(stderr, "usage: %s [--depth N] [--talks N] --listen COUNT\n", argv[0]);
        return 2;
    }
    bots = calloc(count, sizeof *bots);
    if (!bots)
        return 1;
    error = xie_run(start, NULL);
    if (error)
        fprintf(stderr, "%s: %s\n", argv[0], xie_strerror(error));
    free(bots);
    return error != 0;
}
