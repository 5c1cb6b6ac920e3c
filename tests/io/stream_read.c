/* stream_read.c - the promises of <xie/stream.h>, reading: some, exactly, until, lines, peek. */
/* SPDX-License-Identifier: MIT */
#include "io/kit.h"

/* --- some --------------------------------------------------------------------------- */

IN_TASK(read_gives_what_there_is)
{
    struct xie_stream *pair[2];
    char buf[64];
    kit_pair(pair);
    kit_send(pair[0], "hello");
    ssize_t len = xie_stream_read(pair[1], buf, sizeof buf);
    CHECK(len >= 1 && len <= 5 && !memcmp(buf, "hello", (size_t)len)); /* sim reads short */
    while (len < 5)
        len += xie_stream_read(pair[1], buf, 1);
    CHECK_EQ(xie_stream_read(pair[1], buf, 0), 0);
    xie_stream_close(pair[0]);
    CHECK_EQ(xie_stream_read(pair[1], buf, sizeof buf), 0);
    CHECK_EQ(xie_stream_read(pair[1], buf, sizeof buf), 0); /* and again */
    xie_stream_close(pair[1]);
    return 0;
}

static int send_later(void *arg)
{
    xie_sleep(5 * XIE_MILLISECOND);
    return (int)xie_stream_write(arg, "late", 4);
}

IN_TASK(read_waits_for_a_byte)
{
    struct xie_stream *pair[2];
    char buf[64];
    kit_tcp_pair(pair);
    struct xie_task *task = xie_spawn(send_later, pair[0]);
    CHECK_EQ(xie_stream_read(pair[1], buf, 1), 1);
    CHECK_EQ(buf[0], 'l');
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 3), 3);
    CHECK(!memcmp(buf, "ate", 3));
    CHECK_EQ(xie_join(task), 4);
    kit_close(pair);
    return 0;
}

enum { MIXED = 60000 };

static int send_mixed(void *arg)
{
    static char out[MIXED];
    kit_fill(out, MIXED, 0);
    ssize_t len = xie_stream_write(arg, out, MIXED);
    xie_stream_close(arg);
    return (int)len;
}

/* Small ones come out of the stream's buffer, large ones go past it: the order is kept. */
IN_TASK(small_and_large_reads_mix)
{
    static char in[4096];
    struct xie_stream *pair[2];
    uint32_t random = 7;
    kit_pair(pair);
    struct xie_task *task = xie_spawn(send_mixed, pair[0]);
    uint64_t at = 0;
    for (;;) {
        size_t cap = 1 + kit_random(&random, kit_random(&random, 2) ? 8 : sizeof in);
        ssize_t len = xie_stream_read(pair[1], in, cap);
        CHECK(len <= (ssize_t)cap);
        if (len <= 0)
            break;
        CHECK(kit_same(in, (size_t)len, at));
        at += (uint64_t)len;
    }
    CHECK_EQ(at, MIXED);
    CHECK_EQ(xie_join(task), MIXED);
    xie_stream_close(pair[1]);
    return 0;
}

/* --- exactly -----------------------------------------------------------------------------------
 */

IN_TASK(exactly_gathers)
{
    struct xie_stream *pair[2];
    char buf[8];
    kit_pair(pair);
    struct xie_task *task = xie_spawn(send_later, pair[0]);
    kit_send(pair[0], "very ");
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 8), 8);
    CHECK(!memcmp(buf, "very lat", 8));
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 0), 0);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 1), 1);
    CHECK_EQ(buf[0], 'e');
    CHECK_EQ(xie_join(task), 4);
    kit_close(pair);
    return 0;
}

IN_TASK(exactly_at_the_end_keeps_what_came)
{
    struct xie_stream *pair[2];
    char buf[16];
    kit_pair(pair);
    kit_send(pair[0], "abc");
    xie_stream_close(pair[0]);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 4), XIE_EOF);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 3), 3);
    CHECK(!memcmp(buf, "abc", 3));
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 1), XIE_EOF);
    CHECK_EQ(xie_stream_read(pair[1], buf, 1), 0);
    xie_stream_close(pair[1]);
    return 0;
}

IN_TASK(exactly_up_to_the_limit)
{
    static char buf[200];
    struct xie_stream *pair[2];
    kit_pair(pair);
    CHECK_EQ(xie_stream_set_limit(pair[1], 100), 0);
    kit_fill(buf, 200, 0);
    CHECK_EQ(xie_stream_write(pair[0], buf, 200), 200);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 101), XIE_ELIMIT);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 100), 100);
    CHECK(kit_same(buf, 100, 0));
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 99), 99);
    CHECK(kit_same(buf, 99, 100));
    kit_close(pair);
    return 0;
}

enum { LARGE = 300000 };

static int send_large(void *arg)
{
    static char out[LARGE];
    kit_fill(out, LARGE, 0);
    for (size_t at = 0; at < LARGE; at += LARGE / 10) {
        CHECK_EQ(xie_stream_write(arg, out + at, LARGE / 10), LARGE / 10);
        xie_sleep(XIE_MILLISECOND);
    }
    return 0;
}

/* Straight into the caller's memory, in many pieces; some of it was in the buffer before. */
IN_TASK(exactly_much)
{
    static char in[LARGE];
    struct xie_stream *pair[2];
    char *seen;
    kit_tcp_pair(pair);
    CHECK_EQ(xie_stream_set_limit(pair[1], LARGE), 0);
    struct xie_task *task = xie_spawn(send_large, pair[0]);
    CHECK(xie_stream_peek(pair[1], &seen) > 0);
    CHECK_EQ(xie_stream_read_exactly(pair[1], in, LARGE - 5), LARGE - 5);
    CHECK_EQ(xie_stream_read_exactly(pair[1], in + LARGE - 5, 5), 5);
    CHECK(kit_same(in, LARGE, 0));
    CHECK_EQ(xie_join(task), 0);
    kit_close(pair);
    return 0;
}

/* Interrupted on the way into the caller's memory: what came is in the stream again. */
IN_TASK(exactly_much_interrupted_loses_nothing)
{
    static char in[LARGE];
    struct xie_stream *pair[2];
    int interrupted = 0;
    kit_tcp_pair(pair);
    CHECK_EQ(xie_stream_set_limit(pair[1], LARGE), 0);
    struct xie_task *task = xie_spawn(send_large, pair[0]);
    ssize_t len = -1;
    while (len < 0 && interrupted < 10000) {
        XIE_TIMEOUT(300 * XIE_MICROSECOND)
            len = xie_stream_read_exactly(pair[1], in, LARGE);
        interrupted += len == -ETIMEDOUT;
    }
    CHECK_EQ(len, LARGE);
    CHECK(interrupted > 0);
    CHECK(kit_same(in, LARGE, 0));
    CHECK_EQ(xie_join(task), 0);
    kit_close(pair);
    return 0;
}

IN_TASK(exactly_much_cut_short_keeps_what_came)
{
    static char in[LARGE];
    struct xie_stream *pair[2];
    kit_pair(pair);
    CHECK_EQ(xie_stream_set_limit(pair[1], LARGE), 0);
    struct xie_task *task = xie_spawn(send_mixed, pair[0]);
    CHECK_EQ(xie_stream_read_exactly(pair[1], in, LARGE), XIE_EOF);
    CHECK_EQ(xie_join(task), MIXED);
    memset(in, 0, LARGE);
    CHECK_EQ(xie_stream_read_exactly(pair[1], in, MIXED), MIXED);
    CHECK(kit_same(in, MIXED, 0));
    xie_stream_close(pair[1]);
    return 0;
}

/* --- until ---------------------------------------------------------------------------------------
 */

static void check_until(struct xie_stream *stream, const char *separator, const char *expected)
{
    char *data = NULL;
    ssize_t len = xie_stream_read_until(stream, separator, strlen(separator), &data);
    CHECK_EQ(len, (ssize_t)strlen(expected));
    CHECK(len > 0 && !memcmp(data, expected, (size_t)len));
}

static int send_split(void *arg)
{
    for (const char *at = "b\r\r\n\r\nbody"; *at; at++) {
        CHECK_EQ(xie_stream_write(arg, at, 1), 1);
        xie_sleep(XIE_MILLISECOND); /* the separator comes in pieces */
    }
    xie_stream_close(arg);
    return 0;
}

IN_TASK(until_a_separator)
{
    struct xie_stream *pair[2];
    char *data = (char *)"kept";
    kit_pair(pair);
    kit_send(pair[0], "one;two;;three\r\n\r\nsixteen bytes...|a\r\n");
    check_until(pair[1], ";", "one;");
    check_until(pair[1], ";;", "two;;");
    check_until(pair[1], "\r\n\r\n", "three\r\n\r\n");
    check_until(pair[1], "sixteen bytes...", "sixteen bytes...");
    check_until(pair[1], "|", "|");
    struct xie_task *task = xie_spawn(send_split, pair[0]);
    check_until(pair[1], "\r\n\r\n", "a\r\nb\r\r\n\r\n");
    CHECK_EQ(xie_stream_read_until(pair[1], "!", 1, &data), XIE_EOF);
    CHECK_STR(data, "kept"); /* untouched on error */
    check_until(pair[1], "y", "body");
    CHECK_EQ(xie_stream_read_until(pair[1], "!", 1, &data), 0);
    CHECK_EQ(xie_stream_read_until(pair[1], "", 0, &data), -EINVAL);
    CHECK_EQ(xie_stream_read_until(pair[1], "17 bytes is a lot", 17, &data), -EINVAL);
    CHECK_EQ(xie_join(task), 0);
    xie_stream_close(pair[1]);
    return 0;
}

/* A line of len bytes, its "\n" included, against a limit. */
static void check_limit(size_t limit, size_t len, bool fits)
{
    static char out[3000];
    struct xie_stream *pair[2];
    char *data, *line;
    kit_pair(pair);
    CHECK_EQ(xie_stream_set_limit(pair[1], limit), 0);
    memset(out, 'x', len);
    out[len - 1] = '\n';
    CHECK_EQ(xie_stream_write(pair[0], out, len), (ssize_t)len);
    CHECK_EQ(xie_stream_read_until(pair[1], "\n", 1, &data), fits ? (ssize_t)len : XIE_ELIMIT);
    if (fits)
        CHECK_EQ(xie_stream_write(pair[0], out, len), (ssize_t)len);
    CHECK_EQ(xie_stream_read_line(pair[1], &line, NULL), fits ? 1 : XIE_ELIMIT);
    if (!fits) { /* what had come is there still */
        CHECK_EQ(xie_stream_set_limit(pair[1], 3000), 0);
        CHECK_EQ(xie_stream_read_line(pair[1], &line, &len), 1);
        CHECK_EQ(len, strlen(line));
        CHECK(!memcmp(line, out, len));
    }
    kit_close(pair);
}

IN_TASK(limits_below_at_and_above)
{
    static const size_t limits[] = {1, 2, 100, 254, 255, 256, 257, 2000};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        if (limits[i] > 1)
            check_limit(limits[i], limits[i] - 1, true);
        check_limit(limits[i], limits[i], true);
        check_limit(limits[i], limits[i] + 1, false);
    }
    return 0;
}

IN_TASK(the_limit_itself_has_limits)
{
    struct xie_stream *pair[2];
    kit_pair(pair);
    CHECK_EQ(xie_stream_set_limit(pair[0], 0), -EINVAL);
    CHECK_EQ(xie_stream_set_limit(pair[0], 1), 0);
    CHECK_EQ(xie_stream_set_limit(pair[0], (size_t)1 << 30), 0);
    CHECK_EQ(xie_stream_set_limit(pair[0], ((size_t)1 << 30) + 1), -EINVAL);
    kit_close(pair);
    return 0;
}

static int send_flood(void *arg)
{
    static char out[70000];
    memset(out, 'x', sizeof out);
    return (int)xie_stream_write(arg, out, sizeof out);
}

IN_TASK(the_default_limit_is_64_kib)
{
    static char in[65536];
    struct xie_stream *pair[2];
    char *line;
    kit_pair(pair);
    struct xie_task *task = xie_spawn(send_flood, pair[0]);
    CHECK_EQ(xie_stream_read_line(pair[1], &line, NULL), XIE_ELIMIT);
    CHECK_EQ(xie_stream_read_exactly(pair[1], in, 65536), 65536);
    CHECK_EQ(xie_stream_read_exactly(pair[1], in, 65537), XIE_ELIMIT);
    CHECK_EQ(xie_stream_read_exactly(pair[1], in, 4464), 4464);
    CHECK_EQ(xie_join(task), 70000);
    kit_close(pair);
    return 0;
}

/* --- lines -------------------------------------------------------------------------- */

static void check_line(struct xie_stream *stream, const char *expected)
{
    char *line = NULL;
    size_t len = 0;
    CHECK_EQ(xie_stream_read_line(stream, &line, &len), 1);
    CHECK_STR(line, expected);
    CHECK_EQ(len, strlen(expected));
}

IN_TASK(lines)
{
    struct xie_stream *pair[2];
    char *line = (char *)"kept";
    size_t len = 99;
    kit_pair(pair);
    CHECK_EQ(xie_stream_write(pair[0], "unix\ndos\r\n\n\r\nmid\rdle\nzero\0byte\nlast", 35), 35);
    xie_stream_close(pair[0]);
    check_line(pair[1], "unix");
    check_line(pair[1], "dos");
    check_line(pair[1], "");
    check_line(pair[1], "");
    check_line(pair[1], "mid\rdle");
    CHECK_EQ(xie_stream_read_line(pair[1], &line, &len), 1);
    CHECK_EQ(len, 9);
    CHECK(!memcmp(line, "zero\0byte", 10));
    check_line(pair[1], "last");
    line = (char *)"kept";
    len = 99;
    CHECK_EQ(xie_stream_read_line(pair[1], &line, &len), 0);
    CHECK_STR(line, "kept");
    CHECK_EQ(len, 99);
    xie_stream_close(pair[1]);
    return 0;
}

/* The last line fills each buffer to its last byte, where the string's end must still fit. */
IN_TASK(a_last_line_of_every_length_has_its_end)
{
    static char out[700];
    memset(out, 'e', sizeof out);
    for (size_t len = 240; len < 700; len += len < 270 || len > 500 ? 1 : 50) {
        struct xie_stream *pair[2];
        char *line;
        kit_pair(pair);
        CHECK_EQ(xie_stream_set_limit(pair[1], 700), 0);
        CHECK_EQ(xie_stream_write(pair[0], out, len), (ssize_t)len);
        xie_stream_close(pair[0]);
        REQUIRE(xie_stream_read_line(pair[1], &line, NULL) == 1);
        CHECK_EQ(strlen(line), len);
        xie_stream_close(pair[1]);
    }
    return 0;
}

static int send_lines(void *arg)
{
    char text[16];
    for (int i = 0; i < 20000; i++) {
        int len = snprintf(text, sizeof text, "%d\r\n", i * 7919);
        if (xie_stream_write(arg, text, (size_t)len) != len)
            return -1;
    }
    return xie_stream_write_eof(arg);
}

IN_TASK(many_lines_come_in_order)
{
    struct xie_stream *pair[2];
    char *line;
    int count = 0;
    kit_pair(pair);
    struct xie_task *task = xie_spawn(send_lines, pair[0]);
    while (xie_stream_read_line(pair[1], &line, NULL) == 1)
        CHECK_EQ(atoi(line), count++ * 7919);
    CHECK_EQ(count, 20000);
    CHECK_EQ(xie_join(task), 0);
    kit_close(pair);
    return 0;
}

/* --- peek --------------------------------------------------------------------------- */

IN_TASK(peek_takes_nothing)
{
    struct xie_stream *pair[2];
    char *data, buf[4];
    kit_pair(pair);
    kit_send(pair[0], "peek");
    ssize_t len = xie_stream_peek(pair[1], &data);
    CHECK(len >= 1 && data[0] == 'p');
    CHECK_EQ(xie_stream_peek(pair[1], &data), len);
    xie_stream_consume(pair[1], 1);
    xie_stream_consume(pair[1], 0);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 3), 3);
    CHECK(!memcmp(buf, "eek", 3));
    xie_stream_close(pair[0]);
    data = (char *)"kept";
    CHECK_EQ(xie_stream_peek(pair[1], &data), 0);
    CHECK_STR(data, "kept");
    xie_stream_close(pair[1]);
    return 0;
}

static int consume_too_much(void *arg)
{
    struct xie_stream *pair[2];
    char *data;
    (void)arg;
    xie_stream_pair(pair);
    xie_stream_write(pair[0], "a", 1);
    xie_stream_peek(pair[1], &data);
    xie_stream_consume(pair[1], 2);
    return 0;
}

static void run_consume(void *arg)
{
    xie_run(consume_too_much, arg);
}

static void consuming_more_than_there_is_aborts(void)
{
    char text[500];
    int status = tap_child(run_consume, NULL, text, sizeof text);
    CHECK(status != 0);
    CHECK(strstr(text, "xie_stream_consume: 2 bytes of 1"));
}

/* --- one reader --------------------------------------------------------------------- */

static int read_one(void *arg)
{
    char byte;
    ssize_t len = xie_stream_read(arg, &byte, 1);
    return len == 1 ? byte : (int)len;
}

IN_TASK(one_reader_at_a_time)
{
    struct xie_stream *pair[2];
    char buf[4], *data;
    kit_pair(pair);
    struct xie_task *first = xie_spawn(read_one, pair[1]);
    xie_sleep(XIE_MILLISECOND);
    CHECK_EQ(xie_stream_read(pair[1], buf, 4), -EBUSY);
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 4), -EBUSY);
    CHECK_EQ(xie_stream_read_until(pair[1], "x", 1, &data), -EBUSY);
    CHECK_EQ(xie_stream_read_line(pair[1], &data, NULL), -EBUSY);
    CHECK_EQ(xie_stream_peek(pair[1], &data), -EBUSY);
    kit_send(pair[1], "the writer is another side");
    kit_send(pair[0], "x");
    CHECK_EQ(xie_join(first), 'x');
    kit_close(pair);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"read_gives_what_there_is", read_gives_what_there_is},
        {"read_waits_for_a_byte", read_waits_for_a_byte},
        {"small_and_large_reads_mix", small_and_large_reads_mix},
        {"exactly_gathers", exactly_gathers},
        {"exactly_at_the_end_keeps_what_came", exactly_at_the_end_keeps_what_came},
        {"exactly_up_to_the_limit", exactly_up_to_the_limit},
        {"exactly_much", exactly_much},
        {"exactly_much_interrupted_loses_nothing", exactly_much_interrupted_loses_nothing},
        {"exactly_much_cut_short_keeps_what_came", exactly_much_cut_short_keeps_what_came},
        {"until_a_separator", until_a_separator},
        {"limits_below_at_and_above", limits_below_at_and_above},
        {"the_limit_itself_has_limits", the_limit_itself_has_limits},
        {"the_default_limit_is_64_kib", the_default_limit_is_64_kib},
        {"lines", lines},
        {"a_last_line_of_every_length_has_its_end", a_last_line_of_every_length_has_its_end},
        {"many_lines_come_in_order", many_lines_come_in_order},
        {"peek_takes_nothing", peek_takes_nothing},
        {"consuming_more_than_there_is_aborts", consuming_more_than_there_is_aborts},
        {"one_reader_at_a_time", one_reader_at_a_time},
        {0},
    };
    return tap_main(argc, argv, tests);
}
