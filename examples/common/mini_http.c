/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mini_http.c: a goroutine a connection, in a group whose context is the
 * server's end; a guard ends the wait of those that are idle then.
 */
#include "mini_http.h"

#include <stdlib.h>
#include <string.h>

#include "example.h"
#include "tcp_serve.h"

#define IDLE_NS  (60 * RN_S)
#define GRACE_NS (5 * RN_S)

struct server {
    struct rn_group *group;
    http_handler *handler;
    void *arg;
};

struct client {
    struct server *server;
    struct rn_conn *conn;
};

static int answer(struct rn_ctx *ctx, const struct client *client,
                  const struct http_request *request)
{
    char *bytes = NULL;
    size_t size = 0;
    struct http_answer answer = {200, "text/plain; charset=utf-8",
                                 open_memstream(&bytes, &size)};

    client->server->handler(ctx, request, &answer, client->server->arg);
    fclose(answer.body);
    int status = http_write(client->conn, answer.status, answer.type, bytes,
                            strcmp(request->method, "HEAD") == 0 ? 0 : size,
                            request->keep);
    free(bytes);
    return status;
}

static void begin_to_end(struct rn_conn *conn)
{
    tcp_end_reading(conn);
    rn_conn_set_write_deadline(conn, rn_deadline(GRACE_NS));
}

static int serve(struct rn_ctx *ctx, struct client *own)
{
    struct http_reader reader = {.conn = own->conn};
    struct http_request request = {.keep = true};
    struct tcp_guard guard;

    tcp_guard_begin(&guard, ctx, own->conn, begin_to_end);
    while (request.keep) {
        /* This may undo what the guard did, but not past the next look. */
        rn_conn_set_read_deadline(own->conn, rn_deadline(IDLE_NS));
        if (rn_ctx_err(ctx) != RN_OK || http_read(&reader, &request) != 1 ||
            answer(ctx, own, &request) != RN_OK)
            break;
    }
    tcp_guard_end(&guard);
    rn_conn_free(own->conn);
    return RN_OK;
}

static void take(struct rn_conn *conn, void *arg)
{
    struct server *server = arg;

    rn_group_go(server->group, serve, (struct client){server, conn});
}

int mini_http_serve(struct rn_ctx *ctx, const char *address,
                    http_handler *handler, void *arg)
{
    struct rn_listener *listener = tcp_listen("http", address, "");

    return listener ? mini_http_serve_on(ctx, listener, handler, arg)
                    : RN_INVALID;
}

int mini_http_serve_on(struct rn_ctx *ctx, struct rn_listener *listener,
                       http_handler *handler, void *arg)
{
    struct server server = {rn_group_make(ctx, 0), handler, arg};
    int status =
        tcp_accept_all(rn_group_ctx(server.group), listener, take, &server);

    if (status != RN_OK)
        example_error("cannot accept: %s", rn_status_text(status));
    rn_ctx_cancel(rn_group_ctx(server.group));
    rn_group_wait(server.group);
    rn_listener_free(listener);
    return status;
}
