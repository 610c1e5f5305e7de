/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net.h: connections, listeners and datagrams; only the goroutine parks.
 *
 * An address is text:
 *
 *     "127.0.0.1:8080"  "[::1]:8080"  "localhost:8080"  ":8080" (any address)
 *     "unix:/run/server.sock"  "unix:@name" (abstract)
 *     "sim:name" (in a simulated run: sim.h)
 *
 * Port 0 lets the system choose one; rn_listener_address tells which.
 *
 *     struct rn_listener *listener;
 *     int status = rn_listen("127.0.0.1:0", NULL, &listener);
 *     struct rn_conn *conn;
 *     while ((status = rn_accept(listener, &conn)) == RN_OK)
 *         rn_go(serve, conn);       // serve(struct rn_conn **own)
 *     rn_listener_free(listener);
 *
 * Deadlines: each connection has one for reading and one for writing, RN_NEVER
 * at first. They hold for every call until they are moved, also for one that
 * is waiting; one in the past ends it at once. To bind a connection to a
 * context, let rn_ctx_after_func move its deadline.
 *
 * Close and free: close may come from any goroutine, at any time, and again:
 * whoever waits on the connection returns RN_CLOSED, and so does every later
 * call. Free closes and gives the memory back; the caller makes sure that
 * nobody uses the connection any more.
 *
 * Threads: one goroutine may read and another write at the same time. A second
 * reader (or writer) waits its turn. All calls may come from foreign threads.
 */
#ifndef RUNNEL_NET_H
#define RUNNEL_NET_H

#include <sys/uio.h>

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_ctx;
struct rn_conn;
struct rn_listener;

/* Longest address that the library writes, with its NUL. */
#define RN_ADDRESS_MAX 128

/* ------------------------------------------------------------- listeners */

struct rn_listen_options {
    int backlog;     /* connections that wait for accept; 0: 1024 */
    bool reuse_port; /* several processes share the port */
    unsigned mode;   /* permissions of a Unix socket's file; 0: 0600 */
};

/*
 * Listens on a TCP or Unix address; `options` may be NULL. RN_OK with the
 * listener in *out, RN_INVALID (not an address), -EADDRINUSE, -EACCES, ... A
 * name is looked up on a thread where it may block, so the call can park. A
 * socket file left behind that nobody listens on is replaced.
 */
int rn_listen(const char *address, const struct rn_listen_options *options,
              struct rn_listener **out);

/*
 * Parks until somebody connects. RN_OK with the connection in *out (the
 * caller's to free), RN_CLOSED when the listener is closed, RN_TIMEOUT at its
 * deadline, -EMFILE when the process is out of descriptors: the connection is
 * then still waiting, so free some and accept again. RN_NOMEM: it is dropped.
 */
int rn_accept(struct rn_listener *listener, struct rn_conn **out);
void rn_listener_set_deadline(struct rn_listener *listener, int64_t deadline);

/* "127.0.0.1:43211", "unix:/path"; borrowed from the listener. */
const char *rn_listener_address(const struct rn_listener *listener);

/* Wakes all that accept. Does not park. A Unix socket's file is removed. */
void rn_listener_close(struct rn_listener *listener);
void rn_listener_free(struct rn_listener *listener); /* NULL is allowed */

/* ----------------------------------------------------------- connections */

/*
 * Connects; parks until it is done or the context is. Every address of a name
 * is tried in turn. RN_OK with the connection in *out, the context's status,
 * RN_INVALID (not an address), RN_NOT_FOUND (the name is not known), or what
 * the last try said: -ECONNREFUSED, ...
 */
int rn_dial(struct rn_ctx *ctx, const char *address, struct rn_conn **out);

/*
 * Takes a connected stream socket (or a pipe's end, or one of a socket pair)
 * and sets it non-blocking, which whoever shares it sees: a terminal's shell,
 * say. RN_OK; RN_NOMEM, -EBADF, -EPERM (a plain file) with `fd` untouched.
 */
int rn_conn_take(int fd, struct rn_conn **out);

/*
 * A pipe: what is written to the one is read from the other. Both are the
 * caller's to free. RN_OK, -EMFILE, ... Does not park.
 */
int rn_pipe(struct rn_conn **reader, struct rn_conn **writer);

/*
 * Parks until there is something to read. Returns how many bytes came, at most
 * `size`; 0 when the other side has ended; RN_TIMEOUT, RN_CLOSED, or another
 * negative status (-ECONNRESET, ...). A size of 0 returns 0 at once.
 */
int64_t rn_conn_read(struct rn_conn *conn, void *data, size_t size);
/* Reads until `size` bytes are there: `size`, fewer at the end, or a status. */
int64_t rn_conn_read_full(struct rn_conn *conn, void *data, size_t size);

/*
 * Parks until all is written: RN_OK, or a negative status (RN_TIMEOUT,
 * -ECONNRESET, ...); part of it may then have been written, `*written` (NULL:
 * not asked) says how much. RN_CLOSED, which is -EPIPE, says that it is closed,
 * or that the other side reads no more. No SIGPIPE.
 */
int rn_conn_write(struct rn_conn *conn, const void *data, size_t size,
                  size_t *written);
/* The same for several pieces; at most RN_PIECES_MAX, else RN_INVALID. */
#define RN_PIECES_MAX 64
int rn_conn_write_pieces(struct rn_conn *conn, const struct iovec *pieces,
                         int count, size_t *written);

/* Move the deadlines, also under who waits now. Do not park. */
void rn_conn_set_deadline(struct rn_conn *conn, int64_t deadline);
void rn_conn_set_read_deadline(struct rn_conn *conn, int64_t deadline);
void rn_conn_set_write_deadline(struct rn_conn *conn, int64_t deadline);

/* The other side reads to the end; ours still reads. RN_OK or a status. */
int rn_conn_close_write(struct rn_conn *conn);
void rn_conn_close(struct rn_conn *conn);
void rn_conn_free(struct rn_conn *conn); /* NULL is allowed */

/* Of the other side, and of this one; borrowed. "" for what has none. */
const char *rn_conn_remote(const struct rn_conn *conn);
const char *rn_conn_local(const struct rn_conn *conn);

/*
 * Parks until a read would find something: bytes, the end, an error. RN_OK (may
 * be without reason: the read then waits), RN_TIMEOUT, RN_CLOSED. So a server
 * of many connections has a buffer only for those that it answers just now, and
 * an idle one costs little more than a page, its goroutine's:
 *
 *     while (rn_conn_wait_readable(conn) == RN_OK && answer(conn))
 *         continue;             // answer: takes a buffer, reads, gives it back
 *
 * After a read of a TCP connection that returned less than `size` the wait takes
 * no system call, otherwise one.
 */
int rn_conn_wait_readable(struct rn_conn *conn);

/*
 * For libraries that do their own reading and writing (OpenSSL): the
 * descriptor, borrowed; with the wait above, and this one, which keep the
 * connection's deadlines and its close. RN_OK (may be without reason: try
 * again), RN_TIMEOUT, RN_CLOSED.
 */
int rn_conn_fd(const struct rn_conn *conn);
int rn_conn_wait_writable(struct rn_conn *conn);

/* ------------------------------------------------------------- datagrams */

struct rn_udp;

/*
 * A UDP socket at an address ("127.0.0.1:0", ":0"). The statuses of rn_listen;
 * RN_INVALID for a Unix address too. A name is looked up, so the call can park.
 */
int rn_udp_bind(const char *address, struct rn_udp **out);

/*
 * Parks for one datagram. Returns how many bytes of it are in `data` (0 is one
 * without bytes; what is beyond `size` is dropped), and in `from` who sent it,
 * unless that is NULL. RN_TIMEOUT, RN_CLOSED, or another negative status.
 */
int64_t rn_udp_recv(struct rn_udp *udp, void *data, size_t size,
                    char from[RN_ADDRESS_MAX]);

/*
 * Sends one datagram; parks while the system has no room for it. `to` has a
 * numeric address, such as `from` above: otherwise RN_INVALID. RN_OK,
 * RN_TIMEOUT, RN_CLOSED, -EMSGSIZE, ... RN_OK does not say that it arrives.
 */
int rn_udp_send(struct rn_udp *udp, const char *to, const void *data,
                size_t size);

/* For recv and send alike, also under who waits now. Does not park. */
void rn_udp_set_deadline(struct rn_udp *udp, int64_t deadline);

/* "127.0.0.1:43211"; borrowed from the socket. */
const char *rn_udp_address(const struct rn_udp *udp);

/* As for connections: wakes all; NULL is allowed for free. */
void rn_udp_close(struct rn_udp *udp);
void rn_udp_free(struct rn_udp *udp);

#ifdef __cplusplus
}
#endif

#endif
