/* SPDX-License-Identifier: Apache-2.0 */
/*
 * micro_service.h: small services over HTTP, and how they are asked.
 *
 * With every request go its trace id (X-Trace-Id) and how long the asker will
 * wait (X-Deadline-Ms), so that whoever works on it, however far down, knows
 * when to stop, and all their log lines can be told to belong together.
 */
#ifndef MICRO_SERVICE_H
#define MICRO_SERVICE_H

#include "common/mini_http.h"

#define TRACE_MAX 33 /* bytes of a trace id, with its NUL */

/*
 * A context for one request, below ctx: it has the trace id of its header, or
 * a new one, and the deadline of its header, but at most `most_ms`. To be
 * released.
 */
struct rn_ctx *request_ctx(struct rn_ctx *ctx,
                           const struct http_request *request, int64_t most_ms);
const char *request_trace(struct rn_ctx *ctx);

/* A line on standard output: the trace, who says it, what. */
void request_log(struct rn_ctx *ctx, const char *who, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

struct service {
    const char *name;
    const char *answer; /* as JSON */
    int64_t takes_ms;
    _Atomic(int64_t) failures; /* so many requests will fail */
    struct rn_listener *listener;
};

/* An http_handler; arg is the service. */
void service_answer(struct rn_ctx *ctx, const struct http_request *request,
                    struct http_answer *answer, void *arg);

struct service_call {
    struct service *service;
    char body[256]; /* what it answered */
};

/*
 * Asks the service, passing trace and deadline of the context on. RN_OK with
 * the body, the context's status, -EREMOTEIO when the answer is no 200, or
 * what the connection said. Parks.
 */
int service_ask(struct rn_ctx *ctx, struct service_call *call);

#endif
