/* process_talk.c - all that a child is to read and all that it says, at once.
 * Floor 5. A task for each pipe; what they have done stands in the process, so that an
 * interrupted call is taken up by the next. */
/* SPDX-License-Identifier: MIT */
#include <errno.h>

#include <xie/group.h>

#include "base/memory.h"
#include "io/process.h"

enum { TEXT_FIRST = 4096 }; /* the first buffer [bytes] */

struct talk {
    struct xie_process *process;
    struct xie_group *group;
    const char *input;
    size_t len;
    int error; /* the first */
};

/* The first failure ends the talk, and is the caller's: not the group's, which would report the
 * second on stderr. */
static int ended(struct talk *talk, int error)
{
    if (error && !talk->error) {
        talk->error = error;
        xie_group_cancel(talk->group);
    }
    return 0;
}

static int feed(void *arg)
{
    struct talk *talk = arg;
    struct xie_process *process = talk->process;
    struct xie_stream *stream = process->streams[0];
    if (!stream) /* closed before we began */
        return ended(talk, XIE_ECLOSED);
    uint64_t before = xie_stream_written(stream);
    ssize_t sent = xie_stream_write(stream, talk->input + process->fed, talk->len - process->fed);
    if (sent == XIE_ECLOSED) /* the stream is gone */
        return ended(talk, XIE_ECLOSED);
    process->fed += xie_stream_written(stream) - before;
    if (sent < 0 && sent != -EPIPE) /* it need not read all */
        return ended(talk, (int)sent);
    process->fed = talk->len;
    xie_process_close_stream(process, 0);
    return 0;
}

/* Room for a byte and the 0 byte behind it; up to the limit, and one byte that tells whether there
 * is more. */
static int make_room(struct xie_process_text *text, size_t limit)
{
    if (text->cap - text->len >= 2)
        return 0;
    size_t cap = text->cap ? 2 * text->cap : TEXT_FIRST;
    if (cap > limit + 2)
        cap = limit + 2;
    char *data = xie_resize(text->data, cap);
    if (!data)
        return -ENOMEM;
    text->data = data;
    text->cap = cap;
    return 0;
}

static int gather(struct talk *talk, int fd)
{
    struct xie_process *process = talk->process;
    struct xie_process_text *text = &process->text[fd];
    while (process->streams[fd]) {
        if (text->len > process->output_limit)
            return XIE_ELIMIT;
        int error = make_room(text, process->output_limit);
        if (error)
            return error;
        ssize_t got = xie_stream_read(process->streams[fd], text->data + text->len,
                                      text->cap - text->len - 1);
        if (got <= 0)
            return (int)got;
        text->len += (size_t)got;
    }
    return XIE_ECLOSED; /* by another, before we began */
}

static int gather_and_close(struct talk *talk, int fd)
{
    int error = gather(talk, fd);
    if (error)
        return ended(talk, error);
    xie_process_close_stream(talk->process, fd);
    return 0;
}

static int gather_out(void *arg)
{
    return gather_and_close(arg, 1);
}

static int gather_err(void *arg)
{
    return gather_and_close(arg, 2);
}

static int talk_all(struct talk *talk)
{
    static int (*const parts[3])(void *arg) = {feed, gather_out, gather_err};
    static const char *const names[3] = {"feed", "gather_out", "gather_err"};
    int error = 0;
    XIE_GROUP(group) {
        talk->group = &group;
        for (int fd = 0; fd < 3 && !error; fd++)
            if (talk->process->streams[fd])
                error = xie_group_spawn_at(&group, parts[fd], talk, NULL, names[fd], XIE_HERE);
        if (error)
            xie_group_cancel(&group);
        int failed = xie_group_wait(&group);
        error = error ? error : talk->error ? talk->error : failed;
    }
    talk->group = NULL;
    return error;
}

static void take_text(struct xie_process_text *text, char **data, size_t *len)
{
    if (text->data)
        text->data[text->len] = '\0';
    *data = text->data;
    *len = text->len;
    *text = (struct xie_process_text){0};
}

static int communicate(struct xie_process *process, const void *input, size_t len,
                       struct xie_process_result *result)
{
    struct talk talk = {.process = process, .input = input, .len = len};
    int error = talk_all(&talk);
    if (!error)
        error = xie_process_await(process);
    if (error || process->closed)
        return error;
    *result = (struct xie_process_result){.status = process->status};
    take_text(&process->text[1], &result->out, &result->out_len);
    take_text(&process->text[2], &result->err, &result->err_len);
    return 0;
}

int xie_process_communicate(struct xie_process *process, const void *input, size_t len,
                            struct xie_process_result *result)
{
    struct xie_task *self;
    /* No pipe, and none there was; or not the input of the call that this one is to go on with. */
    bool wrong = process->streams[0] ? len < process->fed : len && !process->fed;
    bool mine = !process->talking;
    process->inside++;
    process->talking = true;
    int error = xie_wait_enter(&self);
    if (!error)
        error = !mine ? -EBUSY : wrong ? -EINVAL : process->closed ? XIE_ECLOSED : 0;
    if (!error)
        error = communicate(process, input, len, result);
    if (mine)
        process->talking = false;
    return xie_process_leave(process, error);
}

void xie_process_result_fini(struct xie_process_result *result)
{
    xie_release(result->out);
    xie_release(result->err);
    *result = (struct xie_process_result){0};
}

int xie_process_run(const struct xie_process_options *options, const void *input, size_t len,
                    struct xie_process_result *result)
{
    struct xie_task *self;
    struct xie_process *process;
    int error = xie_wait_enter(&self);
    if (!error)
        error = xie_process_open(options, &process);
    if (error)
        return error;
    error = xie_process_communicate(process, input, len, result);
    xie_process_close(process);
    return error;
}
