/* faults.c - each allocation, system call and operation of a conversation fails in turn, ours and
 * OpenSSL's: clean errors, nothing leaked. */
/* SPDX-License-Identifier: MIT */
#include <openssl/crypto.h>

#include "fault.h"
#include "kit.h"

/* --- a conversation ----------------------------------------------------------------- */

struct talk {
    struct xie_stream *stream;
    struct xie_tls_context *context;
};

static int say(struct xie_stream *stream, const char *line)
{
    ssize_t result = xie_stream_write(stream, line, strlen(line));
    return result < 0 ? (int)result : 0;
}

static int hear(struct xie_stream *stream, const char *expected)
{
    char *line;
    int result = xie_stream_read_line(stream, &line, NULL);
    if (result == 1 && strcmp(line, expected))
        return -EPROTO;
    return result == 1 ? 0 : result ? result : XIE_EOF;
}

static int converse_client(void *arg)
{
    struct talk *self = arg;
    struct iovec parts[] = {{(void *)"secret", 6}, {(void *)"\n", 1}};
    int error = say(self->stream, "STARTTLS\n");
    error = error ? error : xie_tls_start(self->stream, self->context, "localhost", NULL);
    if (!error)
        error = (int)xie_stream_writev(self->stream, parts, 2);
    error = error < 0 ? error : hear(self->stream, "answer");
    error = error ? error : xie_tls_unwrap(self->stream);
    error = error ? error : say(self->stream, "plain\n");
    xie_stream_close(self->stream);
    return error;
}

static int converse_server(void *arg)
{
    struct talk *self = arg;
    int error = hear(self->stream, "STARTTLS");
    error = error ? error : xie_tls_start(self->stream, self->context, NULL, NULL);
    error = error ? error : hear(self->stream, "secret");
    error = error ? error : say(self->stream, "answer\n");
    error = error ? error : xie_tls_unwrap(self->stream);
    error = error ? error : hear(self->stream, "plain");
    xie_stream_close(self->stream);
    return error;
}

static int converse(struct talk talks[2])
{
    int error = 0;
    XIE_GROUP(group) {
        int first = xie_group_spawn(&group, converse_client, &talks[0]);
        int second = xie_group_spawn(&group, converse_server, &talks[1]);
        if (first)
            xie_stream_close(talks[0].stream);
        if (second)
            xie_stream_close(talks[1].stream);
        if (first || second)
            xie_group_cancel(&group);
        error = xie_group_wait(&group);
        error = first ? first : second ? second : error;
    }
    return error;
}

static int program(void *arg)
{
    struct talk talks[2] = {{NULL, NULL}};
    struct xie_stream *pair[2];
    struct xie_tls_options client = client_options(), server = server_options();
    (void)arg;
    int error = xie_tls_context_new(&client, &talks[0].context, NULL);
    error = error ? error : xie_tls_context_new(&server, &talks[1].context, NULL);
    error = error ? error : xie_tls_context_reload(talks[1].context, NULL);
    error = error ? error : xie_stream_pair(pair);
    for (int i = 0; !error && i < 2; i++)
        talks[i].stream = pair[i];
    error = error ? error : converse(talks);
    xie_tls_context_unref(talks[0].context);
    xie_tls_context_unref(talks[1].context);
    return error;
}

/* A wake-up, a session not kept, a goodbye not said: some may fail without harm. */
static const struct fault_program swept = {.name = "talk", .run = program, .tolerant = true};

static void memory_of_ours(void)
{
    tap_limit(60);
    fault_sweep(&swept, XIE_FAULT_MEMORY, -ENOMEM);
}

static void system_calls(void)
{
    tap_limit(60);
    fault_sweep(&swept, XIE_FAULT_SYSCALL, -EIO);
}

static void operations(void)
{
    tap_limit(60);
    fault_sweep(&swept, XIE_FAULT_OPERATION, -ECONNRESET);
    fault_sweep(&swept, XIE_FAULT_OPERATION, -ENOMEM);
}

/* --- OpenSSL's memory ---------------------------------------------------------------- */

static bool theirs_fail; /* its allocations are counted by the plan too */

static void *theirs(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return theirs_fail && xie_fault_check(XIE_FAULT_MEMORY) ? NULL : malloc(size);
}

static void *theirs_again(void *memory, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return theirs_fail && xie_fault_check(XIE_FAULT_MEMORY) ? NULL : realloc(memory, size);
}

static void theirs_freed(void *memory, const char *file, int line)
{
    (void)file;
    (void)line;
    free(memory);
}

/* There are thousands: not each is tried, but other ones each time the step is crossed. */
static void memory_of_openssl(void)
{
    unsigned step = tap_slow() ? 997 : 101, tried = 0;
    tap_limit(60);
    theirs_fail = true;
    size_t live = xie_alloc_live();
    for (uint64_t nth = 1;; nth += step, tried++) {
        xie_fault_plan =
            (struct xie_fault){.kinds = XIE_FAULT_MEMORY, .nth = nth, .error = -ENOMEM};
        int result = xie_run(program, NULL);
        bool failed = xie_fault_plan.failed;
        xie_fault_plan.kinds = 0;
        CHECK(result <= 0);
        CHECK_EQ(xie_alloc_live(), live);
        if (!failed)
            break;
    }
    CHECK(tried > 3);
    theirs_fail = false;
    CHECK_EQ(xie_run(program, NULL), 0); /* and it works again */
}

int main(int argc, char **argv)
{
    static const struct tap_test tests[] = {
        {"memory_of_ours", memory_of_ours},
        {"system_calls", system_calls},
        {"operations", operations},
        {"memory_of_openssl", memory_of_openssl},
        {0},
    };
    CRYPTO_set_mem_functions(theirs, theirs_again, theirs_freed);
    certs_make();
    return tap_main(argc, argv, tests);
}
