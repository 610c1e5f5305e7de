/* SPDX-License-Identifier: Apache-2.0 */
/* http_get.c: the options of a transfer, and what came of it. */
#include "http_get.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HANDLES_KEPT 1024 /* a worker */

struct answering {
    struct http_reply *reply;
    size_t body_max;
};

static void *make_handle(void)
{
    return curl_go_make();
}

static void drop_handle(void *handle)
{
    curl_go_free(handle);
}

void http_client_open(struct http_client *client)
{
    client->handles_ = rn_cache_make(HANDLES_KEPT, make_handle, drop_handle);
}

void http_client_close(struct http_client *client)
{
    rn_cache_free(client->handles_);
}

/* Appends to the body; fewer bytes than it was given make libcurl stop. */
static size_t take_body(char *data, size_t size, size_t count, void *arg)
{
    struct answering *answering = arg;
    struct http_reply *reply = answering->reply;
    size_t more = size * count;

    if (more > answering->body_max - reply->size)
        return 0;
    if (reply->size + more >= reply->room) {
        size_t room = 2 * (reply->size + more) + 1;
        char *body = realloc(reply->body, room);
        if (!body)
            return 0;
        reply->body = body;
        reply->room = room;
    }
    memcpy(reply->body + reply->size, data, more);
    reply->size += more;
    reply->body[reply->size] = '\0';
    return more;
}

/* What libcurl knows of the answer beside its body. */
static void take_head(CURL *easy, struct http_reply *reply)
{
    const char *type = NULL, *redirect = NULL;
    curl_off_t retry_after_s = 0;

    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply->answer);
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    curl_easy_getinfo(easy, CURLINFO_REDIRECT_URL, &redirect);
    curl_easy_getinfo(easy, CURLINFO_RETRY_AFTER, &retry_after_s);
    reply->html = type && strncasecmp(type, "text/html", 9) == 0;
    reply->redirect = redirect ? strdup(redirect) : NULL;
    reply->retry_after_s = retry_after_s;
}

static int perform(struct rn_ctx *ctx, struct curl_go *curl,
                   struct http_reply *reply)
{
    CURLcode code = CURLE_OK;
    int status = curl_go_perform(ctx, curl, &code);

    if (status != RN_OK)
        return status;
    if (code == CURLE_OK) {
        take_head(curl_go_easy(curl), reply);
        return RN_OK;
    }
    if (!reply->why[0])
        strcpy(reply->why, curl_easy_strerror(code));
    return code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL
               ? HTTP_NONE
               : HTTP_LOST;
}

int http_get(struct rn_ctx *ctx, struct http_client *client, const char *url,
             struct curl_slist *headers, struct http_reply *reply)
{
    struct answering answering = {reply, client->body_max};
    struct curl_go *curl = rn_cache_get(client->handles_);

    *reply = (struct http_reply){0};
    if (!curl) {
        strcpy(reply->why, "out of memory or descriptors");
        return RN_NOMEM;
    }
    CURL *easy = curl_go_easy(curl);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_USERAGENT, client->agent);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answering);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, reply->why);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)client->timeout_ms);
    int status = perform(ctx, curl, reply);
    curl_easy_reset(easy); /* forgets what is this call's */
    rn_cache_put(client->handles_, curl);
    return status;
}

void http_reply_clear(struct http_reply *reply)
{
    free(reply->redirect);
    free(reply->body);
    *reply = (struct http_reply){0};
}
