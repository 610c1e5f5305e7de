/* SPDX-License-Identifier: Apache-2.0 */
/*
 * micro_service.h: small services over HTTP, each on a port of its own, and how
 * they are asked. Trace and deadline of a request go along (request_scope.h).
 */
#ifndef MICRO_SERVICE_H
#define MICRO_SERVICE_H

#include <runnel/runnel.h>

struct service {
    const char *name;
    const char *answer; /* as JSON */
    int64_t takes_ms;
    _Atomic(int64_t) failures; /* so many requests will fail */
    struct rn_listener *listener;
    struct rn_breaker breaker; /* of those who ask it */
};

/* One of them; NULL for none, after a message unless the name is NULL. */
struct service *service_named(struct service *services, size_t count,
                              const char *name);

/*
 * Runs them until function(ctx, arg) returns, and returns what that did; a
 * negative status when they could not be started. They end after it, since it
 * may be asking them until then. Parks.
 */
int services_run(struct rn_ctx *ctx, struct service *services, size_t count,
                 int (*function)(struct rn_ctx *ctx, void *arg), void *arg);

struct service_call {
    struct service *service;
    char body[256]; /* what it answered */
};

/*
 * Asks the service. RN_OK with the body, the context's status, -EREMOTEIO when
 * the answer is no 200, or what the connection said. Parks.
 */
int service_ask(struct rn_ctx *ctx, struct service_call *call);

#endif
