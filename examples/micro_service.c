/* SPDX-License-Identifier: Apache-2.0 */
/* micro_service.c: deadlines and trace ids in headers and in contexts. */
#include "micro_service.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/example.h"

#define MOST_MS 60000 /* that a service works on a request */

/* ----------------------------------------------- what goes with a request */

static rn_key(char) trace_key = {.drop = free};

/* The caller's if it is one, or sixteen hexadecimal digits of chance. */
static char *take_trace(const struct http_request *request)
{
    const char *given = http_header(request, "X-Trace-Id");
    size_t size = 0;
    uint64_t chance = 0;
    char *trace;

    while (given && (isalnum((unsigned char)given[size]) || given[size] == '-'))
        size++;
    if (size > 0 && size < TRACE_MAX && given[size] == '\0')
        return strdup(given);
    if (getrandom(&chance, sizeof(chance), 0) != sizeof(chance))
        chance = (uint64_t)rn_now();
    return asprintf(&trace, "%016llx", (unsigned long long)chance) < 0 ? NULL
                                                                       : trace;
}

struct rn_ctx *request_ctx(struct rn_ctx *ctx,
                           const struct http_request *request, int64_t most_ms)
{
    const char *given = http_header(request, "X-Deadline-Ms");
    char *end;
    long long ms = given ? strtoll(given, &end, 10) : most_ms;

    if (ms > most_ms || (given && (*end || end == given)))
        ms = most_ms;
    char *trace = take_trace(request);
    struct rn_ctx *traced =
        trace ? rn_ctx_with_value(ctx, &trace_key, trace) : rn_ctx_retain(ctx);
    struct rn_ctx *limited = rn_ctx_with_timeout(traced, ms * RN_MS);
    rn_ctx_release(traced);
    return limited;
}

const char *request_trace(struct rn_ctx *ctx)
{
    const char *trace = rn_ctx_value(ctx, &trace_key);

    return trace ? trace : "-";
}

void request_log(struct rn_ctx *ctx, const char *who, const char *format, ...)
{
    char text[256];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    printf("trace=%s %s: %s\n", request_trace(ctx), who, text);
    fflush(stdout);
}

/* -------------------------------------------------------------- a service */

static bool take_failure(struct service *service)
{
    int64_t left = service->failures;

    while (left > 0) {
        if (atomic_compare_exchange_weak(&service->failures, &left, left - 1))
            return true;
    }
    return false;
}

void service_answer(struct rn_ctx *outer, const struct http_request *request,
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

/* ------------------------------------------------------------- asking one */

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
