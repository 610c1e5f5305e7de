/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c: who is where, and what it waits for.
 *
 * Two ways to the same text. In a copy of the process everything stands still;
 * a goroutine that was caught half-way between two states may look odd there,
 * or have a stack that cannot be followed, which costs its own lines and no
 * more. Without a copy the caller's own stack is printed as it is, and those of
 * others only when nothing runs any more.
 *
 * Frames of the runtime itself are left out, where their names tell: a parked
 * goroutine is shown from the call of the library that parked it.
 */
#include "report.h"

#include <string.h>

#include "copy.h"
#include "fatal.h"
#include "frames.h"
#include "os.h"
#include "sched.h"
#include "stuck.h"
#include "symbols.h"
#include "worker.h"

#define FRAMES     48
/* Different stacks that a report tells apart. */
#define GROUPS     8192
/* Numbers of goroutines that are written out of a group. */
#define GROUP_IDS  10
/* One goroutine's stack that cannot be followed. */
#define WALK_LIMIT RN_S
/* How far down the library's own call may be. */
#define TRIM_MAX   10

/* run and rn_switch_boot_, where every goroutine begins. */
#define BEGIN_FRAMES 2
extern void rn_switch_boot_(void);
#define BOOT_BYTES 40

/* Shorter waits are not told how long they are. */
#define LONG_WAIT (10 * RN_S)

static bool world_stands;
/* When the report was asked for: to copy the process may take a while. */
static int64_t asked_at;

static const char *const reasons[WAIT_REASONS] = {
    [WAIT_NONE] = "nothing",
    [WAIT_SEND] = "chan send",
    [WAIT_RECV] = "chan receive",
    [WAIT_SEND_NIL] = "chan send (nil chan)",
    [WAIT_RECV_NIL] = "chan receive (nil chan)",
    [WAIT_SELECT] = "select",
    [WAIT_SELECT_NONE] = "select (no cases)",
    [WAIT_MUTEX] = "mutex lock",
    [WAIT_RLOCK] = "rwmutex rlock",
    [WAIT_WLOCK] = "rwmutex lock",
    [WAIT_GROUP] = "waitgroup wait",
    [WAIT_COND] = "cond wait",
    [WAIT_SEMAPHORE] = "semaphore acquire",
    [WAIT_CONTEXT] = "context wait",
    [WAIT_SLEEP] = "sleep",
    [WAIT_FD] = "descriptor wait",
    [WAIT_BLOCK] = "blocking call",
    [WAIT_QUIET] = "bubble wait",
};

const char *report_reason(enum wait_reason reason)
{
    return reasons[reason < WAIT_REASONS ? reason : WAIT_NONE];
}

void report_world_stands(void)
{
    world_stands = true;
}

/* In a copy, or, when that cannot be, here. */
static void beside(void (*function)(void *arg), void *arg, bool in_handler)
{
    if (copy_is_one() || !copy_run(function, arg, in_handler))
        function(arg);
}

/* ----------------------------------------------------------- call stacks */

struct stack_trace {
    size_t count;
    void *frames[FRAMES];
};

static void print_frame(const struct symbol *symbol)
{
    if (symbol->name[0])
        print_error("    %s  %s\n", symbol->name, symbol->place);
    else
        print_error("    %s\n", symbol->place);
}

bool report_is_public(const char *function)
{
    return strncmp(function, "rn_", 3) == 0 &&
           strncmp(function, "rn_switch_", 10) != 0;
}

/* One of those that lead from the mistake to this report. */
static bool is_reporting(const struct symbol *symbol)
{
    static const char *const names[] = {
        "copy_run",      "beside",        "report_caller",   "say",
        "end",           "rn_switch_",    "rn_switch_walk_", "sched_in_room",
        "fatal_in_room", "overflow_look", "overflow_end",    "hooks_switch",
        "fatal"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(symbol->name, names[i]) == 0)
            return true;
    return false;
}

/* Where to begin: at the library's call nearest to the top, if there is one. */
static size_t first_frame(void *const *frames, size_t count)
{
    struct symbol symbol;
    size_t first = 0;
    for (size_t i = 0; i < count && i < TRIM_MAX; i++) {
        symbols_find(frames[i], &symbol);
        if (report_is_public(symbol.name))
            return i;
        if (i == first && is_reporting(&symbol))
            first++;
    }
    return first;
}

size_t report_without_begin(void *const *frames, size_t count)
{
    if (count < BEGIN_FRAMES)
        return count;
    uintptr_t boot = (uintptr_t)rn_switch_boot_;
    uintptr_t last = (uintptr_t)frames[count - 1];
    bool whole = last - boot <= BOOT_BYTES;
    return whole ? count - BEGIN_FRAMES : count;
}

/* All of them but the beginning of a goroutine, from the given one. */
static void print_trace_from(size_t first, void *const *frames, size_t count)
{
    size_t end = report_without_begin(frames, count);
    for (size_t i = first; i < end; i++) {
        struct symbol symbol;
        symbols_find(frames[i], &symbol);
        print_frame(&symbol);
    }
    if (count == FRAMES)
        print_error("    ...\n");
}

static void print_trace(void *const *frames, size_t count)
{
    print_trace_from(first_frame(frames, count), frames, count);
}

static void print_trace_of(void *arg)
{
    const struct stack_trace *trace = arg;
    symbols_open();
    print_trace(trace->frames, trace->count);
}

void report_frames(void *const *frames, size_t count)
{
    struct stack_trace trace = {.count = count < FRAMES ? count : FRAMES};
    memcpy(trace.frames, frames, trace.count * sizeof(*frames));
    beside(print_trace_of, &trace, false);
}

struct walk {
    struct task *task; /* NULL: the caller of the copy */
    struct stack_trace *trace;
};

static void walk(void *arg)
{
    struct walk *w = arg;
    w->trace->count =
        w->task ? frames_at_rest(w->task->sp, w->trace->frames, FRAMES)
                : copy_caller_frames(w->trace->frames, FRAMES);
}

/* The stack of a goroutine at rest, as far as it can be followed. */
static void trace_at_rest(struct task *task, struct stack_trace *trace)
{
    char *sp = task->sp;
    trace->count = 0;
    if (sp < stack_floor(&task->stack) || sp >= (char *)task)
        return;
    struct walk w = {task, trace};
    if (copy_is_one())
        copy_try(walk, &w, WALK_LIMIT);
    else if (world_stands)
        walk(&w);
    /* The innermost is the switch, from one of two places: no difference. */
    if (trace->count > 0)
        memmove(trace->frames, trace->frames + 1,
                --trace->count * sizeof(trace->frames[0]));
}

size_t report_stack(struct task *task, void **frames, size_t max)
{
    struct stack_trace trace;
    trace_at_rest(task, &trace);
    size_t count = trace.count < max ? trace.count : max;
    memcpy(frames, trace.frames, count * sizeof(*frames));
    return count;
}

static void trace_caller(struct stack_trace *trace)
{
    struct walk w = {NULL, trace};
    trace->count = 0;
    if (copy_is_one())
        copy_try(walk, &w, WALK_LIMIT);
    else
        trace->count = frames_here(trace->frames, FRAMES, 0);
}

/* ------------------------------------------------------------- headings */

/* The largest whole unit of a wait. */
struct span {
    int64_t count;
    const char *unit;
};

static struct span span_since(int64_t parked_at)
{
    int64_t seconds = (asked_at - parked_at) / RN_S;
    if (seconds >= 3600)
        return (struct span){seconds / 3600, "hour"};
    if (seconds >= 60)
        return (struct span){seconds / 60, "minute"};
    return (struct span){seconds, "second"};
}

static void print_span(struct span span)
{
    print_error("%lld %s%s", (long long)span.count, span.unit,
                span.count == 1 ? "" : "s");
}

/* Of those that look the same the one that has waited longest, and the last. */
struct waiting {
    int64_t first;
    int64_t last;
};

static void print_waiting(struct waiting since)
{
    struct span longest = span_since(since.first);
    struct span shortest = span_since(since.last);
    if (asked_at - since.first < LONG_WAIT)
        return;
    print_error(", for ");
    if (longest.unit != shortest.unit) {
        print_span(shortest);
        print_error(" to ");
    } else if (longest.count != shortest.count) {
        print_error("%lld to ", (long long)shortest.count);
    }
    print_span(longest);
}

static void print_state(int state, struct wait_for waits, struct waiting since,
                        bool stuck)
{
    if (state != TASK_PARKED) {
        print_error("[%s]", state == TASK_RUNNING ? "running" : "runnable");
        return;
    }
    print_error("[%s", reasons[waits.reason]);
    if (waits.made_at)
        print_error(", made at %s", waits.made_at);
    print_waiting(since);
    print_error("%s]", stuck ? ", nobody can wake it" : "");
}

static void print_heading(const struct task *task, int state)
{
    if (task->foreign) {
        print_error(worker_self() ? "a worker between goroutines\n"
                                  : "foreign thread\n");
        return;
    }
    print_error("goroutine %llu ", (unsigned long long)task->id);
    print_state(state, task->waits,
                (struct waiting){task->parked_at, task->parked_at},
                stuck_is(task));
    print_error("%s%s\n    created at %s\n", task->name ? ": " : "",
                task->name ? task->name : "", task->where ? task->where : "?");
}

/* ----------------------------------------------------- the calling goroutine */

struct caller {
    struct task *self;
    uintptr_t pc; /* where a signal met it, or 0 */
};

static void print_caller(void *arg)
{
    const struct caller *caller = arg;
    struct stack_trace trace;
    symbols_open();
    print_heading(caller->self, TASK_RUNNING);
    trace_caller(&trace);
    size_t first = 0;
    if (!caller->pc)
        first = first_frame(trace.frames, trace.count);
    for (size_t i = 0; caller->pc && i < trace.count; i++)
        /* One on, as for every address that no call returns to. */
        if ((uintptr_t)trace.frames[i] == caller->pc + 1)
            first = i;
    print_trace_from(first, trace.frames, trace.count);
}

void report_caller(void)
{
    struct caller caller = {.self = task_self()};
    beside(print_caller, &caller, false);
}

void report_interrupted(uintptr_t pc)
{
    struct caller caller = {task_self(), pc};
    beside(print_caller, &caller, true);
}

/* ------------------------------------------------------------ all of them */

/* Goroutines that look the same. */
struct group {
    size_t count;
    uint64_t hash;
    const struct task *first;
    int state;
    struct wait_for waits;
    struct waiting since;
    bool stuck;
    const char *where;
    struct stack_trace trace;
    uint64_t ids[GROUP_IDS];
};

struct crowd {
    struct group *table; /* by hash, open addressing */
    size_t groups;
    size_t count;
    size_t others; /* that found no place in the table */
    int fd;
    /* Which of them; NULL: all. */
    bool (*wanted)(const struct task *task, int state, const void *arg);
    const void *arg;
};

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

static uint64_t hash_of(const struct group *g)
{
    uint64_t hash = mix((uint64_t)g->state, g->waits.reason);
    hash = mix(hash, (uintptr_t)g->waits.made_at);
    hash = mix(hash, (uintptr_t)g->where + g->stuck);
    for (size_t i = 0; i < g->trace.count; i++)
        hash = mix(hash, (uintptr_t)g->trace.frames[i]);
    return hash;
}

/* The group of that hash, or a free place for it, or NULL. */
static struct group *place_of(struct crowd *crowd, uint64_t hash)
{
    for (size_t probe = 0; probe < GROUPS; probe++) {
        struct group *g = &crowd->table[(hash + probe) % GROUPS];
        if (g->count == 0 || g->hash == hash)
            return g;
    }
    return NULL;
}

static void add(struct stack *stack, void *arg)
{
    struct crowd *crowd = arg;
    struct task *task = container_of(stack, struct task, stack);
    struct group new = {.first = task, .where = task->where};
    new.state = atomic_load_explicit(&task->state, memory_order_relaxed);
    if (new.state == TASK_NEW || new.state == TASK_DEAD || task->service)
        return;
    if (crowd->wanted && !crowd->wanted(task, new.state, crowd->arg))
        return;
    crowd->count++;
    if (new.state == TASK_PARKED && task->waits.reason < WAIT_REASONS)
        new.waits = task->waits;
    new.stuck = stuck_is(task);
    if (new.state != TASK_RUNNING)
        trace_at_rest(task, &new.trace);
    new.hash = hash_of(&new);
    struct group *g = place_of(crowd, new.hash);
    if (!g) {
        crowd->others++;
        return;
    }
    if (g->count == 0) {
        *g = new;
        g->since = (struct waiting){task->parked_at, task->parked_at};
        crowd->groups++;
    }
    if (task->parked_at < g->since.first)
        g->since.first = task->parked_at;
    if (task->parked_at > g->since.last)
        g->since.last = task->parked_at;
    if (g->count < GROUP_IDS)
        g->ids[g->count] = task->id;
    g->count++;
}

static void print_group(const struct group *g)
{
    print_error("\n");
    if (g->count == 1) {
        print_heading(g->first, g->state);
    } else {
        print_error("%zu goroutines ", g->count);
        print_state(g->state, g->waits, g->since, g->stuck);
        print_error(":");
        for (size_t i = 0; i < g->count && i < GROUP_IDS; i++)
            print_error(" %llu", (unsigned long long)g->ids[i]);
        print_error("%s\n    created at %s\n",
                    g->count > GROUP_IDS ? " ..." : "",
                    g->where ? g->where : "?");
    }
    if (g->state == TASK_RUNNING)
        print_error("    (it runs: where is not known)\n");
    else
        print_trace(g->trace.frames, g->trace.count);
}

/* The largest groups first; each is taken out as it is printed. */
static void print_crowd(struct crowd *crowd)
{
    for (size_t left = crowd->groups; left > 0; left--) {
        struct group *largest = &crowd->table[0];
        for (size_t i = 1; i < GROUPS; i++) {
            struct group *g = &crowd->table[i];
            if (g->count > largest->count ||
                (g->count == largest->count && g->count > 0 &&
                 g->ids[0] < largest->ids[0]))
                largest = g;
        }
        print_group(largest);
        largest->count = 0;
    }
    if (crowd->others > 0)
        print_error("\n%zu more goroutines\n", crowd->others);
}

static void print_all(void *arg)
{
    struct crowd *crowd = arg;
    os_print_to(crowd->fd);
    symbols_open();
    stuck_find();
    crowd->table = os_map(GROUPS * sizeof(*crowd->table));
    if (!crowd->table) {
        print_error("(no memory for a report)\n");
        return;
    }
    stack_each(add, crowd);
    print_crowd(crowd);
    os_unmap(crowd->table, GROUPS * sizeof(*crowd->table));
}

static bool print_crowd_beside(struct crowd *crowd, bool in_handler)
{
    asked_at = seam_now();
    if (copy_run(print_all, crowd, in_handler))
        return true;
    /* Elsewhere than on standard error it is printed by a copy or not at all. */
    if (crowd->fd != OS_STDERR)
        return false;
    print_all(crowd);
    return world_stands;
}

bool report_all_to(int fd)
{
    return print_crowd_beside(&(struct crowd){.fd = fd}, false);
}

void report_some(bool (*wanted)(const struct task *task, int state,
                                const void *arg),
                 const void *arg)
{
    struct crowd crowd = {.fd = OS_STDERR, .wanted = wanted, .arg = arg};
    print_crowd_beside(&crowd, false);
}

static bool is_other(const struct task *task, int state, const void *self)
{
    (void)state;
    return task != self;
}

void report_others(void)
{
    struct crowd crowd = {
        .fd = OS_STDERR, .wanted = is_other, .arg = task_self()};
    print_crowd_beside(&crowd, true);
}
