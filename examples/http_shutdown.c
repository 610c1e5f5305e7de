/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_shutdown.c: the done channel; stop, but finish what was begun.
 *
 * A server whose requests take a while. On SIGTERM or Ctrl-C it takes no more,
 * finishes what is in flight, and is gone; what has not finished by its
 * deadline is broken off. Look at the two contexts, each a done channel that
 * reaches everybody, however many they are: `stopping` is done when the signal
 * comes, and ends the accepting and the waiting for requests; the one that each
 * request works with is done only when the time is over (shutdown.h).
 *
 *     http_shutdown --grace-ms 5000 &
 *     curl localhost:8080/?ms=3000 &
 *     kill %1                 the answer still comes, then the server ends
 *
 * Exit status: 0 when everything was finished, 1 when something was broken off.
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/example.h"
#include "common/mini_request.h"
#include "common/tcp_serve.h"

static const char *address = "127.0.0.1:8080";
static int64_t grace_ms = 5000;

/* After the deadline: for telling a client that its request was broken off. */
#define LAST_NS (1 * RN_S)

struct server {
    struct rn_shutdown *shutdown;
    struct rn_ctx *stopping;
    atomic_llong in_flight, finished, broken_off;
};

struct client {
    struct server *server;
    struct rn_conn *conn;
};

/* A request's work: it takes its time, or as long as it is allowed. */
static bool work(struct rn_ctx *ctx, struct server *server,
                 const struct http_request *request)
{
    const char *query = request->query;
    long ms = strncmp(query, "ms=", 3) == 0 ? strtol(query + 3, NULL, 10) : 0;

    atomic_fetch_add(&server->in_flight, 1);
    printf("a request of %ld ms\n", ms);
    fflush(stdout);
    bool good = example_sleep(ctx, ms * RN_MS) == RN_OK;
    atomic_fetch_add(good ? &server->finished : &server->broken_off, 1);
    atomic_fetch_sub(&server->in_flight, 1);
    return good;
}

/* No client may keep us waiting until it reads. */
static void say_last_words(struct rn_conn *conn)
{
    rn_conn_set_write_deadline(conn, rn_deadline(LAST_NS));
}

static void serve(struct rn_ctx *ctx, struct client *own)
{
    struct server *server = own->server;
    struct http_reader reader = {.conn = own->conn};
    struct http_request request = {.keep = true};
    struct tcp_guard at_stop, at_end;

    tcp_guard_begin(&at_stop, server->stopping, own->conn, tcp_end_reading);
    tcp_guard_begin(&at_end, ctx, own->conn, say_last_words);
    while (request.keep && http_read(&reader, &request) == 1) {
        const char *text =
            work(ctx, server, &request) ? "finished\n" : "broken off\n";
        request.keep &= rn_ctx_err(server->stopping) == RN_OK;
        if (http_write(own->conn, *text == 'f' ? 200 : 503, "text/plain", text,
                       strlen(text), request.keep) != RN_OK)
            break;
    }
    tcp_guard_end(&at_end);
    tcp_guard_end(&at_stop);
    rn_conn_free(own->conn);
}

static void take(struct rn_conn *conn, void *arg)
{
    struct server *server = arg;

    if (rn_shutdown_go(server->shutdown, serve,
                       (struct client){server, conn}) != RN_OK)
        rn_conn_free(conn); /* it came with the signal */
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct rn_listener *listener = tcp_listen("http", address, "");
    if (!listener)
        return 1;

    struct server server = {.shutdown = rn_shutdown_make(ctx)};
    server.stopping = rn_shutdown_ctx(server.shutdown);
    tcp_accept_all(server.stopping, listener, take, &server);
    printf("stopping, %lld in flight\n",
           (long long)atomic_load(&server.in_flight));
    fflush(stdout);
    if (rn_shutdown_finish(server.shutdown, grace_ms * RN_MS) == RN_TIMEOUT)
        puts("the time is over");
    rn_listener_free(listener);
    long long broken_off = atomic_load(&server.broken_off);
    printf("%lld finished, %lld broken off\n",
           (long long)atomic_load(&server.finished), broken_off);
    return broken_off > 0;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"listen", "ADDRESS", "where", .text = &address},
        {"grace-ms", "MS", "for what is in flight at the end",
         .number = &grace_ms, 0, 600000},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){.usage = "[--listen ADDRESS] [--grace-ms MS]",
                          .about = "Finishes what is in flight, then ends.",
                          .options = options,
                          .serves = true,
                          .run = run});
}
