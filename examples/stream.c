/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream.c: events by the time they happened, not the time they came.
 *
 * Lines "TIME_MS VALUE" come from standard input, or from any number of TCP
 * connections, and are gathered in windows of event time, each printed when it
 * is over (event_windows.h). Look at run: sources send events in batches, one
 * goroutine owns the windows, so nothing is locked; when it is slow, the
 * channel is full, and the sources, in the end those who send to them, have to
 * wait.
 *
 *     producer | stream --window-ms 1000
 *     stream --listen 127.0.0.1:9000 &        until Ctrl-C or SIGTERM
 */
#include <stdio.h>

#include "common/example.h"
#include "event_source.h"

static int64_t window_ms = 1000, lateness_ms = 2000;
static const char *address;

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    struct event_windows windows;
    uint64_t bad = 0;
    (void)argc;
    (void)argv;

    if (event_windows_count(window_ms, lateness_ms) > WINDOWS_MAX) {
        example_error("--lateness-ms is more than %d windows", WINDOWS_MAX - 2);
        return 2;
    }
    if (!event_windows_open(&windows, window_ms, lateness_ms)) {
        example_error("not enough memory");
        return 1;
    }
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(struct event_batch) batches =
        rn_group_chan(group, struct event_batch, 16);
    struct event_source source = {address, rn_send_end(batches)};

    rn_group_go(group, event_source_run, &source);
    rn_range (struct event_batch, batch, batches) {
        for (size_t i = 0; i < batch.count; i++)
            event_windows_add(&windows, &batch.events[i]);
        bad += batch.bad;
    }
    int status = rn_group_wait(group);
    bool interrupted = rn_ctx_err(ctx) != RN_OK && !address;
    if (interrupted) {
        example_error("interrupted");
    } else {
        event_windows_finish(&windows);
        printf("%llu events, %llu late, %llu lines were none\n",
               (unsigned long long)windows.events,
               (unsigned long long)windows.late, (unsigned long long)bad);
    }
    event_windows_close(&windows);
    return interrupted ? 130 : status != RN_OK;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"window-ms", "MS", "of event time", .number = &window_ms, 1, 86400000},
        {"lateness-ms", "MS", "how late an event may come",
         .number = &lateness_ms, 0, 86400000},
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
