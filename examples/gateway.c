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
#include "common/mini_http.h"
#include "micro_service.h"
#include "request_scope.h"

#define SERVICES 3

static const char *address = "127.0.0.1:8080", *slow, *fail;
static int64_t timeout_ms = 500, unit_ms = 10, failures = 1000000;
static int64_t open_ms = 5000;

static struct service services[SERVICES] = {
    {.name = "catalog", .answer = "{\"name\":\"Teapot\"}", .takes_ms = 1},
    {.name = "prices", .answer = "{\"cents\":3900}", .takes_ms = 2},
    {.name = "stock", .answer = "{\"left\":17}", .takes_ms = 3},
};

struct question {
    struct service_call call;
    int status;
    bool hurried; /* the asker waits less long than a service may take */
};

/* Whoever is in a hurry learns nothing about the service. */
static int ask_if_well(struct rn_ctx *ctx, struct question *q)
{
    struct rn_breaker *breaker = &q->call.service->breaker;
    uint64_t pass;

    if (rn_breaker_enter(breaker, &pass) != RN_OK)
        return RN_AGAIN;
    int status = service_ask(ctx, &q->call);
    bool unknown = status == RN_TIMEOUT && q->hurried;
    rn_breaker_leave(breaker, pass, unknown ? RN_CANCELED : status);
    return status;
}

/* A service that is missing is no error of the whole. */
static int ask(struct rn_ctx *ctx, struct question **own)
{
    struct question *q = *own;

    q->status = ask_if_well(ctx, q);
    if (q->status != RN_OK)
        request_log(ctx, "gateway", "without %s: %s", q->call.service->name,
                    q->status == RN_AGAIN ? "it is not asked now"
                                          : rn_status_text(q->status));
    return RN_OK;
}

static int print_answer(struct rn_ctx *ctx, const struct question *questions,
                        FILE *out)
{
    int good = 0;

    fprintf(out, "{\"trace\":\"%s\"", request_trace(ctx));
    for (size_t i = 0; i < SERVICES; i++) {
        bool there = questions[i].status == RN_OK;
        fprintf(out, ",\"%s\":%s", services[i].name,
                there ? questions[i].call.body : "null");
        good += there;
    }
    fputs("}\n", out);
    return good;
}

static void join_services(struct rn_ctx *outer,
                          const struct http_request *request,
                          struct http_answer *answer, void *arg)
{
    struct question questions[SERVICES] = {{.status = RN_OK}};
    int64_t start = rn_now();
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
        questions[i].call.service = &services[i];
        questions[i].hurried =
            rn_ctx_deadline(ctx) < start + timeout_ms * RN_MS;
        rn_group_go(group, ask, &questions[i]);
    }
    rn_group_wait(group); /* they end by the deadline */
    int good = print_answer(ctx, questions, answer->body);
    answer->type = "application/json";
    answer->status = good > 0 ? 200 : 504;
    request_log(ctx, "gateway", "%d of %d parts after %.0f ms", good, SERVICES,
                example_ms_since(start));
    rn_ctx_release(ctx);
    rn_ctx_release(apart);
}

static int serve(struct rn_ctx *ctx, void *arg)
{
    return mini_http_serve(ctx, address, join_services, arg);
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct service *late = service_named(services, SERVICES, slow);
    struct service *broken = service_named(services, SERVICES, fail);

    if ((slow && !late) || (fail && !broken))
        return 2;
    for (struct service *s = services; s < services + SERVICES; s++) {
        s->takes_ms = s == late ? 100 * timeout_ms : s->takes_ms * unit_ms;
        s->failures = s == broken ? failures : 0;
        s->breaker =
            (struct rn_breaker){.failures = 3, .open_ns = open_ms * RN_MS};
    }
    return services_run(ctx, services, SERVICES, serve, NULL) != RN_OK;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"listen", "ADDRESS", "of the gateway", .text = &address},
        {"timeout-ms", "MS", "for the whole answer", .number = &timeout_ms, 1,
         60000},
        {"unit-ms", "MS", "the fastest service; the slowest takes three",
         .number = &unit_ms, 0, 60000},
        {"slow", "SERVICE", "that never answers in time", .text = &slow},
        {"fail", "SERVICE", "that fails", .text = &fail},
        {"failures", "N", "how often, before it is well", .number = &failures,
         0, 1000000},
        {"open-ms", "MS", "that a failing service is not asked",
         .number = &open_ms, 1, 3600000},
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
