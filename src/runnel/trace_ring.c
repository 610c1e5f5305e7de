/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_ring.c: ticks, rings and labels (see trace_ring.h).
 */
#include "trace_ring.h"

#include <string.h>

#include "lock.h"
#include "os.h"
#include "sanitize.h"
#include "seam.h"
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

#define LOCK_CLASS LOCK_TRACE

/* The words of an event in a ring. */
#define WORDS 4

struct ring {
    _Alignas(CACHE_LINE) _Atomic(uint64_t) head; /* events put, ever */
    _Atomic(uint64_t) *words;
    uint64_t mask;           /* places - 1 */
    uint64_t last;           /* time of the newest event */
    uint64_t first;          /* head when this trace began */
    size_t bytes;            /* mapped */
    _Atomic(uint32_t) trace; /* of what trace; release: after `first` */
};

static struct ring rings[TRACE_RINGS];
static lock_word others; /* ring 0's */
static bool others_open; /* ring 0 is written to; under its lock */

static struct {
    _Atomic(uint32_t) number; /* of the trace; 0: there was none */
    bool counts;              /* the processor's counter is the clock */
    /* Atomic for one who was on his way when a trace ended. */
    _Atomic(size_t) places;
    _Atomic(uint64_t) begin; /* ticks */
    struct trace_span span;
    _Atomic(uint64_t) unrecorded;
} trace;

/* -------------------------------------------------------------- the clock */

/*
 * The processor's counter costs a third of the clock's call. Its unit does not
 * matter: span tells both clocks at both ends.
 */
static inline uint64_t ticks(void)
{
    if (unlikely(!trace.counts))
        return (uint64_t)seam_now();
#if defined(__x86_64__)
    return __rdtsc();
#elif defined(__aarch64__)
    uint64_t count;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(count));
    return count;
#endif
}

/* ------------------------------------------------------------- the threads */

struct thread {
    unsigned ring;
    uint32_t number; /* without a ring: from 1; 0: not drawn yet */
    struct task *(*running)(void);
    /* The label of the last goroutine without a name: most are started where
     * the one before was. */
    const char *where;
    uint32_t label;
    uint32_t labelled; /* in the trace of that number */
};

static _Thread_local struct thread this_thread;
static _Atomic(uint32_t) thread_numbers;

/* See worker_self in worker.c. */
static noinline struct thread *thread_self(void)
{
    struct thread *thread = &this_thread;
    __asm__ volatile("" : "+r"(thread)::"memory");
    return thread;
}

void trace_thread(int number, struct task *(*running)(void))
{
    struct thread *thread = thread_self();
    thread->ring = number < 0 ? 0 : (unsigned)number + 1;
    thread->running = running;
}

/* ------------------------------------------------------------------ labels */

/* Of `labels`, by hash, open addressing; 0: free. Written under the lock. */
#define SLOTS (2 * TRACE_LABELS)

static struct {
    lock_word lock;
    uint32_t count; /* under the lock; label 0 is "nothing known" */
    _Atomic(uint32_t) slots[SLOTS];
    struct trace_label labels[TRACE_LABELS];
} names;

static void names_clear(void)
{
    lock_acquire_as(LOCK_LABELS, &names.lock);
    names.count = 1;
    for (size_t i = 0; i < SLOTS; i++)
        atomic_store_explicit(&names.slots[i], 0, memory_order_relaxed);
    lock_release(&names.lock);
}

static size_t hash_of(const struct trace_label *label)
{
    uint64_t hash = (uintptr_t)label->where;
    for (const char *at = label->name; *at; at++)
        hash = (hash ^ (unsigned char)*at) * UINT64_C(0x9e3779b97f4a7c15);
    hash *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 40);
}

/* The label's number, or 0 with *slot where it is to stand. */
static uint32_t look_up(const struct trace_label *label, size_t *slot)
{
    for (size_t at = hash_of(label);; at++) {
        /* Acquire: pairs with the release in enter; the label is whole. */
        uint32_t number = atomic_load_explicit(&names.slots[at % SLOTS],
                                               memory_order_acquire);
        *slot = at % SLOTS;
        if (number == 0 ||
            (names.labels[number].where == label->where &&
             strcmp(names.labels[number].name, label->name) == 0))
            return number;
    }
}

static uint32_t enter(const struct trace_label *label)
{
    size_t slot;
    lock_acquire_as(LOCK_LABELS, &names.lock);
    uint32_t number = look_up(label, &slot);
    if (number == 0 && names.count < TRACE_LABELS) {
        number = names.count++;
        names.labels[number] = *label;
        atomic_store_explicit(&names.slots[slot], number, memory_order_release);
    }
    lock_release(&names.lock);
    return number;
}

static noinline uint32_t find_label(struct task *task)
{
    struct trace_label label = {.where = task->where};
    size_t slot;
    /* The name is the task's, on whose behalf this is. */
    race_ignore_begin();
    if (task->name)
        strncpy(label.name, task->name, TRACE_NAME - 1);
    race_ignore_end();
    uint32_t number = look_up(&label, &slot);
    return number ? number : enter(&label);
}

static inline uint32_t label_of(struct thread *thread, struct task *task,
                                uint32_t of_trace)
{
    if (likely(task->labelled == of_trace))
        return task->label;
    bool same = !task->name && thread->labelled == of_trace &&
                thread->where == task->where;
    task->label = same ? thread->label : find_label(task);
    task->labelled = of_trace;
    if (!same && !task->name) {
        thread->where = task->where;
        thread->label = task->label;
        thread->labelled = of_trace;
    }
    return task->label;
}

void trace_renamed(struct task *task)
{
    task->labelled = 0;
}

const struct trace_label *trace_label(uint32_t number)
{
    return &names.labels[number < TRACE_LABELS ? number : 0];
}

/* ------------------------------------------------------------------- rings */

/* The number of a thread without a ring, as events give it. */
static inline uint32_t told_number(const struct thread *thread)
{
    /* Those that come too late share the last. */
    return thread->number < TRACE_THREADS ? thread->number : TRACE_THREADS;
}

/* The second word of an event. */
static inline uint64_t what(enum trace_kind kind, uint8_t how,
                            const struct thread *thread, uint32_t label)
{
    uint64_t number = unlikely(thread->ring == 0) ? told_number(thread) : 0;
    return (uint64_t)kind | (uint64_t)how << 8 | number << 16 |
           (uint64_t)label << 32;
}

static inline void put(struct ring *ring, uint64_t time, uint64_t second,
                       uint64_t a, uint64_t b)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    _Atomic(uint64_t) *words = ring->words + (head & ring->mask) * WORDS;
    ring->last = time;
    atomic_store_explicit(&words[0], time, memory_order_relaxed);
    atomic_store_explicit(&words[1], second, memory_order_relaxed);
    atomic_store_explicit(&words[2], a, memory_order_relaxed);
    atomic_store_explicit(&words[3], b, memory_order_relaxed);
    atomic_store_explicit(&ring->head, head + 1, memory_order_release);
}

/* What has been running on this worker since before the trace. */
static void put_running(struct ring *ring, struct thread *thread,
                        uint32_t number)
{
    struct task *task = thread->running ? thread->running() : NULL;
    if (task)
        put(ring, ring->last,
            what(TRACE_SWITCH, 0, thread, label_of(thread, task, number)),
            task->id, 0);
}

/* The owner's first event in this trace. */
static noinline bool join(struct ring *ring, struct thread *thread,
                          uint32_t number)
{
    size_t places = atomic_load_explicit(&trace.places, memory_order_relaxed);
    size_t bytes = places * WORDS * sizeof(*ring->words);
    if (ring->bytes != bytes) {
        if (ring->bytes)
            os_unmap(ring->words, ring->bytes);
        ring->words = os_map(bytes);
        ring->bytes = ring->words ? bytes : 0;
    }
    if (!ring->words)
        return false;
    /* Not page by page: a fault costs as much as a hundred events. */
    os_populate(ring->words, bytes);
    ring->mask = places - 1;
    ring->last = atomic_load_explicit(&trace.begin, memory_order_relaxed);
    ring->first = atomic_load_explicit(&ring->head, memory_order_relaxed);
    if (ring != &rings[0])
        put_running(ring, thread, number);
    atomic_store_explicit(&ring->trace, number, memory_order_release);
    return true;
}

/* Ring 0, if it is still to be written to. */
static noinline bool others_begin(struct thread *thread)
{
    if (thread->number == 0)
        thread->number = 1 + atomic_fetch_add_explicit(&thread_numbers, 1,
                                                       memory_order_relaxed);
    lock_acquire(&others);
    bool open = others_open;
    if (!open)
        lock_release(&others);
    return open;
}

static inline void ring_end(const struct thread *thread)
{
    if (unlikely(thread->ring == 0))
        lock_release(&others);
}

/* The calling thread's ring, ready to be written to; or NULL. */
static inline struct ring *ring_begin(struct thread *thread, uint32_t *number)
{
    struct ring *ring = &rings[thread->ring];
    if (unlikely(thread->ring == 0) && !others_begin(thread))
        return NULL;
    /* Acquire: what trace_rings_begin set out. */
    *number = atomic_load_explicit(&trace.number, memory_order_acquire);
    if (likely(atomic_load_explicit(&ring->trace, memory_order_relaxed) ==
               *number) ||
        join(ring, thread, *number))
        return ring;
    atomic_fetch_add_explicit(&trace.unrecorded, 1, memory_order_relaxed);
    ring_end(thread);
    return NULL;
}

/* Invariant 4. */
static inline uint64_t time_after(const struct ring *ring, uint64_t other)
{
    uint64_t now = ticks();
    uint64_t least = ring->last > other ? ring->last : other;
    return likely(now > least) ? now : least + 1;
}

/* Of a task that the caller owns. */
static inline void put_of(struct task *task, enum trace_kind kind)
{
    uint32_t number;
    struct thread *thread = thread_self();
    struct ring *ring = ring_begin(thread, &number);
    if (!ring)
        return;
    uint64_t time = time_after(ring, task->traced_at);
    task->traced_at = time;
    put(ring, time, what(kind, 0, thread, label_of(thread, task, number)),
        task->id, 0);
    ring_end(thread);
}

void trace_created(struct task *task)
{
    put_of(task, TRACE_CREATED);
}

/* Of a foreign thread's task, `label` is the number of the thread. */
static noinline void put_ready_thread(struct task *task)
{
    uint32_t number;
    struct thread *thread = thread_self();
    struct ring *ring = ring_begin(thread, &number);
    if (!ring)
        return;
    /* Or its wait began before the trace. */
    if (task->labelled == number) {
        task->traced_at = time_after(ring, task->traced_at);
        put(ring, task->traced_at, what(TRACE_READY_THREAD, 0, thread, 0),
            task->label, 0);
    }
    ring_end(thread);
}

void trace_ready(struct task *task)
{
    if (unlikely(task->foreign))
        put_ready_thread(task);
    else
        put_of(task, TRACE_READY);
}

void trace_foreign(struct task *task, bool begins)
{
    uint32_t number;
    struct thread *thread = thread_self();
    struct ring *ring = ring_begin(thread, &number);
    if (!ring)
        return;
    bool known = task->labelled == number;
    uint64_t time = time_after(ring, known ? task->traced_at : 0);
    task->traced_at = time;
    task->label = told_number(thread);
    task->labelled = number;
    if (begins)
        put(ring, time,
            what(TRACE_WAIT_BEGIN, TRACE_HOW(LEFT_PARKED, task->waits.reason),
                 thread, 0),
            0, (uintptr_t)task->waits.made_at);
    else
        put(ring, time, what(TRACE_WAIT_END, 0, thread, 0), 0, 0);
    ring_end(thread);
}

static uint8_t how_left(const struct task *from)
{
    if (!from)
        return TRACE_HOW(LEFT_NOBODY, WAIT_NONE);
    switch (atomic_load_explicit(&from->state, memory_order_relaxed)) {
    case TASK_PARKED:
        return TRACE_HOW(LEFT_PARKED, from->waits.reason);
    case TASK_DEAD:
        return TRACE_HOW(LEFT_ENDED, WAIT_NONE);
    default:
        return TRACE_HOW(LEFT_YIELDED, WAIT_NONE);
    }
}

void trace_switch(struct task *from, struct task *to)
{
    uint32_t number;
    struct thread *thread = thread_self();
    struct ring *ring = ring_begin(thread, &number);
    if (!ring)
        return;
    uint64_t time = time_after(ring, to ? to->traced_at : 0);
    uint8_t how = how_left(from);
    bool parks = how >> 5 == LEFT_PARKED;
    uint32_t label = 0;
    uint64_t id = 0;
    if (from)
        from->traced_at = time;
    if (to) {
        to->traced_at = time;
        label = label_of(thread, to, number);
        id = to->id;
    }
    put(ring, time, what(TRACE_SWITCH, how, thread, label), id,
        parks ? (uintptr_t)from->waits.made_at : 0);
    ring_end(thread);
}

void trace_note(enum trace_kind kind, uint64_t a, uint64_t b)
{
    uint32_t number;
    struct thread *thread = thread_self();
    struct ring *ring = ring_begin(thread, &number);
    if (!ring)
        return;
    put(ring, time_after(ring, 0), what(kind, 0, thread, 0), a, b);
    ring_end(thread);
}

/* ---------------------------------------------------------- begin and end */

void trace_rings_begin(size_t places)
{
    trace.counts = !seam_simulated && os_counter_even();
    atomic_store_explicit(&trace.places, places, memory_order_relaxed);
    names_clear();
    atomic_store_explicit(&trace.unrecorded, 0, memory_order_relaxed);
    trace.span = (struct trace_span){.begin_ns = seam_now()};
    trace.span.begin_ticks = ticks();
    atomic_store_explicit(&trace.begin, trace.span.begin_ticks,
                          memory_order_relaxed);
    uint32_t number =
        atomic_load_explicit(&trace.number, memory_order_relaxed) + 1;
    /* Never 0, which is "none". Release: all of the above. */
    atomic_store_explicit(&trace.number, number ? number : 1,
                          memory_order_release);
    lock_acquire(&others);
    others_open = true;
    lock_release(&others);
}

void trace_rings_mark_end(void)
{
    trace.span.end_ns = seam_now();
    trace.span.end_ticks = ticks();
    trace.span.ns_per_tick = 1;
    if (trace.counts && trace.span.end_ticks > trace.span.begin_ticks)
        trace.span.ns_per_tick =
            (double)(trace.span.end_ns - trace.span.begin_ns) /
            (double)(trace.span.end_ticks - trace.span.begin_ticks);
    /* Simulated, the only worker's events run ahead of the clock. */
    if (seam_simulated && rings[1].last > trace.span.end_ticks)
        trace.span.end_ticks = rings[1].last;
}

void trace_rings_end(void)
{
    /* Every thread sees that now, or has seen before that it is on, and puts
     * that one event; into ring 0 none. A kernel without the barrier may garble
     * that event. */
    (void)os_barrier_everywhere();
    lock_acquire(&others);
    others_open = false;
    lock_release(&others);
}

const struct trace_span *trace_span(void)
{
    return &trace.span;
}

uint64_t trace_unrecorded(void)
{
    return atomic_load_explicit(&trace.unrecorded, memory_order_relaxed);
}

static bool is_current(const struct ring *ring)
{
    uint32_t number = atomic_load_explicit(&trace.number, memory_order_relaxed);
    /* Acquire: `first` is that of this trace. */
    return number != 0 &&
           atomic_load_explicit(&ring->trace, memory_order_acquire) == number;
}

void trace_rings_forget(void)
{
    for (unsigned i = 0; i < TRACE_RINGS; i++)
        if (is_current(&rings[i]))
            os_discard(rings[i].words, rings[i].bytes);
}

void trace_rings_drop(void)
{
    lock_acquire(&others);
    for (unsigned i = 0; i < TRACE_RINGS; i++) {
        struct ring *ring = &rings[i];
        if (ring->bytes)
            os_unmap(ring->words, ring->bytes);
        ring->words = NULL;
        ring->bytes = 0;
        atomic_store_explicit(&ring->trace, 0, memory_order_relaxed);
    }
    lock_release(&others);
}

/* ----------------------------------------------------------------- reading */

bool trace_view(unsigned number, struct trace_view *view)
{
    const struct ring *ring = &rings[number];
    if (!is_current(ring))
        return false;
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_acquire);
    uint64_t places = ring->mask + 1;
    *view = (struct trace_view){.ring = number, .at = ring->first, .end = head};
    if (head - ring->first >= places) {
        view->at = head - places + 1; /* invariant 3 */
        view->lost = view->at - ring->first;
    }
    return true;
}

bool trace_next(struct trace_view *view, struct trace_event *event)
{
    const struct ring *ring = &rings[view->ring];
    if (view->at == view->end)
        return false;
    const _Atomic(uint64_t) *words =
        ring->words + (view->at++ & ring->mask) * WORDS;
    uint64_t what = atomic_load_explicit(&words[1], memory_order_relaxed);
    *event = (struct trace_event){
        .time = atomic_load_explicit(&words[0], memory_order_relaxed),
        .kind = (uint8_t)what,
        .how = (uint8_t)(what >> 8),
        .thread = (uint16_t)(what >> 16),
        .label = (uint32_t)(what >> 32),
        .a = atomic_load_explicit(&words[2], memory_order_relaxed),
        .b = atomic_load_explicit(&words[3], memory_order_relaxed)};
    return true;
}
