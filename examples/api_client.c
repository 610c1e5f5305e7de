/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_client.c: a thousand requests, politely.
 *
 * Three limits at once: how many requests are open (so many workers has the
 * pool), how many begin a second, and how often one is tried again (both in
 * polite_get.h). Look at run: numbers come from a source, the pool turns each
 * into an answer, the loop counts; a request that fails is an answer, too.
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
#include "polite_get.h"

static int64_t requests = 1000, concurrency = 16, rate, tries = 4;
static int64_t pause_ms = 100, timeout_ms = 5000;
static const char *pattern;

static char *address_of(int64_t number)
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

static void clear_answer(struct polite_answer *answer)
{
    http_reply_clear(&answer->reply);
}

static int next_number(struct rn_ctx *ctx, int64_t *last, int64_t *number)
{
    (void)ctx;
    *number = ++*last;
    return *number <= requests ? RN_OK : RN_CLOSED;
}

static int ask(struct rn_ctx *ctx, struct polite *polite, int64_t *number,
               struct polite_answer *answer)
{
    char *url = address_of(*number);
    if (!url)
        return RN_NOMEM;
    int status = polite_get(ctx, polite, url, answer);
    free(url);
    if (rn_ctx_err(ctx) != RN_OK) { /* called off: it is no answer */
        clear_answer(answer);
        return rn_ctx_err(ctx);
    }
    return status == RN_NOMEM ? status : RN_OK;
}

struct counts {
    int64_t good, again;
    struct histogram times;
};

static void count(struct counts *counts, struct polite_answer *answer)
{
    bool good = answer->reply.answer >= 200 && answer->reply.answer < 300;

    if (answer->reply.why[0] && counts->good == (int64_t)counts->times.count)
        example_error("%s", answer->reply.why); /* the first that fails */
    counts->good += good;
    counts->again += answer->tried - 1;
    histogram_add(&counts->times, answer->us);
}

static void print(const struct counts *counts, double seconds)
{
    const struct histogram *times = &counts->times;

    printf("%lld of %lld good, %lld tried again, %.0f requests a second\n",
           (long long)counts->good, (long long)requests,
           (long long)counts->again,
           (double)(requests + counts->again) / seconds);
    printf("half within %.1f ms, 99 %% within %.1f ms, the slowest %.1f ms\n",
           (double)histogram_percentile(times, 50) / 1e3,
           (double)histogram_percentile(times, 99) / 1e3,
           (double)times->most / 1e3);
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(int64_t) numbers = rn_group_chan(group, int64_t, 16);
    rn_chan(struct polite_answer) answers =
        rn_group_chan(group, struct polite_answer, 16);
    int64_t last = 0, start = rn_now();
    struct counts counts = {.good = 0};
    struct polite polite;
    (void)argc;

    pattern = argv[0];
    histogram_clear(&counts.times);
    polite_open(&polite, rate, tries, pause_ms, timeout_ms);
    rn_chan_set_drop(answers, clear_answer);
    rn_source(group, numbers, next_number, &last);
    rn_pool_map(group, (size_t)concurrency, numbers, answers, ask, &polite);
    rn_range (struct polite_answer, answer, answers) {
        count(&counts, &answer);
        clear_answer(&answer);
    }
    int status = rn_group_wait(group);
    polite_close(&polite);
    if (rn_ctx_err(ctx) != RN_OK)
        return 1;
    if (status != RN_OK)
        example_error("%s", rn_status_text(status));
    print(&counts, example_ms_since(start) / 1e3);
    return counts.good == requests ? 0 : 1;
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
         .number = &pause_ms, 0, 1000 * POLITE_PAUSE_MAX_S},
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
