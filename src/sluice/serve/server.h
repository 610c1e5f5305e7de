/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.h: listens, and gives each connection a goroutine of its own.
 *
 *     struct server *server;
 *     if (server_open(&server, &options, &why) < 0) ...
 *     puts(server_address(server));
 *     server_run(server, ctx);     // parks until ctx is done, then drains
 *     server_free(server);
 */
#ifndef SLUICE_SERVER_H
#define SLUICE_SERVER_H

#include "issue.h"
#include "serve/http.h"

struct server;

/* Zero means the default that stands beside it. Times are nanoseconds. */
struct server_limits {
    size_t connections;    /* at once; 16384: beyond it, closed at once */
    uint64_t upload_bytes; /* 512 MiB */
    int64_t head_ns;       /* from a head's first byte to its last; 10 s */
    int64_t idle_ns;       /* between requests; 60 s */
    int64_t stall_ns;      /* without a byte of the body moving; 30 s */
    uint64_t body_rate;    /* bytes a second over the whole body; 1024 */
    int64_t body_grace_ns; /* before the rate counts; 10 s */
    int64_t drain_ns;      /* for what is in flight when it stops; 30 s */
};

struct server_options {
    const char *address;      /* "127.0.0.1:8080", "unix:/path" */
    const char *token;        /* NULL: none is asked for */
    const char *const *hosts; /* names besides addresses and localhost */
    size_t host_count;
    const char *tls_certificate; /* PEM files; NULL: plain HTTP */
    const char *tls_key;
    bool access_log; /* a line for each request */
    struct server_limits limits;
    /* Tables of routes, each with what its handlers are given; borrowed. */
    struct server_routes {
        const struct http_route *routes;
        size_t count;
        void *app;
    } tables[8];
};

/*
 * Listens. -1 with *why: an address that is none or in use, an address that is
 * not of this machine alone without a token, a certificate that is not good.
 */
int server_open(struct server **server, const struct server_options *options,
                struct issue *why);
/* "http://127.0.0.1:41234": where it listens. Borrowed. */
const char *server_address(const struct server *server);

/*
 * Serves until the context is done; then accepts no more, lets what is in
 * flight end, and cuts off what is left after limits.drain_ns. Every goroutine
 * it started has ended when it returns.
 */
void server_run(struct server *server, struct rn_ctx *ctx);
void server_free(struct server *server);

#endif
