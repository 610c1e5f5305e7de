/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outbuf.c: a growing buffer that remembers that memory ran out.
 */
#include "load/outbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define OUTBUF_MIN 256

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "outbuf_put16/32/64 swap bytes: they are written for little-endian"
#endif

void outbuf_clear(struct outbuf *b)
{
    free(b->ptr);
    *b = (struct outbuf){0};
}

void outbuf_reset(struct outbuf *b)
{
    b->len = 0;
    b->failed = false;
}

bool outbuf_reserve(struct outbuf *b, size_t more)
{
    size_t need;
    if (__builtin_add_overflow(b->len, more, &need)) {
        b->failed = true;
        return false;
    }
    if (need <= b->capacity)
        return true;

    size_t capacity = b->capacity > 0 ? b->capacity : OUTBUF_MIN;
    while (capacity < need)
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    char *ptr = realloc(b->ptr, capacity);
    if (!ptr) {
        b->failed = true;
        return false;
    }
    b->ptr = ptr;
    b->capacity = capacity;
    return true;
}

void outbuf_put(struct outbuf *b, const void *bytes, size_t len)
{
    if (len == 0 || !outbuf_reserve(b, len))
        return;
    memcpy(b->ptr + b->len, bytes, len);
    b->len += len;
}

void outbuf_text(struct outbuf *b, const char *text)
{
    outbuf_put(b, text, strlen(text));
}

void outbuf_format(struct outbuf *b, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len < 0)
        b->failed = true;
    /* One byte more: vsnprintf terminates, the terminator is not counted. */
    if (len >= 0 && outbuf_reserve(b, (size_t)len + 1)) {
        vsnprintf(b->ptr + b->len, (size_t)len + 1, format, again);
        b->len += (size_t)len;
    }
    va_end(again);
}

const char *outbuf_string(struct outbuf *b)
{
    if (!outbuf_reserve(b, 1) || b->failed)
        return NULL;
    b->ptr[b->len] = '\0';
    return b->ptr;
}
