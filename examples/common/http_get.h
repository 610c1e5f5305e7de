/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_get.h: asks addresses over HTTP, by libcurl; parks, and ends with the
 * context.
 *
 *     struct http_client client = {.agent = "me", .body_max = 1 << 20};
 *     http_client_open(&client);
 *
 *     struct http_reply reply;
 *     int status = http_get(ctx, &client, "http://localhost/", NULL, &reply);
 *     if (status == RN_OK)
 *         printf("%ld: %s\n", reply.answer, reply.body);
 *     http_reply_clear(&reply);
 *
 *     http_client_close(&client);
 *
 * Any number of goroutines use a client at once; who asks takes a handle that
 * another has put back (cache.h), with the connections it keeps open. The
 * program's main is curl_go_main.
 */
#ifndef HTTP_GET_H
#define HTTP_GET_H

#include "curl_go.h"

struct http_client {
    const char *agent;  /* NULL: none is told */
    int64_t timeout_ms; /* for an answer; 0: the context's alone */
    size_t body_max;    /* a longer answer is none */
    struct rn_cache *handles_;
};

void http_client_open(struct http_client *client);
void http_client_close(struct http_client *client);

/* Statuses beside runnel's: there was no answer, reply->why says what came. */
enum {
    HTTP_LOST = -1101, /* another try may get one */
    HTTP_NONE,         /* no try will: it is no address of http or https */
};

struct http_reply {
    long answer; /* 200, 404, ...; 0: there was none */
    char why[CURL_ERROR_SIZE];
    char *body; /* with a NUL behind it; NULL when it is empty */
    size_t size, room;
    bool html;             /* it says that the body is */
    char *redirect;        /* where it sends to, or NULL */
    int64_t retry_after_s; /* when to come again; 0: it does not say */
};

/*
 * Asks; `headers` are more of them, or NULL. RN_OK with whatever the server
 * said, also "not found"; HTTP_LOST, HTTP_NONE; the context's status; RN_NOMEM.
 * The reply is written, and to be cleared, in all cases. Redirects are not
 * followed.
 */
int http_get(struct rn_ctx *ctx, struct http_client *client, const char *url,
             struct curl_slist *headers, struct http_reply *reply);
void http_reply_clear(struct http_reply *reply);

#endif
