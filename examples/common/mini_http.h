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
 * Requests with heads and bodies up to HTTP_REQUEST_MAX bytes together; bodies
 * by Content-Length alone; connections are kept. Paths are taken as they are.
 */
#ifndef MINI_HTTP_H
#define MINI_HTTP_H

#include <stdio.h>

#include <runnel/runnel.h>

#define HTTP_REQUEST_MAX ((size_t)16 * 1024)

/* Texts end with a NUL and live until the next request is read. */
struct http_request {
    const char *method, *path;
    const char *query; /* after the "?", or "" */
    const char *body;
    size_t body_size;
    bool keep;                         /* the client may send another */
    const char *headers, *headers_end; /* for http_header */
};

/* What requests are read from; one a connection. */
struct http_reader {
    struct rn_conn *conn;
    size_t held, used; /* bytes in the buffer; of them the last request's */
    char buffer[HTTP_REQUEST_MAX + 1];
};

/*
 * Parks until a request is there: 1; 0 when the client has ended; RN_TIMEOUT,
 * RN_CLOSED, ...; or RN_INVALID after having answered that it is no request
 * that can be taken.
 */
int http_read(struct http_reader *reader, struct http_request *request);

/* The first header of that name, without blanks before it; NULL: none. */
const char *http_header(const struct http_request *request, const char *name);

/* Sends an answer; parks. RN_OK or a negative status. `type` as in headers. */
int http_write(struct rn_conn *conn, int status, const char *type,
               const char *body, size_t size, bool keep);

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
 * five seconds), idle connections are closed. RN_OK, or what kept it from
 * listening.
 */
int mini_http_serve(struct rn_ctx *ctx, const char *address,
                    http_handler *handler, void *arg);

/* The same on a listener, which it takes; prints nothing. */
int mini_http_serve_on(struct rn_ctx *ctx, struct rn_listener *listener,
                       http_handler *handler, void *arg);

#endif
