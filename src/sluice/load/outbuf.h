/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbuf.h: bytes that grow: SQL text, and rows on their way to a database.
 *
 * Running out of memory is remembered in `failed`, so that a caller appends
 * freely and asks once at the end; a failed buffer keeps what it had.
 */
#ifndef SLUICE_OUTBUF_H
#define SLUICE_OUTBUF_H

#include <string.h>

#include "text.h"

struct outbuf {
    char *ptr;
    size_t len;
    size_t capacity;
    bool failed;
};

/* Frees; the buffer is as one that is all zeroes. */
void outbuf_clear(struct outbuf *b);
/* Forgets the bytes and the failure, keeps the memory. */
void outbuf_reset(struct outbuf *b);

/* Makes room for `more` bytes after len; false when memory is out. */
bool outbuf_reserve(struct outbuf *b, size_t more);

void outbuf_put(struct outbuf *b, const void *bytes, size_t len);
/* A terminated string. */
void outbuf_text(struct outbuf *b, const char *text);
void outbuf_format(struct outbuf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The bytes with a terminator behind them; NULL when the buffer failed. */
const char *outbuf_string(struct outbuf *b);

/*
 * Big-endian integers, as PostgreSQL's binary formats hold them. The caller has
 * reserved the room: these run once a value.
 */
static inline void outbuf_put16(struct outbuf *b, uint16_t n)
{
    n = __builtin_bswap16(n);
    memcpy(b->ptr + b->len, &n, sizeof(n));
    b->len += sizeof(n);
}

static inline void outbuf_put32(struct outbuf *b, uint32_t n)
{
    n = __builtin_bswap32(n);
    memcpy(b->ptr + b->len, &n, sizeof(n));
    b->len += sizeof(n);
}

static inline void outbuf_put64(struct outbuf *b, uint64_t n)
{
    n = __builtin_bswap64(n);
    memcpy(b->ptr + b->len, &n, sizeof(n));
    b->len += sizeof(n);
}

#endif
