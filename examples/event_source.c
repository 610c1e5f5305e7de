/* SPDX-License-Identifier: Apache-2.0 */
/* event_source.c: lines into batches of events, from wherever they come. */
#include "event_source.h"

#include <stdlib.h>
#include <string.h>

#include "common/example.h"
#include "common/line_input.h"
#include "common/tcp_serve.h"

#define LINE_MAX_TCP ((size_t)64 * 1024)

static bool take_event(const char *line, const char *end, struct event *event)
{
    char *after;

    event->time_ms = strtoll(line, &after, 10);
    if (after == line || *after != ' ' || event->time_ms < 0 ||
        event->time_ms > INT64_MAX / 4)
        return false;
    line = after + 1;
    event->value = strtoll(line, &after, 10);
    if (after < end && *after == '\r')
        after++;
    return after > line && after == end && event->value >= 0;
}

/* Whole lines into batches; a status when it is called off. */
static int send_lines(struct rn_ctx *ctx, const struct event_source *source,
                      const char *lines, size_t size)
{
    const char *end = lines + size;
    struct event_batch batch = {.count = 0};
    int status = RN_OK;

    while (lines < end && status == RN_OK) {
        const char *line_end = memchr(lines, '\n', (size_t)(end - lines));
        if (take_event(lines, line_end, &batch.events[batch.count]))
            batch.count++;
        else
            batch.bad++;
        lines = line_end + 1;
        if (batch.count == EVENTS_A_BATCH || lines == end) {
            status = rn_send_ctx(ctx, source->batches, batch);
            batch.count = batch.bad = 0;
        }
    }
    return status;
}

static int read_input(struct rn_ctx *ctx, const struct event_source *source)
{
    struct line_input input;
    char *lines = malloc(LINE_INPUT_SIZE + 1);
    int status = lines ? line_input_open(&input, "-") : RN_NOMEM;
    size_t size;

    if (status == RN_OK) {
        do {
            status = line_input_lines(ctx, &input, lines, &size);
            lines[size] = '\0'; /* numbers end there */
            if (status >= 0 && size > 0 &&
                send_lines(ctx, source, lines, size) != RN_OK)
                break;
        } while (status > 0);
        line_input_close(&input);
    }
    free(lines);
    if (status < 0 && rn_ctx_err(ctx) == RN_OK)
        example_error("standard input: %s", status == -EBADMSG
                                                ? "broken gzip"
                                                : rn_status_text(status));
    return status < 0 ? status : RN_OK;
}

struct connection {
    const struct event_source *source;
    struct rn_group *group;
    struct rn_conn *conn;
};

/* Ends with its client, with the context, or with a line that has no end. */
static int read_connection(struct rn_ctx *ctx, struct connection *own)
{
    char *buffer = malloc(LINE_MAX_TCP + 1);
    size_t held = 0;
    struct tcp_guard guard;

    tcp_guard_begin(&guard, ctx, own->conn, tcp_end_reading);
    while (buffer && held < LINE_MAX_TCP) {
        int64_t got =
            rn_conn_read(own->conn, buffer + held, LINE_MAX_TCP - held);
        if (got <= 0)
            break;
        held += (size_t)got;
        buffer[held] = '\0'; /* numbers end there */
        char *last = memrchr(buffer, '\n', held);
        size_t whole = last ? (size_t)(last + 1 - buffer) : 0;
        if (whole > 0 && send_lines(ctx, own->source, buffer, whole) != RN_OK)
            break;
        memmove(buffer, buffer + whole, held -= whole);
    }
    tcp_guard_end(&guard);
    free(buffer);
    rn_conn_free(own->conn);
    return RN_OK;
}

static void take(struct rn_conn *conn, void *arg)
{
    struct connection next = *(struct connection *)arg;

    next.conn = conn;
    rn_group_go(next.group, read_connection, next);
}

static int read_network(struct rn_ctx *ctx, const struct event_source *source)
{
    struct rn_listener *listener = tcp_listen("tcp", source->address, "");
    if (!listener)
        return RN_INVALID;
    struct connection next = {source, rn_group_make(ctx, 0), NULL};
    int status =
        tcp_accept_all(rn_group_ctx(next.group), listener, take, &next);
    rn_group_wait(next.group);
    rn_listener_free(listener);
    return status;
}

int event_source_run(struct rn_ctx *ctx, struct event_source **own)
{
    const struct event_source *source = *own;
    int status =
        source->address ? read_network(ctx, source) : read_input(ctx, source);

    rn_close(source->batches);
    return status;
}
