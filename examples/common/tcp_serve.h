/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp_serve.h: what servers have in common: to listen, to accept until it is
 * over, and connections that hear of the end while they wait.
 *
 *     static void take(struct rn_conn *conn, void *arg)
 *     {
 *         rn_group_go(arg, serve, conn);   // serve(ctx, struct rn_conn **own)
 *     }
 *     ...
 *     struct rn_listener *listener = tcp_listen("tcp", "127.0.0.1:9000", "");
 *     struct rn_group *group = rn_group_make(ctx, 0);
 *     int status = tcp_accept_all(rn_group_ctx(group), listener, take, group);
 *     rn_group_wait(group);
 *     rn_listener_free(listener);
 *
 * A goroutine that waits for its client does not look at its context; a guard
 * does something to the connection when the context is done:
 *
 *     struct tcp_guard guard;
 *     tcp_guard_begin(&guard, ctx, conn, tcp_end_reading);
 *     while (rn_conn_read(conn, ...) > 0)
 *         ...
 *     tcp_guard_end(&guard);
 *     rn_conn_free(conn);
 */
#ifndef TCP_SERVE_H
#define TCP_SERVE_H

#include <runnel/runnel.h>

/*
 * Listens, and prints "listening on SCHEME://ADDRESS" and `more`. NULL after a
 * message on standard error. Parks.
 */
struct rn_listener *tcp_listen(const char *scheme, const char *address,
                               const char *more);

/*
 * Gives each connection to take(conn, arg), which starts a goroutine for it,
 * until ctx is done (RN_OK) or nothing can be accepted any more (a status).
 * While the process is out of descriptors it waits for some to come back. The
 * listener is closed then, and still the caller's. Parks.
 */
int tcp_accept_all(struct rn_ctx *ctx, struct rn_listener *listener,
                   void (*take)(struct rn_conn *conn, void *arg), void *arg);

struct tcp_guard {
    struct rn_conn *conn;
    void (*action)(struct rn_conn *conn);
    struct rn_ctx *after;
    struct rn_waitgroup acting;
};

/*
 * When ctx is done, action(conn) is called, in another goroutine; not any more
 * once tcp_guard_end has returned. End parks while it is being called.
 */
void tcp_guard_begin(struct tcp_guard *guard, struct rn_ctx *ctx,
                     struct rn_conn *conn,
                     void (*action)(struct rn_conn *conn));
void tcp_guard_end(struct tcp_guard *guard);

/* An action: whoever reads is told RN_TIMEOUT. Another is rn_conn_close. */
void tcp_end_reading(struct rn_conn *conn);

#endif
