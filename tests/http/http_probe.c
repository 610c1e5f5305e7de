/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_probe.c: a server with a route for each thing that a handler can do.
 *
 *     http_probe SPOOL [NAME=VALUE]...
 *
 * prints where it listens, on port 0 of loopback unless address=... says
 * otherwise; limits are named as in struct server_limits, times in ms. Ends on
 * SIGTERM, and says "ended".
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <runnel/runnel.h>
#include <zlib.h>

#include "serve/auth.h"
#include "serve/http_log.h"
#include "serve/http_metrics.h"
#include "serve/server.h"
#include "serve/upload.h"

struct probe {
    struct upload_spool spool;
    struct server_options options;
    const char *token_file;
    const char *host;
};

static void hello(void *app, struct http_request *request,
                  struct http_response *response)
{
    static const char body[] = "{\"hello\":\"world\"}";
    (void)app;
    (void)request;
    http_reply(response, 200, "application/json", body, sizeof(body) - 1);
}

static json_t *text_or_null(const char *text)
{
    return text ? json_string(text) : json_null();
}

/* What a handler is told. */
static void echo(void *app, struct http_request *request,
                 struct http_response *response)
{
    (void)app;
    http_header(response, "X-Probe", "%s",
                http_request_query(request, "header") ?: "");
    http_reply_json(
        response, 200,
        json_pack(
            "{s:s, s:s, s:s, s:o, s:o, s:o, s:o}", "method", request->method,
            "path", request->path, "client", request->client, "name",
            text_or_null(http_request_param(request, "name")), "a",
            text_or_null(http_request_query(request, "a")), "a2",
            text_or_null(http_request_query_nth(request, "a", 1)), "user_agent",
            text_or_null(http_request_header(request, "user-agent"))));
}

/* Reads the body by the pieces that ?by=N says. */
static void count(void *app, struct http_request *request,
                  struct http_response *response)
{
    char piece[5000];
    uLong sum = crc32(0, NULL, 0);
    const char *by = http_request_query(request, "by");
    size_t size = by ? (size_t)atoi(by) : sizeof(piece);
    json_int_t total = 0;
    int64_t got;
    (void)app;
    while ((got = http_request_read(request, piece, size)) > 0) {
        sum = crc32(sum, (const Bytef *)piece, (uInt)got);
        total += got;
    }
    if (got < 0) {
        http_reply_unread(response, (int)got);
        return;
    }
    http_reply_json(
        response, 200,
        json_pack("{s:I, s:I}", "bytes", total, "crc32", (json_int_t)sum));
}

static void take_json(void *app, struct http_request *request,
                      struct http_response *response)
{
    json_t *value = http_request_read_json(request, response);
    (void)app;
    if (value)
        http_reply_json(response, 200, value);
}

static json_t *describe_upload(const struct upload *upload)
{
    static const char *const kinds[] = {"xlsx", "text", "other"};
    char piece[4096];
    uLong sum = crc32(0, NULL, 0);
    FILE *file = fopen(upload->path, "rb");
    size_t got;
    while (file && (got = fread(piece, 1, sizeof(piece), file)) > 0)
        sum = crc32(sum, (const Bytef *)piece, (uInt)got);
    if (file)
        fclose(file);
    return json_pack("{s:s, s:I, s:s, s:I, s:O}", "name", upload->name, "size",
                     (json_int_t)upload->size, "kind", kinds[upload->kind],
                     "crc32", (json_int_t)sum, "fields", upload->fields);
}

static void take_upload(void *app, struct http_request *request,
                        struct http_response *response)
{
    struct probe *probe = app;
    struct upload upload;
    if (upload_receive(&upload, &probe->spool, request, response) < 0)
        return;
    const char *keep = http_request_query(request, "keep");
    int status = RN_OK;
    if (keep) {
        char path[512];
        snprintf(path, sizeof(path), "%s/%s", probe->spool.folder, keep);
        status = upload_keep(&upload, path);
    }
    if (status == RN_OK)
        http_reply_json(response, 200, describe_upload(&upload));
    else
        http_reply_error(response, 409, "%s", rn_status_text(status));
    upload_clear(&upload);
    upload_clear(&upload);
}

/* ?n=N pieces, "0\n", "1\n", ...; ?cut=1 leaves its end out. */
static void stream(void *app, struct http_request *request,
                   struct http_response *response)
{
    const char *n = http_request_query(request, "n");
    int pieces = n ? atoi(n) : 3;
    (void)app;
    http_stream_begin(response, 200, "text/plain");
    for (int i = 0; i < pieces; i++) {
        char text[16];
        int len = snprintf(text, sizeof(text), "%d\n", i);
        if (http_stream_write(response, text, (size_t)len) < 0)
            break;
    }
    if (!http_request_query(request, "cut"))
        http_stream_end(response);
}

/* For ever, until the client is gone or the server stops; then says so. */
static void forever(void *app, struct http_request *request,
                    struct http_response *response)
{
    int status = http_stream_begin(response, 200, "text/event-stream");
    (void)app;
    bool stops = false;
    while (status == RN_OK && !stops) {
        stops = rn_ctx_err(request->stopping) != RN_OK;
        status = http_stream_write(response, ": still here\n\n", 14);
        rn_sleep(RN_MS);
    }
    log_message(LOG_INFO, "stream", "%s",
                status < 0 ? "the client went away" : "the server stops");
    http_stream_end(response);
}

/* Sends the probe's own program. */
static void send_file(void *app, struct http_request *request,
                      struct http_response *response)
{
    (void)app;
    (void)request;
    FILE *file = fopen("/proc/self/exe", "rb");
    if (!file) {
        http_reply_error(response, 500, "no program");
        return;
    }
    fseek(file, 0, SEEK_END);
    uint64_t size = (uint64_t)ftell(file);
    http_reply_file(response, 200, "application/octet-stream", fileno(file), 0,
                    size);
    fclose(file);
}

/* Answers without a look at the body. */
static void ignore(void *app, struct http_request *request,
                   struct http_response *response)
{
    (void)app;
    (void)request;
    http_reply_error(response, 418, "%s", "I am not interested");
}

/* Makes no answer. */
static void none(void *app, struct http_request *request,
                 struct http_response *response)
{
    (void)app;
    (void)request;
    (void)response;
}

static void twice(void *app, struct http_request *request,
                  struct http_response *response)
{
    http_header(response, "X-Broken", "%s", "a\r\nX-Other: b\x01");
    hello(app, request, response);
    hello(app, request, response);
    http_stream_begin(response, 200, "text/plain");
    http_stream_write(response, "x", 1);
}

/* Answers when the server begins to stop, or when its grace is over. */
static void wait_for_stop(void *app, struct http_request *request,
                          struct http_response *response)
{
    (void)app;
    log_message(LOG_INFO, "waits", "%s", request->path);
    rn_ctx_wait(http_request_query(request, "end") ? request->ctx
                                                   : request->stopping);
    http_reply_json(response, 200, json_pack("{s:s}", "waited", "yes"));
}

static void metrics(void *app, struct http_request *request,
                    struct http_response *response)
{
    size_t size = 0;
    char *text = metrics_print(&size);
    (void)app;
    (void)request;
    http_reply(response, 200, "text/plain", text, size);
    free(text);
}

static const struct http_route routes[] = {
    {"GET", "/hello", hello, HTTP_ROUTE_PUBLIC},
    {"GET", "/secret", hello, 0},
    {"GET", "/echo/{name}", echo, 0},
    {"DELETE", "/echo/{name}", echo, 0},
    {"POST", "/count", count, HTTP_ROUTE_UPLOAD},
    {"POST", "/small", count, 0},
    {"POST", "/json", take_json, 0},
    {"POST", "/upload", take_upload, HTTP_ROUTE_UPLOAD},
    {"GET", "/stream", stream, 0},
    {"GET", "/forever", forever, 0},
    {"GET", "/file", send_file, 0},
    {"POST", "/ignore", ignore, HTTP_ROUTE_UPLOAD},
    {"GET", "/none", none, 0},
    {"GET", "/twice", twice, 0},
    {"GET", "/wait", wait_for_stop, 0},
    {"GET", "/metrics", metrics, 0},
};

static void set_limit(struct server_limits *limits, const char *name,
                      long value)
{
    struct {
        const char *name;
        int64_t *limit;
    } times[] = {{"head", &limits->head_ns},
                 {"idle", &limits->idle_ns},
                 {"stall", &limits->stall_ns},
                 {"grace", &limits->body_grace_ns},
                 {"drain", &limits->drain_ns}};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        if (strcmp(name, times[i].name) == 0)
            *times[i].limit = value * RN_MS;
    }
    if (strcmp(name, "connections") == 0)
        limits->connections = (size_t)value;
    else if (strcmp(name, "upload") == 0)
        limits->upload_bytes = (uint64_t)value;
    else if (strcmp(name, "rate") == 0)
        limits->body_rate = (uint64_t)value;
}

static void set_option(struct probe *probe, char *text)
{
    char *value = strchr(text, '=');
    if (!value)
        return;
    *value++ = '\0';
    if (strcmp(text, "address") == 0)
        probe->options.address = value;
    else if (strcmp(text, "token") == 0)
        probe->token_file = value;
    else if (strcmp(text, "host") == 0)
        probe->host = value;
    else if (strcmp(text, "cert") == 0)
        probe->options.tls_certificate = value;
    else if (strcmp(text, "key") == 0)
        probe->options.tls_key = value;
    else if (strcmp(text, "log") == 0)
        log_use_json(strcmp(value, "json") == 0);
    else
        set_limit(&probe->options.limits, text, atol(value));
}

struct watch {
    struct rn_ctx *stop;
    rn_receiver(int) signals;
};

static int watch_signals(struct rn_ctx *ctx, struct watch *own)
{
    int number;
    if (rn_recv_ctx(ctx, own->signals, &number) == RN_OK)
        rn_ctx_cancel(own->stop);
    return RN_OK;
}

static int serve_until(struct probe *probe, struct rn_ctx *stop)
{
    struct server *server;
    struct issue why;
    char *token = NULL;
    int status = 0;
    if (probe->token_file) {
        token = auth_read_token(probe->token_file, &why);
        status = token ? 0 : -1;
    }
    probe->options.token = token;
    if (status == 0)
        status = server_open(&server, &probe->options, &why);
    if (status == 0) {
        printf("listening on %s\n", server_address(server));
        fflush(stdout);
        server_run(server, stop);
        server_free(server);
        metrics_clear();
        printf("ended\n");
    } else {
        printf("refused: %s\n", why.text);
    }
    free(token);
    return status < 0;
}

static int serve(struct probe *probe)
{
    struct rn_ctx *stop = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_group *watchers = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) signals = rn_chan_make(int, 1);
    rn_signal_notify(signals, SIGTERM);
    rn_group_go(watchers, watch_signals,
                (struct watch){stop, rn_recv_end(signals)});
    int status = serve_until(probe, stop);
    rn_ctx_cancel(rn_group_ctx(watchers));
    rn_group_wait(watchers);
    rn_signal_stop(signals);
    rn_chan_free(signals);
    rn_ctx_release(stop);
    return status;
}

static int run(void *arg)
{
    return serve(arg);
}

int main(int argc, char **argv)
{
    static struct probe probe = {
        .options = {.address = "127.0.0.1:0", .access_log = true}};
    if (argc < 2)
        return 2;
    probe.spool = (struct upload_spool){
        .folder = argv[1], .places = RN_SEMAPHORE(UPLOADS_AT_ONCE)};
    for (int i = 2; i < argc; i++)
        set_option(&probe, argv[i]);
    probe.options.hosts = &probe.host;
    probe.options.host_count = probe.host != NULL;
    probe.options.tables[0] = (struct server_routes){
        routes, sizeof(routes) / sizeof(routes[0]), &probe};
    signal(SIGPIPE, SIG_IGN);
    return rn_run(run, &probe);
}
