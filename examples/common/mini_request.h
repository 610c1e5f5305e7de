/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mini_request.h: small requests of HTTP/1.1 off a connection, and answers onto
 * it.
 *
 * Heads and bodies up to HTTP_REQUEST_MAX bytes together; bodies by
 * Content-Length alone. Paths are taken as they are.
 */
#ifndef MINI_REQUEST_H
#define MINI_REQUEST_H

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

#endif
