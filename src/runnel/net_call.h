/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_call.h: calls on a connection's number, the system's or a simulated one.
 */
#ifndef RUNNEL_NET_CALL_H
#define RUNNEL_NET_CALL_H

#include "os.h"
#include "os_net.h"
#include "simudp.h"

static inline int64_t net_receive(int fd, bool is_socket, void *data,
                                  size_t size)
{
    if (unlikely(simfd_is(fd)))
        return simfd_read(fd, data, size);
    return is_socket ? os_receive(fd, data, size) : os_read(fd, data, size);
}

/* Some of the pieces, of which the first is not empty. */
static inline int64_t net_send(int fd, bool is_socket,
                               const struct iovec *pieces, size_t count)
{
    if (unlikely(simfd_is(fd)))
        return simfd_write(fd, pieces->iov_base, pieces->iov_len);
    return is_socket ? os_send(fd, pieces, count)
                     : os_write_pipe(fd, pieces, count);
}

static inline int net_shutdown(int fd, int how)
{
    return unlikely(simfd_is(fd)) ? simfd_shutdown(fd) : os_shutdown(fd, how);
}

/* Which of the events it is ready for now. */
static inline int net_ready(int fd, int events)
{
    if (unlikely(simudp_is(fd)))
        return simudp_ready(fd, events);
    return unlikely(simfd_is(fd)) ? simfd_ready(fd, events)
                                  : os_poll_one(fd, events, 0);
}

static inline int net_accept(int fd, struct net_address *peer)
{
    return unlikely(simfd_is(fd)) ? simfd_accept(fd) : os_accept(fd, peer);
}

static inline void net_close(int fd)
{
    if (unlikely(simudp_is(fd)))
        simudp_close(fd);
    else if (unlikely(simfd_is(fd)))
        simfd_close(fd);
    else
        os_close(fd);
}

#endif
