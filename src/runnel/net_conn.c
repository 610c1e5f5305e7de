/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_conn.c: read, write and close a connection (net.h).
 *
 * Every operation tries first and waits only when the system says -EAGAIN, or
 * would say it: after a short read of a TCP socket there is nothing until the
 * next edge (epoll(7)), which saves a call for each message, and one for each
 * wait between two of them. Unix sockets and pipes may give less for other
 * reasons (descriptors that come along), and datagrams end where they end. It
 * keeps its side's turn from its first to its last byte, so that what two
 * goroutines write is never mixed.
 */
#include "net_conn.h"

#include <errno.h>
#include <string.h>

#include <runnel/io.h>

#include "alloc.h"
#include "net_address.h"
#include "net_call.h"
#include "schedule.h"

static char io_edge; /* an address for the race detector */

void net_edge_out(void)
{
    race_release(&io_edge);
}

void net_edge_in(void)
{
    race_acquire(&io_edge);
}

int conn_make(int fd, bool is_socket, const struct net_address *remote,
              struct rn_conn **out)
{
    struct rn_conn *conn = schedule_alloc(1, sizeof(*conn));
    if (!conn)
        return RN_NOMEM;
    int status = netfd_open(&conn->fd, fd);
    if (status < 0) {
        alloc_free(conn);
        return status;
    }
    conn->is_socket = is_socket;
    if (remote && remote->size > 0) {
        conn->is_tcp = remote->any.sa_family != AF_UNIX;
        address_format(remote, conn->remote, sizeof(conn->remote));
    }
    *out = conn;
    return 0;
}

int rn_conn_take(int fd, struct rn_conn **out)
{
    if (simfd_is(fd))
        return conn_make(fd, true, NULL, out);
    struct net_address remote = {0};
    bool is_socket = os_option_of(fd, SOL_SOCKET, SO_TYPE) >= 0;
    if (is_socket)
        os_remote_address(fd, &remote);
    struct rn_conn *conn;
    int status = conn_make(fd, is_socket, &remote, &conn);
    if (status < 0)
        return status;
    conn->is_tcp = conn->is_tcp &&
                   os_option_of(fd, SOL_SOCKET, SO_PROTOCOL) == IPPROTO_TCP;
    status = os_nonblocking(fd);
    if (status < 0) {
        netfd_abandon(&conn->fd);
        alloc_free(conn);
        return status;
    }
    *out = conn;
    return RN_OK;
}

int rn_pipe(struct rn_conn **reader, struct rn_conn **writer)
{
    struct rn_conn *conns[2] = {NULL, NULL};
    int ends[2];
    int status = os_pipe(ends);
    if (status < 0)
        return status;
    for (int i = 0; i < 2 && status == 0; i++)
        status = rn_conn_take(ends[i], &conns[i]);
    if (status == 0) {
        *reader = conns[0];
        *writer = conns[1];
        return RN_OK;
    }
    for (int i = 0; i < 2; i++) {
        if (!conns[i])
            os_close(ends[i]);
        rn_conn_free(conns[i]);
    }
    return status;
}

/* ------------------------------------------------------------------ reading */

static int64_t try_read(struct rn_conn *conn, void *data, size_t size)
{
    return net_receive(conn->fd.fd, conn->is_socket, data, size);
}

/* With the turn: some bytes, 0 at the end, or a status. */
static int64_t read_some(struct rn_conn *conn, void *data, size_t size)
{
    int64_t got = try_read(conn, data, size);
    while (got == -EAGAIN) {
        int status = netfd_wait(&conn->fd, NETFD_READ, NULL);
        if (status < 0)
            return status;
        got = try_read(conn, data, size);
    }
    if (got > 0)
        memory_was_written(data, (size_t)got);
    return got;
}

/* After a call that asked for `size` bytes. */
static void end_read(struct rn_conn *conn, int64_t got, size_t size)
{
    if (conn->is_tcp && got > 0 && (size_t)got < size)
        netfd_end_drained(&conn->fd, NETFD_READ);
    else
        netfd_end(&conn->fd, NETFD_READ);
    net_edge_in();
}

int64_t rn_conn_read(struct rn_conn *conn, void *data, size_t size)
{
    int64_t got = size > 0 ? netfd_begin_ready(&conn->fd, NETFD_READ)
                           : netfd_begin(&conn->fd, NETFD_READ);
    if (got < 0)
        return got;
    if (size > 0)
        got = read_some(conn, data, size);
    end_read(conn, got, size);
    return got;
}

int64_t rn_conn_read_full(struct rn_conn *conn, void *data, size_t size)
{
    size_t done = 0;
    int64_t got = size > 0 ? netfd_begin_ready(&conn->fd, NETFD_READ)
                           : netfd_begin(&conn->fd, NETFD_READ);
    if (got < 0)
        return got;
    while (done < size) {
        got = read_some(conn, (char *)data + done, size - done);
        if (got <= 0)
            break;
        done += (size_t)got;
        if (!conn->is_tcp || done == size)
            continue;
        int status = netfd_wait_drained(&conn->fd, NETFD_READ);
        if (status < 0) {
            got = status;
            break;
        }
    }
    netfd_end(&conn->fd, NETFD_READ);
    net_edge_in();
    return got < 0 ? got : (int64_t)done;
}

/* ------------------------------------------------------------------ writing */

/* Takes `count` written bytes off the front of the pieces. */
static void advance(struct iovec **pieces, size_t *left, size_t count)
{
    while (*left > 0 && count >= (*pieces)->iov_len) {
        count -= (*pieces)->iov_len;
        (*pieces)++;
        (*left)--;
    }
    if (count > 0) {
        (*pieces)->iov_base = (char *)(*pieces)->iov_base + count;
        (*pieces)->iov_len -= count;
    }
}

/* With the turn: all of the pieces, which are used up. */
static int write_all(struct rn_conn *conn, struct iovec *pieces, size_t count,
                     size_t *written)
{
    advance(&pieces, &count, 0); /* empty ones */
    while (count > 0) {
        int64_t put = net_send(conn->fd.fd, conn->is_socket, pieces, count);
        if (put >= 0) {
            *written += (size_t)put;
            advance(&pieces, &count, (size_t)put);
            continue;
        }
        if (put != -EAGAIN)
            return (int)put;
        int status = netfd_wait(&conn->fd, NETFD_WRITE, NULL);
        if (status < 0)
            return status;
    }
    return RN_OK;
}

static int write_pieces(struct rn_conn *conn, struct iovec *pieces,
                        size_t count, size_t *written)
{
    size_t done = 0;
    net_edge_out();
    for (size_t i = 0; i < count; i++)
        memory_was_read(pieces[i].iov_base, pieces[i].iov_len);
    int status = netfd_begin(&conn->fd, NETFD_WRITE);
    if (status == 0) {
        status = write_all(conn, pieces, count, &done);
        netfd_end(&conn->fd, NETFD_WRITE);
    }
    if (written)
        *written = done;
    return status;
}

int rn_conn_write(struct rn_conn *conn, const void *data, size_t size,
                  size_t *written)
{
    struct iovec piece = {(void *)(uintptr_t)data, size};
    return write_pieces(conn, &piece, 1, written);
}

int rn_conn_write_pieces(struct rn_conn *conn, const struct iovec *pieces,
                         int count, size_t *written)
{
    struct iovec own[RN_PIECES_MAX];
    if (count < 0 || count > RN_PIECES_MAX) {
        if (written)
            *written = 0;
        return RN_INVALID;
    }
    if (count > 0)
        memcpy(own, pieces, (size_t)count * sizeof(*pieces));
    return write_pieces(conn, own, (size_t)count, written);
}

/* ---------------------------------------------------------------- deadlines */

void rn_conn_set_read_deadline(struct rn_conn *conn, int64_t deadline)
{
    netfd_set_deadline(&conn->fd, NETFD_READ, deadline);
}

void rn_conn_set_write_deadline(struct rn_conn *conn, int64_t deadline)
{
    netfd_set_deadline(&conn->fd, NETFD_WRITE, deadline);
}

void rn_conn_set_deadline(struct rn_conn *conn, int64_t deadline)
{
    rn_conn_set_read_deadline(conn, deadline);
    rn_conn_set_write_deadline(conn, deadline);
}

/* ---------------------------------------------------------------------- end */

int rn_conn_close_write(struct rn_conn *conn)
{
    if (!netfd_hold(&conn->fd))
        return RN_CLOSED;
    int status = 0;
    net_edge_out();
    if (conn->is_socket)
        status = net_shutdown(conn->fd.fd, SHUT_WR);
    else
        netfd_close(&conn->fd); /* a pipe's end has the one direction only */
    netfd_drop(&conn->fd);
    return status;
}

void rn_conn_close(struct rn_conn *conn)
{
    net_edge_out();
    netfd_close(&conn->fd);
}

void rn_conn_free(struct rn_conn *conn)
{
    if (!conn)
        return;
    net_edge_out();
    netfd_free(&conn->fd);
    alloc_free(conn);
}

/* ------------------------------------------------------------- about itself */

const char *rn_conn_remote(const struct rn_conn *conn)
{
    return conn->remote;
}

const char *rn_conn_local(const struct rn_conn *given)
{
    struct rn_conn *conn = (struct rn_conn *)(uintptr_t)given;
    struct net_address address;
    char text[RN_ADDRESS_MAX] = "";
    if (netfd_hold(&conn->fd)) {
        if (os_local_address(conn->fd.fd, &address) == 0)
            address_format(&address, text, sizeof(text));
        netfd_drop(&conn->fd);
    }
    poll_desc_lock(conn->fd.desc);
    if (!conn->knows_local && *text) {
        conn->knows_local = true;
        memcpy(conn->local, text, sizeof(text));
    }
    poll_desc_unlock(conn->fd.desc);
    return conn->local;
}

int rn_conn_fd(const struct rn_conn *conn)
{
    return netfd_lend((struct netfd *)(uintptr_t)&conn->fd);
}

/*
 * With the turn, which is given back. Others may do the reading, so an edge may
 * have been used up by bytes that are still there: the descriptor itself is
 * asked before the caller parks.
 */
static int wait_until(struct rn_conn *conn, int side, int events)
{
    int status = 0;
    int ready = net_ready(conn->fd.fd, events);
    if (ready == 0)
        status = netfd_wait(&conn->fd, side, NULL);
    netfd_end(&conn->fd, side);
    net_edge_in();
    return ready < 0 ? ready : status;
}

/* After a short read nobody need be asked: who else reads takes, and adds
 * nothing. */
int rn_conn_wait_readable(struct rn_conn *conn)
{
    int status = netfd_begin_ready(&conn->fd, NETFD_READ);
    if (status < 0)
        return status;
    if (status == 0)
        return wait_until(conn, NETFD_READ, RN_READ);
    netfd_end(&conn->fd, NETFD_READ);
    net_edge_in();
    return RN_OK;
}

int rn_conn_wait_writable(struct rn_conn *conn)
{
    int status = netfd_begin(&conn->fd, NETFD_WRITE);
    return status < 0 ? status : wait_until(conn, NETFD_WRITE, RN_WRITE);
}
