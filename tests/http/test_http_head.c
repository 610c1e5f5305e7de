/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_http_head.c: what a request's head means, and all that is refused.
 */
#include <stdlib.h>

#include "check.h"
#include "serve/http_head.h"

static struct http_head head;

/*
 * The status of a head: 0, 1 when it is not whole. In one piece, and byte by
 * byte, which must say the same.
 */
static int read_bytes(const char *bytes, size_t size)
{
    size_t scanned = 0;
    size_t again = 0;
    int64_t length = http_head_end(bytes, size, &scanned);
    int64_t slow = 0;
    for (size_t i = 1; i <= size && slow == 0; i++)
        slow = http_head_end(bytes, i, &again);
    CHECK_EQ_INT(slow, length);
    if (length <= 0)
        return length < 0 ? (int)length : 1;
    return http_head_parse(bytes, (size_t)length, &head);
}

static int read_head(const char *text)
{
    return read_bytes(text, strlen(text));
}

static bool is(struct slice got, const char *wanted)
{
    return slice_equal(got, slice_of(wanted));
}

static void reads_a_request(void)
{
    CHECK_EQ_INT(read_head("GET /a/b?c=d HTTP/1.1\r\nHost: x:80\r\n"
                           "Empty:\r\nSpaced: \t a b \t\r\n\r\nrest"),
                 0);
    CHECK(is(head.method, "GET"));
    CHECK(is(head.path, "/a/b"));
    CHECK(is(head.query, "c=d"));
    CHECK(is(head.host, "x:80"));
    CHECK_EQ_INT(head.minor, 1);
    CHECK_EQ_INT(head.field_count, 3);
    CHECK(is(http_head_field(&head, SLICE("EMPTY"))->value, ""));
    CHECK(is(http_head_field(&head, SLICE("spaced"))->value, "a b"));
    CHECK(!http_head_field(&head, SLICE("space")));
    CHECK_EQ_INT(head.content_length, 0);
    CHECK(head.keep_alive && !head.chunked && !head.expects_continue);
}

static void tells_the_body(void)
{
    CHECK_EQ_INT(read_head("POST / HTTP/1.1\r\nHost: x\r\n"
                           "Content-Length: 00123\r\n"
                           "Expect: 100-Continue\r\n\r\n"),
                 0);
    CHECK_EQ_INT(head.content_length, 123);
    CHECK(head.expects_continue);
    CHECK_EQ_INT(read_head("POST / HTTP/1.1\r\nHost: x\r\n"
                           "Transfer-Encoding: Chunked\r\n\r\n"),
                 0);
    CHECK(head.chunked);
    CHECK_EQ_INT(head.content_length, -1);
}

static void tells_whether_the_connection_stays(void)
{
    static const struct {
        const char *version;
        const char *field;
        bool stays;
    } cases[] = {
        {"1.1", "", true},
        {"1.1", "Connection: close\r\n", false},
        {"1.1", "Connection: TE , Close\r\n", false},
        {"1.1", "Connection: closed\r\n", true},
        {"1.1", "Connection: keep-alive\r\nConnection: close\r\n", false},
        {"1.0", "", false},
        {"1.0", "Connection: Keep-Alive\r\n", true},
        {"1.0", "Connection: keep-alive, close\r\n", false},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), "GET / HTTP/%s\r\nHost: x\r\n%s\r\n",
                 cases[i].version, cases[i].field);
        CHECK_EQ_INT(read_head(text), 0);
        CHECK_MSG(head.keep_alive == cases[i].stays, "%s", text);
    }
}

static void takes_forms_of_the_target(void)
{
    CHECK_EQ_INT(
        read_head("GET http://a.b:8/c?d HTTP/1.1\r\nHost: A.B:8\r\n\r\n"), 0);
    CHECK(is(head.path, "/c"));
    CHECK(is(head.query, "d"));
    CHECK_EQ_INT(read_head("GET http://a/ HTTP/1.1\r\nHost: b\r\n\r\n"), -400);
    CHECK_EQ_INT(read_head("GET http://a HTTP/1.1\r\nHost: a\r\n\r\n"), -400);
    CHECK_EQ_INT(read_head("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
    CHECK_EQ_INT(read_head("GET * HTTP/1.1\r\nHost: a\r\n\r\n"), -400);
    CHECK_EQ_INT(read_head("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"), -400);
    CHECK_EQ_INT(read_head("GET /? HTTP/1.1\r\nHost: a\r\n\r\n"), 0);
    CHECK(head.query.ptr && head.query.len == 0);
}

static void waits_for_the_end(void)
{
    CHECK_EQ_INT(read_head(""), 1);
    CHECK_EQ_INT(read_head("GET / HT"), 1);
    CHECK_EQ_INT(read_head("GET / HTTP/1.1\r\nHost: x\r\n"), 1);
    CHECK_EQ_INT(read_head("GET / HTTP/1.1\r\nHost: x\r\n\r"), 1);
}

#define HEAD_WITH(line) "GET / HTTP/1.1\r\nHost: x\r\n" line "\r\n\r\n"

static void refuses(void)
{
    static const struct {
        int status;
        const char *text;
    } cases[] = {
        /* lines */
        {400, "GET / HTTP/1.1\nHost: x\n\n"},
        {400, "GET / HTTP/1.1\r\nHost: x\n\r\n"},
        {400, "\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
        {400, "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"},
        {400, HEAD_WITH("A: b\r c")},
        {400, HEAD_WITH("A: b\r\n folded")},
        {400, HEAD_WITH("A: b\r\n\tfolded")},
        {400, "GET / HTTP/1.1\r\n Host: x\r\n\r\n"},
        /* the first line */
        {400, "GET /\r\nHost: x\r\n\r\n"},
        {400, "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"},
        {400, "GET / HTTP/1.1 \r\nHost: x\r\n\r\n"},
        {400, " GET / HTTP/1.1\r\nHost: x\r\n\r\n"},
        {400, "G(T / HTTP/1.1\r\nHost: x\r\n\r\n"},
        {400, "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"},
        {400, "GET a HTTP/1.1\r\nHost: x\r\n\r\n"},
        {400, "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n"},
        {400, "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n"},
        {400, "GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n"},
        {400, "GET /#a HTTP/1.1\r\nHost: x\r\n\r\n"},
        {400, "GET / http/1.1\r\nHost: x\r\n\r\n"},
        {400, "GET / HTTP/1.10\r\nHost: x\r\n\r\n"},
        {505, "GET / HTTP/2.0\r\nHost: x\r\n\r\n"},
        {505, "GET / HTTP/1.2\r\nHost: x\r\n\r\n"},
        {505, "GET / HTTP/0.9\r\nHost: x\r\n\r\n"},
        /* fields */
        {400, HEAD_WITH("A : b")},
        {400, HEAD_WITH("A\t: b")},
        {400, HEAD_WITH(": b")},
        {400, HEAD_WITH("A")},
        {400, HEAD_WITH("A(: b")},
        {400, HEAD_WITH("A\x80: b")},
        {400, HEAD_WITH("A: b\x01")},
        {400, HEAD_WITH("A: b\x7f")},
        {400, HEAD_WITH("A: \x0b")},
        /* how long the body is */
        {400, HEAD_WITH("Content-Length: 1\r\nContent-Length: 1")},
        {400, HEAD_WITH("Content-Length: 1\r\ncontent-length: 2")},
        {400, HEAD_WITH("Content-Length: 1, 1")},
        {400, HEAD_WITH("Content-Length: -1")},
        {400, HEAD_WITH("Content-Length: +1")},
        {400, HEAD_WITH("Content-Length: 0x10")},
        {400, HEAD_WITH("Content-Length: 1 1")},
        {400, HEAD_WITH("Content-Length:")},
        {400, HEAD_WITH("Content-Length: 18446744073709551617")},
        {400, HEAD_WITH("Content-Length: 1\r\nTransfer-Encoding: chunked")},
        {400, HEAD_WITH("Transfer-Encoding: chunked\r\nContent-Length: 0")},
        {400, HEAD_WITH("Transfer-Encoding: chunked\r\n"
                        "Transfer-Encoding: chunked")},
        {400, "POST / HTTP/1.0\r\nHost: x\r\n"
              "Transfer-Encoding: chunked\r\n\r\n"},
        {501, HEAD_WITH("Transfer-Encoding: gzip, chunked")},
        {501, HEAD_WITH("Transfer-Encoding: chunked, chunked")},
        {501, HEAD_WITH("Transfer-Encoding: xchunked")},
        {501, HEAD_WITH("Transfer-Encoding:")},
        {501, HEAD_WITH("Transfer-Encoding: identity")},
        {417, HEAD_WITH("Expect: 200-ok")},
        /* whom it is for */
        {400, "GET / HTTP/1.1\r\n\r\n"},
        {400, "GET / HTTP/1.0\r\n\r\n"},
        {400, HEAD_WITH("Host: x")},
        {400, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: :80\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: [g]\r\n\r\n"},
        {400, "GET / HTTP/1.1\r\nHost: [::1]x\r\n\r\n"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        int status = read_head(cases[i].text);
        CHECK_MSG(status == -cases[i].status, "%d, not %d: %s", -status,
                  cases[i].status, cases[i].text);
    }
}

static void takes_hosts(void)
{
    static const char *const hosts[] = {"localhost",   "a-b.example_1:8080",
                                        "127.0.0.1:1", "[::1]",
                                        "[::1]:80",    "a:"};
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        char text[200];
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
                 hosts[i]);
        CHECK_EQ_INT(read_head(text), 0);
        CHECK(is(head.host, hosts[i]));
    }
}

static void refuses_nul_anywhere(void)
{
    static const char whole[] = "GET /abc HTTP/1.1\r\nHost: x\r\nA: b\r\n\r\n";
    for (size_t i = 0; i < sizeof(whole) - 1; i++) {
        char text[sizeof(whole)];
        memcpy(text, whole, sizeof(whole));
        text[i] = '\0';
        int status = read_bytes(text, sizeof(whole) - 1);
        /* Without its end it may wait for one; it is never taken. */
        CHECK_MSG(status != 0, "NUL at %zu", i);
    }
}

/* A head of `count` fields, each of `size` bytes. */
static int read_fields(size_t count, size_t size)
{
    char *text = malloc(HTTP_HEAD_MAX * 2);
    if (!text)
        abort();
    size_t len = (size_t)sprintf(text, "GET / HTTP/1.1\r\nHost: x\r\n");
    for (size_t i = 1; i < count; i++)
        len += (size_t)sprintf(text + len, "A: %0*d\r\n", (int)size - 5, 1);
    len += (size_t)sprintf(text + len, "\r\n");
    int status = read_bytes(text, len);
    free(text);
    return status;
}

static void limits_fields_and_bytes(void)
{
    CHECK_EQ_INT(read_fields(HTTP_FIELDS_MAX, 10), 0);
    CHECK_EQ_INT(read_fields(HTTP_FIELDS_MAX + 1, 10), -431);
    CHECK_EQ_INT(read_fields(4, 20000), 0);
    CHECK_EQ_INT(read_fields(4, 22000), -431);
}

/* "GET /xxx", `len` bytes of target. */
static int read_target(size_t len)
{
    char *text = malloc(len + 100);
    if (!text)
        abort();
    memcpy(text, "GET /", 5);
    memset(text + 5, 'x', len - 1);
    strcpy(text + 4 + len, " HTTP/1.1\r\nHost: x\r\n\r\n");
    int status = read_head(text);
    free(text);
    return status;
}

static void limits_the_target(void)
{
    CHECK_EQ_INT(read_target(HTTP_TARGET_MAX), 0);
    CHECK_EQ_INT(read_target(HTTP_TARGET_MAX + 1), -414);
}

static void a_head_without_end_is_too_long(void)
{
    char *text = malloc(HTTP_HEAD_MAX + 1);
    if (!text)
        abort();
    size_t scanned = 0;
    memset(text, 'x', HTTP_HEAD_MAX + 1);
    CHECK_EQ_INT(http_head_end(text, HTTP_HEAD_MAX - 1, &scanned), 0);
    CHECK_EQ_INT(http_head_end(text, HTTP_HEAD_MAX, &scanned), -431);
    free(text);
}

CHECK_MAIN(reads_a_request, tells_the_body, tells_whether_the_connection_stays,
           takes_forms_of_the_target, waits_for_the_end, refuses, takes_hosts,
           refuses_nul_anywhere, limits_fields_and_bytes, limits_the_target,
           a_head_without_end_is_too_long)
