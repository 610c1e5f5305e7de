/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h: what the goroutines did when, to be looked at on a time line.
 *
 * While a trace is on, each worker thread records what it does: which goroutine
 * it runs from when to when, why that stopped (the words of rn_dump), who made
 * it ready, what was stolen, which timers fired, which calls blocked, which
 * foreign threads waited, and when a worker's seat went to another. When it
 * ends, this is written as JSON in Chrome's trace event format, which
 * https://ui.perfetto.dev and chrome://tracing open: a track for each thread,
 * an arrow from whoever woke a goroutine to where it went on, two curves
 * (goroutines alive, goroutines that are ready and wait for a worker).
 *
 * RUNNEL_TRACE=trace.json in the environment traces a whole rn_run, without a
 * change to the program. From inside, the part that matters:
 *
 *     static void handle(struct request *request)
 *     {
 *         rn_trace_scope("handle");
 *         rn_trace_region_begin("parse");
 *         parse(request);
 *         rn_trace_region_end("parse");
 *         rn_trace_value("bytes", request->size);
 *         answer(request);
 *     }
 *
 *     static void look(void)
 *     {
 *         if (rn_trace_start("trace.json") == RN_OK) {
 *             rn_sleep(5 * RN_S);
 *             rn_trace_stop();
 *         }
 *     }
 *
 * Memory is bounded: each thread that runs goroutines has a ring of 131,072
 * events (4 MiB, taken at its first event), and all others share one. A full ring
 * loses its oldest events. The trace then begins where all rings are complete,
 * and says at its beginning how many events are missing; so what a trace shows
 * is the last moments before its end, and all of those.
 *
 * A trace that is on costs some 20 ns for an event, two for each time that a
 * goroutine waits and is woken: under 5 % where goroutines run for a microsecond
 * or more between two waits. Two that do nothing but hand each other values take
 * up to twice as long. One that is off costs a load and a branch at each of these
 * places.
 *
 * Under simulation (sim.h, RUNNEL_SEED) the times are virtual; as no time
 * passes while goroutines run, the events of one moment stand a nanosecond
 * apart, in their order. The same seed gives the same trace.
 *
 * Ownership: names given here are borrowed until the trace has been written:
 * string literals. A goroutine's own name is copied, up to 47 bytes of it.
 *
 * Threads: every call may come from any goroutine or foreign thread.
 */
#ifndef RUNNEL_TRACE_H
#define RUNNEL_TRACE_H

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Where a trace goes: a file or a function, one of them. */
struct rn_trace_options {
    /* Made anew at once, written at the end. */
    const char *path;
    /*
     * Called by rn_trace_stop with one piece after another, on a thread that may
     * block. Below 0: no more pieces, rn_trace_stop returns that.
     */
    int (*write)(void *arg, const char *data, size_t size);
    void *arg;
    /* Events in each ring, rounded up to a power of two, at most 2^26; 0:
     * 131,072, or $RUNNEL_TRACE_EVENTS. */
    size_t events;
};

/*
 * Starts a trace into a file. RN_OK, or RN_AGAIN (one is on, or still being
 * written: there is one at a time), RN_INVALID (no runtime, or options that
 * name no goal, or two), or why the file cannot be made (-ENOENT, -EACCES, ...).
 * Parks; from a foreign thread it blocks.
 */
int rn_trace_start(const char *path);
int rn_trace_start_with(const struct rn_trace_options *options);

/*
 * Ends it and writes it. RN_OK, or RN_INVALID (none is on), RN_NOMEM, or what
 * the file (-ENOSPC, ...) or the function said: then what was written is not
 * whole. No trace is on afterwards in any case. Parks; from a foreign thread it
 * blocks.
 *
 * A trace into a file that is still on when rn_run ends, or when the program is
 * ended by a panic, a deadlock or a fault, is written then. exit() and _exit()
 * lose it; one that goes to a function is dropped.
 */
int rn_trace_stop(void);

/* Is one on? Does not park. */
bool rn_trace_on(void);

/*
 * A region of the calling goroutine, or foreign thread: shown within the
 * slices in which it runs, and as a whole, with its waits, on a track of the
 * goroutine. Regions nest. The end of one that is not innermost also ends those
 * within; the end of one that was not begun, or not while the trace was on, is
 * not shown; the end of the goroutine ends them all. Do not park.
 */
void rn_trace_region_begin(const char *name);
void rn_trace_region_end(const char *name);

/* Something that happened here and now, with a number. Does not park. */
void rn_trace_value(const char *name, int64_t value);
/* A curve of that name: its value from now on. Does not park. */
void rn_trace_counter(const char *name, int64_t value);

const char *rn_trace_scope_begin_(const char *name);
void rn_trace_scope_end_(const char **name);

/*
 * rn_trace_scope(name): a region up to the end of the enclosing block, by
 * whatever way that is left but a panic. Stands where a declaration may.
 */
#define rn_trace_scope(name)                                    \
    const char *RN_TRACE_NAME_(__COUNTER__)                     \
        __attribute__((cleanup(rn_trace_scope_end_), unused)) = \
            rn_trace_scope_begin_(name)
#define RN_TRACE_NAME_(number)   RN_TRACE_NAME_2_(number)
#define RN_TRACE_NAME_2_(number) rn_trace_##number##_

#ifdef __cplusplus
}
#endif

#endif
