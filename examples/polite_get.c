/* SPDX-License-Identifier: Apache-2.0 */
/* polite_get.c: one try says what came of it; rn_retry makes the next. */
#include "polite_get.h"

static bool may_work_later(int status)
{
    return status == RN_AGAIN || status == HTTP_LOST;
}

void polite_open(struct polite *polite, int64_t rate, int64_t tries,
                 int64_t pause_ms, int64_t timeout_ms)
{
    *polite = (struct polite){
        .http = {.timeout_ms = timeout_ms, .body_max = (size_t)16 << 20},
        .limiter = RN_LIMITER(rate > 0 ? RN_S / rate : 1, 1),
        .backoff = {.attempts = (unsigned)tries,
                    .first_ns = pause_ms * RN_MS,
                    .max_ns = POLITE_PAUSE_MAX_S * RN_S,
                    .jitter = 0.5,
                    .again = may_work_later}};
    http_client_open(&polite->http);
}

void polite_close(struct polite *polite)
{
    http_client_close(&polite->http);
}

struct request {
    struct polite *polite;
    const char *url;
    struct polite_answer *answer;
};

static int try_once(struct rn_ctx *ctx, struct request *request)
{
    struct polite *polite = request->polite;
    struct polite_answer *answer = request->answer;
    struct http_reply *reply = &answer->reply;
    int status = rn_limiter_wait(ctx, &polite->limiter, 1);

    if (status != RN_OK)
        return status;
    int64_t start = rn_now();
    http_reply_clear(reply);
    status = http_get(ctx, &polite->http, request->url, NULL, reply);
    answer->us = (rn_now() - start) / RN_US;
    answer->tried++;
    if (reply->answer != 429 && reply->answer < 500)
        return status;
    if (answer->tried < polite->backoff.attempts &&
        reply->retry_after_s <= POLITE_PAUSE_MAX_S)
        example_sleep(ctx, reply->retry_after_s * RN_S);
    return RN_AGAIN;
}

int polite_get(struct rn_ctx *ctx, struct polite *polite, const char *url,
               struct polite_answer *answer)
{
    struct request request = {polite, url, answer};

    *answer = (struct polite_answer){.tried = 0};
    return rn_retry(ctx, &polite->backoff, try_once, &request);
}
