/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_ring.h: record what happens, a ring of events for each thread.
 *
 * An event is four words in the ring of the worker it happened on; what happens
 * on any other thread goes into ring 0, under a lock. A ring that is full loses
 * its oldest events. What the events mean to a reader is trace_json.c's.
 *
 * Invariants:
 *  1. Only its worker writes to a ring (to ring 0: who holds its lock), its
 *     memory included: a ring is taken into a trace by the first event that its
 *     owner puts there, and goes only when no worker is left (trace_rings_drop).
 *  2. `head` counts the events that are whole. It is stored with release after
 *     the words of an event; a reader acquires it.
 *  3. Once trace_rings_end has returned, each thread puts one event at most,
 *     for which it had decided before. It can only go where the oldest of a full
 *     ring is: a reader leaves that one out.
 *  4. Times in a ring grow, and so do those of the events of one task in
 *     whatever rings: `traced_at` goes from owner to owner with the task. So a
 *     task starts after it was made ready, however the processors' counters
 *     differ.
 *
 * Rejected: flushing full rings to the file while the program runs. Whatever
 * writes then competes with the program for processors and disk, and changes
 * what is to be seen; and the file of a program that runs for hours is of no
 * use. Events of a variable size, which save half of the memory, cost more time
 * to write than to store four words.
 */
#ifndef RUNNEL_TRACE_RING_H
#define RUNNEL_TRACE_RING_H

#include "task_internal.h"

/* Ring 0, and one for each worker; sched.c holds this to WORKERS_MAX. */
#define TRACE_RINGS   1281u
/* Threads without a ring are told apart up to this number. */
#define TRACE_THREADS UINT16_MAX
/* Places that goroutines are started at, times their names, told apart. */
#define TRACE_LABELS  4096
/* Bytes of a goroutine's name that are kept, with the final zero. */
#define TRACE_NAME    48

enum trace_kind {
    TRACE_NONE,
    TRACE_CREATED,      /* a: task */
    TRACE_READY,        /* a: task */
    TRACE_READY_THREAD, /* a: number of a thread without a ring that waits */
    TRACE_SWITCH, /* a: task that starts, or 0; b: where what the one before
                      waits for was made; `how` that left, `reason` */
    TRACE_STEAL,  /* a: number of the worker that it was taken from */
    TRACE_POLL,   /* a: waits that ended */
    TRACE_TIMER,  /* a: nanoseconds after it was due */
    TRACE_BLOCK_BEGIN, /* a: task whose call it is */
    TRACE_BLOCK_END,
    TRACE_WAIT_BEGIN, /* a foreign thread's; `how`: reason; b as above */
    TRACE_WAIT_END,
    TRACE_SEAT,         /* a: number of a worker, b: whether it has one now */
    TRACE_REGION_BEGIN, /* a: name */
    TRACE_REGION_END,
    TRACE_INSTANT, /* a: name, b: value */
    TRACE_COUNTER
};

/* How a task made way for the next. */
enum trace_left { LEFT_NOBODY, LEFT_PARKED, LEFT_YIELDED, LEFT_ENDED };

struct trace_event {
    uint64_t time; /* ticks */
    uint8_t kind;
    uint8_t how;     /* enum trace_left << 5 | enum wait_reason */
    uint16_t thread; /* in ring 0 */
    uint32_t label;  /* of the task, 0: none */
    uint64_t a;
    uint64_t b;
};

#define TRACE_HOW(left, reason) ((uint8_t)((left) << 5 | (reason)))
static inline enum trace_left trace_left(const struct trace_event *event)
{
    return (enum trace_left)(event->how >> 5);
}
static inline enum wait_reason trace_reason(const struct trace_event *event)
{
    return (enum wait_reason)(event->how & 31);
}

/* A goroutine's name (may be "") and where it was started (may be NULL). */
struct trace_label {
    const char *where;
    char name[TRACE_NAME];
};

/*
 * The calling thread is worker `number` from now on; below 0: none. The function
 * says which task runs on the calling worker, or NULL.
 */
void trace_thread(int number, struct task *(*running)(void));

/* Called while HOOK_TRACE is on (hooks.h); see there for the rest. */
void trace_created(struct task *task);
void trace_ready(struct task *task);
void trace_switch(struct task *from, struct task *to);
void trace_foreign(struct task *task, bool begins);
void trace_note(enum trace_kind kind, uint64_t a, uint64_t b);
/* The task's name is another now; any time, by the task. */
void trace_renamed(struct task *task);

/* ------------------------------------------- by one caller at a time: trace.c */

/* Of a trace: when it began and ended, by both clocks. */
struct trace_span {
    uint64_t begin_ticks;
    uint64_t end_ticks;
    int64_t begin_ns;
    int64_t end_ns;
    double ns_per_tick;
};

/*
 * A trace of rings with so many places (a power of two) begins: before
 * HOOK_TRACE is turned on.
 */
void trace_rings_begin(size_t places);
/* It ends: mark_end before HOOK_TRACE is turned off, end after that. What was
 * recorded can then be read until the next begin. */
void trace_rings_mark_end(void);
void trace_rings_end(void);
const struct trace_span *trace_span(void);
/* Gives the pages back: what was recorded is forgotten. */
void trace_rings_forget(void);
/* Gives everything back; no worker runs. */
void trace_rings_drop(void);

/* What is left of one ring in the trace that has ended. */
struct trace_view {
    unsigned ring;
    uint64_t at; /* the next to be read */
    uint64_t end;
    uint64_t lost; /* older ones */
};

/* False when nothing was put there. */
bool trace_view(unsigned ring, struct trace_view *view);
/* The next event; false when that was all. */
bool trace_next(struct trace_view *view, struct trace_event *event);
/* Events that found no memory. */
uint64_t trace_unrecorded(void);
const struct trace_label *trace_label(uint32_t number);

#endif
