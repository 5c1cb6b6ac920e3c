/* stream_until.c - the promises of <xie/stream.h>: several separators, and what is left over. */
/* SPDX-License-Identifier: MIT */
#include "io/kit.h"

/* --- several separators --------------------------------------------------------------- */

static void check_until(struct xie_stream *stream, const char *const *separators,
                        const char *expected, int index)
{
    char *data = NULL;
    int which = -1;
    ssize_t len = xie_stream_read_until_any(stream, separators, &data, &which);
    CHECK_EQ(len, (ssize_t)strlen(expected));
    CHECK(len > 0 && !memcmp(data, expected, (size_t)len));
    CHECK_EQ(which, index);
}

IN_TASK(the_separator_that_ends_first_matches)
{
    static const char *const separators[] = {"\n", ";", "END", NULL};
    struct xie_stream *pair[2];
    kit_pair(pair);
    kit_send(pair[0], "one;two\nthreeENDE;");
    check_until(pair[1], separators, "one;", 1);
    check_until(pair[1], separators, "two\n", 0);
    check_until(pair[1], separators, "threeEND", 2);
    check_until(pair[1], separators, "E;", 1);
    kit_close(pair);
    return 0;
}

IN_TASK(of_those_that_end_together_the_longest_matches)
{
    static const char *const separators[] = {"\n", "\r\n", "\r\n", NULL};
    static const char *const prefixes[] = {"ab", "abc", NULL};
    struct xie_stream *pair[2];
    kit_pair(pair);
    kit_send(pair[0], "a\r\nb\n\r\n");
    check_until(pair[1], separators, "a\r\n", 1); /* the first of equal ones */
    check_until(pair[1], separators, "b\n", 0);
    check_until(pair[1], separators, "\r\n", 1);
    kit_send(pair[0], "abcab"); /* "ab" ends first: "abc" never matches */
    check_until(pair[1], prefixes, "ab", 0);
    check_until(pair[1], prefixes, "cab", 0);
    kit_close(pair);
    return 0;
}

static int send_singly(void *arg)
{
    for (const char *at = "x<-y->z--><-"; *at; at++) {
        kit_send(arg, (char[]){*at, 0});
        xie_sleep(10 * XIE_MICROSECOND);
    }
    return 0;
}

/* A separator that comes in pieces, while another's beginning has come. */
IN_TASK(it_does_not_matter_in_which_pieces_they_come)
{
    static const char *const separators[] = {"-->", "<-", "->", NULL};
    struct xie_stream *pair[2];
    kit_tcp_pair(pair);
    struct xie_task *task = xie_spawn(send_singly, pair[0]);
    check_until(pair[1], separators, "x<-", 1);
    check_until(pair[1], separators, "y->", 2);
    check_until(pair[1], separators, "z-->", 0);
    check_until(pair[1], separators, "<-", 1);
    CHECK_EQ(xie_join(task), 0);
    kit_close(pair);
    return 0;
}

IN_TASK(separators_of_the_wrong_number_or_length)
{
    const char *separators[18] = {NULL};
    struct xie_stream *pair[2];
    char *data = NULL;
    int which = 7;
    kit_pair(pair);
    kit_send(pair[0], "a....a");
    CHECK_EQ(xie_stream_read_until_any(pair[1], separators, &data, &which), -EINVAL);
    separators[0] = "";
    CHECK_EQ(xie_stream_read_until_any(pair[1], separators, &data, &which), -EINVAL);
    separators[0] = "12345678901234567";
    CHECK_EQ(xie_stream_read_until_any(pair[1], separators, &data, &which), -EINVAL);
    for (int i = 0; i < 17; i++)
        separators[i] = "a";
    CHECK_EQ(xie_stream_read_until_any(pair[1], separators, &data, &which), -EINVAL);
    CHECK(!data && which == 7);
    separators[16] = NULL;
    CHECK_EQ(xie_stream_read_until_any(pair[1], separators, &data, NULL), 1);
    separators[15] = "1234567890123456";
    CHECK_EQ(xie_stream_read_until_any(pair[1], separators, &data, &which), 5);
    kit_close(pair);
    return 0;
}

/* Against the plain definition, over random text and random separators. */
IN_TASK(random_separators_match_as_defined)
{
    enum { TEXT = 400 };
    uint32_t random = 11;
    for (int round = 0; round < 60; round++) {
        char text[TEXT + 1] = "", words[3][4] = {"", "", ""};
        const char *separators[4] = {words[0], words[1], words[2], NULL};
        struct xie_stream *pair[2];
        size_t at = 0;
        for (int i = 0; i < TEXT; i++)
            text[i] = (char)('a' + kit_random(&random, 3));
        for (int i = 0; i < 3; i++)
            for (unsigned j = 0, len = 1 + kit_random(&random, 3); j < len; j++)
                words[i][j] = (char)('a' + kit_random(&random, 3));
        kit_pair(pair);
        kit_send(pair[0], text);
        xie_stream_close(pair[0]);
        for (;;) {
            size_t end = at;
            int match = -1, which = -1;
            char *data;
            while (match < 0 && end < TEXT) {
                end++;
                for (int i = 0; i < 3; i++) {
                    size_t len = strlen(words[i]);
                    bool here = end - at >= len && !memcmp(text + end - len, words[i], len);
                    if (here && (match < 0 || len > strlen(words[match])))
                        match = i;
                }
            }
            ssize_t got = xie_stream_read_until_any(pair[1], separators, &data, &which);
            if (match < 0) {
                CHECK_EQ(got, at == TEXT ? 0 : XIE_EOF);
                break;
            }
            CHECK_EQ(got, (ssize_t)(end - at));
            CHECK_EQ(which, match);
            at = end;
        }
        xie_stream_close(pair[1]);
    }
    return 0;
}

/* --- what is left over ---------------------------------------------------------------- */

static void check_left(struct xie_stream *stream, const char *expected)
{
    char *data = NULL;
    size_t len = xie_stream_buffered(stream, &data);
    CHECK_EQ(len, strlen(expected));
    CHECK(!memcmp(data, expected, len));
    CHECK_EQ(xie_stream_buffered(stream, NULL), len);
}

IN_TASK(what_came_before_the_end_can_be_had)
{
    static const char *const separators[] = {"\n", ";", NULL};
    struct xie_stream *pair[2];
    char *data = NULL, buf[8];
    int which = -1;
    kit_pair(pair);
    check_left(pair[1], "");
    kit_send(pair[0], "partial");
    xie_stream_close(pair[0]);
    CHECK(!xie_stream_at_eof(pair[1])); /* nobody has looked yet */
    CHECK_EQ(xie_stream_read_until_any(pair[1], separators, &data, &which), XIE_EOF);
    CHECK(!data && which == -1);
    check_left(pair[1], "partial");
    CHECK(!xie_stream_at_eof(pair[1]));
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 8), XIE_EOF);
    xie_stream_consume(pair[1], 3);
    check_left(pair[1], "tial");
    xie_stream_consume(pair[1], 4);
    CHECK(xie_stream_at_eof(pair[1]));
    CHECK_EQ(xie_stream_read(pair[1], buf, 8), 0);
    CHECK(xie_stream_at_eof(pair[1]));
    xie_stream_close(pair[1]);
    return 0;
}

IN_TASK(what_came_up_to_the_limit_can_be_had)
{
    struct xie_stream *pair[2];
    char *data;
    kit_pair(pair);
    CHECK_EQ(xie_stream_set_limit(pair[1], 4), 0);
    kit_send(pair[0], "abcdefg\n");
    CHECK_EQ(xie_stream_read_until(pair[1], "\n", 1, &data), XIE_ELIMIT);
    CHECK(xie_stream_buffered(pair[1], &data) >= 4 && !memcmp(data, "abcd", 4));
    xie_stream_consume(pair[1], 4);
    CHECK_EQ(xie_stream_read_until(pair[1], "\n", 1, &data), 4);
    CHECK(!memcmp(data, "efg\n", 4));
    kit_close(pair);
    return 0;
}

IN_TASK(what_came_before_an_interruption_can_be_had)
{
    struct xie_stream *pair[2];
    char buf[8];
    kit_pair(pair);
    kit_send(pair[0], "half");
    XIE_TIMEOUT(5 * XIE_MILLISECOND) {
        CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 8), -ETIMEDOUT);
        /* On a slow machine the time may be over before anything was read. */
        CHECK(xie_stream_buffered(pair[1], NULL) <= 4);
    }
    CHECK_EQ(xie_stream_read_exactly(pair[1], buf, 4), 4);
    kit_close(pair);
    return 0;
}

static int read_byte(void *stream)
{
    char byte;
    return (int)xie_stream_read(stream, &byte, 1);
}

static void ask_beside_a_reader(void *arg)
{
    (void)arg;
    struct xie_stream *pair[2];
    kit_pair(pair);
    xie_detach(xie_spawn(read_byte, pair[0]));
    xie_sleep(0);
    xie_stream_buffered(pair[0], NULL);
}

static int run_beside(void *arg)
{
    ask_beside_a_reader(arg);
    return 0;
}

static void in_child(void *arg)
{
    xie_run(run_beside, arg);
}

static void what_another_reads_is_not_ours(void)
{
    char text[400];
    CHECK(tap_child(in_child, NULL, text, sizeof text) != 0);
    CHECK(strstr(text, "xie_stream_buffered: another task reads this stream"));
}

/* --- the reading side shut ------------------------------------------------------------ */

IN_TASK(a_shut_reading_side_is_at_its_end)
{
    struct xie_stream *pair[2];
    char *data;
    kit_pair(pair);
    kit_send(pair[0], "thrown away");
    CHECK(xie_stream_peek(pair[1], &data) > 0);
    CHECK_EQ(xie_stream_read_shut(pair[1]), 0);
    CHECK_EQ(xie_stream_buffered(pair[1], NULL), 0);
    CHECK_EQ(read_byte(pair[1]), 0);
    CHECK(xie_stream_at_eof(pair[1]));
    CHECK_EQ(xie_stream_write(pair[0], "x", 1), -EPIPE);
    kit_send(pair[1], "the other way");
    CHECK_EQ(read_byte(pair[0]), 1);
    struct xie_task *task = xie_spawn(read_byte, pair[0]);
    CHECK_EQ(xie_join(task), 1);
    kit_close(pair);
    return 0;
}

IN_TASK(a_side_in_use_is_not_shut)
{
    struct xie_stream *pair[2], *ends[2];
    kit_pair(pair);
    struct xie_task *task = xie_spawn(read_byte, pair[0]);
    xie_sleep(0);
    CHECK_EQ(xie_stream_read_shut(pair[0]), -EBUSY);
    kit_send(pair[1], "x");
    CHECK_EQ(xie_join(task), 1);
    XIE_TIMEOUT(-1)
        CHECK_EQ(xie_stream_read_shut(pair[0]), -ETIMEDOUT);
    kit_send(pair[1], "y");
    CHECK_EQ(read_byte(pair[0]), 1);
    kit_close(pair);
    CHECK_EQ(xie_pipe(ends), 0);
    CHECK_EQ(xie_stream_read_shut(ends[0]), -EOPNOTSUPP);
    kit_close(ends);
    CHECK_EQ(xie_stream_memory(0, ends), 0);
    CHECK_EQ(xie_stream_read_shut(ends[0]), -EOPNOTSUPP);
    kit_close(ends);
    return 0;
}

/* --- the caller's buffer -------------------------------------------------------------- */

IN_TASK(no_buffer_is_needed_for_no_bytes)
{
    struct xie_stream *pair[2];
    kit_pair(pair);
    CHECK_EQ(xie_stream_read_exactly(pair[1], NULL, 0), 0);
    CHECK_EQ(xie_stream_read(pair[1], NULL, 0), 0);
    kit_close(pair);
    return 0;
}

/* Not under valgrind, which sees that the address is wrong before the kernel does. */
IN_TASK(a_wrong_buffer_does_not_break_the_stream)
{
    struct xie_stream *pair[2];
    char buf[300];
    if (tap_valgrind() || kit_on("sim"))
        tap_skip("here a wrong address is no error but a crash");
    kit_pair(pair);
    kit_send(pair[0], "still there");
    CHECK_EQ(xie_stream_read(pair[1], (void *)16, 300), -EFAULT);
    CHECK_EQ(xie_stream_read(pair[1], buf, 300), 11);
    kit_close(pair);
    return 0;
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"the_separator_that_ends_first_matches", the_separator_that_ends_first_matches},
        {"of_those_that_end_together_the_longest_matches",
         of_those_that_end_together_the_longest_matches},
        {"it_does_not_matter_in_which_pieces_they_come",
         it_does_not_matter_in_which_pieces_they_come},
        {"separators_of_the_wrong_number_or_length", separators_of_the_wrong_number_or_length},
        {"random_separators_match_as_defined", random_separators_match_as_defined},
        {"what_came_before_the_end_can_be_had", what_came_before_the_end_can_be_had},
        {"what_came_up_to_the_limit_can_be_had", what_came_up_to_the_limit_can_be_had},
        {"what_came_before_an_interruption_can_be_had",
         what_came_before_an_interruption_can_be_had},
        {"what_another_reads_is_not_ours", what_another_reads_is_not_ours},
        {"a_shut_reading_side_is_at_its_end", a_shut_reading_side_is_at_its_end},
        {"a_side_in_use_is_not_shut", a_side_in_use_is_not_shut},
        {"no_buffer_is_needed_for_no_bytes", no_buffer_is_needed_for_no_bytes},
        {"a_wrong_buffer_does_not_break_the_stream", a_wrong_buffer_does_not_break_the_stream},
        {0},
    };
    return tap_main(argc, argv, tests);
}
