/* stream.h - bytes in order, both ways: TCP and Unix sockets, memory.
 * Floor 5. One reader and one writer at a time; a call that waits suspends the task. Pipes, ttys
 * and the standard streams are the same type: pipe.h. */
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
 * A connected pair of streams in memory, without the kernel: both for tasks of one loop.
 *
 * cap     bytes that are on their way in each direction at most, 1 B to 1 GiB, else -EINVAL;
 *         0: 64 KiB. A writer waits while so much was not read
 * pair    receives them; what one writes the other reads
 * errors  -ENOMEM; -EPERM no loop in this thread
 * note    as a socket: write_eof, the end after a close, -EPIPE to write to who is closed,
 *         -ECONNRESET to both sides after an abort. No descriptor (-EOPNOTSUPP), no two ends
 * cost    one allocation with the bytes of both directions; no system call
 */
XIE_API int xie_stream_memory(size_t cap, struct xie_stream *pair[2]);

/**
 * Take over a descriptor: a connected socket, a pipe's end, a tty.
 *
 * fd      owned by the stream on success; made non-blocking (xie_stream_borrow of pipe.h is for
 *         one that others use too). A file is read and written without blocking the loop, from
 *         where its descriptor stands
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
 * The same with several separators: the bytes up to and including the one that ends first; of
 * those that end there the longest. So it does not matter in which pieces the bytes come.
 *
 * separators  strings of 1..16 bytes, 1 to 16 of them, then NULL; else -EINVAL
 * which       receives the index of the one that matched; may be NULL
 * source      StreamReader.readuntil with a tuple
 */
XIE_API ssize_t xie_stream_read_until_any(struct xie_stream *stream, const char *const *separators,
                                          char **data, int *which);

/**
 * Read a line without its "\n" or "\r\n", as a string.
 *
 * line    receives a pointer into the stream's buffer, ended by a 0 byte: valid until the
 *         next read on, or close of, this stream
 * len     receives its length in bytes; may be NULL
 * return  1 a line (the last may lack its "\n"); 0 the end of the stream
 * errors  as read; XIE_ELIMIT longer than the limit: what had come stays in the stream
 * source  StreamReader.readline; `async for line in reader` is a loop while it returns 1
 */
XIE_API int xie_stream_read_line(struct xie_stream *stream, char **line, size_t *len);

/* The most bytes that the calls above gather before they give up, a separator or line end
 * included: 64 KiB unless set; 1 B to 1 GiB, else -EINVAL. source asyncio limit= */
XIE_API int xie_stream_set_limit(struct xie_stream *stream, size_t limit);

/* Look at what there is without taking it; waits for a byte as read does. data is valid
 * until the next read. return bytes available, at least 1, at most 256 KiB or, where that is set to
 * less than 64 KiB, the limit; 0 at the end. */
XIE_API ssize_t xie_stream_peek(struct xie_stream *stream, char **data);
/* Take len bytes seen by peek. More than there are aborts, as while another task reads. */
XIE_API void xie_stream_consume(struct xie_stream *stream, size_t len);

/**
 * What has come and was not given out: after XIE_EOF, XIE_ELIMIT or an interruption the part that
 * did come. Never waits, whatever the scopes say.
 *
 * data    receives a pointer to it, valid until the next read; may be NULL
 * return  bytes; xie_stream_consume takes them. While another task reads: aborts
 * source  asyncio IncompleteReadError.partial, LimitOverrunError.consumed
 */
XIE_API size_t xie_stream_buffered(const struct xie_stream *stream, char **data);

/* True when a read has met the end and nothing is left: the next returns 0 without waiting.
 * source StreamReader.at_eof */
XIE_API bool xie_stream_at_eof(const struct xie_stream *stream);

/* No more will be read: what is there is thrown away, each later read returns 0. A Unix socket's
 * peer gets -EPIPE, TCP's is not told. errors -EBUSY another task reads; -EOPNOTSUPP no socket;
 * -ENOTCONN it broke.
 * source shutdown(2) SHUT_RD */
XIE_API int xie_stream_read_shut(struct xie_stream *stream);

/**
 * Write all of it.
 *
 * return  len
 * errors  -ECANCELED -ETIMEDOUT -EPIPE -ECONNRESET: how much was sent is told by
 *         xie_stream_written; -EBUSY another task writes; XIE_ECLOSED. Never SIGPIPE
 * cost    no allocation, no copy; it waits while the kernel has no room, so there is nothing to
 *         drain and no watermark
 * source  StreamWriter.write + drain
 */
XIE_API ssize_t xie_stream_write(struct xie_stream *stream, const void *buf, size_t len);
/* The same from several places (count 1..64, else -EINVAL); returns the sum of lengths.
 * source StreamWriter.writelines */
XIE_API ssize_t xie_stream_writev(struct xie_stream *stream, const struct iovec *parts, int count);
/* Bytes handed to the kernel since the stream was opened. */
XIE_API uint64_t xie_stream_written(const struct xie_stream *stream);

/* No more will be written; reading goes on. The peer reads the end.
 * errors -ENOTCONN -EBUSY another task writes; -EOPNOTSUPP no socket. source write_eof */
XIE_API int xie_stream_write_eof(struct xie_stream *stream);

/**
 * Read from one stream and write to another, until the end or len bytes: the inside of a proxy.
 *
 * from, to  may be the same (an echo); another reader of from, or writer to `to`: -EBUSY
 * len       bytes at most; UINT64_MAX: up to the end
 * return    bytes relayed; less than len at the end of `from`. Says nothing to `to` at the end:
 *           xie_stream_write_eof does
 * errors    as read and write. What was relayed is told by xie_stream_written(to); what was
 *           read and not yet written stays in `from` for the next read: nothing is lost
 * cost      a buffer of 64 KiB meanwhile, or from's limit where that is less; between sockets
 *           that much comes by, the bytes stay in the kernel: splice(2), half the work
 */
XIE_API int64_t xie_stream_copy(struct xie_stream *from, struct xie_stream *to, uint64_t len);

/**
 * Close; a task that reads or writes returns XIE_ECLOSED first. Pending data goes out by
 * the kernel. NULL is allowed. Returns when the descriptor is closed and nobody uses the
 * memory: it may wait for a moment even in a cancelled scope. (From a callback, which cannot
 * wait, the last task to leave closes it.) A second close while the first waits aborts.
 * source  StreamWriter.close + wait_closed; afterwards there is no stream to ask is_closing
 */
XIE_API void xie_stream_close(struct xie_stream *stream);
/* The same, throwing away what was not sent: the peer sees a reset. source abort */
XIE_API void xie_stream_abort(struct xie_stream *stream);

/* The two ends. errors -ENOTCONN -EOPNOTSUPP (not a socket) */
XIE_API int xie_stream_local(struct xie_stream *stream, struct xie_address *address);
XIE_API int xie_stream_peer(struct xie_stream *stream, struct xie_address *address);
/* The descriptor, borrowed. errors -EOPNOTSUPP there is none (a memory stream) */
XIE_API int xie_stream_fd(const struct xie_stream *stream);

/**
 * Set or ask an option of the socket whose value is a number.
 *
 * level, name  of setsockopt(2): SOL_SOCKET SO_KEEPALIVE, SO_SNDBUF, SO_RCVBUF; IPPROTO_TCP
 *              TCP_NODELAY (on from the start), TCP_KEEPIDLE [s], TCP_USER_TIMEOUT [ms] …
 * value        for a yes or no 1 or 0
 * errors       -EOPNOTSUPP no socket, or for another kind of it; -ENOPROTOOPT this one does not
 *              have it; -EINVAL. On sim what a socket in memory has no use for is ignored
 * source       asyncio get_extra_info("socket").setsockopt, getsockopt
 */
XIE_API int xie_stream_set_option(struct xie_stream *stream, int level, int name, int value);
XIE_API int xie_stream_get_option(struct xie_stream *stream, int level, int name, int *value);

/* Who is on the other side of a Unix socket, as the kernel saw it when they connected. */
struct xie_credentials {
    pid_t pid; /* perhaps no more */
    uid_t uid;
    gid_t gid;
};
/* errors -EOPNOTSUPP not a Unix socket. source unix(7) SO_PEERCRED */
XIE_API int xie_stream_credentials(struct xie_stream *stream, struct xie_credentials *credentials);

#ifdef __cplusplus
}
#endif
#endif
