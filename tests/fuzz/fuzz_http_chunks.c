/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_http_chunks.c: any bytes as a chunked body, beside http-parser.
 *
 * A body that we take, http-parser takes as well: the same data, and it ends at
 * the same byte. A body in pieces of any size is the same body.
 */
#include <http_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/http_chunks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BODY_MAX 70000u

struct body {
    char bytes[BODY_MAX];
    size_t len;
    size_t taken; /* bytes of the input up to its end */
    int event;
    bool trailers;
};

static void check(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}

static void add(struct body *body, const char *at, size_t len)
{
    check(body->len + len <= BODY_MAX, "no more comes out than goes in");
    memcpy(body->bytes + body->len, at, len);
    body->len += len;
}

static void decode(const char *bytes, size_t size, size_t step,
                   struct body *body)
{
    struct http_chunks chunks = {0};
    body->len = 0;
    body->event = HTTP_CHUNKS_MORE;
    for (body->taken = 0; body->taken < size;) {
        size_t left = size - body->taken;
        struct slice in = {bytes + body->taken, left < step ? left : step};
        struct slice data;
        size_t used;
        body->event = http_chunks_next(&chunks, in, &used, &data);
        check(used > 0 && used <= in.len, "it goes on");
        body->taken += used;
        if (body->event == HTTP_CHUNKS_DATA)
            add(body, data.ptr, data.len);
        else if (body->event != HTTP_CHUNKS_MORE)
            return;
    }
    if (body->event == HTTP_CHUNKS_DATA)
        body->event = HTTP_CHUNKS_MORE;
}

static int on_body(http_parser *parser, const char *at, size_t len)
{
    add(parser->data, at, len);
    return 0;
}

static int on_field(http_parser *parser, const char *at, size_t len)
{
    struct body *body = parser->data;
    (void)at;
    (void)len;
    body->trailers = true;
    return 0;
}

static int on_end(http_parser *parser)
{
    struct body *body = parser->data;
    body->event = HTTP_CHUNKS_END;
    http_parser_pause(parser, 1);
    return 0;
}

static int on_head(http_parser *parser)
{
    struct body *body = parser->data;
    body->trailers = false;
    return 0;
}

static void compare(const char *bytes, size_t size, const struct body *ours)
{
    static const char head[] = "POST / HTTP/1.1\r\nHost: x\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    static const http_parser_settings settings = {
        .on_body = on_body,
        .on_header_field = on_field,
        .on_headers_complete = on_head,
        .on_message_complete = on_end};
    static struct body theirs;
    http_parser parser;
    theirs.len = 0;
    theirs.event = HTTP_CHUNKS_MORE;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &theirs;
    http_parser_execute(&parser, &settings, head, sizeof(head) - 1);
    size_t taken = http_parser_execute(&parser, &settings, bytes, size);
    /* It takes trailers for fields, and may not like what they say. */
    if (theirs.event != HTTP_CHUNKS_END && theirs.trailers)
        return;
    check(theirs.event == HTTP_CHUNKS_END, "http-parser takes it as well");
    check(theirs.len == ours->len &&
              memcmp(theirs.bytes, ours->bytes, ours->len) == 0,
          "the same data");
    /* Paused in the callback, it stands on the last byte. */
    check(taken == ours->taken || taken + 1 == ours->taken, "the same end");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct body whole;
    static struct body pieces;
    const char *bytes = (const char *)data;
    if (size > 65536)
        return 0;
    decode(bytes, size, size + 1, &whole);
    for (size_t step = 1; step < 5; step++) {
        decode(bytes, size, step, &pieces);
        check(pieces.event == whole.event, "pieces end alike");
        check(pieces.event == HTTP_CHUNKS_BAD || pieces.taken == whole.taken,
              "and at the same byte");
        check(pieces.len == whole.len &&
                  memcmp(pieces.bytes, whole.bytes, whole.len) == 0,
              "pieces give the same data");
    }
    if (whole.event == HTTP_CHUNKS_END)
        compare(bytes, size, &whole);
    return 0;
}

#ifndef SLUICE_LIBFUZZER
#include "fuzz_files.h"
#endif
