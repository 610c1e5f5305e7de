/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug_http.h: the requests that rn_debug_serve understands: a GET of
 * HTTP/1.1 without a body, and nothing that could be read in two ways.
 *
 * Pure functions over bytes.
 */
#ifndef RUNNEL_DEBUG_HTTP_H
#define RUNNEL_DEBUG_HTTP_H

#include "base.h"

/* The head of a request, with the empty line that ends it. */
#define HTTP_HEAD_MAX 8192

enum http_format { HTTP_DEFAULT, HTTP_FOLDED, HTTP_PPROF };

struct http_request {
    char path[64]; /* "/debug/counters"; a longer one is no route */
    int seconds;   /* 0: not given */
    int debug;     /* 0: not given, or 0 */
    enum http_format format;
};

#define HTTP_SECONDS_MAX 3600

/* Bytes of the head in the first `size`; 0: it has not ended yet. */
size_t http_head_size(const char *bytes, size_t size);

/*
 * Reads a head of that size. 200, or the status of the refusal: 400, 403 (with
 * `local`: the Host header names no loopback address, so the request comes from
 * a page of somebody else's), 404 (a path too long), 405, 505.
 */
int http_parse(const char *head, size_t size, bool local,
               struct http_request *request);

/* "Not Found", ... */
const char *http_reason(int status);

/* Does a numeric address ("127.0.0.1:80", "[::1]:80") stay in this machine? */
bool http_is_loopback(const char *address);

#endif
