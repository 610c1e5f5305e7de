/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_terminal.c: two goroutines, one for each direction.
 *
 * Standard input stays as it is: the terminal is shared with the shell, which
 * would not like it to be non-blocking. A terminal or a pipe is read only when
 * something is there; a plain file, which cannot be waited for, at once.
 */
#include "chat_terminal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/example.h"
#include "common/tcp_serve.h"

struct terminal {
    struct rn_conn *conn;
    struct rn_ctx *over; /* the server has ended: no more input is wanted */
    struct rn_waitgroup running; /* send_input */
};

/* Bytes of the input, 0 at its end, or a status. */
static ssize_t read_input(struct rn_ctx *ctx, char *buffer, size_t size)
{
    int ready = rn_wait_fd_ctx(ctx, STDIN_FILENO, RN_READ);

    if (ready < 0 && ready != -EPERM)
        return ready;
    return rn_file_read(STDIN_FILENO, buffer, size);
}

static void send_input(struct terminal **own)
{
    struct terminal *t = *own;
    char buffer[1024];
    ssize_t got = 1;

    while ((got = read_input(t->over, buffer, sizeof(buffer))) > 0) {
        if (rn_conn_write(t->conn, buffer, (size_t)got, NULL) != RN_OK)
            break;
    }
    if (got == 0)
        rn_conn_close_write(t->conn);
    rn_waitgroup_done(&t->running);
}

/* Prints what the server sends until it ends. */
static int64_t print_lines(struct terminal *t)
{
    char buffer[4096];
    int64_t got;

    while ((got = rn_conn_read(t->conn, buffer, sizeof(buffer))) > 0) {
        fwrite(buffer, 1, (size_t)got, stdout);
        fflush(stdout);
    }
    return got;
}

int chat_terminal(struct rn_ctx *ctx, const char *address, const char *nick)
{
    struct terminal t = {0};
    char name[64];
    int status = rn_dial(ctx, address, &t.conn);

    if (status != RN_OK) {
        example_error("%s: %s", address, rn_status_text(status));
        return rn_ctx_err(ctx) == RN_OK ? 1 : 130;
    }
    if (nick) {
        snprintf(name, sizeof(name), "/nick %.40s\n", nick);
        rn_conn_write(t.conn, name, strlen(name), NULL);
    }
    t.over = rn_ctx_with_cancel(ctx);
    rn_waitgroup_add(&t.running, 1);
    struct tcp_guard guard;
    tcp_guard_begin(&guard, ctx, t.conn, rn_conn_close);
    rn_go(send_input, &t);
    int64_t end = print_lines(&t);
    rn_ctx_cancel(t.over);
    rn_conn_close(t.conn);
    rn_waitgroup_wait(&t.running);
    tcp_guard_end(&guard);
    rn_ctx_release(t.over);
    rn_conn_free(t.conn);
    if (rn_ctx_err(ctx) != RN_OK) {
        example_error("interrupted");
        return 130;
    }
    if (end != 0)
        example_error("%s: %s", address, rn_status_text((int)end));
    return end != 0;
}
