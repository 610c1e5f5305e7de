/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_chunks.c: a chunked body, taken apart as it comes.
 *
 *     SIZE ── hex digits ──▶ SIZE
 *       │ ; ──▶ EXTENSION ─┐
 *       │ CR ◀─────────────┘
 *     SIZE_LF ── size > 0 ──▶ DATA ──▶ DATA_CR ──▶ DATA_LF ──▶ SIZE
 *       │ size 0
 *     LINE ── CR ──▶ LAST_LF ──▶ end
 *       │ name
 *     NAME ── : ──▶ VALUE ── CR ──▶ VALUE_LF ──▶ LINE
 */
#include "serve/http_chunks.h"

#include "serve/http_head.h"

enum {
    SIZE,
    EXTENSION,
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    LINE,
    NAME,
    VALUE,
    VALUE_LF,
    LAST_LF,
    DONE,
    WRONG = -1
};

static int hex(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int in_size(struct http_chunks *chunks, unsigned char c)
{
    int digit = hex(c);
    if (digit >= 0) {
        /* 15 digits cannot overflow what is counted with them. */
        chunks->left = chunks->left * 16 + (unsigned)digit;
        return ++chunks->digits <= 15 ? SIZE : WRONG;
    }
    if (chunks->digits == 0)
        return WRONG;
    if (c == '\r')
        return SIZE_LF;
    chunks->skipped = 0;
    return c == ';' ? EXTENSION : WRONG;
}

static int in_line(struct http_chunks *chunks, unsigned char c)
{
    if (c == '\r')
        return LAST_LF;
    chunks->skipped++;
    return http_is_token(c) ? NAME : WRONG;
}

static int skip(struct http_chunks *chunks, unsigned char c, int here,
                int after, unsigned limit)
{
    if (c == '\r')
        return after;
    return ++chunks->skipped <= limit && http_is_text(c) ? here : WRONG;
}

static int in_name(struct http_chunks *chunks, unsigned char c)
{
    if (++chunks->skipped > HTTP_TRAILERS_MAX)
        return WRONG;
    if (c == ':')
        return VALUE;
    return http_is_token(c) ? NAME : WRONG;
}

/* The state behind a byte that is not data. */
static int after(struct http_chunks *chunks, unsigned char c)
{
    switch (chunks->state) {
    case SIZE:
        return in_size(chunks, c);
    case EXTENSION:
        return skip(chunks, c, EXTENSION, SIZE_LF, HTTP_CHUNK_EXTENSION_MAX);
    case SIZE_LF:
        chunks->digits = 0;
        chunks->skipped = 0;
        return c != '\n' ? WRONG : chunks->left > 0 ? DATA : LINE;
    case DATA_CR:
        return c == '\r' ? DATA_LF : WRONG;
    case DATA_LF:
        return c == '\n' ? SIZE : WRONG;
    case LINE:
        return in_line(chunks, c);
    case NAME:
        return in_name(chunks, c);
    case VALUE:
        return skip(chunks, c, VALUE, VALUE_LF, HTTP_TRAILERS_MAX);
    case VALUE_LF:
        return c == '\n' ? LINE : WRONG;
    case LAST_LF:
        return c == '\n' ? DONE : WRONG;
    default:
        return WRONG;
    }
}

enum http_chunks_event http_chunks_next(struct http_chunks *chunks,
                                        struct slice in, size_t *used,
                                        struct slice *data)
{
    for (*used = 0; *used < in.len;) {
        if (chunks->state == DATA) {
            size_t there = in.len - *used;
            size_t len = there < chunks->left ? there : (size_t)chunks->left;
            *data = (struct slice){in.ptr + *used, len};
            *used += len;
            chunks->left -= len;
            if (chunks->left == 0)
                chunks->state = DATA_CR;
            return HTTP_CHUNKS_DATA;
        }
        chunks->state = after(chunks, (unsigned char)in.ptr[(*used)++]);
        if (chunks->state == WRONG)
            return HTTP_CHUNKS_BAD;
        if (chunks->state == DONE)
            return HTTP_CHUNKS_END;
    }
    return HTTP_CHUNKS_MORE;
}
