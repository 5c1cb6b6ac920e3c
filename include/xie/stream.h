/* stream.h - bytes in order, both ways: TCP and Unix sockets, pipes.
 * Floor 5. One reader and one writer at a time; a call that waits suspends the task. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_STREAM_H
#define XIE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <xie/address.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An open connection; opaque, owned by whoever got it, closed once. */
struct xie_stream;

/* Errors of the kernel pass through unchanged beside those listed. */

/* A connected pair of streams within the process. source socketpair(2) */
XIE_API int xie_stream_pair(struct xie_stream *pair[2]);

/**
 * Take over a descriptor: a connected socket, a pipe's end, a tty.
 *
 * fd      owned by the stream on success; made non-blocking
 * errors  -EBADF -ENOMEM
 * note    what is no socket has no write_eof, no two ends (-EOPNOTSUPP), and no reset
 * source  asyncio connect_read_pipe, connect_accepted_socket
 */
XIE_API int xie_stream_adopt(int fd, struct xie_stream **stream);

/**
 * Read what there is, waiting for at least one byte.
 *
 * buf     caller's, borrowed until return [cap bytes]
 * return  bytes read, 1..cap; 0 at the end of the stream, or when cap is 0
 * errors  -ECANCELED -ETIMEDOUT (no byte is lost) -ECONNRESET; -EBUSY another task reads;
 *         XIE_ECLOSED another task closed the stream meanwhile
 * note    a broken connection stays broken: what this and the calls below returned for it,
 *         or the end, they return again once the bytes that came before are read
 * cost    no allocation; one system call at most on the fast path
 * source  read(2); asyncio StreamReader.read
 */
XIE_API ssize_t xie_stream_read(struct xie_stream *stream, void *buf, size_t cap);

/**
 * Read exactly len bytes.
 *
 * return  len
 * errors  as read; XIE_EOF the stream ended before. On any error what had come stays in
 *         the stream for the next read, up to its limit (xie_stream_set_limit);
 *         XIE_ELIMIT len is larger than that limit
 * source  StreamReader.readexactly
 */
XIE_API ssize_t xie_stream_read_exactly(struct xie_stream *stream, void *buf, size_t len);

/**
 * Read up to and including a separator.
 *
 * separator  1..16 bytes, else -EINVAL
 * data       receives a pointer into the stream's buffer: valid until the next read on,
 *            or close of, this stream
 * return     bytes, the separator included; 0 at the end of the stream with nothing left
 * errors     as read; XIE_EOF the stream ended without the separator, XIE_ELIMIT the limit
 *            came first: what had come stays in the stream for the next read
 * source     StreamReader.readuntil
 */
XIE_API ssize_t xie_stream_read_until(struct xie_stream *stream, const char *separator,
                                      size_t separator_len, char **data);

/**
 * Read a line without its "\n" or "\r\n", as a string.
 *
 * line    receives a pointer into the stream's buffer, ended by a 0 byte: valid until the
 *         next read on, or close of, this stream
 * len     receives its length in bytes; may be NULL
 * return  1 a line (the last may lack its "\n"); 0 the end of the stream
 * errors  as read; XIE_ELIMIT longer than the limit: what had come stays in the stream
 * source  StreamReader.readline
 */
XIE_API int xie_stream_read_line(struct xie_stream *stream, char **line, size_t *len);

/* The most bytes that the calls above gather before they give up, a separator or line end
 * included: 64 KiB unless set; 1 B to 1 GiB, else -EINVAL. source asyncio limit= */
XIE_API int xie_stream_set_limit(struct xie_stream *stream, size_t limit);

/* Look at what there is without taking it; waits for a byte as read does. data is valid
 * until the next read. return bytes available, at least 1; 0 at the end. */
XIE_API ssize_t xie_stream_peek(struct xie_stream *stream, char **data);
/* Take len bytes seen by peek. More than there are aborts, as while another task reads. */
XIE_API void xie_stream_consume(struct xie_stream *stream, size_t len);

/**
 * Write all of it.
 *
 * return  len
 * errors  -ECANCELED -ETIMEDOUT -EPIPE -ECONNRESET: how much was sent is told by
 *         xie_stream_written; -EBUSY another task writes; XIE_ECLOSED. Never SIGPIPE
 * cost    no allocation, no copy
 * source  StreamWriter.write + drain
 */
XIE_API ssize_t xie_stream_write(struct xie_stream *stream, const void *buf, size_t len);
/* The same from several places (count 1..64, else -EINVAL); returns the sum of lengths. */
XIE_API ssize_t xie_stream_writev(struct xie_stream *stream, const struct iovec *parts, int count);
/* Bytes handed to the kernel since the stream was opened. */
XIE_API uint64_t xie_stream_written(const struct xie_stream *stream);

/* No more will be written; reading goes on. The peer reads the end.
 * errors -ENOTCONN -EBUSY another task writes; -EOPNOTSUPP no socket. source write_eof */
XIE_API int xie_stream_write_eof(struct xie_stream *stream);

/**
 * Close; a task that reads or writes returns XIE_ECLOSED first. Pending data goes out by
 * the kernel. NULL is allowed; twice aborts. Returns when the descriptor is closed and
 * nobody uses the memory: it may wait for a moment even in a cancelled scope. (From a
 * callback, which cannot wait, the last task to leave closes it.)
 */
XIE_API void xie_stream_close(struct xie_stream *stream);
/* The same, throwing away what was not sent: the peer sees a reset. source abort */
XIE_API void xie_stream_abort(struct xie_stream *stream);

/* The two ends. errors -ENOTCONN -EOPNOTSUPP (not a socket) */
XIE_API int xie_stream_local(struct xie_stream *stream, struct xie_address *address);
XIE_API int xie_stream_peer(struct xie_stream *stream, struct xie_address *address);
/* The descriptor, borrowed. */
XIE_API int xie_stream_fd(const struct xie_stream *stream);

#ifdef __cplusplus
}
#endif
#endif
