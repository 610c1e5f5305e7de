/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mini_http.h: just enough of HTTP/1.1 for examples to be asked by a browser or
 * by curl.
 *
 *     static void answer(struct rn_ctx *ctx, const struct http_request *request,
 *                        struct http_answer *answer, void *arg)
 *     {
 *         fprintf(answer->body, "you asked for %s\n", request->path);
 *     }
 *     ...
 *     int status = mini_http_serve(ctx, "127.0.0.1:8080", answer, NULL);
 *
 * What requests it takes, mini_request.h says; connections are kept.
 */
#ifndef MINI_HTTP_H
#define MINI_HTTP_H

#include <stdio.h>

#include "mini_request.h"

/* What a handler fills in: 200 and text/plain unless it says otherwise. */
struct http_answer {
    int status;
    const char *type;
    FILE *body;
};

typedef void http_handler(struct rn_ctx *ctx,
                          const struct http_request *request,
                          struct http_answer *answer, void *arg);

/*
 * Serves until ctx is done, each connection in a goroutine; prints "listening
 * on http://ADDRESS". Requests that are under way then are answered (within
 * five seconds), idle connections are closed. RN_OK; what kept it from
 * listening, after a message.
 */
int mini_http_serve(struct rn_ctx *ctx, const char *address,
                    http_handler *handler, void *arg);

/* The same on a listener, which it takes; prints nothing. */
int mini_http_serve_on(struct rn_ctx *ctx, struct rn_listener *listener,
                       http_handler *handler, void *arg);

#endif
