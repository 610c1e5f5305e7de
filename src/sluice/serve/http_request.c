/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_request.c: what came with a request: its fields, query and body.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <runnel/runnel.h>

#include "serve/http_exchange.h"
#include "serve/http_url.h"
#include "serve/server.h"

/* What is asked for by JSON is a few options. */
#define JSON_MAX       ((size_t)64 * 1024)
#define JSON_DEPTH_MAX 32

static const char *keep(struct http_exchange *x, struct slice text)
{
    char *copy = http_exchange_text(x, text.len + 1);
    if (!copy)
        return NULL;
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    return copy;
}

const char *http_request_header(const struct http_request *request,
                                const char *name)
{
    struct http_exchange *x = request->exchange;
    const struct http_field *field = http_head_field(&x->head, slice_of(name));
    return field ? keep(x, field->value) : NULL;
}

const char *http_request_query_nth(const struct http_request *request,
                                   const char *name, size_t n)
{
    struct http_exchange *x = request->exchange;
    char *value = http_exchange_text(x, x->head.query.len + 1);
    return value && http_query_find(x->head.query, name, n, value) ? value
                                                                   : NULL;
}

const char *http_request_query(const struct http_request *request,
                               const char *name)
{
    return http_request_query_nth(request, name, 0);
}

const char *http_request_param(const struct http_request *request,
                               const char *name)
{
    struct http_exchange *x = request->exchange;
    if (!x->route)
        return NULL;
    struct slice value =
        http_path_param(x->route->pattern, request->path, name);
    return value.ptr ? keep(x, value) : NULL;
}

bool http_request_is_type(const struct http_request *request,
                          const char *media_type)
{
    struct http_exchange *x = request->exchange;
    const struct http_field *field =
        http_head_field(&x->head, SLICE("Content-Type"));
    if (!field)
        return false;
    struct slice type = field->value;
    const char *end = memchr(type.ptr, ';', type.len);
    if (end)
        type.len = (size_t)(end - type.ptr);
    return slice_equal_nocase(slice_trim(type), slice_of(media_type));
}

/* ---------------------------------------------------------------- the body */

static int64_t fail(struct http_exchange *x, int status)
{
    x->body_failed = status;
    x->close = true;
    return status;
}

/*
 * How long the next byte may take: never longer than the stall, and never so
 * long that the whole body falls below the rate.
 */
static int64_t body_deadline(const struct http_exchange *x)
{
    const struct server_limits *limits = x->limits;
    int64_t stall = rn_deadline(limits->stall_ns);
    uint64_t seconds = x->body_taken / limits->body_rate;
    int64_t rate = x->body_started + limits->body_grace_ns +
                   (int64_t)(seconds < 1000000 ? seconds : 1000000) * RN_S;
    return rate < stall ? rate : stall;
}

/* Bytes as they come; how many, or what fail says. */
static int64_t read_raw(struct http_exchange *x, void *data, size_t size)
{
    if (x->begin < x->end) {
        size_t there = x->end - x->begin;
        size_t len = there < size ? there : size;
        memcpy(data, x->bytes + x->begin, len);
        x->begin += len;
        return (int64_t)len;
    }
    http_wire_read_until(x->wire, body_deadline(x));
    int64_t got = http_wire_read(x->wire, data, size);
    if (got > 0)
        return got;
    return fail(x, got == RN_TIMEOUT ? HTTP_BODY_TOO_SLOW : HTTP_BODY_GONE);
}

/* Fills the window, which is empty. */
static int64_t fill(struct http_exchange *x)
{
    http_wire_read_until(x->wire, body_deadline(x));
    int64_t got = http_wire_read(x->wire, x->bytes, x->capacity);
    if (got <= 0)
        return fail(x, got == RN_TIMEOUT ? HTTP_BODY_TOO_SLOW : HTTP_BODY_GONE);
    x->begin = 0;
    x->end = (size_t)got;
    return got;
}

static int64_t read_chunked(struct http_exchange *x, void *data, size_t size)
{
    for (;;) {
        if (x->begin == x->end) {
            int64_t got = fill(x);
            if (got < 0)
                return got;
        }
        size_t there = x->end - x->begin;
        struct slice in = {x->bytes + x->begin, there < size ? there : size};
        struct slice piece;
        size_t used;
        enum http_chunks_event event =
            http_chunks_next(&x->chunks, in, &used, &piece);
        x->begin += used;
        if (event == HTTP_CHUNKS_BAD)
            return fail(x, HTTP_BODY_BAD);
        if (event == HTTP_CHUNKS_END) {
            x->body_ended = true;
            return 0;
        }
        if (event == HTTP_CHUNKS_DATA) {
            memcpy(data, piece.ptr, piece.len);
            return (int64_t)piece.len;
        }
    }
}

static int64_t read_measured(struct http_exchange *x, void *data, size_t size)
{
    if (size > x->body_left)
        size = (size_t)x->body_left;
    int64_t got = read_raw(x, data, size);
    if (got > 0) {
        x->body_left -= (uint64_t)got;
        x->body_ended = x->body_left == 0;
    }
    return got;
}

static int send_continue(struct http_exchange *x)
{
    static char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    x->continue_owed = false;
    return http_wire_write(x->wire, &(struct iovec){text, sizeof(text) - 1}, 1);
}

int64_t http_request_read(struct http_request *request, void *data, size_t size)
{
    struct http_exchange *x = request->exchange;
    if (x->body_failed)
        return x->body_failed;
    if (x->body_ended || size == 0)
        return 0;
    /* A chunked body is seen to be too large when it is: its end never comes. */
    if (x->body_taken + x->body_left > x->body_max)
        return fail(x, HTTP_BODY_TOO_LARGE);
    if (x->body_started == 0)
        x->body_started = rn_now();
    if (x->continue_owed && send_continue(x) < 0)
        return fail(x, HTTP_BODY_GONE);
    int64_t got = x->head.chunked ? read_chunked(x, data, size)
                                  : read_measured(x, data, size);
    if (got > 0)
        x->body_taken += (uint64_t)got;
    return got;
}

int64_t http_request_read_all(struct http_request *request, size_t max,
                              char **body)
{
    size_t capacity = 4096;
    size_t len = 0;
    int64_t got = 0;
    char *text = malloc(capacity);
    while (text) {
        got = http_request_read(request, text + len, capacity - len - 1);
        if (got <= 0)
            break;
        len += (size_t)got;
        if (len > max) {
            got = HTTP_BODY_TOO_LARGE;
            break;
        }
        if (capacity - len > 1)
            continue;
        char *more = realloc(text, capacity * 2);
        if (!more)
            free(text);
        text = more;
        capacity *= 2;
    }
    if (!text)
        return RN_NOMEM;
    if (got < 0) {
        free(text);
        return got;
    }
    text[len] = '\0';
    *body = text;
    return (int64_t)len;
}

bool http_json_is_deep(const char *text, size_t len)
{
    unsigned depth = 0;
    unsigned deepest = 0;
    bool quoted = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (quoted && c == '\\')
            i++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == '[' || c == '{'))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!quoted && (c == ']' || c == '}') && depth > 0)
            depth--;
    }
    return deepest > JSON_DEPTH_MAX;
}

json_t *http_request_read_json(struct http_request *request,
                               struct http_response *response)
{
    char *text;
    json_error_t error;
    if (!http_request_is_type(request, "application/json")) {
        http_reply_error(response, 415, "The body must be application/json");
        return NULL;
    }
    int64_t len = http_request_read_all(request, JSON_MAX, &text);
    if (len < 0) {
        http_reply_unread(response, (int)len);
        return NULL;
    }
    json_t *value = NULL;
    if (http_json_is_deep(text, (size_t)len)) {
        http_reply_error(response, 400, "The JSON is nested too deeply");
    } else {
        value = json_loadb(text, (size_t)len, JSON_REJECT_DUPLICATES, &error);
        if (!value)
            http_reply_error(response, 400, "The JSON is wrong at line %d: %s",
                             error.line, error.text);
    }
    free(text);
    return value;
}

bool http_exchange_drain(struct http_exchange *x)
{
    char *piece = x->extra; /* the answer is sent */
    if (x->close)
        return false;
    while (!x->body_ended) {
        int64_t got = http_request_read(&x->request, piece, sizeof(x->extra));
        if (got <= 0 && !x->body_ended)
            return false;
    }
    return true;
}
