/* SPDX-License-Identifier: Apache-2.0 */
/* request_scope.c: headers become a value and a deadline of a context. */
#include "request_scope.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/mini_request.h"

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
