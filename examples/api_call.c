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
#include <string.h>
#include <unistd.h>

#include "common/curl_go.h"
#include "common/example.h"

#define BODY_MAX ((size_t)8 * 1024 * 1024)

static int64_t timeout_ms = 3000;
static const char *user = "nobody";
static bool first, show;

/* What belongs to one request, from here to the server's log. */
struct scope {
    char id[40];
    const char *user;
};

static rn_key(struct scope) scope_key;

struct reply {
    int status;    /* of the call: RN_OK, RN_TIMEOUT, RN_CANCELED, ... */
    CURLcode code; /* when the status is RN_OK */
    long answer;   /* 200, 404, ... */
    char why[CURL_ERROR_SIZE];
    char *body;
    size_t size, room;
    double ms;
};

struct call {
    const char *url;
    struct scope scope;
    struct reply *reply; /* one place of the array, this call's alone */
    struct rn_ctx *all;  /* canceled by the first good answer */
    int64_t start;       /* of them all */
};

/* Appends to the body; fewer bytes than it was given make libcurl stop. */
static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
    struct reply *reply = arg;
    size_t more = size * count;

    if (more > BODY_MAX - reply->size)
        return 0;
    if (reply->size + more > reply->room) {
        size_t room = 2 * (reply->size + more);
        char *body = realloc(reply->body, room);
        if (!body)
            return 0;
        reply->body = body;
        reply->room = room;
    }
    memcpy(reply->body + reply->size, data, more);
    reply->size += more;
    return more;
}

static struct curl_slist *headers_of(struct rn_ctx *ctx)
{
    const struct scope *scope = rn_ctx_value(ctx, &scope_key);
    char line[256];

    snprintf(line, sizeof(line), "X-Request-Id: %s", scope->id);
    struct curl_slist *headers = curl_slist_append(NULL, line);
    snprintf(line, sizeof(line), "X-User: %.200s", scope->user);
    return curl_slist_append(headers, line);
}

static void perform(struct rn_ctx *ctx, const struct call *call)
{
    struct reply *reply = call->reply;
    struct curl_go *curl = curl_go_make();
    CURL *easy = curl_easy_init();
    struct curl_slist *headers = headers_of(ctx);

    reply->status = RN_NOMEM;
    if (curl && easy && headers) {
        curl_easy_setopt(easy, CURLOPT_URL, call->url);
        curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
        curl_easy_setopt(easy, CURLOPT_WRITEDATA, reply);
        curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reply->why);
        reply->status = curl_go_perform(ctx, curl, easy, &reply->code);
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply->answer);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(easy);
    curl_go_free(curl);
}

static bool is_good(const struct reply *reply)
{
    return reply->status == RN_OK && reply->code == CURLE_OK &&
           reply->answer >= 200 && reply->answer < 300;
}

static int ask(struct rn_ctx *ctx, struct call *own)
{
    ctx = rn_ctx_with_value(ctx, &scope_key, &own->scope);
    perform(ctx, own);
    rn_ctx_release(ctx);
    own->reply->ms = example_ms_since(own->start);
    if (first && is_good(own->reply))
        rn_ctx_cancel(own->all);
    return RN_OK; /* the others go on, whatever came of this one */
}

static void report(const struct call *call)
{
    const struct reply *reply = call->reply;

    if (reply->status == RN_TIMEOUT)
        printf("timed out after %.0f ms: %s\n", reply->ms, call->url);
    else if (reply->status == RN_CANCELED)
        printf("called off after %.0f ms: %s\n", reply->ms, call->url);
    else if (reply->status != RN_OK || reply->code != CURLE_OK)
        printf("failed: %s: %s\n", call->url,
               curl_go_text(reply->status, reply->code, reply->why));
    else
        printf("%ld, %zu bytes after %.0f ms: %s\n", reply->answer, reply->size,
               reply->ms, call->url);
    if (show && reply->size > 0 && is_good(reply)) {
        fwrite(reply->body, 1, reply->size, stdout);
        putchar('\n');
    }
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    int64_t start = rn_now();
    struct reply *replies = calloc((size_t)argc, sizeof(*replies));
    struct rn_ctx *all = rn_ctx_with_timeout(ctx, timeout_ms * RN_MS);
    struct rn_group *group = rn_group_make(all, 0);
    int good = 0;

    for (int i = 0; replies && i < argc; i++) {
        struct call call = {argv[i], {"", user}, &replies[i], all, start};
        snprintf(call.scope.id, sizeof(call.scope.id), "%ld-%d", (long)getpid(),
                 i + 1);
        rn_group_go(group, ask, call);
    }
    rn_group_wait(group);
    rn_ctx_release(all);
    for (int i = 0; replies && i < argc; i++) {
        if (rn_ctx_err(ctx) == RN_OK)
            report(&(struct call){.url = argv[i], .reply = &replies[i]});
        good += is_good(&replies[i]);
        free(replies[i].body);
    }
    free(replies);
    return good == argc || (first && good > 0) ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"timeout-ms", "MS", "for all of them", .number = &timeout_ms, .min = 1,
         .max = 600000},
        {"user", "NAME", "who asks", .text = &user},
        {"first", NULL, "the first good answer is enough", .flag = &first},
        {"show", NULL, "print the answers", .flag = &show},
        {0},
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int status = example_main(
        argc, argv,
        &(struct example){.usage = "[--timeout-ms MS] [--first] URL...",
                          .about = "Asks addresses at once, within a time.",
                          .options = options,
                          .min_arguments = 1,
                          .max_arguments = -1,
                          .run = run});
    curl_global_cleanup();
    return status;
}
