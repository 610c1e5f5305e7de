/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gateway.c: three services, and the gateway that makes one answer of theirs.
 *
 * Catalog, prices and stock are HTTP servers with ports of their own; GET /item
 * of the gateway asks them at once. How long the asker waits goes along with
 * each request, so nobody works for an answer that comes too late; so does a
 * trace id, which stands in every log line. What has not come in time is left
 * out. Look at ask_if_well: each service has a circuit breaker, so one that
 * fails again and again is not asked for a while, and costs no time.
 *
 *     gateway --listen 127.0.0.1:8080 --slow stock
 *     curl -H 'X-Trace-Id: me-1' -H 'X-Deadline-Ms: 300' localhost:8080/item
 */
#include <stdio.h>
#include <string.h>

#include "common/example.h"
#include "micro_service.h"

#define SERVICES 3

static const char *address = "127.0.0.1:8080", *slow, *fail;
static int64_t timeout_ms = 500, unit_ms = 10, failures = 1000000;
static int64_t open_ms = 5000;

struct backend {
    struct service service;
    struct rn_breaker breaker;
};

static struct backend backends[SERVICES] = {
    {.service = {"catalog", "{\"name\":\"Teapot\"}", 1, 0, NULL}},
    {.service = {"prices", "{\"cents\":3900}", 2, 0, NULL}},
    {.service = {"stock", "{\"left\":17}", 3, 0, NULL}},
};

/* ------------------------------------------------------------ the gateway */

struct question {
    struct backend *backend;
    struct service_call call;
    int status;
    bool hurried; /* the asker waits less long than a service may take */
};

/* Whoever is in a hurry learns nothing about the service. */
static int ask_if_well(struct rn_ctx *ctx, struct question *q)
{
    uint64_t pass;

    if (rn_breaker_enter(&q->backend->breaker, &pass) != RN_OK)
        return RN_AGAIN;
    int status = service_ask(ctx, &q->call);
    bool unknown = status == RN_TIMEOUT && q->hurried;
    rn_breaker_leave(&q->backend->breaker, pass,
                     unknown ? RN_CANCELED : status);
    return status;
}

/* A service that is missing is no error of the whole. */
static int ask(struct rn_ctx *ctx, struct question **own)
{
    struct question *q = *own;

    q->call.service = &q->backend->service;
    q->status = ask_if_well(ctx, q);
    if (q->status != RN_OK)
        request_log(ctx, "gateway", "without %s: %s", q->backend->service.name,
                    q->status == RN_AGAIN ? "it is not asked now"
                                          : rn_status_text(q->status));
    return RN_OK;
}

static void join_services(struct rn_ctx *outer,
                          const struct http_request *request,
                          struct http_answer *answer, void *arg)
{
    struct question questions[SERVICES] = {{.status = RN_OK}};
    int64_t start = rn_now();
    int good = 0;
    (void)arg;

    if (strcmp(request->path, "/item") != 0) {
        answer->status = 404;
        fputs("there is /item\n", answer->body);
        return;
    }
    struct rn_ctx *apart = rn_ctx_without_cancel(outer); /* it is finished */
    struct rn_ctx *ctx = request_ctx(apart, request, timeout_ms);
    struct rn_group *group = rn_group_make(ctx, 0);
    for (size_t i = 0; i < SERVICES; i++) {
        questions[i].backend = &backends[i];
        questions[i].hurried =
            rn_ctx_deadline(ctx) < start + timeout_ms * RN_MS;
        rn_group_go(group, ask, &questions[i]);
    }
    rn_group_wait(group); /* they end by the deadline */
    fprintf(answer->body, "{\"trace\":\"%s\"", request_trace(ctx));
    for (size_t i = 0; i < SERVICES; i++) {
        bool there = questions[i].status == RN_OK;
        fprintf(answer->body, ",\"%s\":%s", backends[i].service.name,
                there ? questions[i].call.body : "null");
        good += there;
    }
    fputs("}\n", answer->body);
    answer->type = "application/json";
    answer->status = good > 0 ? 200 : 504;
    request_log(ctx, "gateway", "%d of %d parts after %.0f ms", good, SERVICES,
                example_ms_since(start));
    rn_ctx_release(ctx);
    rn_ctx_release(apart);
}

/* ------------------------------------------------------------ the program */

static int serve(struct rn_ctx *ctx, struct backend **own)
{
    return mini_http_serve_on(ctx, (*own)->service.listener, service_answer,
                              &(*own)->service);
}

/* Sets a service up; its port is the system's choice. */
static int open_service(struct backend *backend)
{
    struct service *service = &backend->service;

    service->takes_ms *= unit_ms;
    if (slow && strcmp(slow, service->name) == 0)
        service->takes_ms = 100 * timeout_ms;
    if (fail && strcmp(fail, service->name) == 0)
        service->failures = failures;
    backend->breaker =
        (struct rn_breaker){.failures = 3, .open_ns = open_ms * RN_MS};
    return rn_listen("127.0.0.1:0", NULL, &service->listener);
}

/* Services end after the gateway, which may still be asking them. */
static int serve_all(struct rn_ctx *ctx)
{
    struct rn_ctx *services = rn_ctx_without_cancel(ctx);
    struct rn_ctx *ending = rn_ctx_with_cancel(services);
    struct rn_group *group = rn_group_make(ending, 0);
    int status = RN_OK;

    for (size_t i = 0; i < SERVICES && status == RN_OK; i++) {
        status = open_service(&backends[i]);
        if (status == RN_OK) {
            printf("%s on http://%s\n", backends[i].service.name,
                   rn_listener_address(backends[i].service.listener));
            rn_group_go(group, serve, &backends[i]);
        }
    }
    if (status == RN_OK)
        status = mini_http_serve(ctx, address, join_services, NULL);
    rn_ctx_cancel(ending);
    rn_group_wait(group);
    rn_ctx_release(ending);
    rn_ctx_release(services);
    return status;
}

static bool known(const char *name)
{
    for (size_t i = 0; i < SERVICES; i++) {
        if (!name || strcmp(name, backends[i].service.name) == 0)
            return true;
    }
    example_error("there is no service \"%s\"", name);
    return false;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    if (!known(slow) || !known(fail))
        return 2;
    int status = serve_all(ctx);
    if (status != RN_OK)
        example_error("%s: %s", address, rn_status_text(status));
    return status != RN_OK;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"listen", "ADDRESS", "of the gateway", .text = &address},
        {"timeout-ms", "MS", "for the whole answer", .number = &timeout_ms,
         .min = 1, .max = 60000},
        {"unit-ms", "MS", "the fastest service; the slowest takes three",
         .number = &unit_ms, .max = 60000},
        {"slow", "SERVICE", "that never answers in time", .text = &slow},
        {"fail", "SERVICE", "that fails", .text = &fail},
        {"failures", "N", "how often, before it is well", .number = &failures,
         .max = 1000000},
        {"open-ms", "MS", "that a failing service is not asked",
         .number = &open_ms, .min = 1, .max = 3600000},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){
            .usage = "[--listen ADDRESS] [--slow SERVICE] [--fail SERVICE]",
            .about = "Joins catalog, prices and stock to one answer.",
            .options = options,
            .serves = true,
            .run = run});
}
