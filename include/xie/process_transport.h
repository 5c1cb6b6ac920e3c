/* process_transport.h - children that call back: their pipes, and their end, without a task each.
 * Floor 6. A transport whose protocol is told what a child says and when it ends; each of its pipes
 * is a transport as well. Of one thread's loop, as all of them are. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_PROCESS_TRANSPORT_H
#define XIE_PROCESS_TRANSPORT_H

#include <xie/process.h>
#include <xie/transport.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What the protocol of a child is told, of <xie/protocol.h>:
 *
 *   connection_made        first: it runs, its pipes are there
 *   pipe_data_received     what it writes to descriptors 1 and 2
 *   pipe_connection_lost   for each pipe, once
 *   pause_writing, resume_writing   of the pipe to its descriptor 0
 *   process_exited         once
 *   connection_lost        last: it has ended and all its pipes are over. 0; -ECANCELED the loop
 *                          ends; another error: it could not be waited for, and was ended
 *
 * All that the child itself has said is told before process_exited, and so is the end of its
 * pipes, but for pipes whose reading is paused. A child of the child that kept a pipe open does not
 * hold up process_exited; it does hold up connection_lost, until it has ended too or this side
 * closes that pipe, or all.
 *
 * The functions of <xie/transport.h>, of a child's transport:
 *
 *   xie_transport_close    end it, with SIGTERM first where grace_ns is set, and SIGKILL when that
 *                          time is over; else with SIGKILL. Nothing it says is told any more. What
 *                          waits for its descriptor 0 is still sent within that time. Then its
 * pipes are closed, whoever has their other ends; if it leads a group, whoever is left of that gets
 * SIGKILL. All of that happens in the loop, which goes on meanwhile: also with a child that may not
 * be signalled, for whose end it waits. When connection_lost has returned there is no zombie, and
 * no descriptor of it xie_transport_abort    the same without that time; also within it
 *   xie_transport_wait     until connection_lost has returned
 *   xie_transport_set_protocol, get_protocol, is_closing, ref, unref   as of every transport; a
 *                          protocol set while writing is paused is told so
 *   xie_transport_fd       its pidfd
 *   the others             writing is -EOPNOTSUPP, the rest has no effect: they are its pipes'
 *
 * A loop that ends closes the children that are left, and waits for them. */

/**
 * Start a child.
 *
 * options   as xie_process_open; output_limit is communicate's alone. Pipes are made where they say
 *           XIE_PROCESS_PIPE: nowhere unless told so
 * protocol  borrowed until connection_lost; arg: see its create
 * errors    those of xie_process_open and of transports; all outputs untouched, and the child, if
 *           there was one already (-ENOMEM), is killed, and reaped by the loop
 * cost      does not wait, as xie_process_open: callbacks may call it
 * source    asyncio loop.subprocess_exec, loop.subprocess_shell
 */
XIE_API int xie_subprocess_open(const struct xie_process_options *options,
                                const struct xie_protocol *protocol, void *arg,
                                struct xie_transport **transport);

/* Of all of these: with a transport that is no child's, -EOPNOTSUPP, or NULL. */

/* Its number; another process may have it after process_exited. source get_pid */
XIE_API int xie_subprocess_get_pid(const struct xie_transport *transport);

/* How it ended: 0 from process_exited on. errors -EBUSY before; XIE_EREAPED as xie_process_wait.
 * status untouched then. source get_returncode */
XIE_API int xie_subprocess_get_status(const struct xie_transport *transport,
                                      struct xie_process_status *status);

/**
 * The transport of its descriptor 0, 1 or 2, borrowed; NULL where there is no pipe, or no more
 * since pipe_connection_lost has returned, and for another number.
 *
 * note    to write, to end what it reads (xie_transport_write_eof), to set the water marks, to
 *         pause reading and resume it, to close it alone; within pipe_data_received to give bytes
 *         back. A protocol of its own may be set: that one is then told all of the pipe, as of
 *         any other; the child's connection_lost still waits for it
 * source  get_pipe_transport
 */
XIE_API struct xie_transport *
xie_subprocess_get_pipe_transport(const struct xie_transport *transport, int fd);

/* Send a signal, as xie_process_send_signal; -ESRCH too after connection_lost. source send_signal;
 * terminate is SIGTERM, kill is SIGKILL */
XIE_API int xie_subprocess_send_signal(struct xie_transport *transport, int signal);

/**
 * Wait until process_exited has returned; any number of tasks may.
 *
 * status  receives how it ended; may be NULL
 * return  0
 * errors  -ECANCELED -ETIMEDOUT of the caller's scope: the child is not affected; XIE_EREAPED
 * source  asyncio Process.wait
 */
XIE_API int xie_subprocess_wait(struct xie_transport *transport, struct xie_process_status *status);

#ifdef __cplusplus
}
#endif
#endif
