/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_http_head.c: any bytes as the head of a request, beside http-parser.
 *
 * What we take, http-parser must take as well and understand in the same way:
 * the same target, fields, and length of the body. The other way round does not
 * hold, and shall not. A head that comes in pieces must be the same head.
 */
#include <http_parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}

/* What http-parser says, put together again. */
struct other {
    const char *bytes;
    struct slice target;
    size_t names; /* fields that began */
    bool in_value;
    const struct http_head *ours;
    struct slice name;
    struct slice value;
    bool done;
};

static void extend(struct slice *text, const char *at, size_t len)
{
    if (!text->ptr)
        text->ptr = at;
    text->len += len;
}

static void end_field(struct other *other)
{
    if (!other->in_value)
        return;
    other->in_value = false;
    check(other->names < other->ours->field_count, "there are as many fields");
    const struct http_field *field = &other->ours->fields[other->names++];
    check(slice_equal(field->name, other->name), "the names are the same");
    /* It leaves white space at the end where it is. */
    struct slice value = other->value;
    while (value.len > 0 && (value.ptr[value.len - 1] == ' ' ||
                             value.ptr[value.len - 1] == '\t'))
        value.len--;
    check(slice_equal(field->value, value), "the values are the same");
    other->name = other->value = (struct slice){NULL, 0};
}

static int on_url(http_parser *parser, const char *at, size_t len)
{
    struct other *other = parser->data;
    extend(&other->target, at, len);
    return 0;
}

static int on_name(http_parser *parser, const char *at, size_t len)
{
    struct other *other = parser->data;
    end_field(other);
    extend(&other->name, at, len);
    return 0;
}

static int on_value(http_parser *parser, const char *at, size_t len)
{
    struct other *other = parser->data;
    other->in_value = true;
    extend(&other->value, at, len);
    return 0;
}

static int on_head(http_parser *parser)
{
    struct other *other = parser->data;
    const struct http_head *ours = other->ours;
    end_field(other);
    check(other->names == ours->field_count, "as many fields");
    check(parser->http_major == 1 && parser->http_minor == ours->minor,
          "the same version");
    check(!(parser->flags & F_CHUNKED) == !ours->chunked, "both chunked");
    if (parser->flags & F_CONTENTLENGTH)
        check(parser->content_length == (uint64_t)ours->content_length,
              "the same length");
    else
        check(ours->chunked || ours->content_length == 0, "no length");
    other->done = true;
    return 2; /* that is all that is asked */
}

/* Methods that http-parser knows: it refuses all others. */
static bool is_known(struct slice method)
{
    for (int i = 0; i <= HTTP_SOURCE; i++) {
        if (slice_equal(method, slice_of(http_method_str((enum http_method)i))))
            return true;
    }
    return false;
}

static void compare(const char *bytes, size_t len, const struct http_head *head)
{
    static const http_parser_settings settings = {.on_url = on_url,
                                                  .on_header_field = on_name,
                                                  .on_header_value = on_value,
                                                  .on_headers_complete =
                                                      on_head};
    struct other other = {.bytes = bytes, .ours = head};
    http_parser parser;
    if (!is_known(head->method))
        return;
    http_parser_init(&parser, HTTP_REQUEST);
    parser.data = &other;
    http_parser_execute(&parser, &settings, bytes, len);
    enum http_errno error = HTTP_PARSER_ERRNO(&parser);
    /* It reads the target by the rules of addresses, which ours need not. */
    if (error == HPE_INVALID_URL || error == HPE_INVALID_HOST)
        return;
    if (!other.done)
        fprintf(stderr, "http-parser: %s\n", http_errno_description(error));
    check(other.done, "http-parser takes it as well");
    check(other.target.len >= head->path.len, "the same target");
}

/* Byte by byte: the same end. */
static int64_t end_by_bytes(const char *bytes, size_t size)
{
    size_t scanned = 0;
    int64_t len = 0;
    for (size_t i = 1; i <= size && len == 0; i++)
        len = http_head_end(bytes, i, &scanned);
    return len;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct http_head head;
    const char *bytes = (const char *)data;
    size_t scanned = 0;
    if (size > HTTP_HEAD_MAX + 100)
        return 0;
    int64_t len = http_head_end(bytes, size, &scanned);
    check(len == end_by_bytes(bytes, size), "pieces end in the same place");
    if (len <= 0)
        return 0;
    int status = http_head_parse(bytes, (size_t)len, &head);
    check(status == 0 || (status <= -400 && status > -600), "a status");
    if (status == 0)
        compare(bytes, (size_t)len, &head);
    return 0;
}

#ifndef SLUICE_LIBFUZZER
#include "fuzz_files.h"
#endif
