/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics.c: the for-select loop.
 *
 * A monitor looks at this machine's CPU, memory, disks and network every few
 * seconds, prints a line, and tells whoever asks over HTTP in the form that
 * Prometheus reads. Look at monitor: one loop, one select over three things
 * that can happen (a tick, a question, the end). The samples belong to that
 * loop alone; those who ask send it a channel to answer on, so there is no
 * lock.
 *
 *     metrics                                 until Ctrl-C
 *     metrics --count 3 --period-ms 500
 *     metrics --listen 127.0.0.1:9100 &
 *     curl localhost:9100/metrics
 */
#include <stdio.h>
#include <string.h>

#include "common/example.h"
#include "common/mini_http.h"
#include "proc_sample.h"

static int64_t period_ms = 10000, rounds;
static const char *address, *folder = "/proc";

struct view {
    struct proc_sample now, before;
    int64_t apart_ns; /* between the two */
};

struct question {
    rn_sender(struct view) answer; /* has room for it */
};

struct monitor {
    rn_chan(struct question) questions;
    struct rn_ctx *ctx; /* done when nobody answers questions any more */
};

/* A new sample into the view; false when /proc cannot be read. */
static bool look(struct view *view, int64_t apart_ns)
{
    const char *file;
    struct proc_sample sample;
    int status = proc_sample_take(folder, &sample, &file);

    if (status != RN_OK) {
        example_error("%s/%s: %s", folder, file, rn_status_text(status));
        return false;
    }
    view->before = apart_ns > 0 ? view->now : sample;
    view->now = sample;
    view->apart_ns = apart_ns;
    return true;
}

static int monitor(struct rn_ctx *ctx, struct monitor **own)
{
    struct rn_timer *ticker = rn_ticker_make(period_ms * RN_MS);
    struct view view;
    struct question question;
    int64_t last = rn_now();
    bool good = look(&view, 0);

    for (int64_t done = 0; good && (rounds == 0 || done < rounds);) {
        struct rn_case cases[] = {
            rn_case_recv(rn_timer_chan(ticker), NULL),
            rn_case_recv((*own)->questions, &question),
            rn_case_done(ctx),
        };
        int chosen = rn_select(cases, 3);
        if (chosen == 0) {
            int64_t now = rn_now();
            good = look(&view, now - last);
            last = now;
            done++;
            if (good)
                proc_sample_print(&view.before, &view.now, view.apart_ns,
                                  stdout);
            fflush(stdout);
        } else if (chosen == 1) {
            rn_send(question.answer, view);
        } else {
            break;
        }
    }
    rn_timer_free(ticker);
    rn_ctx_cancel((*own)->ctx); /* the monitor's end is the server's, too */
    return good ? RN_OK : RN_INVALID;
}

/* Asks the monitor, unless it has ended. */
static void answer(struct rn_ctx *ctx, const struct http_request *request,
                   struct http_answer *answer, void *arg)
{
    struct monitor *own = arg;
    rn_chan(struct view) reply = rn_chan_make(struct view, 1);
    struct view view;
    (void)ctx;

    answer->type = "text/plain; version=0.0.4";
    if (strcmp(request->path, "/metrics") != 0) {
        answer->status = 404;
    } else if (rn_send_ctx(own->ctx, own->questions, {rn_send_end(reply)}) ==
               RN_OK) {
        rn_recv(reply, &view);
        proc_sample_print_prometheus(&view.now, answer->body);
    } else {
        answer->status = 503;
    }
    rn_chan_free(reply);
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct rn_group *group = rn_group_make(ctx, 0);
    struct monitor own = {rn_group_chan(group, struct question, 0),
                          rn_group_ctx(group)};
    int served = RN_OK;

    rn_group_go(group, monitor, &own);
    if (address) {
        served = mini_http_serve(own.ctx, address, answer, &own);
        rn_ctx_cancel(own.ctx);
    }
    return rn_group_wait(group) == RN_OK && served == RN_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"period-ms", "MS", "between two looks", .number = &period_ms, 1,
         3600000},
        {"count", "N", "how many; 0: until Ctrl-C", .number = &rounds, 0,
         1 << 30},
        {"listen", "ADDRESS", "tell it at http://ADDRESS/metrics",
         .text = &address},
        {"proc", "FOLDER", "where to look", .text = &folder},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){.usage =
                              "[--period-ms MS] [--count N] [--listen ADDRESS]",
                          .about = "Watches CPU, memory, disks and network.",
                          .options = options,
                          .run = run});
}
