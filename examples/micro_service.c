/* SPDX-License-Identifier: Apache-2.0 */
/* micro_service.c: a service answers after a while, or fails, or gives up. */
#include "micro_service.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "common/example.h"
#include "common/mini_http.h"
#include "request_scope.h"

#define MOST_MS 60000 /* that a service works on a request */

struct service *service_named(struct service *services, size_t count,
                              const char *name)
{
    for (size_t i = 0; name && i < count; i++) {
        if (strcmp(name, services[i].name) == 0)
            return &services[i];
    }
    if (name)
        example_error("there is no service \"%s\"", name);
    return NULL;
}

static bool take_failure(struct service *service)
{
    int64_t left = service->failures;

    while (left > 0) {
        if (atomic_compare_exchange_weak(&service->failures, &left, left - 1))
            return true;
    }
    return false;
}

static void answer(struct rn_ctx *outer, const struct http_request *request,
                   struct http_answer *answer, void *arg)
{
    struct service *service = arg;
    struct rn_ctx *ctx = request_ctx(outer, request, MOST_MS);

    if (take_failure(service)) {
        answer->status = 500;
        request_log(ctx, service->name, "failed");
    } else if (example_sleep(ctx, service->takes_ms * RN_MS) != RN_OK) {
        answer->status = 504; /* nobody waits for it any more */
        request_log(ctx, service->name, "gave up");
    } else {
        answer->type = "application/json";
        fputs(service->answer, answer->body);
        request_log(ctx, service->name, "answered %s", request->path);
    }
    rn_ctx_release(ctx);
}

static int serve(struct rn_ctx *ctx, struct service **own)
{
    return mini_http_serve_on(ctx, (*own)->listener, answer, *own);
}

int services_run(struct rn_ctx *outer, struct service *services, size_t count,
                 int (*function)(struct rn_ctx *ctx, void *arg), void *arg)
{
    struct rn_ctx *ctx = rn_ctx_without_cancel(outer);
    struct rn_group *group = rn_group_make(ctx, 0);
    int status = RN_OK;

    for (size_t i = 0; i < count && status == RN_OK; i++) {
        status = rn_listen("127.0.0.1:0", NULL, &services[i].listener);
        if (status == RN_OK) {
            printf("%s on http://%s\n", services[i].name,
                   rn_listener_address(services[i].listener));
            rn_group_go(group, serve, &services[i]);
        }
    }
    if (status == RN_OK)
        status = function(outer, arg);
    else
        example_error("a service: %s", rn_status_text(status));
    rn_ctx_cancel(rn_group_ctx(group));
    rn_group_wait(group);
    rn_ctx_release(ctx);
    return status;
}

/* Sends the request and reads the whole answer; its size or a status. */
static int64_t exchange(struct rn_ctx *ctx, struct rn_conn *conn, char *answer,
                        size_t size)
{
    char request[256];
    int64_t deadline = rn_ctx_deadline(ctx);
    int64_t left_ms =
        deadline == RN_NEVER ? MOST_MS : (deadline - rn_now()) / RN_MS;
    int length = snprintf(request, sizeof(request),
                          "GET /item HTTP/1.1\r\nHost: service\r\n"
                          "Connection: close\r\nX-Trace-Id: %s\r\n"
                          "X-Deadline-Ms: %lld\r\n\r\n",
                          request_trace(ctx), (long long)left_ms);

    rn_conn_set_deadline(conn, deadline);
    int status = rn_conn_write(conn, request, (size_t)length, NULL);
    return status != RN_OK ? status : rn_conn_read_full(conn, answer, size - 1);
}

int service_ask(struct rn_ctx *ctx, struct service_call *call)
{
    char answer[1024];
    struct rn_conn *conn;
    int status =
        rn_dial(ctx, rn_listener_address(call->service->listener), &conn);

    if (status != RN_OK)
        return status;
    int64_t size = exchange(ctx, conn, answer, sizeof(answer));
    rn_conn_free(conn);
    if (size < 0)
        return (int)size;
    answer[size] = '\0';
    const char *body = strstr(answer, "\r\n\r\n");
    if (strncmp(answer, "HTTP/1.1 504 ", 13) == 0)
        return RN_TIMEOUT;
    if (strncmp(answer, "HTTP/1.1 200 ", 13) != 0 || !body)
        return -EREMOTEIO;
    snprintf(call->body, sizeof(call->body), "%s", body + 4);
    return RN_OK;
}
