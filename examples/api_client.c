/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_client.c: a thousand requests, politely.
 *
 * Three limits at once: how many requests are open (so many workers has the
 * pool), how many begin a second (a limiter is asked before each), and how
 * often one is tried again. What may work later (429, 5xx, a connection that
 * broke) waits longer each time, by chance more or less, so that clients which
 * failed together do not come back together; a server that says when is
 * believed. Look at try_once: it only says what came of one try, and rn_retry
 * makes as many as it takes.
 *
 *     api_client http://localhost:8080/items/{n}
 *     api_client --requests 200 --concurrency 8 --rate 50 http://...
 *
 * {n} becomes the number of the request, from 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/histogram.h"
#include "common/http_get.h"

#define PAUSE_MAX_S 30

static int64_t requests = 1000, concurrency = 16, rate, tries = 4;
static int64_t pause_ms = 100, timeout_ms = 5000;

static struct http_client http = {.body_max = (size_t)16 << 20};
static struct rn_limiter limiter = RN_LIMITER(1, 1); /* no limit, yet */

struct outcome {
    struct http_reply reply; /* to the last try */
    int64_t tried, us;       /* how often; what the last try took */
    char *url;               /* while it is asked */
};

static void clear_outcome(struct outcome *outcome)
{
    http_reply_clear(&outcome->reply);
}

static bool may_work_later(int status)
{
    return status == RN_AGAIN || status == HTTP_LOST;
}

static int try_once(struct rn_ctx *ctx, struct outcome *outcome)
{
    struct http_reply *reply = &outcome->reply;
    int status = rn_limiter_wait(ctx, &limiter, 1);

    if (status != RN_OK)
        return status;
    int64_t start = rn_now();
    http_reply_clear(reply);
    status = http_get(ctx, &http, outcome->url, NULL, reply);
    outcome->us = (rn_now() - start) / RN_US;
    outcome->tried++;
    if (reply->answer != 429 && reply->answer < 500)
        return status;
    if (outcome->tried < tries && reply->retry_after_s <= PAUSE_MAX_S)
        example_sleep(ctx, reply->retry_after_s * RN_S);
    return RN_AGAIN;
}

static char *address_of(const char *pattern, int64_t number)
{
    const char *place = strstr(pattern, "{n}");
    char *url;

    if (!place)
        return strdup(pattern);
    if (asprintf(&url, "%.*s%lld%s", (int)(place - pattern), pattern,
                 (long long)number, place + 3) < 0)
        return NULL;
    return url;
}

/* All tries of one request; a failure of it is no failure of the others. */
static int ask(struct rn_ctx *ctx, const char *pattern, int64_t *number,
               struct outcome *outcome)
{
    const struct rn_backoff backoff = {.attempts = (unsigned)tries,
                                       .first_ns = pause_ms * RN_MS,
                                       .max_ns = PAUSE_MAX_S * RN_S,
                                       .jitter = 0.5,
                                       .again = may_work_later};

    *outcome = (struct outcome){.url = address_of(pattern, *number)};
    if (!outcome->url)
        return RN_NOMEM;
    int status = rn_retry(ctx, &backoff, try_once, outcome);
    free(outcome->url);
    if (rn_ctx_err(ctx) != RN_OK)
        clear_outcome(outcome);
    return status == RN_NOMEM ? status : rn_ctx_err(ctx);
}

static int next_number(struct rn_ctx *ctx, int64_t *last, int64_t *number)
{
    (void)ctx;
    *number = ++*last;
    return *number <= requests ? RN_OK : RN_CLOSED;
}

/* Takes what comes of the requests; how many were good. */
static int64_t collect(rn_chan(struct outcome) outcomes, int64_t *again,
                       struct histogram *times)
{
    int64_t good = 0;

    rn_range (struct outcome, outcome, outcomes) {
        if (outcome.reply.why[0] && good == (int64_t)times->count)
            example_error("%s", outcome.reply.why); /* the first that fails */
        good += outcome.reply.answer >= 200 && outcome.reply.answer < 300;
        *again += outcome.tried - 1;
        histogram_add(times, outcome.us);
        clear_outcome(&outcome);
    }
    return good;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(int64_t) numbers = rn_group_chan(group, int64_t, 16);
    rn_chan(struct outcome) outcomes = rn_group_chan(group, struct outcome, 16);
    int64_t last = 0, again = 0, start = rn_now();
    struct histogram times;
    const char *url = argv[0];
    (void)argc;

    rn_chan_set_drop(outcomes, clear_outcome);
    histogram_clear(&times);
    if (rate > 0)
        limiter.interval_ns = RN_S / rate;
    http.timeout_ms = timeout_ms;
    http_client_open(&http);
    rn_source(group, numbers, next_number, &last);
    rn_pool_map(group, (size_t)concurrency, numbers, outcomes, ask, url);
    int64_t good = collect(outcomes, &again, &times);
    int status = rn_group_wait(group);
    http_client_close(&http);
    if (rn_ctx_err(ctx) != RN_OK)
        return 1;
    if (status != RN_OK)
        example_error("%s", rn_status_text(status));
    printf("%lld of %lld good, %lld tried again, %.0f requests a second\n",
           (long long)good, (long long)requests, (long long)again,
           (double)(requests + again) / (example_ms_since(start) / 1e3));
    printf("half within %.1f ms, 99 %% within %.1f ms, the slowest %.1f ms\n",
           (double)histogram_percentile(&times, 50) / 1e3,
           (double)histogram_percentile(&times, 99) / 1e3,
           (double)times.most / 1e3);
    return good == requests ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"requests", "N", "how many", .number = &requests, 1, 1000000},
        {"concurrency", "N", "open at once", .number = &concurrency, 1, 10000},
        {"rate", "N", "begun a second; 0: no limit", .number = &rate, 0,
         100000},
        {"tries", "N", "of one request", .number = &tries, 1, 20},
        {"pause-ms", "MS", "before the second try; doubles",
         .number = &pause_ms, 0, 1000 * PAUSE_MAX_S},
        {"timeout-ms", "MS", "of one try", .number = &timeout_ms, 1, 600000},
        {0},
    };
    return curl_go_main(
        argc, argv,
        &(struct example){.usage = "[--requests N] [--concurrency N] URL",
                          .about = "Asks an address many times, politely.",
                          .options = options,
                          .min_arguments = 1,
                          .max_arguments = 1,
                          .run = run});
}
