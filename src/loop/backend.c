/* backend.c - which backend a loop stands on, and the road operations take to it.
 * Floor 2. Adding a backend is a line in the table below. */
/* SPDX-License-Identifier: MIT */
#include "loop/backend.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/fault.h"
#include "base/misuse.h"
#include "base/option.h"
#include "loop/loop.h"

/* In the order of probing. */
static const struct xie_backend *const probed[] = {
#ifdef XIE_HAVE_URING
    &xie_backend_uring,
#endif
    &xie_backend_epoll,
#ifdef XIE_HAVE_KQUEUE
    &xie_backend_kqueue,
#endif
    &xie_backend_poll,
};
enum { PROBED_COUNT = sizeof(probed) / sizeof(probed[0]), NAME_SHOWN = 100 /* bytes */ };

static const struct xie_backend *find(const char *name)
{
    for (int i = 0; i < PROBED_COUNT; i++)
        if (!strcmp(probed[i]->name, name))
            return probed[i];
    return strcmp(xie_backend_sim.name, name) ? NULL : &xie_backend_sim;
}

/* What can be asked for in this build. */
static const char *names(char *text, size_t cap)
{
    size_t len = 0;
    for (int i = 0; i < PROBED_COUNT; i++)
        len += (size_t)snprintf(text + len, cap - len, "%s, ", probed[i]->name);
    snprintf(text + len, cap - len, "%s", xie_backend_sim.name);
    return text;
}

/* variable: where the name was found, NULL: in the options */
static int open_named(struct xie_loop *loop, const char *name, const char *variable)
{
    char text[64];
    const char *sign = variable ? "=" : "";
    variable = variable ? variable : "backend ";
    loop->backend = find(name);
    if (!loop->backend) {
        xie_report("%s%s%.*s is not one of this build's: %s", variable, sign, NAME_SHOWN, name,
                   names(text, sizeof text));
        return -EINVAL;
    }
    int error = loop->backend->open(loop);
    if (error)
        xie_report("%s%s%s cannot be used here: %s", variable, sign, name, xie_strerror(error));
    return error;
}

int xie_backend_open(struct xie_loop *loop, const char *name, const char *variable)
{
    const char *asked = name || !variable ? name : xie_option_text(variable);
    if (asked)
        return open_named(loop, asked, name ? NULL : variable);
    int error = -ENOSYS;
    for (int i = 0; i < PROBED_COUNT && error; i++) {
        loop->backend = probed[i];
        error = loop->backend->open(loop);
    }
    return error;
}

bool xie_op_submit(struct xie_loop *loop, struct xie_op *op)
{
    op->canceling = 0;
    op->phase = 0;
    op->result = xie_fault_check(XIE_FAULT_OPERATION);
    if (op->result || loop->backend->submit(loop, op)) {
        op->state = XIE_OP_DONE;
        return true;
    }
    op->state = XIE_OP_PENDING;
    loop->pending++;
    return false;
}

void xie_op_cancel(struct xie_loop *loop, struct xie_op *op)
{
    if (op->state != XIE_OP_PENDING || op->canceling)
        return;
    op->canceling = 1;
    loop->backend->cancel(loop, op);
}

void xie_op_forget(struct xie_loop *loop, int fd)
{
    loop->backend->forget(loop, fd);
}

void xie_op_complete(struct xie_loop *loop, struct xie_op *op, int64_t result)
{
    loop->pending--;
    op->state = XIE_OP_DONE;
    op->result = result;
    op->done(op);
}
