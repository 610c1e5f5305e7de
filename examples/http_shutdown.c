/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_shutdown.c: the done channel; stop, but finish what was begun.
 *
 * A server whose requests take a while. On SIGTERM or Ctrl-C it takes no more,
 * finishes what is in flight, and is gone; what has not finished by its
 * deadline is broken off. Look at the channel `done`: nothing is ever sent on
 * it, it is closed, and that reaches everybody who selects on it, however many
 * they are. The requests have a context of their own, which is canceled only
 * when the time is over.
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
#include "common/mini_http.h"

static const char *address = "127.0.0.1:8080";
static int64_t grace_ms = 5000;

/* After the deadline: for telling a client that its request was broken off. */
#define LAST_NS (1 * RN_S)

struct server {
    rn_chan(char) done;      /* closed when the server shall stop */
    struct rn_ctx *requests; /* canceled when the time is over */
    struct rn_ctx *told;     /* done when a signal came */
    struct rn_listener *listener;
    struct rn_waitgroup clients;
    atomic_llong in_flight, finished, broken_off;
};

struct client {
    struct server *server;
    struct rn_conn *conn;
};

/* A request's work: it takes its time, or as long as it is allowed. */
static bool work(struct server *server, const struct http_request *request)
{
    const char *query = request->query;
    long ms = strncmp(query, "ms=", 3) == 0 ? strtol(query + 3, NULL, 10) : 0;

    atomic_fetch_add(&server->in_flight, 1);
    printf("a request of %ld ms\n", ms);
    fflush(stdout);
    bool good = example_sleep(server->requests, ms * RN_MS) == RN_OK;
    atomic_fetch_add(good ? &server->finished : &server->broken_off, 1);
    atomic_fetch_sub(&server->in_flight, 1);
    return good;
}

struct watcher {
    struct client client;
    rn_receiver(char) ended; /* closed when the connection is not used more */
    struct rn_waitgroup *running;
};

/* A client that sends nothing would be waited for: its reading ends. */
static void hang_up_when_done(struct watcher *own)
{
    struct rn_case cases[] = {rn_case_recv(own->client.server->done, NULL),
                              rn_case_recv(own->ended, NULL)};

    if (rn_select(cases, 2) == 0) {
        rn_conn_set_read_deadline(own->client.conn, rn_now());
        rn_conn_set_write_deadline(own->client.conn,
                                   rn_deadline(grace_ms * RN_MS + LAST_NS));
    }
    rn_waitgroup_done(own->running);
}

static void serve(struct client *own)
{
    struct server *server = own->server;
    struct http_reader reader = {.conn = own->conn};
    struct http_request request = {.keep = true};
    struct rn_waitgroup watching = {0};
    rn_chan(char) ended = rn_chan_make(char, 0);

    rn_waitgroup_add(&watching, 1);
    rn_go(hang_up_when_done,
          (struct watcher){*own, rn_recv_end(ended), &watching});
    while (request.keep && http_read(&reader, &request) == 1) {
        bool good = work(server, &request);
        const char *text = good ? "finished\n" : "broken off\n";
        request.keep &= rn_try_recv(server->done, NULL) != RN_CLOSED;
        if (http_write(own->conn, good ? 200 : 503, "text/plain", text,
                       strlen(text), request.keep) != RN_OK)
            break;
    }
    rn_close(ended);
    rn_waitgroup_wait(&watching);
    rn_chan_free(ended);
    rn_conn_free(own->conn);
    rn_waitgroup_done(&server->clients);
}

/* The signal: nobody else is let in, and everybody hears that it is over. */
static void stop_when_told(struct server **own)
{
    struct server *server = *own;

    rn_ctx_wait(server->told);
    rn_listener_close(server->listener);
    rn_close(server->done);
    rn_waitgroup_done(&server->clients);
}

/* Parks until all have gone: in peace until the deadline, then told to. */
static void wait_for_all(struct server *server)
{
    int64_t deadline = rn_deadline(grace_ms * RN_MS);

    printf("stopping, %lld in flight\n",
           (long long)atomic_load(&server->in_flight));
    fflush(stdout);
    if (rn_waitgroup_wait_until(deadline, &server->clients) == RN_OK)
        return;
    printf("the time is over, %lld in flight\n",
           (long long)atomic_load(&server->in_flight));
    rn_ctx_cancel(server->requests);
    rn_waitgroup_wait(&server->clients);
}

static int accept_clients(struct server *server)
{
    struct rn_conn *conn;
    int status;

    while ((status = rn_accept(server->listener, &conn)) != RN_CLOSED) {
        if (status == RN_OK) {
            rn_waitgroup_add(&server->clients, 1);
            rn_go(serve, (struct client){server, conn});
        } else if (status == -EMFILE || status == -ENFILE) {
            rn_sleep(10 * RN_MS); /* until somebody has closed something */
        } else {
            return status;
        }
    }
    return RN_OK;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct server server = {.told = rn_ctx_with_cancel(ctx)};
    int status = rn_listen(address, NULL, &server.listener);

    if (status == RN_OK) {
        server.done = rn_chan_make(char, 0);
        server.requests = rn_ctx_with_cancel(rn_ctx_background());
        printf("listening on http://%s\n",
               rn_listener_address(server.listener));
        fflush(stdout);
        rn_waitgroup_add(&server.clients, 1);
        rn_go(stop_when_told, &server);
        status = accept_clients(&server);
        rn_ctx_cancel(server.told);
        wait_for_all(&server);
        printf("%lld finished, %lld broken off\n",
               (long long)atomic_load(&server.finished),
               (long long)atomic_load(&server.broken_off));
        rn_ctx_release(server.requests);
        rn_chan_free(server.done);
        rn_listener_free(server.listener);
    }
    rn_ctx_release(server.told);
    if (status != RN_OK)
        example_error("%s: %s", address, rn_status_text(status));
    return status != RN_OK || atomic_load(&server.broken_off) > 0;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"listen", "ADDRESS", "where", .text = &address},
        {"grace-ms", "MS", "for what is in flight at the end",
         .number = &grace_ms, .min = 0, .max = 600000},
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
