/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_dial.c: connect to an address (rn_dial in net.h).
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>

#include <runnel/context.h>
#include <runnel/task.h>

#include "net_address.h"
#include "net_call.h"
#include "net_conn.h"
#include "net_lookup.h"
#include "sched.h"

/* A Unix listener whose queue is full says so at once, and nothing tells when
 * it has room: it is asked again after a while. */
#define RETRY_MIN (1 * RN_MS)
#define RETRY_MAX (50 * RN_MS)

static struct cancel_token *token_of(struct rn_ctx *ctx)
{
    return ctx ? ctx_token(ctx) : NULL;
}

/* Sleeps, unless the context is done before. */
static int pause_within(struct rn_ctx *ctx, int64_t ns)
{
    if (!ctx) {
        rn_sleep(ns);
        return 0;
    }
    struct rn_ctx *limit = rn_ctx_with_timeout(ctx, ns);
    rn_ctx_wait(limit);
    rn_ctx_release(limit);
    return rn_ctx_err(ctx);
}

static int connect_unix(struct rn_ctx *ctx, int fd,
                        const struct net_address *address)
{
    int64_t pause = RETRY_MIN;
    int status = os_connect(fd, address);
    while (status == -EAGAIN) {
        status = pause_within(ctx, pause);
        if (status != 0)
            break;
        pause = pause < RETRY_MAX ? 2 * pause : RETRY_MAX;
        status = os_connect(fd, address);
    }
    return status;
}

/*
 * A port that nobody listens on may be the one that the system picks for our
 * own end: the connection is then one with itself.
 */
static bool is_own_end(int fd, const struct net_address *remote)
{
    struct net_address local;
    return os_local_address(fd, &local) == 0 && address_equal(&local, remote);
}

/* After -EINPROGRESS: waits until it is decided. */
static int finish(struct rn_ctx *ctx, struct netfd *n)
{
    struct net_address remote;
    int status = netfd_begin(n, NETFD_WRITE);
    if (status != 0)
        return status;
    do {
        status = os_option_of(n->fd, SOL_SOCKET, SO_ERROR);
        if (status == 0) {
            status = os_remote_address(n->fd, &remote);
            if (status == -ENOTCONN)
                status = RN_AGAIN;
        } else if (status > 0) {
            status = -status;
        }
        if (status != RN_AGAIN)
            break;
        status = netfd_wait(n, NETFD_WRITE, token_of(ctx));
    } while (status == 0);
    if (status == 0 && is_own_end(n->fd, &remote))
        status = -ECONNREFUSED;
    netfd_end(n, NETFD_WRITE);
    return status;
}

static int dial_one(struct rn_ctx *ctx, const struct net_address *address,
                    struct rn_conn **out)
{
    struct rn_conn *conn = NULL;
    int fd = os_socket(address->any.sa_family, SOCK_STREAM);
    if (fd < 0)
        return fd;
    int status;
    if (address->any.sa_family == AF_UNIX) {
        status = connect_unix(ctx, fd, address);
    } else {
        os_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
        status = os_connect(fd, address);
    }
    bool pending = status == -EINPROGRESS;
    if (status == 0 || pending)
        status = conn_make(fd, true, address, &conn);
    if (!conn) {
        os_close(fd);
        return status;
    }
    if (pending)
        status = finish(ctx, &conn->fd);
    if (status != 0) {
        rn_conn_free(conn);
        return status;
    }
    *out = conn;
    return RN_OK;
}

/* A listener whose queue is full is asked again, as a Unix one is. */
static int dial_simulated(struct rn_ctx *ctx, const char *name,
                          struct rn_conn **out)
{
    int64_t pause = RETRY_MIN;
    int fd = simfd_dial(name);
    while (fd == RN_AGAIN) {
        int status = pause_within(ctx, pause);
        if (status != 0)
            return status;
        pause = pause < RETRY_MAX ? 2 * pause : RETRY_MAX;
        fd = simfd_dial(name);
    }
    if (fd < 0)
        return fd;
    int status = conn_make(fd, true, NULL, out);
    if (status < 0)
        net_close(fd);
    else
        snprintf((*out)->remote, sizeof((*out)->remote), "sim:%.63s", name);
    return status;
}

int rn_dial(struct rn_ctx *ctx, const char *address, struct rn_conn **out)
{
    struct endpoint endpoint;
    struct net_addresses list = {.count = 1};
    int status = address_parse(address, false, &endpoint);
    if (status != 0)
        return status;
    if (ctx && rn_ctx_err(ctx) != 0)
        return rn_ctx_err(ctx);
    net_edge_out();
    sched_point();
    if (endpoint.is_simulated)
        return dial_simulated(ctx, endpoint.host, out);
    list.at[0] = endpoint.address;
    if (endpoint.address.size == 0)
        status = lookup(ctx, endpoint.host, endpoint.port, &list);
    if (status != 0)
        return status;
    status = -ECONNREFUSED;
    for (size_t i = 0; i < list.count; i++) {
        status = dial_one(ctx, &list.at[i], out);
        if (status == RN_OK || (ctx && rn_ctx_err(ctx) != 0))
            break;
    }
    return status;
}
