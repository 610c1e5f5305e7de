/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug_routes.c: a table of pages, and a function for each kind.
 */
#include "debug_routes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <runnel/debug.h>
#include <runnel/profile.h>
#include <runnel/task.h>
#include <runnel/trace.h>

#include "os_file.h"

#define CPU_HZ          100
#define DEFAULT_SECONDS 30
#define TRACE_SECONDS   1

static const char text_type[] = "text/plain; charset=utf-8";
static const char html_type[] = "text/html; charset=utf-8";
static const char json_type[] = "application/json";
static const char pprof_type[] = "application/octet-stream";

struct visit {
    const struct http_request *request;
    struct rn_conn *conn;
    int file;
    const char *type;
    enum rn_profile profile; /* of the route */
};

struct route {
    const char *path;
    int (*answer)(struct visit *visit);
    enum rn_profile profile;
};

/* The status of an answer for that of a call. */
static int status_for(int status)
{
    switch (status) {
    case RN_OK:
        return 200;
    case -EBUSY:
        return 409;
    case -ENOTSUP:
        return 501;
    default:
        return 500;
    }
}

static int write_text(struct visit *visit, const char *text, size_t size)
{
    int64_t put = os_file_write(visit->file, text, size, -1);
    return put == (int64_t)size ? 200 : 500;
}

static int write_profile(struct visit *visit)
{
    bool folded =
        visit->request->format == HTTP_FOLDED ||
        (visit->request->format == HTTP_DEFAULT && visit->request->debug != 0);
    visit->type = folded ? text_type : pprof_type;
    return status_for(rn_profile_write(
        visit->profile, folded ? RN_PROFILE_FOLDED : RN_PROFILE_PPROF,
        visit->file));
}

/*
 * True when they have passed; false when the other side has ended before, or
 * the connection was closed. What else it sends is not looked at.
 */
static bool wait_seconds(struct visit *visit, int seconds)
{
    char ignored[512];
    int64_t got;
    rn_conn_set_read_deadline(visit->conn, rn_deadline(seconds * RN_S));
    do
        got = rn_conn_read(visit->conn, ignored, sizeof(ignored));
    while (got > 0);
    return got == RN_TIMEOUT;
}

/* Collects for so long, then writes. */
static int collect(struct visit *visit, int64_t rate, int seconds)
{
    int status = rn_profile_start(visit->profile, rate);
    if (status != RN_OK)
        return status_for(status);
    bool here = wait_seconds(visit, seconds);
    /* Another may have stopped it: then there is what was collected so far. */
    (void)rn_profile_stop(visit->profile);
    return here ? write_profile(visit) : 0;
}

static int answer_cpu(struct visit *visit)
{
    int seconds = visit->request->seconds;
    return collect(visit, CPU_HZ, seconds > 0 ? seconds : DEFAULT_SECONDS);
}

static int answer_waits(struct visit *visit)
{
    int seconds = visit->request->seconds;
    return seconds > 0 ? collect(visit, 1, seconds) : write_profile(visit);
}

static int answer_goroutines(struct visit *visit)
{
    if (visit->request->debug != 2)
        return write_profile(visit);
    visit->type = text_type;
    return status_for(rn_dump(visit->file));
}

static int answer_counters(struct visit *visit)
{
    struct rn_stats s;
    char text[1024];
    rn_stats(&s);
    visit->type = text_type;
    int size = snprintf(
        text, sizeof(text),
        "goroutines %zu\nstarted %llu\nprocs %u\nworkers_idle %u\n"
        "blocking_threads %u\nparks %llu\nsteals %llu\npolls %llu\n"
        "timers %zu\nwaiting_fds %zu\nstack_bytes %zu\n",
        s.goroutines, (unsigned long long)s.started, s.workers, s.workers_idle,
        s.blocking_threads, (unsigned long long)s.parks,
        (unsigned long long)s.steals, (unsigned long long)s.polls, s.timers,
        s.waiting_fds, s.stack_bytes);
    return write_text(visit, text, (size_t)size);
}

/* On a thread that may block; the file is in memory. */
static int write_piece(void *file, const char *data, size_t size)
{
    int64_t put = os_file_write(*(const int *)file, data, size, -1);
    return put == (int64_t)size ? RN_OK : put < 0 ? (int)put : -EIO;
}

static int answer_trace(struct visit *visit)
{
    const struct rn_trace_options options = {.write = write_piece,
                                             .arg = &visit->file};
    int seconds = visit->request->seconds;
    int status = rn_trace_start_with(&options);
    if (status != RN_OK)
        return status == RN_AGAIN ? 409 : 500;
    bool here = wait_seconds(visit, seconds > 0 ? seconds : TRACE_SECONDS);
    status = rn_trace_stop();
    visit->type = json_type;
    return here ? status_for(status) : 0;
}

static int answer_index(struct visit *visit)
{
    static const char page[] =
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
        "<meta charset=\"utf-8\">\n<title>runnel: /debug</title>\n"
        "</head>\n<body>\n<h1>/debug</h1>\n<ul>\n"
        "<li><a href=\"goroutine?debug=2\">goroutines</a>, as a dump;\n"
        "<a href=\"goroutine?format=folded\">folded</a>;\n"
        "<a href=\"goroutine\">for pprof</a></li>\n"
        "<li><a href=\"profile?seconds=5&amp;format=folded\">processor time of"
        " 5 s</a>, folded;\n"
        "<a href=\"profile?seconds=30\">of 30 s, for pprof</a></li>\n"
        "<li><a href=\"block?seconds=5&amp;format=folded\">waits of 5 s</a>,"
        " folded;\n"
        "<a href=\"block\">what was collected, for pprof</a></li>\n"
        "<li><a href=\"mutex?seconds=5&amp;format=folded\">contended locks of"
        " 5 s</a>, folded;\n"
        "<a href=\"mutex\">what was collected, for pprof</a></li>\n"
        "<li><a href=\"trace?seconds=1\">trace of 1 s</a>, for Perfetto</li>\n"
        "<li><a href=\"/debug/counters\">counters</a></li>\n"
        "</ul>\n</body>\n</html>\n";
    visit->type = html_type;
    return write_text(visit, page, sizeof(page) - 1);
}

static const struct route routes[] = {
    {"/debug/pprof/", answer_index, RN_PROFILE_CPU},
    {"/debug/pprof/profile", answer_cpu, RN_PROFILE_CPU},
    {"/debug/pprof/goroutine", answer_goroutines, RN_PROFILE_GOROUTINE},
    {"/debug/pprof/block", answer_waits, RN_PROFILE_BLOCK},
    {"/debug/pprof/mutex", answer_waits, RN_PROFILE_MUTEX},
    {"/debug/pprof/trace", answer_trace, RN_PROFILE_CPU},
    {"/debug/counters", answer_counters, RN_PROFILE_CPU},
};

int debug_answer(const struct http_request *request, struct rn_conn *conn,
                 int file, const char **type)
{
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
        if (strcmp(request->path, routes[i].path) != 0)
            continue;
        struct visit visit = {.request = request,
                              .conn = conn,
                              .file = file,
                              .type = text_type,
                              .profile = routes[i].profile};
        int status = routes[i].answer(&visit);
        *type = visit.type;
        return status;
    }
    return 404;
}
