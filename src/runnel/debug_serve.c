/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug_serve.c: accept, read a head, answer, close.
 *
 * One service goroutine (spawn.h) accepts, another serves each connection.
 *
 *  1. A connection is in its server's list from before its goroutine starts
 *     until that has done with it; so a stop finds and closes it.
 *  2. `goroutines` counts the acceptor and the connections' goroutines; the
 *     server is freed when it is 0, by the one who took the server out of the
 *     list of all: rn_debug_stop, or the end of the run.
 *
 * `server->lock` protects its list, count and `stopping`; `all.lock` the list
 * of all. No two are held at once.
 *
 * A body is made in a file without a name before the first byte of the answer
 * is sent: its length and status are known then, and a copy of the process can
 * write it (profile.c). Rejected: chunks sent as they are made, which would let
 * a slow reader hold the copy.
 */
#include <runnel/debug_serve.h>

#include <errno.h>
#include <stdio.h>

#include <runnel/context.h>
#include <runnel/net.h>
#include <runnel/sync.h>
#include <runnel/task.h>

#include "alloc.h"
#include "debug_http.h"
#include "debug_internal.h"
#include "debug_routes.h"
#include "list.h"
#include "net_conn.h"
#include "os_file.h"
#include "os_sampling.h"
#include "sched.h"
#include "spawn.h"
#include "wait.h"

#define CONNECTIONS_MAX 16
/* A head comes at once, from this machine; a piece is taken soon. */
#define HEAD_TIMEOUT    (10 * RN_S)
#define PIECE_TIMEOUT   (10 * RN_S)
/* What a refused client still sends is read for so long, so that it sees the
 * answer rather than a reset. */
#define DRAIN_TIMEOUT   RN_S
#define DRAIN_MAX       65536
/* Before accept is tried again, without descriptors or memory. */
#define ACCEPT_PAUSE    (50 * RN_MS)

struct rn_debug_server {
    struct list node; /* in all.servers */
    struct rn_listener *listener;
    struct rn_ctx *ctx; /* or NULL; a reference */
    bool local;         /* only for this machine */
    struct rn_mutex lock;
    struct list connections;
    unsigned count;
    bool stopping;
    struct rn_waitgroup goroutines;
};

struct connection {
    struct list node;
    struct rn_debug_server *server;
    struct rn_conn *conn;
};

static struct {
    struct rn_mutex lock;
    struct list servers; /* `next` NULL: not used yet */
    bool ended;          /* the run is ending: no new ones */
} all;

/* ---------------------------------------------------------- one connection */

static int send_head(struct rn_conn *conn, int status, const char *type,
                     int64_t size)
{
    char head[512];
    int length = snprintf(head, sizeof(head),
                          "HTTP/1.1 %d %s\r\n"
                          "Content-Type: %s\r\n"
                          "Content-Length: %lld\r\n"
                          "%s"
                          "Cache-Control: no-store\r\n"
                          "X-Content-Type-Options: nosniff\r\n"
                          "Connection: close\r\n"
                          "\r\n",
                          status, http_reason(status), type, (long long)size,
                          status == 405 ? "Allow: GET\r\n" : "");
    rn_conn_set_write_deadline(conn, rn_deadline(PIECE_TIMEOUT));
    return rn_conn_write(conn, head, (size_t)length, NULL);
}

static void send_refusal(struct rn_conn *conn, int status)
{
    char text[64];
    int size =
        snprintf(text, sizeof(text), "%d %s\n", status, http_reason(status));
    if (send_head(conn, status, "text/plain; charset=utf-8", size) == RN_OK)
        (void)rn_conn_write(conn, text, (size_t)size, NULL);
}

static void send_file(struct rn_conn *conn, int file, const char *type)
{
    char piece[16384];
    int64_t at = 0;
    struct os_file_stat stat;
    if (os_file_stat(file, NULL, &stat) < 0) {
        send_refusal(conn, 500);
        return;
    }
    int status = send_head(conn, 200, type, stat.size);
    while (status == RN_OK && at < stat.size) {
        int64_t got = os_file_read(file, piece, sizeof(piece), at);
        if (got <= 0)
            break;
        rn_conn_set_write_deadline(conn, rn_deadline(PIECE_TIMEOUT));
        status = rn_conn_write(conn, piece, (size_t)got, NULL);
        at += got;
    }
}

/* 200 with *size bytes of a head, or a refusal; 0: nothing came. */
static int read_head(struct rn_conn *conn, char *head, size_t *size)
{
    size_t used = 0;
    rn_conn_set_read_deadline(conn, rn_deadline(HEAD_TIMEOUT));
    for (;;) {
        int64_t got = rn_conn_read(conn, head + used, HTTP_HEAD_MAX - used);
        if (got == RN_TIMEOUT)
            return used > 0 ? 408 : 0;
        if (got <= 0)
            return 0;
        used += (size_t)got;
        *size = http_head_size(head, used);
        if (*size > 0)
            return 200;
        if (used == HTTP_HEAD_MAX)
            return 431;
    }
}

static void answer(struct rn_conn *conn, const struct http_request *request)
{
    const char *type = NULL;
    int file = os_memory_file();
    if (file < 0) {
        send_refusal(conn, 503);
        return;
    }
    int status = debug_answer(request, conn, file, &type);
    if (status == 200)
        send_file(conn, file, type);
    else if (status != 0)
        send_refusal(conn, status);
    os_file_close(file);
}

static void drain(struct rn_conn *conn)
{
    char ignored[1024];
    int64_t left = DRAIN_MAX;
    if (rn_conn_close_write(conn) != RN_OK)
        return;
    rn_conn_set_read_deadline(conn, rn_deadline(DRAIN_TIMEOUT));
    while (left > 0) {
        int64_t got = rn_conn_read(conn, ignored, sizeof(ignored));
        if (got <= 0)
            return;
        left -= got;
    }
}

static void serve_request(const struct rn_debug_server *server,
                          struct rn_conn *conn)
{
    char head[HTTP_HEAD_MAX];
    struct http_request request;
    size_t size = 0;
    int status = read_head(conn, head, &size);
    if (status == 0)
        return;
    if (status == 200)
        status = http_parse(head, size, server->local, &request);
    if (status == 200)
        answer(conn, &request);
    else
        send_refusal(conn, status);
    drain(conn);
}

static void serve(void *own)
{
    struct connection *c = *(struct connection **)own;
    struct rn_debug_server *server = c->server;
    serve_request(server, c->conn);
    rn_mutex_lock(&server->lock);
    list_remove(&c->node);
    server->count--;
    rn_mutex_unlock(&server->lock);
    rn_conn_free(c->conn);
    alloc_free(c);
    rn_waitgroup_done(&server->goroutines);
}

/* ------------------------------------------------------------ the acceptor */

/* Takes the connection: into the list, or refused. */
static void start_connection(struct rn_debug_server *server,
                             struct rn_conn *conn)
{
    struct connection *c = alloc_zeroed(1, sizeof(*c));
    bool taken = false;
    rn_mutex_lock(&server->lock);
    if (c && !server->stopping && server->count < CONNECTIONS_MAX) {
        *c = (struct connection){.server = server, .conn = conn};
        rn_waitgroup_add(&server->goroutines, 1);
        taken =
            spawn_service("debug connection", serve, &c, sizeof(c)) == RN_OK;
        if (taken) {
            /* Its goroutine takes the lock before it takes itself out. */
            list_append(&server->connections, &c->node);
            server->count++;
        } else {
            rn_waitgroup_done(&server->goroutines);
        }
    }
    rn_mutex_unlock(&server->lock);
    if (taken)
        return;
    alloc_free(c);
    send_refusal(conn, 503);
    rn_conn_free(conn);
}

/* Nobody is accepted any more, and who waits for a connection is woken. */
static void shut(struct rn_debug_server *server)
{
    rn_mutex_lock(&server->lock);
    server->stopping = true;
    rn_listener_close(server->listener);
    for (struct list *at = server->connections.next; at != &server->connections;
         at = at->next)
        rn_conn_close(container_of(at, struct connection, node)->conn);
    rn_mutex_unlock(&server->lock);
}

static void accept_all(void *own)
{
    struct rn_debug_server *server = *(struct rn_debug_server **)own;
    struct cancel_token *token = server->ctx ? ctx_token(server->ctx) : NULL;
    for (;;) {
        struct rn_conn *conn;
        int status = listener_accept(server->listener, token, &conn);
        if (status == RN_OK)
            start_connection(server, conn);
        else if (status == RN_CLOSED || (token && token_status(token) != 0))
            break;
        else
            rn_sleep(ACCEPT_PAUSE);
    }
    shut(server);
    rn_waitgroup_done(&server->goroutines);
}

/* ------------------------------------------------------------ start and stop */

static void free_server(struct rn_debug_server *server)
{
    rn_listener_free(server->listener);
    rn_ctx_release(server->ctx);
    alloc_free(server);
}

static int start(struct rn_debug_server *server, const char *address,
                 const struct rn_debug_options *options)
{
    int status = rn_listen(address, NULL, &server->listener);
    if (status != RN_OK)
        return status;
    server->local = !options->any_host;
    if (server->local &&
        !http_is_loopback(rn_listener_address(server->listener)))
        return -EACCES;
    if (options->ctx)
        server->ctx = rn_ctx_retain(options->ctx);
    list_init(&server->connections);
    rn_waitgroup_add(&server->goroutines, 1);
    return spawn_service("debug server", accept_all, &server, sizeof(server));
}

static void stop(struct rn_debug_server *server)
{
    shut(server);
    rn_waitgroup_wait(&server->goroutines);
    free_server(server);
}

int rn_debug_serve(const char *address, const struct rn_debug_options *given,
                   struct rn_debug_server **out)
{
    struct rn_debug_options options = {.any_host = false};
    if (!address || !sched_is_open())
        return RN_INVALID;
    if (seam_simulated)
        return -ENOTSUP;
    if (given)
        options = *given;
    struct rn_debug_server *server = alloc_zeroed(1, sizeof(*server));
    if (!server)
        return RN_NOMEM;
    int status = start(server, address, &options);
    if (status != RN_OK) {
        free_server(server);
        return status;
    }
    rn_mutex_lock(&all.lock);
    if (!all.servers.next)
        list_init(&all.servers);
    bool late = all.ended;
    if (late)
        list_init(&server->node);
    else
        list_append(&all.servers, &server->node);
    rn_mutex_unlock(&all.lock);
    if (late) {
        stop(server);
        return RN_CLOSED;
    }
    if (out)
        *out = server;
    return RN_OK;
}

const char *rn_debug_address(const struct rn_debug_server *server)
{
    return rn_listener_address(server->listener);
}

/* Out of the list of all already. */
void rn_debug_stop(struct rn_debug_server *server)
{
    rn_mutex_lock(&all.lock);
    bool ours = !list_empty(&server->node); /* not the end of the run's */
    list_remove(&server->node);
    rn_mutex_unlock(&all.lock);
    if (ours)
        stop(server);
}

static struct rn_debug_server *take_one(void)
{
    struct rn_debug_server *server = NULL;
    rn_mutex_lock(&all.lock);
    if (all.servers.next && !list_empty(&all.servers)) {
        server = container_of(all.servers.next, struct rn_debug_server, node);
        list_remove(&server->node);
    }
    rn_mutex_unlock(&all.lock);
    return server;
}

void debug_serve_end(void)
{
    rn_mutex_lock(&all.lock);
    all.ended = true;
    rn_mutex_unlock(&all.lock);
    for (struct rn_debug_server *server = take_one(); server;
         server = take_one())
        stop(server);
}

void debug_serve_begin(void)
{
    all.ended = false;
}
