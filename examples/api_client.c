/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_client.c: a thousand requests, politely.
 *
 * Three limits at once: how many requests are open (so many workers there are),
 * how many begin a second (a token is taken before each; look at fill_bucket),
 * and how often one is tried again. What may work later (429, 5xx, a connection
 * that broke) waits longer each time, by chance more or less, so that clients
 * which failed together do not come back together; a server that says when is
 * believed.
 *
 *     api_client http://localhost:8080/items/{n}
 *     api_client --requests 200 --concurrency 8 --rate 50 http://...
 *
 * {n} becomes the number of the request, from 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/curl_go.h"
#include "common/example.h"

#define PAUSE_MAX_MS 30000

static int64_t requests = 1000, concurrency = 16, rate, tries = 4;
static int64_t pause_ms = 100, timeout_ms = 5000;

struct outcome {
    long answer; /* the last; 0: there was none */
    int64_t tried;
    double ms; /* of the last try */
    char why[CURL_ERROR_SIZE];
};

struct client {
    const char *url;
    rn_chan(int64_t) numbers;
    rn_chan(char) tokens;     /* nil: as fast as it goes */
    struct outcome *outcomes; /* a place for each number: its worker's */
};

/* A token each time; those that nobody takes are kept up to a tenth second. */
static int fill_bucket(struct rn_ctx *ctx, struct client **own)
{
    struct rn_timer *tick = rn_ticker_make(RN_S / rate);

    while (rn_recv_ctx(ctx, rn_timer_chan(tick), NULL) == RN_OK)
        rn_try_send((*own)->tokens, 0);
    rn_timer_free(tick);
    return RN_OK;
}

static int send_numbers(struct rn_ctx *ctx, struct client **own)
{
    for (int64_t n = 1; n <= requests; n++) {
        if (rn_send_ctx(ctx, (*own)->numbers, n) != RN_OK)
            break;
    }
    rn_close((*own)->numbers);
    return RN_OK;
}

/* The address of a request, in memory of its own. */
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

static size_t drop_body(char *data, size_t size, size_t count, void *arg)
{
    (void)data;
    (void)arg;
    return size * count;
}

static bool may_work_later(CURLcode code, long answer)
{
    if (code != CURLE_OK)
        return code != CURLE_URL_MALFORMAT &&
               code != CURLE_UNSUPPORTED_PROTOCOL;
    return answer == 429 || answer >= 500;
}

/* How long to wait after the n-th try. */
static int64_t pause_after(int64_t tried, CURL *easy, uint64_t *chance)
{
    curl_off_t wanted_s = 0;
    int64_t ms = pause_ms;

    for (int64_t i = 1; i < tried && ms < PAUSE_MAX_MS; i++)
        ms *= 2;
    ms = ms < PAUSE_MAX_MS ? ms : PAUSE_MAX_MS;
    if (ms > 0)
        ms = ms / 2 + (int64_t)(example_random(chance) % (uint64_t)ms);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &wanted_s);
    return wanted_s * 1000 > ms && wanted_s * 1000 <= PAUSE_MAX_MS
               ? wanted_s * RN_S
               : ms * RN_MS;
}

/* All tries of one request; negative: called off. */
static int ask(struct rn_ctx *ctx, struct client *client, struct curl_go *curl,
               CURL *easy, struct outcome *outcome, uint64_t *chance)
{
    for (;;) {
        CURLcode code = CURLE_OK;
        int status =
            client->tokens ? rn_recv_ctx(ctx, client->tokens, NULL) : RN_OK;
        if (status != RN_OK)
            return status;
        int64_t start = rn_now();
        outcome->why[0] = '\0';
        outcome->answer = 0;
        status = curl_go_perform(ctx, curl, easy, &code);
        if (status != RN_OK)
            return status;
        outcome->tried++;
        outcome->ms = example_ms_since(start);
        if (code == CURLE_OK)
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &outcome->answer);
        else if (!outcome->why[0])
            strcpy(outcome->why, curl_easy_strerror(code));
        if (!may_work_later(code, outcome->answer) || outcome->tried == tries)
            return RN_OK;
        status = example_sleep(ctx, pause_after(outcome->tried, easy, chance));
        if (status != RN_OK)
            return status;
    }
}

static int work(struct rn_ctx *ctx, struct client **own)
{
    struct client *client = *own;
    struct curl_go *curl = curl_go_make();
    CURL *easy = curl_easy_init();
    int status = curl && easy ? RN_OK : RN_NOMEM;
    uint64_t chance = (uint64_t)rn_now();
    int64_t number;

    while (status == RN_OK &&
           rn_recv_ctx(ctx, client->numbers, &number) == RN_OK) {
        struct outcome *outcome = &client->outcomes[number - 1];
        char *url = address_of(client->url, number);
        curl_easy_setopt(easy, CURLOPT_URL, url);
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_body);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, outcome->why);
        curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
        status = ask(ctx, client, curl, easy, outcome, &chance);
        free(url);
    }
    curl_easy_cleanup(easy);
    curl_go_free(curl);
    return status;
}

static int by_time(const void *a, const void *b)
{
    double x = ((const struct outcome *)a)->ms;
    double y = ((const struct outcome *)b)->ms;

    return (x > y) - (x < y);
}

static int64_t report(struct outcome *outcomes, double seconds)
{
    int64_t good = 0, again = 0;
    const char *why = NULL;

    for (int64_t i = 0; i < requests; i++) {
        good += outcomes[i].answer >= 200 && outcomes[i].answer < 300;
        again += outcomes[i].tried > 1 ? outcomes[i].tried - 1 : 0;
        if (outcomes[i].answer == 0 && outcomes[i].why[0])
            why = outcomes[i].why;
    }
    if (why)
        example_error("%s", why);
    qsort(outcomes, (size_t)requests, sizeof(*outcomes), by_time);
    printf("%lld of %lld good, %lld tried again, %.0f requests a second\n",
           (long long)good, (long long)requests, (long long)again,
           (double)(requests + again) / seconds);
    printf("half within %.1f ms, 99 %% within %.1f ms, the slowest %.1f ms\n",
           outcomes[requests / 2].ms, outcomes[requests * 99 / 100].ms,
           outcomes[requests - 1].ms);
    return good;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    struct client client = {.url = argv[0]};
    int64_t start = rn_now(), good = 0;

    client.outcomes = calloc((size_t)requests, sizeof(*client.outcomes));
    if (!client.outcomes) {
        example_error("not enough memory");
        return 1;
    }
    client.numbers = rn_chan_make(int64_t, 16);
    struct rn_ctx *filling = rn_ctx_with_cancel(ctx);
    struct rn_group *bucket = rn_group_make(filling, 0);
    if (rate > 0) {
        client.tokens = rn_chan_make(char, (size_t)(rate / 10 + 1));
        rn_group_go(bucket, fill_bucket, &client);
    }
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_group_go(group, send_numbers, &client);
    for (int64_t i = 0; i < concurrency; i++)
        rn_group_go(group, work, &client);
    int status = rn_group_wait(group);
    rn_ctx_cancel(filling);
    rn_group_wait(bucket);
    rn_ctx_release(filling);
    if (status == RN_OK)
        good = report(client.outcomes, example_ms_since(start) / 1e3);
    else if (rn_ctx_err(ctx) == RN_OK)
        example_error("%s", rn_status_text(status));
    rn_chan_free(client.tokens);
    rn_chan_free(client.numbers);
    free(client.outcomes);
    return good == requests ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"requests", "N", "how many", .number = &requests, .min = 1,
         .max = 1000000},
        {"concurrency", "N", "open at once", .number = &concurrency, .min = 1,
         .max = 10000},
        {"rate", "N", "begun a second; 0: no limit", .number = &rate,
         .max = 100000},
        {"tries", "N", "of one request", .number = &tries, .min = 1, .max = 20},
        {"pause-ms", "MS", "before the second try; doubles",
         .number = &pause_ms, .max = PAUSE_MAX_MS},
        {"timeout-ms", "MS", "of one try", .number = &timeout_ms, .min = 1,
         .max = 600000},
        {0},
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int status = example_main(
        argc, argv,
        &(struct example){.usage = "[--requests N] [--concurrency N] URL",
                          .about = "Asks an address many times, politely.",
                          .options = options,
                          .min_arguments = 1,
                          .max_arguments = 1,
                          .run = run});
    curl_global_cleanup();
    return status;
}
