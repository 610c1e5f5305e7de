/* SPDX-License-Identifier: Apache-2.0 */
/* mini_request.c: a strict reader; a head is cut up where it was read. */
#include "mini_request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* What is read and thrown away of a request that was refused. */
#define DRAIN_MAX (64 * 1024)
#define DRAIN_NS  (1 * RN_S)

static const char *reason_of(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {{200, "OK"},
                   {201, "Created"},
                   {204, "No Content"},
                   {400, "Bad Request"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {413, "Content Too Large"},
                   {431, "Request Header Fields Too Large"},
                   {500, "Internal Server Error"},
                   {501, "Not Implemented"},
                   {503, "Service Unavailable"},
                   {504, "Gateway Timeout"},
                   {507, "Insufficient Storage"}};

    for (size_t i = 0; i < sizeof(reasons) / sizeof(*reasons); i++) {
        if (reasons[i].status == status)
            return reasons[i].reason;
    }
    return "Status";
}

int http_write(struct rn_conn *conn, int status, const char *type,
               const char *body, size_t size, bool keep)
{
    char head[256];
    int length = snprintf(head, sizeof(head),
                          "HTTP/1.1 %d %s\r\nContent-Type: %s\r\n"
                          "Content-Length: %zu\r\n%s\r\n",
                          status, reason_of(status), type, size,
                          keep ? "" : "Connection: close\r\n");
    struct iovec pieces[] = {{head, (size_t)length},
                             {(void *)(uintptr_t)body, size}};

    return rn_conn_write_pieces(conn, pieces, size > 0 ? 2 : 1, NULL);
}

static int refuse(struct http_reader *reader, int status)
{
    const char *reason = reason_of(status);

    http_write(reader->conn, status, "text/plain", reason, strlen(reason),
               false);
    /* Closed over unread bytes, the connection would be reset, and the client
       might lose the answer. */
    rn_conn_close_write(reader->conn);
    rn_conn_set_read_deadline(reader->conn, rn_deadline(DRAIN_NS));
    for (int64_t drained = 0, got = 1; got > 0 && drained < DRAIN_MAX;) {
        got = rn_conn_read(reader->conn, reader->buffer, HTTP_REQUEST_MAX);
        drained += got;
    }
    return RN_INVALID;
}

/* Of a line "NAME: VALUE" that has the name: the value. */
static const char *header_value(const char *line, const char *name)
{
    size_t size = strlen(name);

    if (strncasecmp(line, name, size) != 0 || line[size] != ':')
        return NULL;
    line += size + 1;
    return line + strspn(line, " \t");
}

/* The request line, cut up in place; false when it is none. */
static bool take_request_line(char *line, struct http_request *request)
{
    char *method = strsep(&line, " ");
    char *target = line ? strsep(&line, " ") : NULL;

    if (!line || !*method || (target[0] != '/' && target[0] != '*') ||
        (strcmp(line, "HTTP/1.1") != 0 && strcmp(line, "HTTP/1.0") != 0))
        return false;
    request->keep = strcmp(line, "HTTP/1.1") == 0;
    request->method = method;
    request->path = strsep(&target, "?");
    request->query = target ? target : "";
    return true;
}

/* 0, or the status to refuse with. */
static int take_header(const char *line, struct http_request *request)
{
    const char *value;

    if ((value = header_value(line, "Content-Length"))) {
        char *end;
        if (*value < '0' || *value > '9' || request->body_size != 0)
            return 400;
        unsigned long long size = strtoull(value, &end, 10);
        if (*end)
            return 400;
        if (size > HTTP_REQUEST_MAX)
            return 413;
        request->body_size = (size_t)size;
    } else if (header_value(line, "Transfer-Encoding")) {
        return 501;
    } else if ((value = header_value(line, "Connection")) &&
               strcasecmp(value, "close") == 0) {
        request->keep = false;
    }
    return 0;
}

/* Cuts the head up; 0, or the status to refuse with. */
static int take_head(char *head, struct http_request *request)
{
    char *line = strsep(&head, "\n");
    int status = 0;

    line[strcspn(line, "\r")] = '\0';
    if (!take_request_line(line, request))
        return 400;
    request->headers = head;
    while (status == 0 && (line = strsep(&head, "\n")) && *line) {
        line[strcspn(line, "\r")] = '\0';
        if (*line)
            status = take_header(line, request);
    }
    return status;
}

const char *http_header(const struct http_request *request, const char *name)
{
    /* Each line ends with two NULs, where "\r\n" was, or one. */
    for (const char *line = request->headers; line < request->headers_end;
         line += strlen(line) + 1) {
        const char *value = header_value(line, name);
        if (value)
            return value;
    }
    return NULL;
}

/* Reads until `size` bytes are in the buffer: 1, 0 at the end, or a status. */
static int hold(struct http_reader *reader, size_t size)
{
    while (reader->held < size) {
        int64_t got = rn_conn_read(reader->conn, reader->buffer + reader->held,
                                   HTTP_REQUEST_MAX - reader->held);
        if (got <= 0)
            return (int)got;
        reader->held += (size_t)got;
    }
    return 1;
}

int http_read(struct http_reader *reader, struct http_request *request)
{
    char *end = NULL;
    int status = 1;

    memmove(reader->buffer, reader->buffer + reader->used,
            reader->held -= reader->used);
    reader->used = 0;
    *request = (struct http_request){.body = ""};
    while (!(end = memmem(reader->buffer, reader->held, "\r\n\r\n", 4))) {
        if (reader->held == HTTP_REQUEST_MAX)
            return refuse(reader, 431);
        status = hold(reader, reader->held + 1);
        if (status <= 0)
            return status == 0 && reader->held > 0 ? -EBADMSG : status;
    }
    size_t head = (size_t)(end + 4 - reader->buffer);
    if (memchr(reader->buffer, '\0', head))
        return refuse(reader, 400);
    end[2] = '\0'; /* cuts the empty line off */
    status = take_head(reader->buffer, request);
    if (status == 0 && request->body_size > HTTP_REQUEST_MAX - head)
        status = 413;
    if (status != 0)
        return refuse(reader, status);
    status = hold(reader, head + request->body_size);
    if (status <= 0)
        return status == 0 ? -EBADMSG : status;
    request->headers_end = end;
    request->body = reader->buffer + head;
    reader->used = head + request->body_size;
    return 1;
}
