/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sampler.c: a timer on each thread's own clock, and what its signal does.
 *
 * The handler runs on a worker's alternate stack, or on the stack of a thread for
 * blocking calls, at any instruction of it,
 * also between two stacks (rn_switch_), in malloc and in the dynamic linker.
 * So it takes no lock and allocates nothing:
 *
 *  1. it reads its own thread's words: the worker, the goroutine that it runs;
 *  2. it walks the stack by the unwind tables (frames.c). Since glibc 2.35 they
 *     are found without a lock (_dl_find_object); before the first signal the
 *     walk has been done once, so that the linker has bound what it calls;
 *  3. it adds to a tally, by atomic operations (tally.h).
 *
 * Tables may be wrong, in hand-written code, and a name may be gone: a fault
 * meanwhile is caught (sampler_escape), and the sample is lost.
 *
 * `lock` protects the list of threads and the timers; no handler takes it.
 *
 * Rejected: one timer for the process (ITIMER_PROF), whose signals go to
 * whatever thread the kernel meets, and at twice the rate come no more often
 * with twice the threads; a thread that looks at the others, which sees their
 * stacks only by signals too, and samples those that sleep.
 */
#include "sampler.h"

#include <errno.h>
#include <setjmp.h>
#include <string.h>

#include "block.h"
#include "frames.h"
#include "list.h"
#include "lock.h"
#include "os.h"
#include "os_sampling.h"
#include "schedule.h"
#include "worker.h"

#define LOCK_CLASS LOCK_LEAF

#ifdef RN_TSAN
#define AVAILABLE false
#else
#define AVAILABLE true
#endif

/* A thread that is not given a processor does not answer. */
#define ANSWER_TIMEOUT (100 * RN_MS)

struct sampled {
    struct list node;
    int thread;
    int timer;
    bool ticks;
    const struct worker *worker; /* or NULL */
    /* What it said when it was asked; its own until `answered`. */
    _Atomic(bool) answered; /* release and acquire */
    uint64_t task;          /* the goroutine's number */
    uint32_t depth;
    void *frames[TALLY_FRAMES];
};

static struct {
    lock_word lock;
    struct list threads;
    bool set_out; /* the list is initialised */
    bool running;
    int64_t period_ns;
    struct tally *tally;
} sampler;

static _Thread_local struct sampled own;
static _Thread_local sigjmp_buf *volatile escape;

/* Whom the thread works for. */
static void tell_goroutine(struct tally_key *key)
{
    struct worker *w = worker_self();
    const struct task *task = w ? worker_current(w) : block_task();
    key->where = task ? task->where : NULL;
    key->reason = 0;
    tally_set_name(key, task ? task->name : NULL);
}

static noinline void take(unsigned ticks)
{
    struct tally_key key;
    sigjmp_buf back;
    /* The mask is not saved: the end of the handler restores it. */
    if (sigsetjmp(back, 0) == 0) {
        escape = &back;
        tell_goroutine(&key);
        key.depth = (uint32_t)frames_interrupted(key.frames, TALLY_FRAMES);
        escape = NULL;
        tally_add(sampler.tally, &key, ticks,
                  ticks * (uint64_t)sampler.period_ns);
    } else {
        atomic_fetch_add_explicit(&sampler.tally->lost, ticks,
                                  memory_order_relaxed);
    }
}

void sampler_escape(void)
{
    sigjmp_buf *back = escape;
    escape = NULL;
    if (back)
        siglongjmp(*back, 1);
}

/* Where the thread is now, into its own record. */
static noinline void say_where(void)
{
    struct worker *w = worker_self();
    const struct task *task = w ? worker_current(w) : NULL;
    sigjmp_buf back;
    own.depth = 0;
    own.task = task ? task->id : 0;
    if (sigsetjmp(back, 0) == 0) {
        escape = &back;
        own.depth = (uint32_t)frames_interrupted(own.frames, TALLY_FRAMES);
        escape = NULL;
    }
    /* Release: who sees it answered sees the frames. */
    atomic_store_explicit(&own.answered, true, memory_order_release);
}

static void on_tick(unsigned ticks)
{
    if (ticks == 0)
        say_where();
    else
        take(ticks);
}

/* Under the lock. */
static int start_ticks(struct sampled *s)
{
    int status = os_ticks_start(s->thread, sampler.period_ns, &s->timer);
    s->ticks = status == RN_OK;
    return status;
}

/* Under the lock. */
static void stop_ticks(void)
{
    for (struct list *at = sampler.threads.next; at != &sampler.threads;
         at = at->next) {
        struct sampled *s = container_of(at, struct sampled, node);
        if (s->ticks)
            os_ticks_stop(s->timer);
        s->ticks = false;
    }
    os_ticks_release();
    sampler.running = false;
}

/* Under the lock. */
static void set_out(void)
{
    if (!sampler.set_out)
        list_init(&sampler.threads);
    sampler.set_out = true;
}

/* What the handler calls is called once from here: see the opening comment. */
static void rehearse(void)
{
    struct tally nowhere = {.on = false};
    struct tally_key key;
    tell_goroutine(&key);
    key.depth = (uint32_t)frames_here(key.frames, TALLY_FRAMES, 0);
    tally_add(&nowhere, &key, 1, 1);
}

int sampler_start(struct tally *tally, int64_t period_ns)
{
    if (!AVAILABLE || seam_simulated)
        return -ENOTSUP;
    rehearse();
    lock_acquire(&sampler.lock);
    set_out();
    sampler.tally = tally;
    sampler.period_ns = period_ns;
    int status = os_ticks_catch(on_tick);
    sampler.running = status == RN_OK;
    for (struct list *at = sampler.threads.next;
         sampler.running && status == RN_OK && at != &sampler.threads;
         at = at->next)
        status = start_ticks(container_of(at, struct sampled, node));
    if (sampler.running && status != RN_OK)
        stop_ticks();
    lock_release(&sampler.lock);
    return status;
}

void sampler_stop(void)
{
    lock_acquire(&sampler.lock);
    if (sampler.running)
        stop_ticks();
    lock_release(&sampler.lock);
}

/* Under the lock: asks those that run one; how many. */
static unsigned ask_all(void)
{
    unsigned asked = 0;
    int self = os_thread_id();
    for (struct list *at = sampler.threads.next; at != &sampler.threads;
         at = at->next) {
        struct sampled *s = container_of(at, struct sampled, node);
        atomic_store_explicit(&s->answered, false, memory_order_relaxed);
        if (s->worker && worker_current(s->worker) && s->thread != self &&
            os_tick(s->thread) == 0)
            asked++;
    }
    return asked;
}

/* Under the lock. */
static unsigned answers(void)
{
    unsigned count = 0;
    for (struct list *at = sampler.threads.next; at != &sampler.threads;
         at = at->next)
        count += atomic_load_explicit(
            &container_of(at, struct sampled, node)->answered,
            memory_order_acquire);
    return count;
}

void sampler_ask(void)
{
    if (!AVAILABLE || seam_simulated)
        return;
    rehearse();
    lock_acquire(&sampler.lock);
    set_out();
    bool borrowed = !sampler.running;
    if (!borrowed || os_ticks_catch(on_tick) == RN_OK) {
        unsigned asked = ask_all();
        int64_t late = os_clock() + ANSWER_TIMEOUT;
        while (answers() < asked && os_clock() < late)
            os_thread_yield();
        if (borrowed)
            os_ticks_release();
    }
    lock_release(&sampler.lock);
}

size_t sampler_found(const struct task *task, void **frames, size_t max)
{
    struct list *at = sampler.threads.next;
    for (; at && at != &sampler.threads; at = at->next) {
        struct sampled *s = container_of(at, struct sampled, node);
        if (!atomic_load_explicit(&s->answered, memory_order_acquire) ||
            s->task != task->id)
            continue;
        size_t count = s->depth < max ? s->depth : max;
        memcpy(frames, s->frames, count * sizeof(*frames));
        return count;
    }
    return 0;
}

void sampler_thread_begin(void)
{
    own = (struct sampled){.thread = os_thread_id(), .worker = worker_self()};
    lock_acquire(&sampler.lock);
    set_out();
    list_append(&sampler.threads, &own.node);
    if (sampler.running)
        (void)start_ticks(&own); /* if it fails, this thread is not seen */
    lock_release(&sampler.lock);
}

void sampler_thread_end(void)
{
    lock_acquire(&sampler.lock);
    list_remove(&own.node);
    if (own.ticks)
        os_ticks_stop(own.timer);
    own.ticks = false;
    lock_release(&sampler.lock);
}
