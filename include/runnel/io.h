/* SPDX-License-Identifier: Apache-2.0 */
/*
 * io.h: descriptors and calls that block.
 *
 * A descriptor that can be polled (socket, pipe, eventfd) is set non-blocking
 * by its owner, tried, and waited for here when it is not ready: only the
 * goroutine parks. A call that cannot be polled (a file system, a name look-up,
 * SQLite) runs on a thread made for blocking.
 *
 *     for (;;) {
 *         ssize_t got = read(fd, buffer, size);
 *         if (got >= 0 || errno != EAGAIN)
 *             return got;
 *         int ready = rn_wait_fd(fd, RN_READ, deadline);
 *         if (ready < 0)
 *             return ready;
 *     }
 */
#ifndef RUNNEL_IO_H
#define RUNNEL_IO_H

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_ctx;

enum { RN_READ = 1, RN_WRITE = 2 };

/*
 * Parks until the descriptor may be read or written (RN_READ | RN_WRITE).
 * Returns the ready directions (an error or hang-up makes both ready: the next
 * call on the descriptor tells), RN_TIMEOUT at the deadline, or another
 * negative status: -EBADF, -EPERM (cannot be polled: a plain file), RN_INVALID
 * (somebody waits for that direction already, or it is a connection's: net.h
 * has waits of its own). May wake without reason: try, and wait again.
 * Descriptors must not be closed while waited for. From a foreign thread it
 * blocks in poll.
 */
int rn_wait_fd(int fd, int events, int64_t deadline);

/* The same until the context is done: also RN_CANCELED. */
int rn_wait_fd_ctx(struct rn_ctx *ctx, int fd, int events);

/*
 * Runs function(arg) on a thread where it may block, and parks until it has
 * returned. What function does is visible to the caller, as in a plain call.
 * Threads are made as needed, up to RN_BLOCK_THREADS; calls beyond wait their
 * turn. The function must not park (it is a foreign thread's code); a panic in
 * it is raised again in the caller. On a foreign thread it is a plain call.
 */
#define RN_BLOCK_THREADS 64
void rn_block(void (*function)(void *arg), void *arg);

#ifdef __cplusplus
}
#endif

#endif
