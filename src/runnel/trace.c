/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.c: start a trace, end it, write it.
 *
 * States of the one trace that there can be, each moved by whoever wins a
 * compare-and-swap:
 *
 *     IDLE    -> PREPARED  start
 *     PREPARED -> ON       start; -> IDLE when the file cannot be made
 *     ON      -> WRITING   stop, the end of the runtime, or of the program
 *     WRITING -> IDLE      the same
 *
 * The other fields belong to who moved it to PREPARED or WRITING.
 */
#include <runnel/trace.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include <runnel/io.h>

#include "fatal.h"
#include "hooks.h"
#include "os_file.h"
#include "sched.h"
#include "spawn.h"
#include "trace_internal.h"
#include "trace_json.h"
#include "trace_ring.h"

#define EVENTS_DEFAULT ((size_t)1 << 17)
#define EVENTS_MIN     ((size_t)1 << 6)
#define EVENTS_MAX     ((size_t)1 << 26)

enum state { IDLE, PREPARED, ON, WRITING };

static struct {
    _Atomic(int) state;
    struct trace_sink sink;
    int fd; /* of the file; -1: it goes to the user's function */
} trace = {.fd = -1};

static bool move(enum state from, enum state to)
{
    int was = from;
    /* Acquire and release: the fields go with the state. */
    return atomic_compare_exchange_strong_explicit(
        &trace.state, &was, to, memory_order_acq_rel, memory_order_relaxed);
}

static int write_file(void *arg, const char *data, size_t size)
{
    int fd = *(int *)arg;
    while (size > 0) {
        int64_t put = os_file_write(fd, data, size, -1);
        if (put < 0)
            return (int)put;
        data += put;
        size -= (size_t)put;
    }
    return RN_OK;
}

/* ------------------------------------------------------------- the two ends */

static int write_trace(void)
{
    trace_rings_mark_end();
    hooks_ignore(HOOK_TRACE);
    trace_rings_end();
    fatal_flush = NULL;
    int status = trace_json(&trace.sink, spawn_alive());
    trace_rings_forget();
    if (trace.fd >= 0) {
        int closed = os_file_close(trace.fd);
        status = status == RN_OK ? closed : status;
    }
    trace.fd = -1;
    move(WRITING, IDLE);
    return status;
}

/* The program ends in a way that leaves no time for more. */
static void write_last(void)
{
    if (move(ON, WRITING))
        write_trace();
}

static size_t power_of_two(size_t count)
{
    size_t power = EVENTS_MIN;
    while (power < count && power < EVENTS_MAX)
        power *= 2;
    return power;
}

static size_t events_of(const struct rn_trace_options *options)
{
    const char *text = getenv("RUNNEL_TRACE_EVENTS");
    if (options->events)
        return power_of_two(options->events);
    if (text && *text >= '1' && *text <= '9')
        return power_of_two(strtoull(text, NULL, 10));
    return EVENTS_DEFAULT;
}

static int begin(const struct rn_trace_options *options)
{
    if ((options->path != NULL) == (options->write != NULL))
        return RN_INVALID;
    if (!move(IDLE, PREPARED))
        return RN_AGAIN;
    trace.sink = (struct trace_sink){options->write, options->arg};
    if (options->path) {
        int flags = O_WRONLY | O_CREAT | O_TRUNC;
        int fd = os_file_open(options->path, flags, 0666);
        if (fd < 0) {
            move(PREPARED, IDLE);
            return fd;
        }
        trace.fd = fd;
        trace.sink = (struct trace_sink){write_file, &trace.fd};
        fatal_flush = write_last;
    }
    trace_rings_begin(events_of(options));
    hooks_listen(HOOK_TRACE);
    move(PREPARED, ON); /* last: it can be stopped from now on */
    return RN_OK;
}

/* ------------------------------------------------------------- from outside */

struct order {
    const struct rn_trace_options *options;
    int status;
};

static void begin_order(void *arg)
{
    struct order *order = arg;
    order->status = begin(order->options);
}

int rn_trace_start_with(const struct rn_trace_options *options)
{
    struct order order = {.options = options};
    if (!sched_is_open() || !options)
        return RN_INVALID;
    rn_block(begin_order, &order);
    return order.status;
}

int rn_trace_start(const char *path)
{
    return rn_trace_start_with(&(struct rn_trace_options){.path = path});
}

static void write_order(void *arg)
{
    struct order *order = arg;
    /* Here, not before: a call that is dropped at the end leaves it on. */
    order->status = move(ON, WRITING) ? write_trace() : RN_INVALID;
}

int rn_trace_stop(void)
{
    struct order order = {0};
    if (!rn_trace_on())
        return RN_INVALID;
    rn_block(write_order, &order);
    return order.status;
}

bool rn_trace_on(void)
{
    return atomic_load_explicit(&trace.state, memory_order_relaxed) == ON;
}

void trace_begin_wanted(void)
{
    const char *path = getenv("RUNNEL_TRACE");
    if (!path || !*path)
        return;
    int status = begin(&(struct rn_trace_options){.path = path});
    if (status != RN_OK)
        print_error("RUNNEL_TRACE: cannot write %s: %s\n", path,
                    rn_status_text(status));
}

void trace_finish(void)
{
    if (!move(ON, WRITING))
        return;
    if (trace.fd < 0) {
        /* What the function belongs to may be gone. */
        trace.sink.write = NULL;
        hooks_ignore(HOOK_TRACE);
        trace_rings_end();
        move(WRITING, IDLE);
        return;
    }
    int status = write_trace();
    if (status != RN_OK)
        print_error("a trace could not be written: %s\n",
                    rn_status_text(status));
}

void trace_close(void)
{
    trace_rings_drop();
}

/* ----------------------------------------------------------------- the user's */

static inline void note(enum trace_kind kind, const char *name, int64_t value)
{
    if (hooks_any() &&
        (atomic_load_explicit(&hooks_on, memory_order_relaxed) & HOOK_TRACE))
        trace_note(kind, (uintptr_t)name, (uint64_t)value);
}

void rn_trace_region_begin(const char *name)
{
    note(TRACE_REGION_BEGIN, name, 0);
}

void rn_trace_region_end(const char *name)
{
    note(TRACE_REGION_END, name, 0);
}

void rn_trace_value(const char *name, int64_t value)
{
    note(TRACE_INSTANT, name, value);
}

void rn_trace_counter(const char *name, int64_t value)
{
    note(TRACE_COUNTER, name, value);
}

const char *rn_trace_scope_begin_(const char *name)
{
    rn_trace_region_begin(name);
    return name;
}

void rn_trace_scope_end_(const char **name)
{
    rn_trace_region_end(*name);
}
