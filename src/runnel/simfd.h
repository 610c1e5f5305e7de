/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simfd.h: simulated descriptors, for fd.c and for connections.
 *
 * These do not park and are no place where a goroutine is interrupted, so they
 * may be called under a lock. Statuses are those of the system's calls.
 */
#ifndef RUNNEL_SIMFD_H
#define RUNNEL_SIMFD_H

#include "poll.h"
#include "wait.h"

/* Simulated descriptors have numbers from here on, above any real one. */
#define SIMFD_FIRST    POLL_SIMULATED
#define SIMFD_MAX      256
/* Of a listener, with its NUL. */
#define SIMFD_NAME_MAX 64

static inline bool simfd_is(int fd)
{
    return fd >= SIMFD_FIRST && fd < SIMFD_FIRST + SIMFD_MAX;
}

/* It is open in this run. */
bool simfd_is_open(int fd);

/* As rn_wait_fd and rn_wait_fd_ctx (`token` may be NULL). */
int simfd_wait(int fd, int events, int64_t deadline,
               struct cancel_token *token);

/* Before a run: those of the last one are gone. */
void simfd_reset(void);

/* After poll_own: from now on edges go to the poller's table (poll_tell). */
void simfd_own(int fd);

/* Ready directions now, of those. */
int simfd_ready(int fd, int events);

int64_t simfd_read(int fd, void *data, size_t size);
int64_t simfd_write(int fd, const void *data, size_t size);
int simfd_shutdown(int fd);
int simfd_close(int fd);

/* A listener. -EADDRINUSE, -EMFILE, RN_INVALID (not a name, not simulated). */
int simfd_listen(const char *name, size_t backlog);
/* -ECONNREFUSED, RN_AGAIN (too many wait there), -EMFILE, RN_NOMEM. */
int simfd_dial(const char *name);
/* Any of those that have come. RN_AGAIN, -ECONNABORTED, -EBADF. */
int simfd_accept(int fd);

/* When what is sent over the network now arrives; the delay is drawn. */
int64_t simfd_network_arrival(void);

#endif
