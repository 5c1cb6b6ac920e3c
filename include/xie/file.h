/* file.h - files, read and written without holding up the loop.
 * Floor 5. io_uring does it natively; with the other backends the pool of thread.h does. A call
 * that has begun is not interrupted: it is waited for, since the kernel uses the buffer. On sim
 * the real files are used, at once. */
/* SPDX-License-Identifier: MIT */
#ifndef XIE_FILE_H
#define XIE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <xie/error.h>

#ifdef __cplusplus
extern "C" {
#endif

struct xie_stream;

/* An open file; opaque, owned by whoever opened it, closed once. */
struct xie_file;

/* As an offset: where the last call with this offset ended, the file's beginning at first. */
#define XIE_FILE_NEXT INT64_C(-1)

/**
 * Open a file.
 *
 * flags   of open(2): O_RDONLY, O_WRONLY or O_RDWR, with O_CREAT, O_TRUNC, O_APPEND …; O_CLOEXEC
 *         is added
 * mode    of a file that is made, less the umask
 * file    receives it, owned; untouched on error
 * errors  those of open(2): -ENOENT -EACCES -EISDIR (to write) -EMFILE …; -ESPIPE a pipe or
 *         socket (xie_stream_open is for those); -ENOMEM -ECANCELED -ETIMEDOUT
 * source  open(2); Python's open
 */
XIE_API int xie_file_open(const char *path, int flags, mode_t mode, struct xie_file **file);

/**
 * Read len bytes, less only where the file ends.
 *
 * buf     caller's, borrowed until return
 * offset  from the beginning [bytes], or XIE_FILE_NEXT
 * return  bytes read, 0..len; 0 at or behind the end
 * errors  -ECANCELED -ETIMEDOUT -EIO; -EBADF not open to read; -EINVAL offset below -1. Then
 *         XIE_FILE_NEXT is where it was, so that nothing is lost. -EBUSY another task is in a call
 *         with XIE_FILE_NEXT; those with offsets do not mind each other. XIE_ECLOSED
 * cost    uring: no allocation, no thread; else one allocation and a thread's turn
 * source  pread(2)
 */
XIE_API ssize_t xie_file_read(struct xie_file *file, void *buf, size_t len, int64_t offset);

/**
 * Write all of it.
 *
 * offset  as above; a file opened with O_APPEND grows at its end, whatever the offset
 * return  len
 * errors  as above; -ENOSPC -EFBIG -EDQUOT: a part may be written; xie_file_position tells how
 *         much with XIE_FILE_NEXT. Interrupted before it began: nothing is written
 * note    what is written is safe from a loss of power after xie_file_sync
 * source  pwrite(2)
 */
XIE_API ssize_t xie_file_write(struct xie_file *file, const void *buf, size_t len, int64_t offset);

/* Where XIE_FILE_NEXT is [bytes]; and to set it (-EINVAL below 0, -EBUSY in use). */
XIE_API int64_t xie_file_position(const struct xie_file *file);
XIE_API int xie_file_seek(struct xie_file *file, int64_t position);

/* Its size in bytes; or errors as read. */
XIE_API int64_t xie_file_size(struct xie_file *file);
/* Cut it to, or fill it with zeros up to, size. errors as write; -EINVAL size below 0 */
XIE_API int xie_file_truncate(struct xie_file *file, int64_t size);
/* Wait until what was written is on the disk: the bytes alone, or its times and mode too.
 * errors -EIO a write failed: which, nobody knows any more. source fsync(2), fdatasync(2) */
XIE_API int xie_file_sync(struct xie_file *file, bool data_only);
/* The descriptor, borrowed. */
XIE_API int xie_file_fd(const struct xie_file *file);

/* Close; waits for tasks that are in a call of it (they return XIE_ECLOSED), even in a cancelled
 * scope. NULL is allowed. Nothing is synced: xie_file_sync is where errors of the disk are told. */
XIE_API void xie_file_close(struct xie_file *file);

/**
 * Read a whole file.
 *
 * limit   bytes at most: XIE_ELIMIT for a longer one
 * data    receives them, with a 0 byte behind, owned: free with xie_free
 * return  bytes
 * errors  as xie_file_open and xie_file_read; -EISDIR
 * note    interrupted, it waits for the disk and returns the file, or never began
 * source  Python's Path.read_bytes
 */
XIE_API ssize_t xie_file_load(const char *path, size_t limit, char **data);

/**
 * Write a whole file: whoever opens path sees the old content or the new, never a part, also after
 * a loss of power.
 *
 * mode    of the file, less the umask
 * errors  as xie_file_open and xie_file_write; the old content stays, and nothing is left behind.
 *         (-EIO of the last step, telling the folder's disk: it is the new content already)
 * note    a new file is written beside it (path with a suffix, its last name cut where that would
 *         be too long), synced and renamed: a symbolic link is replaced, and the folder must be
 *         writable. Interrupted, it did not begin, or is finished
 * source  Python's Path.write_bytes, but atomic
 */
XIE_API int xie_file_save(const char *path, const void *data, size_t len, mode_t mode);

/**
 * Write a part of a file to a stream.
 *
 * offset  in the file; where XIE_FILE_NEXT is does not change. -EINVAL below 0
 * len     bytes at most; UINT64_MAX: up to the file's end
 * return  bytes written, less than len only where the file ends
 * errors  as xie_stream_write and xie_file_read; how much went out is told by xie_stream_written,
 *         exactly. -EMFILE: it has a descriptor of its own, so that the file may be closed
 *         meanwhile
 * cost    to a socket by the kernel, without a copy, on a thread of the pool that a full socket
 *         does not hold up; to anything else by a buffer of 64 KiB
 * source  asyncio loop.sendfile, with its fallback; sendfile(2)
 */
XIE_API int64_t xie_stream_sendfile(struct xie_stream *stream, struct xie_file *file,
                                    int64_t offset, uint64_t len);

#ifdef __cplusplus
}
#endif
#endif
