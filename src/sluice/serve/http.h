/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http.h: what a handler sees of HTTP: a request, a response, a table of
 * routes.
 *
 *     static void show(void *app, struct http_request *request,
 *                      struct http_response *response)
 *     {
 *         const char *id = http_request_param(request, "id");
 *         json_t *job = find(app, id);
 *         if (job)
 *             http_reply_json(response, 200, job);
 *         else
 *             http_reply_error(response, 404, "there is no import %s", id);
 *     }
 *
 *     static const struct http_route routes[] = {
 *         {.method = "GET", .pattern = "/api/imports/{id}", .handle = show},
 *     };
 *
 * A handler runs in the goroutine of its connection: straight code that reads
 * the body, parks where it must, and answers once. It may block only through
 * rn_block. When it returns without an answer the client gets a 500.
 *
 * Ownership: request and response, and every text reached through them, are
 * borrowed until the handler returns. Bodies that are given are copied out (or
 * written) before the call returns.
 *
 * Threads: one goroutine at a time uses a request or a response.
 */
#ifndef SLUICE_HTTP_H
#define SLUICE_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>
#include <runnel/context.h>

struct http_response;
struct http_exchange;

/* -------------------------------------------------------------- requests */

struct http_request {
    const char *method; /* "GET"; a HEAD is handled as a GET */
    const char *path;   /* decoded; begins with '/', holds no "." or ".." */
    const char *client; /* the other side's address without port, or "unix" */
    const char *id;     /* of this request, in the log and in X-Request-Id */
    /*
     * `ctx` is done when the request must end: the server's grace is over.
     * `stopping` is done when the server begins to stop: streams that would
     * last for ever end then.
     */
    struct rn_ctx *ctx;
    struct rn_ctx *stopping;
    int64_t content_length;         /* -1: not known before its end (chunked) */
    struct http_exchange *exchange; /* the server's */
};

/*
 * The value of a header, without white space around it; NULL when it is not
 * there. Of several the first. Names are compared without regard to case.
 */
const char *http_request_header(const struct http_request *request,
                                const char *name);

/*
 * A parameter of the query, decoded ("+" is a space); "" when it has no value,
 * NULL when it is not there. Of several the n-th, from 0.
 */
const char *http_request_query(const struct http_request *request,
                               const char *name);
const char *http_request_query_nth(const struct http_request *request,
                                   const char *name, size_t n);

/* What stands for {name} in the route's pattern; NULL: no such name. */
const char *http_request_param(const struct http_request *request,
                               const char *name);

/* The media type of the body is this one, whatever its parameters are. */
bool http_request_is_type(const struct http_request *request,
                          const char *media_type);

/*
 * What ends the reading of a body. Each has an answer of its own:
 * http_reply_unread gives it.
 */
enum http_body_status {
    HTTP_BODY_TOO_LARGE = -1001, /* more than the route allows: 413 */
    HTTP_BODY_TOO_SLOW = -1002,  /* below the minimum rate, or stalled: 408 */
    HTTP_BODY_BAD = -1003,       /* broken chunks: 400 */
    HTTP_BODY_GONE = -1004,      /* the client went away in the middle */
};

/*
 * Up to `size` bytes of the body: how many, 0 at its end, or a status of the
 * above. Parks. The first read sends "100 Continue" when the client waits for
 * it.
 */
int64_t http_request_read(struct http_request *request, void *data,
                          size_t size);

/*
 * The whole body, terminated, in *body (the caller frees it): its length, or a
 * status of the above; also RN_NOMEM. Parks.
 */
int64_t http_request_read_all(struct http_request *request, size_t max,
                              char **body);

/*
 * The body as JSON: strict, at most 64 KiB and 32 levels deep. NULL after an
 * error was answered (400, 413, 415, ...). The caller's to json_decref. Parks.
 */
json_t *http_request_read_json(struct http_request *request,
                               struct http_response *response);

/*
 * True when JSON is nested more than 32 levels deep: it is refused before it is
 * parsed, because a parser goes one call deeper for each.
 */
bool http_json_is_deep(const char *text, size_t size);

/* ------------------------------------------------------------- responses */

/*
 * A header of the answer, before it is sent; printf. Replaces what the server
 * would send by itself (Cache-Control, Content-Security-Policy). What does
 * not fit into 4 KiB with the others is left out.
 */
void http_header(struct http_response *response, const char *name,
                 const char *format, ...) __attribute__((format(printf, 3, 4)));

/*
 * One answer with its body: RN_OK, or a negative status when the client is
 * gone. `type` NULL: no body and no type. Parks.
 */
int http_reply(struct http_response *response, int status, const char *type,
               const void *body, size_t size);
/* Takes `value` (NULL, for lack of memory, is a 500). */
int http_reply_json(struct http_response *response, int status, json_t *value);
/* {"error": "..."} */
int http_reply_error(struct http_response *response, int status,
                     const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* The answer to a body that could not be read: an http_body_status. */
int http_reply_unread(struct http_response *response, int body_status);
/* `size` bytes of a file from where `offset` points; fd stays the caller's. */
int http_reply_file(struct http_response *response, int status,
                    const char *type, int fd, int64_t offset, uint64_t size);

/*
 * An answer whose length is not known: begin, write as often as wanted (each
 * write is sent at once), end. Each returns RN_OK or a negative status. After a
 * negative one the client is gone, or wants no body (a HEAD: RN_CLOSED from the
 * first write on), and every later write returns it too. A client that went away
 * is noticed by writing: a stream that is silent writes a comment now and then.
 */
int http_stream_begin(struct http_response *response, int status,
                      const char *type);
int http_stream_write(struct http_response *response, const void *data,
                      size_t size);
int http_stream_end(struct http_response *response);

/* The status that was sent; 0: none yet. */
int http_response_status(const struct http_response *response);

/* ---------------------------------------------------------------- routes */

typedef void http_handler(void *app, struct http_request *request,
                          struct http_response *response);

enum http_route_flags {
    /* Also for those without a token: /health. */
    HTTP_ROUTE_PUBLIC = 1,
    /* A body up to the server's limit of uploads; otherwise up to 64 KiB. */
    HTTP_ROUTE_UPLOAD = 2,
};

/*
 * `pattern` is a path in which a whole segment may be "{name}". The first that
 * fits is taken. A path that fits only with other methods is a 405.
 */
struct http_route {
    const char *method;
    const char *pattern;
    http_handler *handle;
    unsigned flags;
};

/* "OK", "Not Found", ...; never NULL. */
const char *http_status_text(int status);

#endif
