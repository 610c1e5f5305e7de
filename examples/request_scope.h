/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request_scope.h: what goes with a request, however far down.
 *
 * Its trace id (X-Trace-Id) and how long the asker will wait (X-Deadline-Ms)
 * travel in headers between services and in the context inside one, so that
 * whoever works on it knows when to stop, and all their log lines can be told
 * to belong together.
 */
#ifndef REQUEST_SCOPE_H
#define REQUEST_SCOPE_H

#include "common/mini_request.h"

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

#endif
