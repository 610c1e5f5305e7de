/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_serve.c: listeners and connections that end with a context. */
#include "tcp_serve.h"

#include <stdio.h>

#include "example.h"

#define OUT_OF_FILES_NS (10 * RN_MS) /* until somebody has closed something */

struct rn_listener *tcp_listen(const char *scheme, const char *address,
                               const char *more)
{
    struct rn_listener *listener = NULL;
    int status = rn_listen(address, NULL, &listener);

    if (status != RN_OK) {
        example_error("%s: %s", address, rn_status_text(status));
        return NULL;
    }
    printf("listening on %s://%s%s\n", scheme, rn_listener_address(listener),
           more);
    fflush(stdout);
    return listener;
}

struct closing {
    struct rn_listener *listener;
    struct rn_waitgroup under_way;
};

static void close_listener(void *arg)
{
    struct closing *closing = arg;

    rn_listener_close(closing->listener);
    rn_waitgroup_done(&closing->under_way);
}

int tcp_accept_all(struct rn_ctx *ctx, struct rn_listener *listener,
                   void (*take)(struct rn_conn *conn, void *arg), void *arg)
{
    struct closing closing = {.listener = listener};
    struct rn_conn *conn;
    int status;

    rn_waitgroup_add(&closing.under_way, 1);
    struct rn_ctx *after = rn_ctx_after_func(ctx, close_listener, &closing);
    for (;;) {
        status = rn_accept(listener, &conn);
        if (status == RN_OK)
            take(conn, arg);
        else if (status == -EMFILE || status == -ENFILE || status == RN_NOMEM)
            rn_sleep(OUT_OF_FILES_NS);
        else
            break;
    }
    if (rn_ctx_stop(after))
        close_listener(&closing);
    rn_waitgroup_wait(&closing.under_way);
    rn_ctx_release(after);
    return status == RN_CLOSED ? RN_OK : status;
}

static void act(void *arg)
{
    struct tcp_guard *guard = arg;

    guard->action(guard->conn);
    rn_waitgroup_done(&guard->acting);
}

void tcp_guard_begin(struct tcp_guard *guard, struct rn_ctx *ctx,
                     struct rn_conn *conn, void (*action)(struct rn_conn *conn))
{
    *guard = (struct tcp_guard){.conn = conn, .action = action};
    rn_waitgroup_add(&guard->acting, 1);
    guard->after = rn_ctx_after_func(ctx, act, guard);
}

void tcp_guard_end(struct tcp_guard *guard)
{
    if (!rn_ctx_stop(guard->after))
        rn_waitgroup_wait(&guard->acting);
    rn_ctx_release(guard->after);
}

void tcp_end_reading(struct rn_conn *conn)
{
    rn_conn_set_read_deadline(conn, rn_now());
}
