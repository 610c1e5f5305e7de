/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.c: events by the time they happened, not the time they came.
 *
 * Lines "TIME_MS VALUE" come from standard input, or from any number of TCP
 * connections. They are gathered in windows of event time; a window is printed
 * when an event has come that is so much later that nothing for the window
 * should be on its way (--lateness-ms). What comes later still is counted as
 * late. Look at process_all: readers send events in batches, one goroutine owns
 * the windows, and their number is fixed, so nothing is locked and memory does
 * not grow; when the goroutine is slow, readers, and in the end those who send,
 * have to wait.
 *
 *     producer | stream --window-ms 1000
 *     stream --listen 127.0.0.1:9000 &        until Ctrl-C or SIGTERM
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/example.h"
#include "log_input.h"
#include "window.h"

#define BATCH        256
#define WINDOWS_MAX  1000
#define LINE_MAX_TCP ((size_t)64 * 1024)

static int64_t window_ms = 1000, lateness_ms = 2000;
static const char *address;

struct event {
    int64_t time_ms, value;
};

struct batch {
    size_t count;
    struct event events[BATCH];
    uint64_t bad; /* lines that are no event */
};

struct stream {
    struct rn_ctx *ctx;
    rn_chan(struct batch) batches;
    int status; /* of reading */
    /* The rest belongs to process_all. */
    struct window *windows; /* a ring: by start / window_ms */
    int64_t window_count;
    int64_t next_start; /* of the earliest window that is not printed */
    int64_t latest_ms;
    uint64_t events, late, bad;
};

/* --------------------------------------------------------------- readers */

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
static int send_lines(struct rn_ctx *ctx, struct stream *stream,
                      const char *lines, size_t size)
{
    const char *end = lines + size;
    struct batch batch = {.count = 0};
    int status = RN_OK;

    while (lines < end && status == RN_OK) {
        const char *line_end = memchr(lines, '\n', (size_t)(end - lines));
        if (take_event(lines, line_end, &batch.events[batch.count]))
            batch.count++;
        else
            batch.bad++;
        lines = line_end + 1;
        if (batch.count == BATCH || lines == end) {
            status = rn_send_ctx(ctx, stream->batches, batch);
            batch.count = batch.bad = 0;
        }
    }
    return status;
}

static void read_input(struct stream **own)
{
    struct stream *stream = *own;
    struct log_input input;
    char *lines = malloc(LOG_LINES_SIZE + 1);
    int status = lines ? log_input_open(&input, "-") : RN_NOMEM;
    size_t size;

    if (status == RN_OK) {
        do {
            status = log_input_lines(stream->ctx, &input, lines, &size);
            if (status >= 0 && size > 0 &&
                send_lines(stream->ctx, stream, lines, size) != RN_OK)
                break;
        } while (status > 0);
        log_input_close(&input);
    }
    free(lines);
    stream->status = status;
    rn_close(stream->batches);
}

struct connection {
    struct stream *stream;
    struct rn_conn *conn;
    struct rn_waitgroup hanging_up;
};

static void hang_up(void *arg)
{
    struct connection *connection = arg;

    rn_conn_close(connection->conn);
    rn_waitgroup_done(&connection->hanging_up);
}

/* Ends with its client, with the context, or with a line that has no end. */
static int read_connection(struct rn_ctx *ctx, struct connection *own)
{
    char *buffer = malloc(LINE_MAX_TCP);
    size_t held = 0;

    rn_waitgroup_add(&own->hanging_up, 1);
    struct rn_ctx *after = rn_ctx_after_func(ctx, hang_up, own);
    while (buffer && held < LINE_MAX_TCP) {
        int64_t got =
            rn_conn_read(own->conn, buffer + held, LINE_MAX_TCP - held);
        if (got <= 0)
            break;
        held += (size_t)got;
        char *last = memrchr(buffer, '\n', held);
        size_t whole = last ? (size_t)(last + 1 - buffer) : 0;
        if (whole > 0 && send_lines(ctx, own->stream, buffer, whole) != RN_OK)
            break;
        memmove(buffer, buffer + whole, held -= whole);
    }
    if (!rn_ctx_stop(after))
        rn_waitgroup_wait(&own->hanging_up);
    rn_ctx_release(after);
    free(buffer);
    rn_conn_free(own->conn);
    return RN_OK;
}

static void stop_listening(void *arg)
{
    rn_listener_close(arg);
}

/* Until the context is done; then all connections have ended. */
static void read_network(struct stream **own)
{
    struct stream *stream = *own;
    struct rn_listener *listener;
    int status = rn_listen(address, NULL, &listener);

    if (status == RN_OK) {
        struct rn_group *group = rn_group_make(stream->ctx, 0);
        struct rn_ctx *after =
            rn_ctx_after_func(stream->ctx, stop_listening, listener);
        struct connection next = {.stream = stream};
        printf("listening on tcp://%s\n", rn_listener_address(listener));
        fflush(stdout);
        while ((status = rn_accept(listener, &next.conn)) != RN_CLOSED) {
            if (status == RN_OK)
                rn_group_go(group, read_connection, next);
            else
                rn_sleep(10 * RN_MS); /* out of descriptors: they come back */
        }
        status = RN_OK;
        rn_group_wait(group);
        rn_ctx_release(after);
        rn_listener_free(listener);
    }
    stream->status = status;
    rn_close(stream->batches);
}

/* ----------------------------------------------------------- the windows */

static struct window *window_at(struct stream *stream, int64_t start_ms)
{
    return &stream->windows[start_ms / window_ms % stream->window_count];
}

/* Prints the earliest window, and makes its place that of a later one. */
static void finish_window(struct stream *stream)
{
    struct window *w = window_at(stream, stream->next_start);

    if (w->count > 0) {
        printf("%lld count %llu mean %.1f least %lld p50 %lld p95 %lld "
               "p99 %lld most %lld\n",
               (long long)stream->next_start, (unsigned long long)w->count,
               w->sum / (double)w->count, (long long)w->least,
               (long long)window_percentile(w, 50),
               (long long)window_percentile(w, 95),
               (long long)window_percentile(w, 99), (long long)w->most);
        fflush(stdout);
    }
    window_clear(w);
    stream->next_start += window_ms;
}

/* Time has gone on: windows that nothing can be on its way to are finished. */
static void advance(struct stream *stream)
{
    int64_t closed_ms = stream->latest_ms - lateness_ms;

    for (int64_t i = 0; i < stream->window_count; i++) {
        if (stream->next_start + window_ms > closed_ms)
            return;
        finish_window(stream);
    }
    /* All are empty now: a gap in time is passed over at once. */
    if (stream->next_start + window_ms <= closed_ms)
        stream->next_start = closed_ms - closed_ms % window_ms;
}

static void process(struct stream *stream, const struct event *event)
{
    int64_t start = event->time_ms - event->time_ms % window_ms;

    if (stream->events++ == 0) { /* what was before may still be on its way */
        int64_t first = event->time_ms - lateness_ms;
        stream->next_start = first > 0 ? first - first % window_ms : 0;
    }
    if (start < stream->next_start) {
        stream->late++;
        return;
    }
    if (event->time_ms > stream->latest_ms) {
        stream->latest_ms = event->time_ms;
        advance(stream);
    }
    window_add(window_at(stream, start), event->value);
}

static void process_all(struct stream *stream)
{
    rn_range (struct batch, batch, stream->batches) {
        for (size_t i = 0; i < batch.count; i++)
            process(stream, &batch.events[i]);
        stream->bad += batch.bad;
    }
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct stream stream = {.ctx = ctx,
                            .window_count = lateness_ms / window_ms + 2};

    if (stream.window_count > WINDOWS_MAX) {
        example_error("--lateness-ms is more than %d windows", WINDOWS_MAX - 2);
        return 2;
    }
    stream.windows =
        calloc((size_t)stream.window_count, sizeof(*stream.windows));
    if (!stream.windows) {
        example_error("not enough memory");
        return 1;
    }
    for (int64_t i = 0; i < stream.window_count; i++)
        window_clear(&stream.windows[i]);
    stream.batches = rn_chan_make(struct batch, 16);
    rn_go(address ? read_network : read_input, &stream);
    process_all(&stream);
    if (rn_ctx_err(ctx) == RN_OK || address) {
        for (int64_t i = 0; i < stream.window_count; i++)
            finish_window(&stream);
        printf("%llu events, %llu late, %llu lines were none\n",
               (unsigned long long)stream.events,
               (unsigned long long)stream.late, (unsigned long long)stream.bad);
    }
    rn_chan_free(stream.batches);
    free(stream.windows);
    if (rn_ctx_err(ctx) != RN_OK && !address) {
        example_error("interrupted");
        return 130;
    }
    if (stream.status != RN_OK)
        example_error("%s: %s", address ? address : "standard input",
                      stream.status == -EBADMSG
                          ? "broken gzip"
                          : rn_status_text(stream.status));
    return stream.status != RN_OK;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"window-ms", "MS", "of event time", .number = &window_ms, .min = 1,
         .max = 86400000},
        {"lateness-ms", "MS", "how late an event may come",
         .number = &lateness_ms, .min = 0, .max = 86400000},
        {"listen", "ADDRESS", "TCP instead of standard input",
         .text = &address},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){
            .usage = "[--window-ms MS] [--lateness-ms MS] [--listen ADDRESS]",
            .about = "Sums up lines of TIME_MS VALUE by windows of time.",
            .options = options,
            .serves = true,
            .run = run});
}
