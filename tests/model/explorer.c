/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explorer.c: the search, and the part of the runtime that the explored files
 * stand on: a scheduler of at most three tasks, locks, memory, time.
 *
 * `path` holds, for each step of the run under way, who went on and who could
 * have. The next run follows it to its last step that has another choice left.
 */
#include "explorer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runnel/panic.h>
#include <runnel/task.h>

#include "../../src/runnel/light.h"
#include "../../src/runnel/os.h"
#include "../../src/runnel/watch.h"
#include "model_env.h"

/* Each thread, and what runs on when it has parked. */
#define CONTEXTS  (2 * EXPLORER_THREADS)
#define STACK     ((size_t)128 * 1024)
#define STEPS_MAX 20000
#define NOBODY    CONTEXTS

struct context {
    void *sp;
    bool alive;
    bool (*ready)(void);     /* NULL: can go on */
    _Atomic(uint32_t) *word; /* or: when this is 0 */
    struct context *over;    /* or: when that has ended */
    bool rests;              /* until another has gone on */
    bool parked;             /* a task that nobody woke */
    void (*run)(void);
    void (*after)(void *arg);
    void *arg;
    struct task task;
};

struct choice {
    uint8_t taken;
    uint8_t before; /* who ran */
    uint8_t rest;   /* contexts that can still be tried here */
    bool preempts;  /* `before` could go on */
};

static struct {
    const struct model *model;
    struct context contexts[CONTEXTS];
    unsigned current; /* NOBODY: the search itself */
    void *sp;
    struct choice path[STEPS_MAX];
    size_t length;
    size_t at;
    unsigned bound;
    unsigned spent;
    const char *failure;
    size_t used; /* of memory */
    _Alignas(64) char memory[512 * 1024];
    _Alignas(64) char stacks[CONTEXTS][STACK];
} e;

enum mutant mutant_planted;
struct timerq model_timers;
int64_t model_now;

/* ---------------------------------------------------------------- contexts */

static bool can_go_on(struct context *c)
{
    if (!c->alive || c->parked)
        return false;
    if (c->word)
        return *(volatile uint32_t *)c->word == 0;
    if (c->over)
        return !c->over->alive;
    return !c->ready || c->ready();
}

void (*explorer_switches)(unsigned thread);

static void leave_for(unsigned next)
{
    if (next == e.current)
        return;
    if (next != NOBODY && explorer_switches)
        explorer_switches(next % EXPLORER_THREADS);
    void **save = e.current == NOBODY ? &e.sp : &e.contexts[e.current].sp;
    void *load = next == NOBODY ? e.sp : e.contexts[next].sp;
    e.current = next;
    rn_switch_(save, load, NULL);
}

/* Who goes on: along the path, or the first choice at its end. */
static unsigned choose(void)
{
    unsigned before = e.current;
    unsigned able = 0;
    unsigned resting = 0;
    for (unsigned i = 0; i < CONTEXTS; i++)
        if (can_go_on(&e.contexts[i]))
            *(e.contexts[i].rests ? &resting : &able) |= 1u << i;
    if (able == 0)
        able = resting;
    if (able == 0)
        return NOBODY;
    bool preempts = before != NOBODY && (able & 1u << before);
    if (e.at == STEPS_MAX) {
        e.failure = "no end after as many steps as a run may take";
        return NOBODY;
    }
    if (e.at == e.length) {
        unsigned first = preempts ? before : (unsigned)__builtin_ctz(able);
        unsigned rest = able & ~(1u << first);
        if (preempts && e.spent >= e.bound)
            rest = 0;
        e.path[e.length++] = (struct choice){(uint8_t)first, (uint8_t)before,
                                             (uint8_t)rest, preempts};
    }
    const struct choice *c = &e.path[e.at++];
    for (unsigned i = 0; i < CONTEXTS; i++)
        e.contexts[i].rests = e.contexts[i].rests && i == c->taken;
    if (!(able & 1u << c->taken)) {
        e.failure = "a run does not repeat the one before it";
        return NOBODY;
    }
    if (c->preempts && c->taken != before)
        e.spent++;
    return c->taken;
}

/* The next run's path; false when there is none. */
static bool next_path(void)
{
    while (e.length > 0) {
        struct choice *last = &e.path[e.length - 1];
        if (last->rest) {
            last->taken = (uint8_t)__builtin_ctz(last->rest);
            last->rest &= (uint8_t)(last->rest - 1);
            return true;
        }
        e.length--;
    }
    return false;
}

void explorer_step(void)
{
    if (e.current == NOBODY)
        return;
    leave_for(choose());
}

static void wait_until_able(void)
{
    leave_for(choose());
}

void explorer_until(bool (*ready)(void))
{
    struct context *c = &e.contexts[e.current];
    c->ready = ready;
    wait_until_able();
    c->ready = NULL;
}

void explorer_rest(void)
{
    struct context *c = &e.contexts[e.current];
    c->rests = true;
    wait_until_able();
    c->rests = false;
}

bool explorer_others_ended(void)
{
    for (unsigned i = 0; i < CONTEXTS; i++)
        if (e.contexts[i].alive && !e.contexts[i].ready)
            return false;
    return true;
}

void explorer_fail(const char *text)
{
    e.failure = text;
    if (e.current != NOBODY)
        leave_for(NOBODY);
}

static void be_context(void *arg)
{
    struct context *c = arg;
    if (c->run)
        c->run();
    else
        c->after(c->arg);
    c->alive = false;
    wait_until_able();
}

static switch_body *begin_context(void *arg)
{
    (void)arg;
    return be_context;
}

static void prepare(unsigned i)
{
    struct context *c = &e.contexts[i];
    c->alive = true;
    c->sp = switch_prepare(e.stacks[i] + STACK, begin_context, c);
}

/* ------------------------------------------------------------------ search */

static bool all_ended(void)
{
    for (unsigned i = 0; i < CONTEXTS; i++)
        if (e.contexts[i].alive)
            return false;
    return true;
}

static void run_once(void)
{
    e.at = 0;
    e.used = 0;
    e.spent = 0;
    e.current = NOBODY;
    memset(e.contexts, 0, sizeof(e.contexts));
    timerq_init(&model_timers);
    model_now = 1000;
    e.model->begin();
    for (unsigned i = 0; i < EXPLORER_THREADS; i++)
        if (e.model->threads[i]) {
            e.contexts[i].run = e.model->threads[i];
            prepare(i);
        }
    leave_for(choose());
    if (!e.failure && !all_ended())
        e.failure = "nobody can go on";
    if (!e.failure)
        e.model->end();
    timerq_clear(&model_timers);
}

static void write_trace(char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (size_t i = 0; i < e.at && used + 16 < size;) {
        size_t from = i;
        while (i < e.at && e.path[i].taken == e.path[from].taken)
            i++;
        used += (size_t)snprintf(text + used, size - used, "%s%u*%zu",
                                 from ? " " : "", e.path[from].taken, i - from);
    }
}

bool explore(const struct model *model, unsigned bound, uint64_t runs,
             struct explored *result)
{
    *result = (struct explored){0};
    e.model = model;
    e.bound = bound;
    e.length = 0;
    e.failure = NULL;
    do {
        run_once();
        result->runs++;
        if (e.failure)
            break;
        if (!next_path()) {
            result->complete = true;
            break;
        }
    } while (result->runs != runs);
    result->failure = e.failure;
    write_trace(result->trace, sizeof(result->trace));
    return !e.failure;
}

/* --------------------------------------------- what the runtime stands on */

bool seam_simulated;
_Atomic(bool) seam_interrupts;

int64_t seam_now(void)
{
    return model_now;
}

uint32_t sched_draw(uint32_t count)
{
    (void)count;
    return 0;
}

void sched_interrupt(void)
{
}

unsigned model_procs = 1;

unsigned sched_procs(void)
{
    return model_procs;
}

unsigned model_places = EXPLORER_THREADS;

bool sched_is_foreign(void)
{
    return false;
}

unsigned sched_place(void)
{
    return e.current == NOBODY ? 0 : e.current % model_places;
}

static struct task outside;

struct task *task_self(void)
{
    if (e.current == NOBODY)
        return &outside;
    return &e.contexts[e.current % EXPLORER_THREADS].task;
}

/* As no goroutine has a small stack. */
void sched_park_roomy(struct wait_for what, void (*after)(void *arg), void *arg)
{
    sched_park(what, after, arg);
}

/* The task parks; `after` goes on beside it, as on the worker that it left. */
void sched_park_(enum wait_reason reason, bool limited, const char *made_at,
                 const void *object, void (*after)(void *arg), void *arg)
{
    unsigned self = e.current;
    struct context *c = &e.contexts[self];
    struct context *beside = &e.contexts[self + EXPLORER_THREADS];
    c->task.waits = (struct wait_for){reason, made_at, object, limited};
    if (beside->alive) { /* it parked before, and that is not over */
        c->over = beside;
        wait_until_able();
        c->over = NULL;
    }
    c->parked = true;
    if (after) {
        beside->after = after;
        beside->arg = arg;
        prepare(self + EXPLORER_THREADS);
    }
    wait_until_able();
}

void sched_ready(struct task *task)
{
    struct context *c = container_of(task, struct context, task);
    explorer_step();
    if (!c->parked)
        explorer_fail("a task is woken that does not wait");
    c->parked = false;
}

void sched_timer_add(struct timer *timer)
{
    timerq_add(&model_timers, timer);
}

/* Nobody profiles. */
_Atomic(uint32_t) watch_bits;

void (*watch_contended)(int64_t ns);

/* Threads are switched at scheduling points: every fence is a full one. */
bool os_barrier_ready(void)
{
    return false;
}

bool os_barrier_everywhere(void)
{
    return true;
}

/* Restartable sequences that are under way end without their last step. */
static unsigned broken_off;

bool os_sequences_break(void)
{
    explorer_step();
    broken_off++;
    return true;
}

bool light_leave(_Atomic(uint32_t) *word, uint32_t held)
{
    explorer_step();
    unsigned before = broken_off;
    if (__atomic_load_n((uint32_t *)word, __ATOMIC_SEQ_CST) != held)
        return false;
    explorer_step();
    if (broken_off != before)
        return false;
    __atomic_store_n((uint32_t *)word, 0, __ATOMIC_SEQ_CST);
    return true;
}

void explorer_until_zero(_Atomic(uint32_t) *word)
{
    struct context *c = &e.contexts[e.current];
    c->word = word;
    wait_until_able();
    c->word = NULL;
}

/* A lock that is held: wait until it is free, and try again. */
void lock_acquire_slow(lock_word *lock)
{
    for (;;) {
        explorer_until_zero(lock);
        uint32_t free = 0;
        if (__atomic_compare_exchange_n((uint32_t *)lock, &free, 2, 0,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
            return;
    }
}

void lock_release_slow(lock_word *lock)
{
    (void)lock; /* those that wait see that it is free */
}

/*
 * Memory from the start of one block in every run: what depends on addresses
 * (the order in which a select locks) is the same each time.
 */
void *alloc_zeroed(size_t count, size_t size)
{
    size_t bytes = (count * size + 63) / 64 * 64;
    if (bytes > sizeof(e.memory) - e.used) {
        explorer_fail("the model has no more memory");
        abort();
    }
    char *object = e.memory + e.used;
    e.used += bytes;
    return memset(object, 0, bytes);
}

void *alloc_or_die(size_t count, size_t size)
{
    return alloc_zeroed(count, size);
}

void *alloc_grow(void *array, size_t count, size_t size)
{
    char *grown = alloc_zeroed(count, size);
    size_t had = array ? (size_t)(grown - (char *)array) : 0;
    return array ? memcpy(grown, array, had < count * size ? had : count * size)
                 : grown;
}

void alloc_free(void *object)
{
    (void)object; /* all of it is free when the next run begins */
}

void fatal(const char *format, ...)
{
    (void)format;
    explorer_fail("fatal error");
    abort();
}

void rn_panic(const char *format, ...)
{
    (void)format;
    explorer_fail("panic");
    abort();
}

void misuse(const char *format, ...)
{
    (void)format;
    explorer_fail("a misuse");
    abort();
}

/* At the end of its block; no panic is survived here. */
struct rn_defer *rn_defer_push_(struct rn_defer *call,
                                void (*function)(void *arg),
                                const volatile void *arg)
{
    call->function = function;
    call->arg = (void *)(uintptr_t)arg;
    return call;
}

void rn_defer_leave_(struct rn_defer **call)
{
    (*call)->function((*call)->arg);
}

void rn_go_start_(const struct rn_task_options *options,
                  void (*function)(void *), const void *argument, size_t size,
                  const char *where)
{
    (void)options;
    (void)function;
    (void)argument;
    (void)size;
    (void)where;
    explorer_fail("a model starts goroutines");
    abort();
}

const char *rn_status_text(int status)
{
    (void)status;
    return "";
}

bool track_is_on;

void track_add_now(enum track_kind kind, void *object, const char *where)
{
    (void)kind;
    (void)object;
    (void)where;
}

void track_place_now(void *object, const char *where)
{
    (void)object;
    (void)where;
}

void track_remove_now(void *object)
{
    (void)object;
}
