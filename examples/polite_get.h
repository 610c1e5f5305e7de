/* SPDX-License-Identifier: Apache-2.0 */
/*
 * polite_get.h: asks a server as it wants to be asked.
 *
 * So many requests begin a second, whoever makes them. What may work later
 * (429, 5xx, a connection that broke) is tried again after a wait that is
 * longer each time, by chance more or less, so that clients which failed
 * together do not come back together; a server that says when is believed.
 */
#ifndef POLITE_GET_H
#define POLITE_GET_H

#include "common/http_get.h"

#define POLITE_PAUSE_MAX_S 30

struct polite {
    struct http_client http;
    struct rn_limiter limiter;
    struct rn_backoff backoff;
};

/*
 * `rate` a second (0: no limit), so many tries for a request, the first wait,
 * the time of a try. To be closed.
 */
void polite_open(struct polite *polite, int64_t rate, int64_t tries,
                 int64_t pause_ms, int64_t timeout_ms);
void polite_close(struct polite *polite);

struct polite_answer {
    struct http_reply reply; /* to the last try; to be cleared */
    int64_t tried, us;       /* how often; what the last try took */
};

/* As http_get, or RN_AGAIN when the server wanted another try in the end. */
int polite_get(struct rn_ctx *ctx, struct polite *polite, const char *url,
               struct polite_answer *answer);

#endif
