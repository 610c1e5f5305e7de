/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_exchange.c: a request from its first byte to the end of its head.
 */
#include "serve/http_exchange.h"

#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <runnel/runnel.h>

#include "serve/server.h"

/* The window through which a chunked body is read. */
#define CHUNKS_WINDOW ((size_t)64 * 1024)

/*
 * A request comes where another one just went: the memory of the last is kept,
 * by the processor, whose cache it is still in.
 */
#define SPARES 64
static struct spare {
    /* Release when it is left, acquire when it is taken. */
    alignas(64) _Atomic(struct http_exchange *) exchange;
} spares[SPARES];

static struct spare *spare_here(void)
{
    return &spares[(unsigned)sched_getcpu() % SPARES];
}

static struct http_exchange *take_memory(void)
{
    struct http_exchange *x = atomic_exchange_explicit(
        &spare_here()->exchange, NULL, memory_order_acquire);
    return x ? x : malloc(sizeof(*x));
}

static void leave_memory(struct http_exchange *x)
{
    free(atomic_exchange_explicit(&spare_here()->exchange, x,
                                  memory_order_acq_rel));
}

void http_exchange_drop_spares(void)
{
    for (size_t i = 0; i < SPARES; i++)
        free(atomic_exchange_explicit(&spares[i].exchange, NULL,
                                      memory_order_acquire));
}

struct http_exchange *http_exchange_make(struct http_wire *wire,
                                         const struct server_limits *limits,
                                         const char *bytes, size_t size)
{
    struct http_exchange *x = take_memory();
    if (!x)
        return NULL;
    memset(x, 0, offsetof(struct http_exchange, head));
    memset(&x->head, 0, offsetof(struct http_head, fields));
    x->head.field_count = 0;
    x->wire = wire;
    x->limits = limits;
    x->started = rn_now();
    x->capacity = size <= HTTP_SMALL ? HTTP_SMALL : size;
    x->bytes = size <= HTTP_SMALL ? x->small : malloc(size);
    if (!x->bytes) {
        leave_memory(x);
        return NULL;
    }
    memcpy(x->bytes, bytes, size);
    x->head_bytes = x->bytes;
    x->end = size;
    arena_init(&x->arena);
    x->response.exchange = x;
    x->request.exchange = x;
    x->body_ended = true; /* until a head says that there is one */
    return x;
}

void http_exchange_free(struct http_exchange *x)
{
    if (!x)
        return;
    if (x->bytes != x->head_bytes)
        free(x->bytes);
    if (x->head_bytes != x->small)
        free(x->head_bytes);
    arena_clear(&x->arena);
    leave_memory(x);
}

char *http_exchange_text(struct http_exchange *x, size_t size)
{
    if (size > HTTP_TEXTS - x->texts_len)
        return arena_alloc(&x->arena, size);
    char *text = x->texts + x->texts_len;
    x->texts_len += size;
    return text;
}

static bool grow(struct http_exchange *x)
{
    size_t capacity = x->capacity * 4;
    char *bytes = malloc(capacity);
    if (!bytes)
        return false;
    memcpy(bytes, x->bytes, x->end);
    if (x->bytes != x->small)
        free(x->bytes);
    x->bytes = bytes;
    x->head_bytes = bytes;
    x->capacity = capacity;
    return true;
}

/* One more piece of the head: 0, or as http_exchange_read_head. */
static int read_more(struct http_exchange *x)
{
    if (x->end == x->capacity && !grow(x))
        return -503;
    http_wire_read_until(x->wire, x->started + x->limits->head_ns);
    int64_t got =
        http_wire_read(x->wire, x->bytes + x->end, x->capacity - x->end);
    if (got == RN_TIMEOUT)
        return -408;
    if (got <= 0)
        return RN_CLOSED;
    x->end += (size_t)got;
    return 0;
}

/* A chunked body gets a window that the head does not lie in. */
static bool prepare_body(struct http_exchange *x)
{
    x->body_left = x->head.chunked ? 0 : (uint64_t)x->head.content_length;
    x->body_ended = !x->head.chunked && x->body_left == 0;
    x->continue_owed = x->head.expects_continue && !x->body_ended;
    x->request.content_length = x->head.content_length;
    if (!x->head.chunked)
        return true;
    size_t left = x->end - x->begin;
    size_t capacity = left < CHUNKS_WINDOW ? CHUNKS_WINDOW : left;
    char *window = malloc(capacity);
    if (!window)
        return false;
    memcpy(window, x->bytes + x->begin, left);
    x->bytes = window;
    x->capacity = capacity;
    x->begin = 0;
    x->end = left;
    return true;
}

int http_exchange_read_head(struct http_exchange *x)
{
    size_t scanned = 0;
    for (;;) {
        int64_t len = http_head_end(x->bytes, x->end, &scanned);
        if (len < 0)
            return (int)len;
        if (len > 0) {
            x->begin = (size_t)len;
            break;
        }
        int status = read_more(x);
        if (status < 0)
            return status;
    }
    int status = http_head_parse(x->bytes, x->begin, &x->head);
    if (status < 0)
        return status;
    x->is_head_method = slice_equal(x->head.method, SLICE("HEAD"));
    return prepare_body(x) ? 0 : -503;
}
