/* pipe.h - pipes, named pipes, ttys and the standard streams, as streams; others' descriptors.
 * Floor 5. What the calls of stream.h say holds for them; none is a socket, so that write_eof and
 * the two ends are -EOPNOTSUPP: closing the end that writes is the end of what can be read. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_PIPE_H
#define XIE_PIPE_H

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xie_stream;

/**
 * A pipe.
 *
 * ends    receives two streams: [0] reads what [1] writes
 * errors  -EMFILE -ENFILE -ENOMEM
 * note    a write whose reader is gone is -EPIPE, and no SIGPIPE: running a loop ignores that
 *         signal, unless the program has a handler of its own
 * source  pipe(2)
 */
XIE_API int xie_pipe(struct xie_stream *ends[2]);

/**
 * Open a named pipe, a tty or another device, without holding up the loop.
 *
 * flags   O_RDONLY, O_WRONLY or O_RDWR, nothing else: -EINVAL
 * stream  receives it, owned; untouched on error
 * errors  those of open(2): -ENOENT -EACCES …; -ENOMEM -ECANCELED -ETIMEDOUT
 * note    a named pipe is open to read at once, and the first read waits for a writer; to write,
 *         this waits until there is a reader: no kernel tells when, so it looks again after 1 ms,
 *         2, 4 … at most 64 ms. A tty does not become the controlling one
 * source  asyncio connect_read_pipe, connect_write_pipe; fifo(7)
 */
XIE_API int xie_stream_open(const char *path, int flags, struct xie_stream **stream);

/**
 * A stream on a descriptor that others use too: a standard stream, as STDIN_FILENO.
 *
 * fd      stays the caller's, and open when the stream is closed. Its O_NONBLOCK, which would be
 *         other programs' as well, is left as it is
 * stream  receives it, owned
 * errors  -EBADF -EMFILE -ENOMEM
 * note    any kind will do: a tty, a pipe, a file, /dev/null, a socket. Bytes that the stream has
 *         read ahead are not seen by who reads the descriptor otherwise, as by stdio
 * cost    for a tty or pipe, where /proc does not let it be opened anew: a poll(2) before each
 *         read and write, and writes of 4 KiB at most, which a stopped terminal may still hold up
 * source  asyncio connect_read_pipe(protocol, sys.stdin)
 */
XIE_API int xie_stream_borrow(int fd, struct xie_stream **stream);

/**
 * Wait until a descriptor is ready: for one that another library reads and writes itself.
 *
 * fd      stays the caller's, who may close it meanwhile; any number of tasks may wait for it
 * events  POLLIN, POLLOUT, or both; else -EINVAL
 * return  those it is ready for, and POLLERR, POLLHUP
 * errors  -EBADF -EMFILE -ECANCELED -ETIMEDOUT
 * cost    a duplicate of the descriptor meanwhile, so that nothing is left in the loop of a number
 *         that others close without a word
 * source  asyncio add_reader, remove_reader, add_writer, remove_writer; poll(2)
 */
XIE_API int xie_fd_wait(int fd, int events);

#ifdef __cplusplus
}
#endif
#endif
