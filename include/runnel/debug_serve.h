/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug_serve.h: profiles, dumps and counters of a running program, over HTTP.
 *
 * One call, and a browser, curl or `go tool pprof` looks into the program:
 *
 *     int status = rn_debug_serve("127.0.0.1:6060", NULL, NULL);
 *
 * answers, until rn_run ends, a GET of
 *
 *     /debug/pprof/            a page with links to the others
 *     /debug/pprof/profile     processor time, for ?seconds=30 from now
 *     /debug/pprof/goroutine   all goroutines; ?debug=2: as rn_dump shows them
 *     /debug/pprof/block       time spent waiting, as far as it was collected;
 *                              ?seconds=N: all of it for so long from now
 *     /debug/pprof/mutex       time that others waited for locks; likewise
 *     /debug/pprof/trace       what runs when (trace.h), for ?seconds=1 from now
 *     /debug/counters          rn_stats as text
 *
 * Profiles come in pprof's format, or with ?format=folded (also ?debug=1) as
 * folded stacks (profile.h). What is collected or traced already, by a call of
 * the program or another request, is refused to ?seconds=N with status 409.
 * Seconds are 1 to 3,600; who asks and goes away before they have passed ends
 * it.
 *
 * Who can reach this port can slow the program down and read the names of its
 * functions, and there is no password: so an address that other machines reach
 * is refused unless the options say otherwise, and so is a request whose Host
 * header does not name this machine, as it would come from a page that a browser
 * here was made to open. A Unix socket is for its owner alone.
 *
 * The server is small and strict: GET of HTTP/1.1, one request a connection, no
 * body, a head of at most 8 KiB within 10 s, at most 16 connections.
 *
 * Its goroutines are the runtime's own: they do not count in rn_task_count, are
 * left out of dumps, profiles and leak reports, do not keep rn_run from ending,
 * and do not hide a deadlock, except while a request is answered.
 *
 * Threads: every call may come from any goroutine or foreign thread while the
 * runtime runs.
 */
#ifndef RUNNEL_DEBUG_SERVE_H
#define RUNNEL_DEBUG_SERVE_H

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_ctx; /* context.h */
struct rn_debug_server;

struct rn_debug_options {
    /* Also at an address that other machines reach, under any name. */
    bool any_host;
    /* Answer no more when it is done; or NULL. */
    struct rn_ctx *ctx;
};

/*
 * Listens at the address (net.h) and answers from now on; `options` may be
 * NULL. RN_OK, with the server in *out unless that is NULL: to be given to
 * rn_debug_stop, or left to the end of rn_run, which stops it. -EACCES when the
 * address is not this machine's alone; RN_INVALID (not an address, or no runtime
 * runs), RN_NOMEM, -ENOTSUP in simulation, or what rn_listen says. A name is
 * looked up on a thread where it may block, so the call can park.
 */
int rn_debug_serve(const char *address, const struct rn_debug_options *options,
                   struct rn_debug_server **out);

/* "127.0.0.1:43211"; borrowed from the server. */
const char *rn_debug_address(const struct rn_debug_server *server);

/*
 * Closes the listener and every connection, those that wait for their seconds
 * too, and frees the server once nobody answers any more. A profile that is
 * being written is waited for. Parks; from a foreign thread it blocks.
 */
void rn_debug_stop(struct rn_debug_server *server);

#ifdef __cplusplus
}
#endif

#endif
