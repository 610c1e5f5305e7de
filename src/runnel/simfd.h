/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simfd.h: waiting for a simulated descriptor, for fd.c.
 */
#ifndef RUNNEL_SIMFD_H
#define RUNNEL_SIMFD_H

#include "wait.h"

/* Simulated descriptors have numbers from here on, above any real one. */
#define SIMFD_FIRST (1 << 24)
#define SIMFD_MAX   256

static inline bool simfd_is(int fd)
{
    return fd >= SIMFD_FIRST && fd < SIMFD_FIRST + SIMFD_MAX;
}

/* As rn_wait_fd and rn_wait_fd_ctx (`token` may be NULL). */
int simfd_wait(int fd, int events, int64_t deadline,
               struct cancel_token *token);

/* Before a run: those of the last one are gone. */
void simfd_reset(void);

#endif
