/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_call.c: a context goes where the work goes.
 *
 * Addresses are asked at once, all within three seconds. The context that each
 * call is given says when to stop, whatever the reason: its time is over, the
 * user pressed Ctrl-C, or (with --first) another has answered. Look at report:
 * to run out of time, to be called off, and to fail are three different things,
 * and only the status tells. What belongs to a request (who asks, under which
 * number) is a value of its context: whatever is called with the context can
 * read it, and here it comes out as headers.
 *
 *     api_call https://example.com/ http://localhost:8080/
 *     api_call --first --timeout-ms 500 http://a.example/ http://b.example/
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/http_get.h"

static int64_t timeout_ms = 3000;
static const char *user = "nobody";
static bool first, show;

/* What belongs to one request, from here to the server's log. */
struct scope {
    int number;
    const char *user;
};

static rn_key(struct scope) scope_key;

struct call {
    const char *url;
    struct http_client *client;
    struct rn_ctx *all; /* canceled by the first good answer */
    int64_t start;      /* of them all */
    struct scope scope;
    /* What came of it: */
    int status;
    struct http_reply reply;
    double ms;
};

static struct curl_slist *headers_of(struct rn_ctx *ctx)
{
    const struct scope *scope = rn_ctx_value(ctx, &scope_key);
    char line[256];

    snprintf(line, sizeof(line), "X-Request-Id: %ld-%d", (long)getpid(),
             scope->number);
    struct curl_slist *headers = curl_slist_append(NULL, line);
    snprintf(line, sizeof(line), "X-User: %.200s", scope->user);
    return curl_slist_append(headers, line);
}

static bool is_good(const struct call *call)
{
    return call->status == RN_OK && call->reply.answer >= 200 &&
           call->reply.answer < 300;
}

/* One of many: the others go on, whatever comes of this one. */
static int ask(struct rn_ctx *ctx, struct call **own)
{
    struct call *call = *own;
    struct rn_ctx *scoped = rn_ctx_with_value(ctx, &scope_key, &call->scope);
    struct curl_slist *headers = headers_of(scoped);

    call->status =
        http_get(scoped, call->client, call->url, headers, &call->reply);
    call->ms = example_ms_since(call->start);
    if (first && is_good(call))
        rn_ctx_cancel(call->all);
    curl_slist_free_all(headers);
    rn_ctx_release(scoped);
    return RN_OK;
}

static void report(const struct call *call)
{
    const struct http_reply *reply = &call->reply;

    if (call->status == RN_TIMEOUT)
        printf("timed out after %.0f ms: %s\n", call->ms, call->url);
    else if (call->status == RN_CANCELED)
        printf("called off after %.0f ms: %s\n", call->ms, call->url);
    else if (call->status != RN_OK)
        printf("failed: %s: %s\n", call->url, reply->why);
    else
        printf("%ld, %zu bytes after %.0f ms: %s\n", reply->answer, reply->size,
               call->ms, call->url);
    if (show && reply->size > 0 && is_good(call)) {
        fwrite(reply->body, 1, reply->size, stdout);
        putchar('\n');
    }
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    struct http_client client = {.body_max = (size_t)8 * 1024 * 1024};
    struct call *calls = calloc((size_t)argc, sizeof(*calls));
    struct rn_ctx *all = rn_ctx_with_timeout(ctx, timeout_ms * RN_MS);
    struct rn_group *group = rn_group_make(all, 0);
    int64_t start = rn_now();
    int good = 0;

    http_client_open(&client);
    for (int i = 0; calls && i < argc; i++) {
        calls[i] = (struct call){argv[i],       &client, all, start,
                                 {i + 1, user}, RN_OK,   {0}, 0};
        rn_group_go(group, ask, &calls[i]);
    }
    rn_group_wait(group);
    for (int i = 0; calls && i < argc; i++) {
        if (rn_ctx_err(ctx) == RN_OK)
            report(&calls[i]);
        good += is_good(&calls[i]);
        http_reply_clear(&calls[i].reply);
    }
    http_client_close(&client);
    rn_ctx_release(all);
    free(calls);
    return good == argc || (first && good > 0) ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"timeout-ms", "MS", "for all of them", .number = &timeout_ms, 1,
         600000},
        {"user", "NAME", "who asks", .text = &user},
        {"first", NULL, "the first good answer is enough", .flag = &first},
        {"show", NULL, "print the answers", .flag = &show},
        {0},
    };
    return curl_go_main(
        argc, argv,
        &(struct example){.usage = "[--timeout-ms MS] [--first] URL...",
                          .about = "Asks addresses at once, within a time.",
                          .options = options,
                          .min_arguments = 1,
                          .max_arguments = -1,
                          .run = run});
}
