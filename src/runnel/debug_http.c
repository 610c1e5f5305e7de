/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug_http.c: refuse first (see debug_http.h).
 *
 * The Host header is looked at because a page from anywhere may have a browser
 * on this machine ask 127.0.0.1, under a name of its own (DNS rebinding), and
 * would be shown the answer.
 */
#include "debug_http.h"

#include <string.h>

/* A part of the head; no NUL at its end. */
struct slice {
    const char *at;
    size_t size;
};

static bool is(struct slice s, const char *text)
{
    return s.size == strlen(text) && memcmp(s.at, text, s.size) == 0;
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
}

static bool is_word(struct slice s, const char *text)
{
    if (s.size != strlen(text))
        return false;
    for (size_t i = 0; i < s.size; i++)
        if (lower(s.at[i]) != text[i])
            return false;
    return true;
}

/* Up to the separator, which is taken too; all of it where there is none. */
static struct slice cut(struct slice *rest, char separator)
{
    const char *end = memchr(rest->at, separator, rest->size);
    size_t size = end ? (size_t)(end - rest->at) : rest->size;
    struct slice part = {rest->at, size};
    size_t taken = end ? size + 1 : size;
    *rest = (struct slice){rest->at + taken, rest->size - taken};
    return part;
}

size_t http_head_size(const char *bytes, size_t size)
{
    const char *end = memmem(bytes, size, "\r\n\r\n", 4);
    return end ? (size_t)(end - bytes) + 4 : 0;
}

/* Only what a line may hold: no control characters, no bare CR or LF. */
static bool is_clean(struct slice line)
{
    for (size_t i = 0; i < line.size; i++)
        if ((unsigned char)line.at[i] < ' ' || line.at[i] == 127)
            return false;
    return true;
}

static bool is_token(struct slice name)
{
    for (size_t i = 0; i < name.size; i++) {
        char c = lower(name.at[i]);
        if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' &&
            c != '_' && c != '.')
            return false;
    }
    return name.size > 0;
}

/* A number without sign, up to `most`; -1: not one. */
static int number_of(struct slice text, int most)
{
    int number = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return -1;
        number = number * 10 + (text.at[i] - '0');
        if (number > most)
            return -1;
    }
    return text.size > 0 ? number : -1;
}

/* One "name=value" of the query; false when it is not known. */
static bool take_parameter(struct slice pair, struct http_request *request)
{
    struct slice name = cut(&pair, '=');
    if (is(name, "seconds")) {
        request->seconds = number_of(pair, HTTP_SECONDS_MAX);
        return request->seconds > 0;
    }
    if (is(name, "debug")) {
        request->debug = number_of(pair, 2);
        return request->debug >= 0;
    }
    if (!is(name, "format"))
        return false;
    request->format = is(pair, "folded")  ? HTTP_FOLDED
                      : is(pair, "pprof") ? HTTP_PPROF
                                          : HTTP_DEFAULT;
    return request->format != HTTP_DEFAULT;
}

static int take_target(struct slice target, struct http_request *request)
{
    struct slice path = cut(&target, '?');
    if (path.size == 0 || path.at[0] != '/')
        return 400;
    while (target.size > 0)
        if (!take_parameter(cut(&target, '&'), request))
            return 400;
    if (path.size >= sizeof(request->path))
        return 404;
    memcpy(request->path, path.at, path.size);
    return 200;
}

static int take_request_line(struct slice line, struct http_request *request)
{
    struct slice method = cut(&line, ' ');
    struct slice target = cut(&line, ' ');
    if (!is_token(method) || target.size == 0 || line.size == 0)
        return 400;
    if (memchr(line.at, ' ', line.size))
        return 400;
    if (!is(line, "HTTP/1.1"))
        return line.size == 8 && memcmp(line.at, "HTTP/", 5) == 0 ? 505 : 400;
    if (!is(method, "GET"))
        return 405;
    return take_target(target, request);
}

/* The value of Host without its port. */
static bool is_local_host(struct slice host)
{
    if (host.size > 0 && host.at[0] == '[') {
        struct slice inner = cut(&host, ']');
        return is(inner, "[::1") && (host.size == 0 || host.at[0] == ':');
    }
    struct slice name = cut(&host, ':');
    if (is_word(name, "localhost"))
        return true;
    int parts = 0;
    bool numeric = name.size > 4 && memcmp(name.at, "127.", 4) == 0;
    while (numeric && name.size > 0) {
        numeric = number_of(cut(&name, '.'), 255) >= 0;
        parts++;
    }
    return numeric && parts == 4;
}

static struct slice trim(struct slice value)
{
    while (value.size > 0 && (*value.at == ' ' || *value.at == '\t'))
        value = (struct slice){value.at + 1, value.size - 1};
    while (value.size > 0 && (value.at[value.size - 1] == ' ' ||
                              value.at[value.size - 1] == '\t'))
        value.size--;
    return value;
}

static int take_header(struct slice line, bool local, int *hosts)
{
    bool has_colon = memchr(line.at, ':', line.size);
    struct slice name = cut(&line, ':');
    struct slice value = trim(line);
    if (!has_colon || !is_token(name) || !is_clean(value))
        return 400;
    if (is_word(name, "transfer-encoding") ||
        (is_word(name, "content-length") && !is(value, "0")))
        return 400; /* a GET has no body here */
    if (!is_word(name, "host"))
        return 200;
    if (++*hosts > 1 || value.size == 0)
        return 400;
    return local && !is_local_host(value) ? 403 : 200;
}

/* The next line, without its CR LF; what has another end is not clean. */
static struct slice next_line(struct slice *rest)
{
    struct slice line = cut(rest, '\n');
    if (line.size > 0 && line.at[line.size - 1] == '\r')
        line.size--;
    return line;
}

int http_parse(const char *head, size_t size, bool local,
               struct http_request *request)
{
    struct slice rest = {head, size - 2}; /* without the empty line */
    int hosts = 0;
    *request = (struct http_request){.seconds = 0};
    for (size_t i = 0; i + 1 < rest.size; i++)
        if (head[i + 1] == '\n' && head[i] != '\r')
            return 400;
    struct slice line = next_line(&rest);
    if (!is_clean(line))
        return 400;
    int status = take_request_line(line, request);
    while (status == 200 && rest.size > 0)
        status = take_header(next_line(&rest), local, &hosts);
    return status == 200 && hosts == 0 ? 400 : status;
}

const char *http_reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Internal Server Error";
    }
}

bool http_is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 ||
           strncmp(address, "[::1]:", 6) == 0 ||
           strncmp(address, "unix:", 5) == 0;
}
