/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_http_chunks.c: a chunked body is the same however it is cut.
 */
#include <stdlib.h>

#include "check.h"
#include "serve/http_chunks.h"

static char body[100000];
static size_t body_len;

/* Feeds `step` bytes at a time; the event at the end, *used what was taken. */
static int feed(const char *text, size_t len, size_t step, size_t *taken)
{
    struct http_chunks chunks = {0};
    body_len = 0;
    *taken = 0;
    for (size_t at = 0; at < len;) {
        struct slice in = {text + at, len - at < step ? len - at : step};
        struct slice data;
        size_t used;
        int event = http_chunks_next(&chunks, in, &used, &data);
        at += used;
        *taken = at;
        if (event == HTTP_CHUNKS_BAD || event == HTTP_CHUNKS_END)
            return event;
        if (event == HTTP_CHUNKS_DATA) {
            memcpy(body + body_len, data.ptr, data.len);
            body_len += data.len;
        }
    }
    return HTTP_CHUNKS_MORE;
}

static void check_body(const char *text, int event, const char *wanted,
                       size_t rest)
{
    size_t len = strlen(text);
    for (size_t step = 1; step <= len; step++) {
        size_t taken;
        int got = feed(text, len, step, &taken);
        CHECK_MSG(got == event, "%d, not %d, by %zu: %s", got, event, step,
                  text);
        CHECK_MSG(event == HTTP_CHUNKS_BAD ||
                      (body_len == strlen(wanted) &&
                       memcmp(body, wanted, body_len) == 0),
                  "%.*s, not %s: %s", (int)body_len, body, wanted, text);
        CHECK_MSG(event != HTTP_CHUNKS_END || len - taken == rest,
                  "took %zu of: %s", taken, text);
    }
}

static void reads_bodies(void)
{
    check_body("0\r\n\r\n", HTTP_CHUNKS_END, "", 0);
    check_body("3\r\nabc\r\n0\r\n\r\n", HTTP_CHUNKS_END, "abc", 0);
    check_body("3\r\nabc\r\n00A\r\n0123456789\r\n000\r\n\r\nGET",
               HTTP_CHUNKS_END, "abc0123456789", 3);
    check_body("1;a=b;c=\"d\"\r\nx\r\n0;e\r\n\r\n", HTTP_CHUNKS_END, "x", 0);
    check_body("1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\n", HTTP_CHUNKS_END, "x", 0);
    check_body("2\r\n\r\n\r\n0\r\n\r\n", HTTP_CHUNKS_END, "\r\n", 0);
}

static void waits_for_more(void)
{
    check_body("3\r\nabc\r\n0\r\n", HTTP_CHUNKS_MORE, "abc", 0);
    check_body("5\r\nabc", HTTP_CHUNKS_MORE, "abc", 0);
    check_body("1", HTTP_CHUNKS_MORE, "", 0);
}

static void refuses(void)
{
    static const char *const texts[] = {
        "\r\n",
        "x\r\n",
        " 1\r\nx\r\n",
        "1 \r\nx\r\n0\r\n\r\n",
        "+1\r\nx\r\n",
        "-1\r\nx\r\n",
        "0x1\r\nx\r\n",
        "1\nx\r\n",
        "1\r\nx\n",
        "1\r\nxy\r\n",
        "1\r\nx0\r\n",
        "1\rx",
        ";a\r\n",
        "1;a\nx\r\n",
        "1;\x01\r\nx\r\n",
        "0000000000000001\r\nx\r\n",
        "ffffffffffffffff\r\nx\r\n",
        "0\r\nA : b\r\n\r\n",
        "0\r\n A: b\r\n\r\n",
        "0\r\nA\r\n\r\n",
        "0\r\nA: \x01\r\n\r\n",
        "0\r\nA: b\n\r\n",
        "0\r\n\rx",
    };
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        check_body(texts[i], HTTP_CHUNKS_BAD, "", 0);
}

static void limits_what_is_dropped(void)
{
    char *text = malloc(HTTP_TRAILERS_MAX + 1000);
    if (!text)
        abort();
    size_t taken;
    size_t len = (size_t)sprintf(text, "1;%0*d\r\nx\r\n0\r\n\r\n",
                                 (int)HTTP_CHUNK_EXTENSION_MAX, 1);
    CHECK_EQ_INT(feed(text, len, len, &taken), HTTP_CHUNKS_END);
    len = (size_t)sprintf(text, "1;%0*d\r\nx\r\n0\r\n\r\n",
                          (int)HTTP_CHUNK_EXTENSION_MAX + 1, 1);
    CHECK_EQ_INT(feed(text, len, len, &taken), HTTP_CHUNKS_BAD);
    len = (size_t)sprintf(text, "0\r\nA:%0*d\r\n\r\n",
                          (int)HTTP_TRAILERS_MAX - 2, 1);
    CHECK_EQ_INT(feed(text, len, len, &taken), HTTP_CHUNKS_END);
    len = (size_t)sprintf(text, "0\r\nA:%0*d\r\nB:\r\n\r\n",
                          (int)HTTP_TRAILERS_MAX - 2, 1);
    CHECK_EQ_INT(feed(text, len, len, &taken), HTTP_CHUNKS_BAD);
    free(text);
}

CHECK_MAIN(reads_bodies, waits_for_more, refuses, limits_what_is_dropped)
