/* ops_fuzz.c - operations at random, taken back at random, closed at random: no byte is lost,
 * repeated or out of order, and every operation ends once. XIE_TEST_SEED replays a run. */
/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "ops.h"

enum {
    PAIRS = 12,
    WATCHERS = 3,    /* per end */
    STEPS = 20000,   /* per seed */
    SEEDS = 4,       /* unless one is given */
    BUFFER = 70000,  /* more than a socket takes at once, now and then */
    PATTERN = 65521, /* bytes until it repeats: prime, so that no buffer's size hides a shift */
};

/* One end of a pair: what it has sent and received so far, and what it does now. */
struct end {
    int fd;
    struct end *peer;
    struct probe reader, writer, watchers[WATCHERS];
    uint64_t sent, received;
    unsigned char *in, *out;
};

static struct end ends[2 * PAIRS];
static unsigned char pattern[PATTERN + BUFFER];
static uint64_t state;
static uint64_t ended; /* operations */

static unsigned below(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (unsigned)((state >> 11) % limit);
}

static bool busy(const struct probe *probe)
{
    return probe->op.state == XIE_OP_PENDING;
}

/* --- accounts ----------------------------------------------------------------------- */

static void account_reader(struct end *end)
{
    int64_t result = end->reader.op.result;
    REQUIRE(result > 0 || result == -ECANCELED);
    if (result < 0)
        return;
    REQUIRE(!memcmp(end->in, pattern + end->received % PATTERN, (size_t)result));
    end->received += (uint64_t)result;
    REQUIRE(end->received <= end->peer->sent + BUFFER);
}

static void account_writer(struct end *end)
{
    int64_t result = end->writer.op.result;
    REQUIRE(result > 0 || result == -ECANCELED);
    if (result > 0)
        end->sent += (uint64_t)result;
}

/* Called by the loop, or at once. Only one reader and one writer of an end: io_uring does
 * not promise an order among several. */
static void ended_one(struct end *end, struct probe *probe)
{
    ended++;
    if (probe == &end->reader)
        account_reader(end);
    else if (probe == &end->writer)
        account_writer(end);
    else
        REQUIRE(probe->op.result > 0 || probe->op.result == -ECANCELED);
}

static void on_done(struct xie_op *op)
{
    struct probe *probe = XIE_CONTAINER(op, struct probe, op);
    REQUIRE(!probe->calls++);
    ended_one(op->owner, probe);
}

static void begin(struct end *end, struct probe *probe, struct probe fresh)
{
    *probe = fresh;
    probe->op.owner = end;
    probe->op.done = on_done;
    probe->at_once = xie_op_submit(&loop, &probe->op);
    if (probe->at_once)
        ended_one(end, probe);
}

/* --- steps -------------------------------------------------------------------------- */

static size_t some_length(void)
{
    return 1 + below(below(8) ? 200 : BUFFER);
}

static void start_something(struct end *end)
{
    struct probe *watcher = &end->watchers[below(WATCHERS)];
    static const int events[] = {POLLIN, POLLOUT, POLLIN | POLLOUT};
    switch (below(5)) {
    case 0:
    case 1:
        if (!busy(&end->reader))
            begin(end, &end->reader, recv_probe(end->fd, end->in, some_length()));
        break;
    case 2:
    case 3:
        if (!busy(&end->writer)) {
            size_t len = some_length();
            memcpy(end->out, pattern + end->sent % PATTERN, len);
            begin(end, &end->writer, send_probe(end->fd, end->out, len));
        }
        break;
    default:
        if (!busy(watcher))
            begin(end, watcher, poll_probe(end->fd, events[below(3)]));
    }
}

static struct probe *some_probe(struct end *end)
{
    unsigned which = below(2 + WATCHERS);
    return which == 0 ? &end->reader : which == 1 ? &end->writer : &end->watchers[which - 2];
}

static void take_back(struct end *end)
{
    xie_op_cancel(&loop, &end->reader.op);
    xie_op_cancel(&loop, &end->writer.op);
    for (int i = 0; i < WATCHERS; i++)
        xie_op_cancel(&loop, &end->watchers[i].op);
    while (busy(&end->reader) || busy(&end->writer) || busy(&end->watchers[0]) ||
           busy(&end->watchers[1]) || busy(&end->watchers[2]))
        REQUIRE(!loop.backend->wait(&loop, XIE_NEVER));
}

/* Read what is still under way; then both sides agree. */
static void settle_accounts(struct end *end)
{
    while (end->received < end->peer->sent) {
        size_t left = end->peer->sent - end->received;
        begin(end, &end->reader, recv_probe(end->fd, end->in, left < BUFFER ? left : BUFFER));
        while (busy(&end->reader))
            REQUIRE(!loop.backend->wait(&loop, XIE_NEVER));
    }
    CHECK_EQ(end->received, end->peer->sent);
}

static void close_pair(struct end *end)
{
    take_back(end);
    take_back(end->peer);
    settle_accounts(end);
    settle_accounts(end->peer);
    shut(end->fd);
    shut(end->peer->fd);
}

static void open_pair(struct end *end)
{
    int fds[2];
    make_pair(fds);
    for (int i = 0; i < 2; i++, end = end->peer) {
        end->fd = fds[i];
        end->sent = end->received = 0;
    }
}

static void step(void)
{
    struct end *end = &ends[below(2 * PAIRS)];
    unsigned what = below(1000);
    if (what < 600)
        start_something(end);
    else if (what < 750)
        xie_op_cancel(&loop, &some_probe(end)->op);
    else if (what < 990)
        REQUIRE(!loop.backend->wait(&loop, what < 970 ? 0 : (int64_t)below(50000)));
    else {
        close_pair(end);
        open_pair(end);
    }
}

/* --- runs --------------------------------------------------------------------------- */

static void run_seed(uint64_t seed)
{
    state = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    loop_begin();
    for (int i = 0; i < 2 * PAIRS; i++) {
        ends[i].peer = &ends[i ^ 1];
        ends[i].in = malloc(BUFFER);
        ends[i].out = malloc(BUFFER);
    }
    for (int i = 0; i < 2 * PAIRS; i += 2)
        open_pair(&ends[i]);
    for (int i = 0; i < (tap_slow() ? STEPS / 10 : STEPS); i++)
        step();
    for (int i = 0; i < 2 * PAIRS; i += 2)
        close_pair(&ends[i]);
    for (int i = 0; i < 2 * PAIRS; i++) {
        free(ends[i].in);
        free(ends[i].out);
    }
    loop_end();
}

static void nothing_is_lost(void)
{
    const char *text = getenv("XIE_TEST_SEED");
    uint64_t first = text ? strtoull(text, NULL, 0) : 1;
    tap_limit(120);
    for (size_t i = 0; i < sizeof pattern; i++) {
        size_t at = i % PATTERN;
        pattern[i] = (unsigned char)(at ^ at >> 8);
    }
    for (uint64_t seed = first; seed < first + (text ? 1 : SEEDS); seed++) {
        fprintf(stderr, "XIE_TEST_SEED=%llu\n", (unsigned long long)seed);
        run_seed(seed);
    }
    CHECK(ended > 100);
}

static const struct tap_test tests[] = {{"nothing is lost", nothing_is_lost}, {0}};

int main(int argc, char **argv)
{
    return tap_main(argc, argv, tests);
}
