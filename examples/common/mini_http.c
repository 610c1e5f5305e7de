/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mini_http.c: a strict reader of small requests, and a server around it.
 *
 * To stop, a goroutine of its own waits for the context: it closes the listener
 * and ends the wait of every idle connection by moving its deadline. `stopping`
 * and the list of connections are read and written under `lock`.
 */
#include "mini_http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define IDLE_NS  (60 * RN_S)
#define GRACE_NS (5 * RN_S)

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

/* ------------------------------------------------------------- the server */

struct connection {
    struct rn_conn *conn;
    struct connection *next, **place; /* in the server's list */
};

struct server {
    struct rn_ctx *ctx;
    struct rn_listener *listener;
    http_handler *handler;
    void *arg;
    struct rn_waitgroup running; /* connections, and the one that stops */
    struct rn_mutex lock;
    bool stopping;
    struct connection *first;
};

struct serving {
    struct server *server;
    struct rn_conn *conn;
};

/* Allows one more wait for a request; none when the server stops. */
static bool may_read(struct server *server, struct rn_conn *conn)
{
    rn_mutex_lock(&server->lock);
    bool may = !server->stopping;
    if (may)
        rn_conn_set_read_deadline(conn, rn_deadline(IDLE_NS));
    rn_mutex_unlock(&server->lock);
    return may;
}

static int answer(struct server *server, struct rn_conn *conn,
                  const struct http_request *request)
{
    char *bytes = NULL;
    size_t size = 0;
    struct http_answer answer = {200, "text/plain; charset=utf-8",
                                 open_memstream(&bytes, &size)};

    server->handler(server->ctx, request, &answer, server->arg);
    fclose(answer.body);
    int status = http_write(conn, answer.status, answer.type, bytes,
                            strcmp(request->method, "HEAD") == 0 ? 0 : size,
                            request->keep);
    free(bytes);
    return status;
}

static void serve(struct serving *own)
{
    struct server *server = own->server;
    struct connection self = {own->conn, NULL, &server->first};
    struct http_reader reader = {.conn = own->conn};
    struct http_request request = {.keep = true};

    rn_mutex_lock(&server->lock);
    self.next = server->first;
    if (self.next)
        self.next->place = &self.next;
    server->first = &self;
    rn_mutex_unlock(&server->lock);

    while (request.keep && may_read(server, own->conn) &&
           http_read(&reader, &request) == 1) {
        if (answer(server, own->conn, &request) != RN_OK)
            break;
    }
    rn_mutex_lock(&server->lock);
    *self.place = self.next;
    if (self.next)
        self.next->place = self.place;
    rn_mutex_unlock(&server->lock);
    rn_conn_free(own->conn);
    rn_waitgroup_done(&server->running);
}

static void stop_with_context(struct server **own)
{
    struct server *server = *own;

    rn_ctx_wait(server->ctx);
    rn_listener_close(server->listener);
    rn_mutex_lock(&server->lock);
    server->stopping = true;
    for (struct connection *c = server->first; c; c = c->next) {
        rn_conn_set_read_deadline(c->conn, rn_now());
        rn_conn_set_write_deadline(c->conn, rn_deadline(GRACE_NS));
    }
    rn_mutex_unlock(&server->lock);
    rn_waitgroup_done(&server->running);
}

int mini_http_serve(struct rn_ctx *ctx, const char *address,
                    http_handler *handler, void *arg)
{
    struct rn_listener *listener;
    int status = rn_listen(address, NULL, &listener);

    if (status != RN_OK)
        return status;
    printf("listening on http://%s\n", rn_listener_address(listener));
    fflush(stdout);
    return mini_http_serve_on(ctx, listener, handler, arg);
}

int mini_http_serve_on(struct rn_ctx *outer, struct rn_listener *listener,
                       http_handler *handler, void *arg)
{
    struct server server = {
        .listener = listener, .handler = handler, .arg = arg};
    struct rn_conn *conn;
    int status;

    server.ctx = rn_ctx_with_cancel(outer);
    rn_waitgroup_add(&server.running, 1);
    rn_go(stop_with_context, &server);
    while ((status = rn_accept(server.listener, &conn)) != RN_CLOSED) {
        if (status == RN_OK) {
            rn_waitgroup_add(&server.running, 1);
            rn_go(serve, (struct serving){&server, conn});
        } else if (status != -EMFILE && status != -ENFILE) {
            break;
        } else {
            rn_sleep(10 * RN_MS); /* until somebody has closed something */
        }
    }
    rn_ctx_cancel(server.ctx);
    rn_waitgroup_wait(&server.running);
    rn_ctx_release(server.ctx);
    rn_listener_free(server.listener);
    return status == RN_CLOSED ? RN_OK : status;
}
