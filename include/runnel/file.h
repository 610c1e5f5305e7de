/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file.h: files, without holding a worker.
 *
 * A plain file is always "ready" and still makes its caller wait for a disk, so
 * every call here runs on a thread that may block (rn_block in io.h) and only
 * the goroutine parks. What the system has in memory already is read without
 * that detour.
 *
 *     char *text;
 *     size_t size;
 *     int status = rn_file_read_all("/etc/hosts", 1 << 20, &text, &size);
 *     if (status == RN_OK) {
 *         status = rn_file_write_all("hosts.copy", text, size, 0644);
 *         free(text);
 *     }
 *
 * A file is a descriptor, closed by exec; it may be used with other libraries
 * too. A negative status is what the system said: RN_NOT_FOUND (no such file),
 * -EACCES, -ENOSPC, -EISDIR, ...
 *
 * Threads: every call may come from any goroutine, and from a foreign thread,
 * which then blocks. Calls that share a descriptor's position are in no order;
 * give the offset instead. Nobody may close a descriptor that another uses.
 */
#ifndef RUNNEL_FILE_H
#define RUNNEL_FILE_H

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Reads a whole file. RN_OK with its bytes in *data, to be freed by free(), and
 * their number in *size; a NUL that is not counted follows them. -EFBIG when
 * there are more than `limit`, RN_NOMEM, or another negative status. Parks.
 */
int rn_file_read_all(const char *path, size_t limit, char **data, size_t *size);

/*
 * Writes a whole file so that whoever opens `path`, also after a crash, finds
 * either what was there or all of this: into a new file beside it, which is
 * written through to the disk and then takes the name. `mode` are the
 * permissions of a file that is new (the umask applies); one that is replaced
 * keeps its own; of a symbolic link the link is replaced. RN_OK, or a negative
 * status with `path` as it was (or new, when only its folder could not be
 * written through). Parks.
 */
int rn_file_write_all(const char *path, const void *data, size_t size,
                      unsigned mode);

/*
 * open(2) with these O_ flags, and O_CLOEXEC. Returns a descriptor, to be
 * closed by rn_file_close, or a negative status. Parks, also until the other
 * end of a named pipe is opened.
 */
int rn_file_open(const char *path, int flags, unsigned mode);

/*
 * At most `size` bytes at the offset, or at the descriptor's position, which
 * moves on. Returns how many, 0 at the end, or a negative status. Park.
 */
int64_t rn_file_read_at(int fd, void *data, size_t size, int64_t offset);
int64_t rn_file_read(int fd, void *data, size_t size);

/*
 * All of the bytes at the offset, or at the position (at the end with
 * O_APPEND). RN_OK, or a negative status; part may then be written. Park.
 */
int rn_file_write_at(int fd, const void *data, size_t size, int64_t offset);
int rn_file_write(int fd, const void *data, size_t size);

/* Returns once all that was written is on the disk. RN_OK or a status. */
int rn_file_sync(int fd);

/* Bytes in the file now, or a negative status. */
int64_t rn_file_size(int fd);

/* RN_OK, or what was wrong with an earlier write; closed in any case. */
int rn_file_close(int fd);

#ifdef __cplusplus
}
#endif

#endif
