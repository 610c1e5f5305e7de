/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simudp.h: simulated datagrams, for net_udp.c.
 *
 * As simfd.h: nothing here parks or is interrupted, statuses are those of the
 * system's calls. The numbers come after those of streams.
 */
#ifndef RUNNEL_SIMUDP_H
#define RUNNEL_SIMUDP_H

#include "simfd.h"

#define SIMUDP_FIRST (SIMFD_FIRST + SIMFD_MAX)
#define SIMUDP_MAX   64
/* Bytes of a datagram, as over IPv4. */
#define SIMUDP_BYTES 65507

static inline bool simudp_is(int fd)
{
    return fd >= SIMUDP_FIRST && fd < SIMUDP_FIRST + SIMUDP_MAX;
}

/* Before a run: those of the last one are gone. */
void simudp_reset(void);

/* A socket of that name. -EADDRINUSE, -EMFILE, RN_INVALID (not simulated). */
int simudp_bind(const char *name);
int simudp_close(int fd);
int simudp_ready(int fd, int events);
/* The oldest that has arrived: its bytes, what fits; and who sent it. RN_AGAIN,
 * -EBADF. */
int64_t simudp_receive(int fd, void *data, size_t size,
                       char from[SIMFD_NAME_MAX]);
/* RN_OK, whether it arrives or not; -EMSGSIZE, -EBADF. */
int simudp_send(int fd, const char *to, const void *data, size_t size);

#endif
