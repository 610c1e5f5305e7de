/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c: listens, and gives each connection a goroutine of its own.
 *
 *     accept ──▶ connection ──▶ [TLS] ──▶ IDLE ── first bytes ──▶ BUSY
 *                                          ▲                       │
 *                                          └── the answer is sent ─┘
 *
 * Stopping: `stopping` is set, then every connection that is IDLE has its read
 * deadline moved to the past, and ends. A connection that becomes IDLE sets its
 * deadline, says so (`idle`), and only then looks at `stopping`; both are
 * sequentially consistent, so one of the two sees the other: no connection
 * stays behind. One that was woken by its first bytes meanwhile passes through
 * the lock, so that the deadline in the past is not set after its own.
 *
 * Locks: `lock` protects the list of connections, and is held while their
 * deadlines are moved: a connection is freed after it left the list.
 */
#include "serve/server.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <runnel/net.h>
#include <runnel/runnel.h>

#include "serve/auth.h"
#include "serve/http_exchange.h"
#include "serve/http_log.h"
#include "serve/http_metrics.h"
#include "serve/http_url.h"
#include "serve/tls.h"

/* For a client that still sends while it is refused: it gets the answer. */
#define LINGER_NS         (2 * RN_S)
/* The pause after accept has failed for lack of descriptors. */
#define ACCEPT_PAUSE_NS   (RN_S / 10)
/* Bytes of a body for handlers that did not ask for more. */
#define SMALL_BODY        ((uint64_t)64 * 1024)
/*
 * A client whose next request is always there already never lets its goroutine
 * park; others get their turn.
 */
#define REQUESTS_PER_TURN 16
/* For the answers of those whose grace is over. */
#define LAST_WORDS_NS     RN_S
/* What the first read of a request takes; most heads fit. */
#define FIRST_READ        1024

struct connection {
    struct server *server;
    struct rn_conn *conn;
    struct http_wire wire;
    atomic_bool idle;
    char client[64];
    struct connection *next; /* in the server's list, under its lock */
    struct connection **link;
};

struct server {
    struct server_options options;
    struct server_limits limits;
    struct auth auth;
    struct rn_listener *listener;
    struct tls_server *tls;
    char *address;
    char id_prefix[9];
    _Atomic uint64_t next_id; /* relaxed: only has to differ */
    struct rn_ctx *stopping;
    struct rn_ctx *ending;
    atomic_bool stops;
    struct rn_waitgroup tasks;
    struct rn_mutex lock;
    struct connection *connections; /* under `lock` */
    size_t count;                   /* of them */
};

static struct metric open_connections =
    METRIC_GAUGE("sluice_http_connections", "Connections that are open.");
static struct metric accepted = METRIC_COUNTER(
    "sluice_http_connections_total", "Connections that were accepted.");
static struct metric refused =
    METRIC_COUNTER("sluice_http_connections_refused_total",
                   "Connections beyond the limit, which were closed at once.");
#define REQUESTS "sluice_http_requests_total"
#define ANSWERED "Requests by the class of their answer."
static struct metric requests[] = {
    METRIC_LABELED(COUNTER, REQUESTS, ANSWERED, "class=\"2xx\""),
    METRIC_LABELED(COUNTER, REQUESTS, ANSWERED, "class=\"3xx\""),
    METRIC_LABELED(COUNTER, REQUESTS, ANSWERED, "class=\"4xx\""),
    METRIC_LABELED(COUNTER, REQUESTS, ANSWERED, "class=\"5xx\""),
};
static struct metric body_bytes = METRIC_COUNTER(
    "sluice_http_body_bytes_total", "Bytes of bodies that clients sent.");

static void register_metrics(void)
{
    metric_register(&open_connections);
    metric_register(&accepted);
    metric_register(&refused);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
        metric_register(&requests[i]);
    metric_register(&body_bytes);
}

/* ------------------------------------------------------------ one request */

static const struct http_route *find_route(const struct server *server,
                                           const char *method, const char *path,
                                           void **app, char allow[64])
{
    allow[0] = '\0';
    for (const struct server_routes *table = server->options.tables;
         table->routes; table++) {
        for (size_t i = 0; i < table->count; i++) {
            const struct http_route *route = &table->routes[i];
            if (!http_path_fits(route->pattern, path))
                continue;
            *app = table->app;
            if (strcmp(route->method, method) == 0)
                return route;
            size_t len = strlen(allow);
            if (!strstr(allow, route->method))
                snprintf(allow + len, 64 - len, "%s%s", len ? ", " : "",
                         route->method);
        }
    }
    return NULL;
}

static void route_request(struct server *server, struct http_exchange *x)
{
    struct http_request *request = &x->request;
    struct http_response *response = &x->response;
    char allow[64];
    void *app = NULL;
    x->route = find_route(server, request->method, request->path, &app, allow);
    x->body_max = x->route && (x->route->flags & HTTP_ROUTE_UPLOAD)
                      ? server->limits.upload_bytes
                      : SMALL_BODY;
    bool is_public = x->route && (x->route->flags & HTTP_ROUTE_PUBLIC);
    if (auth_check(&server->auth, request, response, is_public) < 0)
        return;
    if (x->route) {
        x->route->handle(app, request, response);
    } else if (allow[0]) {
        http_header(response, "Allow", "%s%s", allow,
                    strstr(allow, "GET") ? ", HEAD" : "");
        http_reply_error(response, 405, "Not with this method");
    } else {
        http_reply_error(response, 404, "There is nothing at this address");
    }
    if (response->status == 0)
        http_reply_error(response, 500, "No answer was made");
}

/* The request's texts; 0 or minus the status to answer. */
static int describe(struct http_exchange *x, const struct connection *c)
{
    struct http_request *request = &x->request;
    char *path = http_exchange_text(x, x->head.path.len + 1);
    char *method = http_exchange_text(x, x->head.method.len + 1);
    request->ctx = c->server->ending;
    request->stopping = c->server->stopping;
    request->client = c->client;
    request->id = x->id;
    if (!path || !method)
        return -503;
    memcpy(method, x->head.method.ptr, x->head.method.len);
    method[x->head.method.len] = '\0';
    request->method = x->is_head_method ? "GET" : method;
    request->path = path;
    return http_path_decode(x->head.path, path) ? 0 : -400;
}

static const char *refusal(int status)
{
    switch (status) {
    case 408:
        return "The head came too slowly";
    case 414:
        return "The address is too long";
    case 417:
        return "What is expected cannot be given";
    case 431:
        return "The head is too large";
    case 501:
        return "This transfer coding is not known";
    case 503:
        return "Out of memory";
    case 505:
        return "Only HTTP/1.0 and HTTP/1.1 are spoken here";
    default:
        return "The request is not well-formed";
    }
}

static void log_request(struct http_exchange *x, const struct connection *c)
{
    const struct http_response *response = &x->response;
    const char *method = x->is_head_method ? "HEAD" : x->request.method;
    const char *path = x->request.path;
    struct log_line *line = arena_alloc(&x->arena, sizeof(*line));
    if (!line)
        return;
    log_begin(line, LOG_INFO, "request");
    log_text(line, "id", x->id);
    log_text(line, "client", c->client);
    log_text(line, "method", method ? method : "-");
    log_text(line, "path", path && *path ? path : "-");
    log_number(line, "status", response->status);
    log_number(line, "received", (int64_t)x->body_taken);
    log_number(line, "sent", (int64_t)response->bytes);
    log_number(line, "us", (rn_now() - x->started) / RN_US);
    if (response->failed < 0)
        log_text(line, "failed", rn_status_text(response->failed));
    log_end(line);
}

static void count_request(const struct http_exchange *x)
{
    int class = x->response.status / 100;
    if (class >= 2 && class <= 5)
        metric_add(&requests[class - 2], 1);
    if (x->body_taken > 0)
        metric_add(&body_bytes, (int64_t)x->body_taken);
}

/* "4f1d02aa-3e8": the server's name, and a number in hexadecimal. */
static void name_request(struct server *server, char id[HTTP_ID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    uint64_t number =
        atomic_fetch_add_explicit(&server->next_id, 1, memory_order_relaxed);
    char text[16];
    char *at = text + sizeof(text);
    do {
        *--at = digits[number % 16];
        number /= 16;
    } while (number > 0);
    size_t len = (size_t)(text + sizeof(text) - at);
    memcpy(id, server->id_prefix, 8);
    id[8] = '-';
    memcpy(id + 9, at, len);
    id[9 + len] = '\0';
}

/* Serves one request; whether the connection stays. */
static bool serve_request(struct connection *c, struct http_exchange *x)
{
    struct server *server = c->server;
    name_request(server, x->id);
    x->request.stopping = server->stopping;
    int status = http_exchange_read_head(x);
    if (status == RN_CLOSED)
        return false;
    if (status == 0)
        status = describe(x, c);
    if (status == 0) {
        route_request(server, x);
    } else {
        x->close = true;
        x->head.minor = 1;
        x->body_ended = true;
        http_reply_error(&x->response, -status, "%s", refusal(-status));
    }
    /* A stream that was not ended ends with its connection. */
    if (x->response.streaming)
        x->close = true;
    bool stays = http_exchange_drain(x);
    count_request(x);
    if (server->options.access_log)
        log_request(x, c);
    return stays;
}

/* --------------------------------------------------------- one connection */

/* Parks until the first bytes of a request are there; how many, or <= 0. */
static int64_t await(struct connection *c, char *first, size_t size)
{
    struct server *server = c->server;
    http_wire_read_until(&c->wire, rn_deadline(server->limits.idle_ns));
    atomic_store(&c->idle, true);
    if (atomic_load(&server->stops))
        return 0;
    int64_t got = http_wire_read(&c->wire, first, size);
    atomic_store(&c->idle, false);
    if (got > 0 && atomic_load(&server->stops)) {
        rn_mutex_lock(&server->lock);
        rn_mutex_unlock(&server->lock);
        c->wire.read_deadline = 0; /* it may have been moved */
    }
    return got;
}

/* The next request after `before` (NULL: the first), which it takes. */
static struct http_exchange *next_request(struct connection *c,
                                          struct http_exchange *before)
{
    const struct server_limits *limits = &c->server->limits;
    char first[FIRST_READ];
    if (before && before->begin < before->end) {
        struct http_exchange *x =
            http_exchange_make(&c->wire, limits, before->bytes + before->begin,
                               before->end - before->begin);
        http_exchange_free(before);
        return x;
    }
    http_exchange_free(before);
    int64_t got = await(c, first, sizeof(first));
    return got > 0 ? http_exchange_make(&c->wire, limits, first, (size_t)got)
                   : NULL;
}

/*
 * A client that is still sending would lose the answer if the connection were
 * closed now: what it sends is read and dropped, for a while.
 */
static void linger(struct connection *c, char *bytes, size_t size)
{
    if (c->wire.tls)
        tls_close(c->wire.tls);
    if (rn_conn_close_write(c->conn) < 0)
        return;
    rn_conn_set_read_deadline(c->conn, rn_deadline(LINGER_NS));
    while (rn_conn_read(c->conn, bytes, size) > 0)
        ;
}

static void serve_requests(struct connection *c)
{
    struct http_exchange *x = next_request(c, NULL);
    for (unsigned turn = 1; x; turn++) {
        if (turn % REQUESTS_PER_TURN == 0)
            rn_yield();
        if (serve_request(c, x)) {
            x = next_request(c, x);
            continue;
        }
        if (x->response.status != 0 && x->response.failed == 0)
            linger(c, x->extra, sizeof(x->extra));
        http_exchange_free(x);
        return;
    }
    if (c->wire.tls)
        tls_close(c->wire.tls);
}

static void leave(struct connection *c)
{
    struct server *server = c->server;
    rn_mutex_lock(&server->lock);
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    server->count--;
    rn_mutex_unlock(&server->lock);
    metric_add(&open_connections, -1);
    tls_free(c->wire.tls);
    rn_conn_free(c->conn);
    free(c);
    rn_waitgroup_done(&server->tasks);
}

static void serve_connection(struct connection **own)
{
    rn_task_set_name("http connection");
    serve_requests(*own);
    leave(*own);
}

/*
 * The handshake needs a stack several times as deep as requests do; so it has
 * one of its own, which goes to the next handshake.
 */
static void shake_hands(struct connection **own)
{
    struct connection *c = *own;
    int64_t deadline = rn_deadline(c->server->limits.head_ns);
    rn_task_set_name("http handshake");
    http_wire_read_until(&c->wire, deadline);
    rn_conn_set_write_deadline(c->conn, deadline);
    if (tls_accept(&c->wire.tls, c->server->tls, c->conn) != RN_OK ||
        rn_try_go(serve_connection, c) < 0)
        leave(c);
}

/* ----------------------------------------------------------------- accept */

/* "1.2.3.4:5" -> "1.2.3.4", "[::1]:5" -> "::1", nothing -> "unix". */
static void name_client(struct connection *c)
{
    const char *remote = rn_conn_remote(c->conn);
    const char *colon = strrchr(remote, ':');
    if (!colon || strncmp(remote, "unix:", 5) == 0) {
        strcpy(c->client, "unix");
        return;
    }
    size_t len = (size_t)(colon - remote);
    if (len >= 2 && remote[0] == '[') {
        remote++;
        len -= 2;
    }
    snprintf(c->client, sizeof(c->client), "%.*s", (int)len, remote);
}

static void refuse(struct rn_conn *conn)
{
    static const char answer[] =
        "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
        "Retry-After: 1\r\nConnection: close\r\n\r\n";
    metric_add(&refused, 1);
    rn_conn_set_write_deadline(conn, rn_deadline(RN_S)); /* it is empty */
    rn_conn_write(conn, answer, sizeof(answer) - 1, NULL);
    rn_conn_free(conn);
}

/* Takes the connection into the list; false beyond the limit. */
static bool enter(struct server *server, struct connection *c)
{
    rn_mutex_lock(&server->lock);
    bool fits = server->count < server->limits.connections;
    if (fits) {
        c->next = server->connections;
        c->link = &server->connections;
        if (c->next)
            c->next->link = &c->next;
        server->connections = c;
        server->count++;
    }
    rn_mutex_unlock(&server->lock);
    return fits;
}

static void take_connection(struct server *server, struct rn_conn *conn)
{
    struct connection *c = calloc(1, sizeof(*c));
    if (c) {
        c->server = server;
        c->conn = conn;
        c->wire.conn = conn;
        c->wire.stall_ns = server->limits.stall_ns;
        name_client(c);
    }
    if (!c || !enter(server, c)) {
        free(c);
        refuse(conn);
        return;
    }
    metric_add(&accepted, 1);
    metric_add(&open_connections, 1);
    rn_waitgroup_add(&server->tasks, 1);
    if ((server->tls ? rn_try_go(shake_hands, c)
                     : rn_try_go(serve_connection, c)) < 0)
        leave(c);
}

static void accept_all(struct server **own)
{
    struct server *server = *own;
    rn_task_set_name("http accept");
    for (;;) {
        struct rn_conn *conn;
        int status = rn_accept(server->listener, &conn);
        if (status == RN_OK) {
            take_connection(server, conn);
        } else if (status == RN_CLOSED) {
            break;
        } else {
            log_message(LOG_WARNING, "accept", "%s", rn_status_text(status));
            rn_sleep(ACCEPT_PAUSE_NS);
        }
    }
    rn_waitgroup_done(&server->tasks);
}

/* ------------------------------------------------------------ open, close */

static void set_defaults(struct server_limits *limits)
{
    const struct server_limits usual = {
        .connections = 16384,
        .upload_bytes = UINT64_C(512) << 20,
        .head_ns = 10 * RN_S,
        .idle_ns = 60 * RN_S,
        .stall_ns = 30 * RN_S,
        .body_rate = 1024,
        .body_grace_ns = 10 * RN_S,
        .drain_ns = 30 * RN_S,
    };
#define USUAL(field) \
    (limits->field = limits->field ? limits->field : usual.field)
    USUAL(connections);
    USUAL(upload_bytes);
    USUAL(head_ns);
    USUAL(idle_ns);
    USUAL(stall_ns);
    USUAL(body_rate);
    USUAL(body_grace_ns);
    USUAL(drain_ns);
#undef USUAL
}

static int listen_at(struct server *server, struct issue *why)
{
    const char *address = server->options.address;
    if (!server->options.token && !auth_is_local(address))
        return issue_set(why, ISSUE_USAGE,
                         "%s can be reached from other machines: give a "
                         "token with --token-file",
                         address);
    int status = rn_listen(address, NULL, &server->listener);
    if (status == RN_INVALID)
        return issue_set(why, ISSUE_USAGE,
                         "%s is no address to listen on, such as "
                         "127.0.0.1:8080, [::1]:8080 or unix:PATH",
                         address);
    if (status < 0)
        return issue_set(why, ISSUE_IO, "cannot listen on %s: %s", address,
                         rn_status_text(status));
    const char *found = rn_listener_address(server->listener);
    const char *scheme = server->tls ? "https" : "http";
    if (strncmp(found, "unix:", 5) == 0
            ? !(server->address = strdup(found))
            : asprintf(&server->address, "%s://%s", scheme, found) < 0) {
        server->address = NULL;
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    }
    return 0;
}

int server_open(struct server **server, const struct server_options *options,
                struct issue *why)
{
    uint32_t chance = 0;
    struct server *s = calloc(1, sizeof(*s));
    if (!s)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    s->options = *options;
    s->limits = options->limits;
    set_defaults(&s->limits);
    s->auth =
        (struct auth){options->token, options->hosts, options->host_count};
    if (getrandom(&chance, sizeof(chance), 0) != sizeof(chance))
        chance = (uint32_t)rn_now();
    snprintf(s->id_prefix, sizeof(s->id_prefix), "%08x", chance);
    if ((options->tls_certificate &&
         tls_server_open(&s->tls, options->tls_certificate, options->tls_key,
                         why) < 0) ||
        listen_at(s, why) < 0) {
        server_free(s);
        return -1;
    }
    s->stopping = rn_ctx_with_cancel(rn_ctx_background());
    s->ending = rn_ctx_with_cancel(rn_ctx_background());
    register_metrics();
    *server = s;
    return 0;
}

const char *server_address(const struct server *server)
{
    return server->address;
}

/* What waits for a request ends; what serves one goes on. */
static void end_idle(struct server *server)
{
    rn_mutex_lock(&server->lock);
    for (struct connection *c = server->connections; c; c = c->next) {
        if (atomic_load(&c->idle))
            rn_conn_set_read_deadline(c->conn, rn_now());
    }
    rn_mutex_unlock(&server->lock);
}

/* Handlers are told that they must end; whoever does not is cut off. */
static void end_all(struct server *server)
{
    rn_ctx_cancel(server->ending);
    if (rn_waitgroup_wait_until(rn_deadline(LAST_WORDS_NS), &server->tasks) ==
        RN_OK)
        return;
    rn_mutex_lock(&server->lock);
    log_message(LOG_WARNING, "stop", "%zu connections were cut off",
                server->count);
    for (struct connection *c = server->connections; c; c = c->next)
        rn_conn_close(c->conn);
    rn_mutex_unlock(&server->lock);
    rn_waitgroup_wait(&server->tasks);
}

void server_run(struct server *server, struct rn_ctx *ctx)
{
    rn_waitgroup_add(&server->tasks, 1);
    rn_go(accept_all, server);
    rn_ctx_wait(ctx);
    atomic_store(&server->stops, true);
    rn_listener_close(server->listener);
    rn_ctx_cancel(server->stopping);
    end_idle(server);
    if (rn_waitgroup_wait_until(rn_deadline(server->limits.drain_ns),
                                &server->tasks) != RN_OK)
        end_all(server);
}

void server_free(struct server *server)
{
    if (!server)
        return;
    if (server->stopping) {
        rn_ctx_release(server->stopping);
        rn_ctx_release(server->ending);
    }
    http_exchange_drop_spares();
    rn_listener_free(server->listener);
    tls_server_free(server->tls);
    free(server->address);
    free(server);
}
