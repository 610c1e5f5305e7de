/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_response.c: answers.
 *
 * An answer is sent by one write where it can be: its head, what the handler
 * added to it, and its body as pieces of one call.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "serve/http_exchange.h"

/* A body that may be left unread and still be taken off the connection. */
#define DRAIN_MAX ((uint64_t)64 * 1024)

/* Every answer: nothing of it is to be guessed, framed or kept. */
#define SECURITY                                  \
    "X-Content-Type-Options: nosniff\r\n"         \
    "X-Frame-Options: DENY\r\n"                   \
    "Referrer-Policy: no-referrer\r\n"            \
    "Cross-Origin-Opener-Policy: same-origin\r\n" \
    "Cross-Origin-Resource-Policy: same-origin\r\n"
/* Data; the page has a policy of its own. */
#define POLICY                                                       \
    "Content-Security-Policy: default-src 'none'; base-uri 'none'; " \
    "form-action 'none'; frame-ancestors 'none'\r\n"
#define NO_STORE "Cache-Control: no-store\r\n"

const char *http_status_text(int status)
{
    static const struct {
        int status;
        const char *text;
    } known[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {206, "Partial Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {416, "Range Not Satisfiable"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {422, "Unprocessable Content"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
        {507, "Insufficient Storage"},
    };
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (known[i].status == status)
            return known[i].text;
    }
    return "Status";
}

/* ---------------------------------------------------------------- the head */

void http_header(struct http_response *response, const char *name,
                 const char *format, ...)
{
    char *to = response->exchange->extra + response->extra_len;
    size_t room = HTTP_EXTRA_MAX - response->extra_len;
    int begin = snprintf(to, room, "%s: ", name);
    if (begin < 0 || (size_t)begin >= room)
        return;
    va_list args;
    va_start(args, format);
    int len = vsnprintf(to + begin, room - (size_t)begin, format, args);
    va_end(args);
    /* One that does not fit is left out as a whole. */
    if (len < 0 || (size_t)begin + (size_t)len + 2 >= room)
        return;
    for (char *c = to + begin; c < to + begin + len; c++) {
        if (!http_is_text((unsigned char)*c))
            *c = '?';
    }
    memcpy(to + begin + len, "\r\n", 2);
    response->extra_len += (size_t)begin + (size_t)len + 2;
    response->sent_cache_control =
        response->sent_cache_control || !strcasecmp(name, "Cache-Control");
    response->sent_policy =
        response->sent_policy || !strcasecmp(name, "Content-Security-Policy");
}

/* The head as it grows; everything in it is short. */
struct writer {
    char *to;
    char *end;
};

static void put(struct writer *writer, struct slice text)
{
    size_t room = (size_t)(writer->end - writer->to);
    size_t len = text.len < room ? text.len : room;
    memcpy(writer->to, text.ptr, len);
    writer->to += len;
}

/* A literal's length is known, so that it is a few moves and no call. */
#define PUT(writer, literal) put_whole(writer, literal, sizeof(literal) - 1)
static inline void put_whole(struct writer *writer, const char *text,
                             size_t len)
{
    if (len > (size_t)(writer->end - writer->to))
        return;
    memcpy(writer->to, text, len);
    writer->to += len;
}

static void put_number(struct writer *writer, uint64_t number)
{
    char text[24];
    char *at = text + sizeof(text);
    do {
        *--at = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(writer, (struct slice){at, (size_t)(text + sizeof(text) - at)});
}

static void set_digits(char *to, unsigned count, unsigned number)
{
    while (count-- > 0) {
        to[count] = (char)('0' + number % 10);
        number /= 10;
    }
}

/* Until the year 9999. */
static void put_date(struct writer *writer)
{
    static const char days[] = "ThuFriSatSunMonTueWed";
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    char text[] = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n";
    struct timespec now;
    clock_gettime(CLOCK_REALTIME_COARSE, &now);
    int64_t day_number = now.tv_sec / 86400;
    unsigned rest = (unsigned)(now.tv_sec % 86400);
    int64_t year;
    unsigned month;
    unsigned day;
    civil_from_days(day_number, &year, &month, &day);
    memcpy(text + 6, days + day_number % 7 * 3, 3);
    set_digits(text + 11, 2, day);
    memcpy(text + 14, months + (month - 1) * 3, 3);
    set_digits(text + 18, 4, (unsigned)year);
    set_digits(text + 23, 2, rest / 3600);
    set_digits(text + 26, 2, rest / 60 % 60);
    set_digits(text + 29, 2, rest % 60);
    put(writer, (struct slice){text, sizeof(text) - 1});
}

/* Invariant 2 of http_exchange.h. */
static void decide_close(struct http_exchange *x)
{
    bool little =
        x->body_ended || (!x->continue_owed && !x->body_failed &&
                          !x->head.chunked && x->body_left <= DRAIN_MAX);
    if (!x->head.keep_alive || !little ||
        rn_ctx_err(x->request.stopping) != RN_OK)
        x->close = true;
}

static bool has_body(int status)
{
    return status != 204 && status != 304;
}

/*
 * What the server says of an answer; `length` is its body's, or -1: chunked, or
 * until the connection ends.
 */
static size_t write_first(struct http_exchange *x, int status, const char *type,
                          int64_t length)
{
    struct writer writer = {x->first, x->first + HTTP_FIRST_MAX};
    const struct http_response *response = &x->response;
    PUT(&writer, "HTTP/1.1 ");
    put_number(&writer, (uint64_t)status);
    PUT(&writer, " ");
    put(&writer, slice_of(http_status_text(status)));
    PUT(&writer, "\r\n");
    put_date(&writer);
    if (type) {
        PUT(&writer, "Content-Type: ");
        put(&writer, slice_of(type));
        PUT(&writer, "\r\n");
    }
    if (length < 0 && x->head.minor > 0) {
        PUT(&writer, "Transfer-Encoding: chunked\r\n");
    } else if (length >= 0 && has_body(status)) {
        PUT(&writer, "Content-Length: ");
        put_number(&writer, (uint64_t)length);
        PUT(&writer, "\r\n");
    }
    PUT(&writer, "X-Request-Id: ");
    put(&writer, slice_of(x->id));
    PUT(&writer, "\r\n");
    if (x->close)
        PUT(&writer, "Connection: close\r\n");
    else if (x->head.minor == 0)
        PUT(&writer, "Connection: keep-alive\r\n");
    if (!response->sent_policy && !response->sent_cache_control) {
        PUT(&writer, SECURITY POLICY NO_STORE);
        return (size_t)(writer.to - x->first);
    }
    PUT(&writer, SECURITY);
    if (!response->sent_policy)
        PUT(&writer, POLICY);
    if (!response->sent_cache_control)
        PUT(&writer, NO_STORE);
    return (size_t)(writer.to - x->first);
}

/*
 * Sends head and body by one write; as one piece when they are small, which is
 * the cheaper system call.
 */
static int send_whole(struct http_exchange *x, size_t first, const void *body,
                      size_t size)
{
    size_t extra = x->response.extra_len + 2;
    memcpy(x->extra + extra - 2, "\r\n", 2);
    if (first + extra + size > sizeof(x->first)) {
        const struct iovec pieces[] = {
            {x->first, first},
            {x->extra, extra},
            {(void *)(uintptr_t)body, size},
        };
        return http_wire_write(x->wire, pieces, size == 0 ? 2 : 3);
    }
    memcpy(x->first + first, x->extra, extra);
    if (size > 0)
        memcpy(x->first + first + extra, body, size);
    const struct iovec whole = {x->first, first + extra + size};
    return http_wire_write(x->wire, &whole, 1);
}

static int send_head(struct http_response *response, int status,
                     const char *type, int64_t length, const void *body,
                     size_t size)
{
    struct http_exchange *x = response->exchange;
    decide_close(x);
    if (length < 0 && x->head.minor == 0)
        x->close = true;
    if (x->is_head_method || !has_body(status))
        size = 0;
    response->status = status;
    response->bytes = size;
    response->failed =
        send_whole(x, write_first(x, status, type, length), body, size);
    if (response->failed < 0)
        x->close = true;
    return response->failed;
}

/* One answer is all that a request gets. */
static bool is_answered(const struct http_response *response)
{
    return response->status != 0;
}

/* ----------------------------------------------------------- whole answers */

int http_reply(struct http_response *response, int status, const char *type,
               const void *body, size_t size)
{
    if (is_answered(response))
        return RN_INVALID;
    return send_head(response, status, type, (int64_t)size, body, size);
}

int http_reply_json(struct http_response *response, int status, json_t *value)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    if (!text) {
        static const char sorry[] = "{\"error\":\"out of memory\"}";
        return http_reply(response, 500, "application/json", sorry,
                          sizeof(sorry) - 1);
    }
    int sent =
        http_reply(response, status, "application/json", text, strlen(text));
    free(text);
    return sent;
}

int http_reply_error(struct http_response *response, int status,
                     const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    struct slice all = {text, len < 0                      ? 0
                              : (size_t)len < sizeof(text) ? (size_t)len
                                                           : sizeof(text) - 1};
    size_t good = utf8_check(all);
    return http_reply_json(response, status,
                           json_pack("{s:s%}", "error", text, good));
}

int http_reply_unread(struct http_response *response, int body_status)
{
    struct http_exchange *x = response->exchange;
    x->close = true;
    switch (body_status) {
    case HTTP_BODY_TOO_LARGE:
        return http_reply_error(response, 413,
                                "The body is larger than %llu bytes",
                                (unsigned long long)x->body_max);
    case HTTP_BODY_TOO_SLOW:
        return http_reply_error(response, 408, "The body came too slowly");
    case HTTP_BODY_BAD:
        return http_reply_error(response, 400, "The body is not well-formed");
    case HTTP_BODY_GONE:
        return http_reply_error(response, 400, "The body ended before its end");
    default:
        return http_reply_error(response, 500, "The body cannot be read: %s",
                                rn_status_text(body_status));
    }
}

/* ------------------------------------------------------------------ files */

#define FILE_PIECE ((size_t)64 * 1024)

struct file_read {
    int fd;
    char *to;
    size_t size;
    int64_t offset;
    ssize_t got;
};

static void read_file(void *arg)
{
    struct file_read *read = arg;
    read->got = pread(read->fd, read->to, read->size, read->offset);
}

int http_reply_file(struct http_response *response, int status,
                    const char *type, int fd, int64_t offset, uint64_t size)
{
    struct http_exchange *x = response->exchange;
    if (is_answered(response))
        return RN_INVALID;
    char *piece = malloc(FILE_PIECE);
    if (!piece)
        return http_reply_error(response, 500, "out of memory");
    int sent = send_head(response, status, type, (int64_t)size, NULL, 0);
    while (sent == RN_OK && size > 0 && !x->is_head_method) {
        struct file_read read = {fd, piece,
                                 size < FILE_PIECE ? (size_t)size : FILE_PIECE,
                                 offset, 0};
        rn_block(read_file, &read);
        /* Cut in the middle: only the end of the connection can say so. */
        if (read.got <= 0)
            sent = RN_CLOSED;
        else
            sent = http_wire_write(x->wire,
                                   &(struct iovec){piece, (size_t)read.got}, 1);
        if (sent == RN_OK) {
            offset += read.got;
            size -= (uint64_t)read.got;
            response->bytes += (uint64_t)read.got;
        }
    }
    free(piece);
    if (sent < 0) {
        response->failed = sent;
        x->close = true;
    }
    return sent;
}

/* ---------------------------------------------------------------- streams */

int http_stream_begin(struct http_response *response, int status,
                      const char *type)
{
    if (is_answered(response))
        return RN_INVALID;
    int sent = send_head(response, status, type, -1, NULL, 0);
    response->streaming = sent == RN_OK;
    return sent;
}

static int stream_pieces(struct http_response *response,
                         const struct iovec *pieces, int count)
{
    if (response->failed < 0 || response->exchange->is_head_method)
        return response->failed;
    response->failed = http_wire_write(response->exchange->wire, pieces, count);
    if (response->failed < 0)
        response->exchange->close = true;
    return response->failed;
}

int http_stream_write(struct http_response *response, const void *data,
                      size_t size)
{
    char begin[24];
    static char end[] = "\r\n";
    if (!response->streaming)
        return response->failed < 0 ? response->failed : RN_INVALID;
    if (response->exchange->is_head_method)
        return RN_CLOSED;
    if (size == 0)
        return response->failed;
    response->bytes += size;
    const struct iovec whole = {(void *)(uintptr_t)data, size};
    if (response->exchange->head.minor == 0)
        return stream_pieces(response, &whole, 1);
    int len = snprintf(begin, sizeof(begin), "%zx\r\n", size);
    const struct iovec pieces[] = {{begin, (size_t)len}, whole, {end, 2}};
    return stream_pieces(response, pieces, 3);
}

int http_stream_end(struct http_response *response)
{
    static char last[] = "0\r\n\r\n";
    if (!response->streaming)
        return response->failed < 0 ? response->failed : RN_INVALID;
    response->streaming = false;
    if (response->exchange->head.minor == 0)
        return response->failed;
    return stream_pieces(response, &(struct iovec){last, 5}, 1);
}

int http_response_status(const struct http_response *response)
{
    return response->status;
}
