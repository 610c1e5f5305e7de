/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rwmutex.c: RWMutex.
 *
 * `guard_` is the runtime's lock over the queue of those that wait, oldest first
 * (waitq.h); what is handed over is handed over under it.
 *
 * `state_` counts the readers that are in, in steps of RW_READER, beside three
 * flags and those of light.h. Whoever finds neither RW_WRITER nor RW_WAITERS (a
 * writer: nothing) enters by one compare-and-swap. RW_WAITERS is set before
 * anybody is queued, and from then on entering and leaving are the guard's
 * business. A word that is not LIGHT_SHARED has one holder, a reader or a writer,
 * who lets it go as light.h says; whoever comes meanwhile has it shared first.
 *
 * Readers that meet at that word would pass its cache line from processor to
 * processor. So `met_` beside it says which thread came in last, and how often it
 * was another one than before, since somebody wrote. The MEETINGS-th time it sets
 * RW_SPREAD, and from then on a reader puts a mark, the lock's address, into a
 * place of its worker, and takes it away when it leaves; the word is only looked
 * at. A writer gathers: it takes RW_SPREAD away and moves the marks into the
 * count. As RW_SPREAD comes back by meeting only, a lock that is written often, or
 * used by one worker, is what it was without. (Readers that announce themselves in
 * a shared table are Dice and Kogan's, "BRAVO", 2019; there the writer waits for
 * them.)
 *
 * 1. While RW_SPREAD is set nobody writes or waits. Who holds the guard clears
 *    it; any reader that is in sets it, when neither of the other flags is there.
 * 2. A mark is made before RW_SPREAD is looked at again, and RW_SPREAD is cleared
 *    before marks are looked for, all in one order (seq_cst). So a reader that is
 *    in by a mark was seen by who gathers; one that is not seen sees that
 *    RW_SPREAD is gone, takes a mark away again and enters in another way.
 * 3. Marks and counts of a lock are all alike, for a goroutine may leave on
 *    another worker, or for another one: who leaves takes away any one of them.
 *    There are as many as readers that are in or about to look (2). One that is
 *    to take its mark away and finds none was counted by who gathered, or had it
 *    taken by one who left a count behind: it is in, by that count.
 * 4. While RW_SPREAD is not set, all marks are of those about to look: what is in
 *    is in the count, which is how the unlocking of what is not locked is found.
 * 5. Nobody touches the lock once its mark is taken away: it may be gone. Who
 *    leaves by the guard does so while somebody waits, or keeps his count.
 *
 * Rejected: counts for each worker that may go below zero, summed by the writer
 * (the kernel's percpu_rw_semaphore): a lock that is freed while they only add up
 * to zero leaves them behind. Readers without a locked instruction, and
 * membarrier in the writer: 3 us a write beside a busy worker, which a lock of one
 * write to a thousand reads does not earn back.
 */
#include "rwmutex.h"

#include <runnel/sync.h>

#include "fatal.h"
#include "light.h"
#include "lock.h"
#include "mutant.h"
#include "sanitize.h"
#include "sched.h"
#include "waitq.h"
#include "watch.h"

#define LOCK_CLASS LOCK_PRIMITIVE

/* Beside those of light.h, 4 and 8. */
enum { RW_WRITER = 1, RW_WAITERS = 2, RW_SPREAD = 16, RW_READER = 32 };

/* Not by a compare-and-swap alone. */
#define RW_OTHERWISE (RW_WRITER | RW_WAITERS | RW_SPREAD | LIGHT_ASKED)

/* About as long as it takes to park and to be woken. */
#ifndef SPINS
#define SPINS 100
#endif

/* Of readers, since the last write, until they count apart. */
#ifndef MEETINGS
#define MEETINGS 2
#endif

/* Workers beyond so many share them: a mark is made by compare-and-swap. */
#define LINES       64
/* A lock always uses the same place of a line, by its address. */
#define LINE_PLACES 16

/* Of one worker. A pair of cache lines, as they are fetched. */
struct line {
    _Alignas(2 * CACHE_LINE) _Atomic(uintptr_t) places[LINE_PLACES];
};

static struct line lines[LINES];

/* No line from this one on was ever used. */
static _Atomic(unsigned) lines_used;

/* For the race detector: writers see readers, readers see writers only. */
static void saw_writers(struct rn_rwmutex *rw)
{
    race_acquire(&rw->guard_);
}

static void saw_readers(struct rn_rwmutex *rw)
{
    race_acquire(&rw->state_);
}

static inline uint32_t rw_state(struct rn_rwmutex *rw)
{
    return atomic_load_explicit(&rw->state_, memory_order_relaxed);
}

/* Acquire: pairs with the release of whoever held it before. */
static inline bool rw_change(struct rn_rwmutex *rw, uint32_t *state,
                             uint32_t wanted)
{
    return atomic_compare_exchange_strong_explicit(
        &rw->state_, state, wanted, memory_order_acquire, memory_order_relaxed);
}

static inline bool rw_is_free(uint32_t state)
{
    return !(state & ~(uint32_t)LIGHT_SHARED);
}

/* Somebody has it lightly. */
static inline bool rw_is_light(uint32_t state)
{
    return state != 0 && !(state & LIGHT_SHARED);
}

/*
 * Under the guard: never both sides; whoever waits is seen by who leaves; of
 * invariant 1, what one look can tell; one holder, or the word is shared.
 */
static bool rwmutex_check(struct rn_rwmutex *rw)
{
    uint32_t state = rw_state(rw);
    uint32_t light = state & ~(uint32_t)LIGHT_ASKED;
    return (!(state & RW_WRITER) || state < RW_READER) &&
           (!rw->first_ || state & RW_WAITERS) &&
           (!(state & RW_SPREAD) || !(state & (RW_WRITER | RW_WAITERS))) &&
           (!rw_is_light(state) || light == RW_READER || light == RW_WRITER);
}

/* Under the guard: the mark goes with the last waiter. */
static void rw_unmark(struct rn_rwmutex *rw)
{
    if (!rw->first_)
        atomic_fetch_and_explicit(&rw->state_, ~(uint32_t)RW_WAITERS,
                                  memory_order_relaxed);
}

/* Which place of a line; Fibonacci hashing. */
static inline unsigned place_of(const struct rn_rwmutex *rw)
{
    uint64_t hash = (uintptr_t)rw * UINT64_C(0x9e3779b97f4a7c15);
    return (unsigned)(hash >> 32) % LINE_PLACES;
}

/* This line is looked at from now on. Seq_cst: before a mark is made in it. */
static noinline void use_line(unsigned number)
{
    unsigned used = atomic_load_explicit(&lines_used, memory_order_seq_cst);
    while (used <= number && !atomic_compare_exchange_strong_explicit(
                                 &lines_used, &used, number + 1,
                                 memory_order_seq_cst, memory_order_seq_cst))
        ;
}

/* The calling worker's line, from 1; 0: not looked for yet, or none. */
static _Thread_local unsigned own_line;

static noinline unsigned find_own_line(void)
{
    if (sched_is_foreign())
        return 0; /* it may be in when the runtime ends: rwmutex_forget */
    unsigned number = sched_place() % LINES;
    use_line(number);
#ifndef LIGHT_MODEL /* there all threads are one */
    own_line = number + 1;
#endif
    return number + 1;
}

static inline unsigned line_number(void)
{
    return likely(own_line) ? own_line : find_own_line();
}

static inline _Atomic(uintptr_t) *place_in(unsigned line,
                                           const struct rn_rwmutex *rw)
{
    return &lines[line - 1].places[place_of(rw)];
}

/* Release: pairs with the look of who gathers. False: the mark is not there. */
static inline bool unmark_place(_Atomic(uintptr_t) *place,
                                const struct rn_rwmutex *rw)
{
    uintptr_t mark = (uintptr_t)rw;
    return atomic_compare_exchange_strong_explicit(
        place, &mark, 0, memory_order_acq_rel, memory_order_acquire);
}

/* A reader that saw RW_SPREAD. False: it is to enter in another way. */
static inline bool enter_by_mark(struct rn_rwmutex *rw)
{
    unsigned line = line_number();
    if (unlikely(!line))
        return false;
    _Atomic(uintptr_t) *place = place_in(line, rw);
    uintptr_t none = 0;
    /* Seq_cst, this and the next: invariant 2. */
    if (unlikely(!atomic_compare_exchange_strong_explicit(
            place, &none, (uintptr_t)rw, memory_order_seq_cst,
            memory_order_relaxed)))
        return false; /* another reader's, or another lock's */
    uint32_t state = atomic_load_explicit(&rw->state_, memory_order_seq_cst);
    if (likely(state & RW_SPREAD) || MUTANT(MARK_BLIND))
        return true;
    return !unmark_place(place, rw); /* invariant 3 */
}

static inline bool leave_by_mark(struct rn_rwmutex *rw)
{
    unsigned line = line_number();
    _Atomic(uintptr_t) *place = line ? place_in(line, rw) : NULL;
    return place &&
           atomic_load_explicit(place, memory_order_relaxed) == (uintptr_t)rw &&
           unmark_place(place, rw);
}

/* A reader that is in: the last to come was of another thread. */
static noinline void meet(struct rn_rwmutex *rw, uint32_t tag)
{
    uint32_t met = atomic_load_explicit(&rw->met_, memory_order_relaxed);
    uint32_t times = (met & 0xff) + 1;
    atomic_store_explicit(&rw->met_, tag | times % MEETINGS,
                          memory_order_relaxed);
    if (times < MEETINGS)
        return;
    uint32_t state = rw_state(rw);
    while (!(state & (RW_WRITER | RW_WAITERS | RW_SPREAD)) &&
           !rw_change(rw, &state, state | RW_SPREAD))
        ;
}

/* The same, of a word that is shared. */
static inline void see_who_came(struct rn_rwmutex *rw)
{
    uint32_t tag = line_number() << 8;
    uint32_t met = atomic_load_explicit(&rw->met_, memory_order_relaxed);
    if (unlikely((met & ~(uint32_t)0xff) != tag))
        meet(rw, tag);
}

/* A writer: they may meet anew. */
static inline void forget_who_came(struct rn_rwmutex *rw)
{
    atomic_store_explicit(&rw->met_, 0, memory_order_relaxed);
}

/*
 * Under the guard, where RW_SPREAD is set: moves the marks into the count. Sets
 * RW_WAITERS, which keeps everybody out meanwhile; to be unmarked.
 */
static void gather(struct rn_rwmutex *rw)
{
    /* One goes and the other comes. Seq_cst, this and the looks: invariant 2. */
    atomic_fetch_sub_explicit(&rw->state_, RW_SPREAD - RW_WAITERS,
                              memory_order_seq_cst);
    unsigned used = atomic_load_explicit(&lines_used, memory_order_seq_cst);
    uint32_t found = 0;
    for (unsigned i = 0; i < used; i++) {
        _Atomic(uintptr_t) *place = &lines[i].places[place_of(rw)];
        if (atomic_load_explicit(place, memory_order_seq_cst) ==
                (uintptr_t)rw &&
            unmark_place(place, rw))
            found++;
    }
    if (!MUTANT(MARKS_LOST))
        atomic_fetch_add_explicit(&rw->state_, found * RW_READER,
                                  memory_order_acq_rel);
}

/*
 * Under the guard: takes that side, or with `waits` sets RW_WAITERS; false then.
 */
static bool take_or_mark(struct rn_rwmutex *rw, bool reader, bool waits)
{
    uint32_t wanted;
    bool busy;
    uint32_t state = rw_state(rw);
    do {
        if (rw_is_light(state))
            state = light_share(&rw->state_);
        if (!reader && state & RW_SPREAD) {
            gather(rw);
            state = rw_state(rw);
        }
        busy =
            rw->first_ || (reader ? state & RW_WRITER && !MUTANT(READERS_PASS)
                                  : !rw_is_free(state & ~(uint32_t)RW_WAITERS));
        if (busy)
            wanted = waits ? state | RW_WAITERS : state;
        else
            wanted = reader ? state + RW_READER : state | RW_WRITER;
    } while (!rw_change(rw, &state, wanted));
    if (!busy || !waits)
        rw_unmark(rw); /* of gather */
    return !busy;
}

/* Without waiting, when somebody else is about: looks under the guard. */
static noinline bool try_slow(struct rn_rwmutex *rw, bool reader)
{
    lock_acquire(&rw->guard_);
    bool taken = take_or_mark(rw, reader, false);
    INVARIANT(rwmutex_check(rw));
    lock_release(&rw->guard_);
    return taken;
}

bool rn_rwmutex_try_lock(struct rn_rwmutex *rw)
{
    sched_point();
    uint32_t state = rw_state(rw);
    while (!rw_is_free(state) || !rw_change(rw, &state, state | RW_WRITER)) {
        if (rw_is_free(state))
            continue; /* now it is */
        if (state == (RW_SPREAD | LIGHT_SHARED) && try_slow(rw, false))
            break;
        return false;
    }
    saw_writers(rw);
    saw_readers(rw);
    return true;
}

static bool writer_waits(const struct rn_rwmutex *rw)
{
    const struct rn_waiter_ *w = rw->first_;
    while (w && w->reader)
        w = w->next;
    return w;
}

/*
 * Under the guard: the waiter has the lock, or with `tries` is woken to try for it.
 * Out of the queue by then; its record may be gone after this.
 */
static struct task *let_in(struct rn_waiter_ *w, bool tries, struct task *chain)
{
    struct task *task = w->task;
    if (!tries)
        atomic_store_explicit(&w->granted, true, memory_order_relaxed);
    return task ? chain_task(task, chain) : chain;
}

/*
 * Under the guard, with no writer in: lets in whom it can; the chain to be made
 * ready. With `readers_first` every reader that waits gets in, past waiting
 * writers; otherwise those at the front do. A writer gets in when nobody else
 * is: while the mark is set, readers only leave. *waited grows by what they
 * waited, when somebody wants to know.
 *
 * Readers that are let in and do not run yet would hold up the next writer for as
 * long as that takes, and behind him all readers, who then are let in together
 * again: once begun, that would not end. So where only readers wait, those that
 * have parked are woken to try, once; one that has tried in vain is let in.
 */
static struct task *grant(struct rn_rwmutex *rw, bool readers_first,
                          int64_t *waited)
{
    struct waitq q = WAITQ_OF(rw);
    struct task *chain = NULL;
    struct rn_waiter_ *next;
    bool may_try = readers_first && !writer_waits(rw);
    for (struct rn_waiter_ *w = rw->first_; w; w = next) {
        next = w->next;
        bool reader = w->reader;
        if (!reader && (readers_first || rw_state(rw) >= RW_READER)) {
            if (readers_first)
                continue;
            break;
        }
        if (!waitq_win(q, w))
            continue; /* its limit was faster */
        *waited += waitq_charge(w);
        bool tries = may_try && w->task && (!w->tried || MUTANT(TRIES_ON));
        chain = let_in(w, tries, chain);
        if (!reader) {
            atomic_fetch_or_explicit(&rw->state_, RW_WRITER,
                                     memory_order_acquire);
            break;
        }
        if (!tries)
            atomic_fetch_add_explicit(&rw->state_, RW_READER,
                                      memory_order_acquire);
    }
    return chain;
}

/* One who waited has given up: who waited for its turn may go. */
static noinline void rw_given_up(struct rn_rwmutex *rw)
{
    struct task *chain = NULL;
    int64_t waited = 0; /* no wait for a lock that was held: not told */
    lock_acquire(&rw->guard_);
    if (!(rw_state(rw) & RW_WRITER))
        chain = grant(rw, false, &waited);
    rw_unmark(rw);
    INVARIANT(rwmutex_check(rw));
    lock_release(&rw->guard_);
    ready_chain(chain);
}

static bool is_granted(struct rn_waiter_ *self)
{
    return atomic_load_explicit(&self->granted, memory_order_relaxed);
}

/*
 * Under the guard, queued: looks for a while whether it is let in, for what others
 * do under the lock is mostly short, and they do it on other workers. Releases the
 * guard meanwhile; who lets one in holds it until he has done with the lock.
 */
static bool spin(struct rn_rwmutex *rw, struct rn_waiter_ *self)
{
    lock_release(&rw->guard_);
    for (int i = 0; i < SPINS && !is_granted(self); i++)
        cpu_pause();
    lock_acquire(&rw->guard_);
    return is_granted(self);
}

/*
 * Under the guard: waits for either side; releases the guard. A writer that
 * gives up lets in those who waited for its turn to pass.
 */
static int wait_for_turn(struct rn_rwmutex *rw, struct rn_waiter_ *self,
                         struct wait_limit limit)
{
    bool soon = !rw->first_ || !rw->last_->task; /* nobody has parked */
    self->task = NULL;
    self->claim = NULL; /* that of an earlier wait is gone */
    if (self->tried)
        waitq_push_front(WAITQ_OF(rw), self);
    else
        waitq_push_back(WAITQ_OF(rw), self);
    if (soon && sched_procs() > 1 && spin(rw, self)) {
        lock_release(&rw->guard_);
        return RN_OK;
    }
    int status = waitq_park(&rw->guard_, WAITQ_OF(rw), self,
                            self->reader ? WAIT_RLOCK : WAIT_WLOCK, limit);
    if (status != RN_OK && !MUTANT(WRITER_GONE_BLOCKS))
        rw_given_up(rw);
    return status;
}

/* When it cannot be had at once, or somebody waits: looks under the guard. */
static noinline int rw_lock_slow(struct rn_rwmutex *rw, bool reader,
                                 struct wait_limit limit)
{
    struct rn_waiter_ self = {.reader = reader, .since = waitq_since()};
    for (;;) {
        lock_acquire(&rw->guard_);
        if (take_or_mark(rw, reader, true)) {
            INVARIANT(rwmutex_check(rw));
            lock_release(&rw->guard_);
            return RN_OK;
        }
        int status = wait_for_turn(rw, &self, limit);
        if (status != RN_OK || is_granted(&self))
            return status;
        self.tried = true;
    }
}

static int write_lock(struct rn_rwmutex *rw, struct wait_limit limit)
{
    sched_point();
    int status = wait_limit_status(limit);
    uint32_t state = rw_state(rw);
    if (status == RN_OK && unlikely(!rw_is_free(state) ||
                                    !rw_change(rw, &state, state | RW_WRITER)))
        status = rw_lock_slow(rw, false, limit);
    if (status != RN_OK)
        return status;
    saw_writers(rw);
    saw_readers(rw);
    return RN_OK;
}

void rn_rwmutex_lock(struct rn_rwmutex *rw)
{
    write_lock(rw, NO_LIMIT);
}

int rn_rwmutex_lock_until(int64_t deadline, struct rn_rwmutex *rw)
{
    return write_lock(rw, (struct wait_limit){.deadline = deadline});
}

int rn_rwmutex_lock_ctx(struct rn_ctx *ctx, struct rn_rwmutex *rw)
{
    return write_lock(rw, (struct wait_limit){RN_NEVER, ctx});
}

/* What is left when the writer, or a reader, takes himself out of `state`. */
static inline uint32_t rw_left(uint32_t state, uint32_t holder)
{
    uint32_t left = state - holder;
    return left & LIGHT_ASKED ? left - LIGHT_ASKED + LIGHT_SHARED : left;
}

/* The writer, by compare-and-swap; false when somebody waits, or it is not in. */
static bool leave_alone(struct rn_rwmutex *rw)
{
    uint32_t state = rw_state(rw);
    forget_who_came(rw);
    while (state & RW_WRITER && !(state & RW_WAITERS))
        /* Release: pairs with the next lock, by whatever way. */
        if (atomic_compare_exchange_strong_explicit(
                &rw->state_, &state, rw_left(state, RW_WRITER),
                memory_order_release, memory_order_relaxed))
            return true;
    return false;
}

/*
 * The last step of leaving is under the guard when somebody waits: who is let in
 * then may be the last to use the lock, and free it.
 */
static noinline void rw_unlock_slow(struct rn_rwmutex *rw)
{
    struct task *chain = NULL;
    int64_t waited = 0;
    lock_acquire(&rw->guard_);
    /* Release: pairs with the next lock, by whatever way. */
    uint32_t state = atomic_fetch_and_explicit(
        &rw->state_, ~(uint32_t)RW_WRITER, memory_order_acq_rel);
    if (unlikely(!(state & RW_WRITER)))
        fatal("unlock of unlocked rwmutex");
    chain = grant(rw, true, &waited);
    if (!chain)
        chain = grant(rw, false, &waited);
    rw_unmark(rw);
    INVARIANT(rwmutex_check(rw));
    lock_release(&rw->guard_);
    ready_chain(chain);
    watch_tell_contended(waited);
}

void rn_rwmutex_unlock(struct rn_rwmutex *rw)
{
    race_release(&rw->guard_);
    bool bare = rw_state(rw) == RW_WRITER;
    if (unlikely(!bare || !light_leave(&rw->state_, RW_WRITER)) &&
        unlikely(!leave_alone(rw)))
        rw_unlock_slow(rw);
    sched_point();
}

/* A reader's way in while no writer is there or waits. */
static noinline bool enter_otherwise(struct rn_rwmutex *rw)
{
    uint32_t state = rw_state(rw);
    uint32_t waiters = MUTANT(WRITER_PASSED) ? 0 : RW_WAITERS;
    while (!(state & (RW_WRITER | waiters))) {
        if (rw_is_light(state)) {
            state = light_share(&rw->state_);
            continue;
        }
        if (likely(rw_change(rw, &state, state + RW_READER))) {
            if (state & LIGHT_SHARED)
                see_who_came(rw);
            return true;
        }
    }
    return false;
}

/* The same at once, or not at all. */
static inline bool enter_quickly(struct rn_rwmutex *rw)
{
    uint32_t state = rw_state(rw);
    if (likely(state == 0)) {
        if (likely(rw_change(rw, &state, RW_READER)))
            return true;
    } else if (state & RW_SPREAD) {
        if (likely(enter_by_mark(rw)))
            return true;
    } else if (state & LIGHT_SHARED && !(state & RW_OTHERWISE)) {
        if (likely(rw_change(rw, &state, state + RW_READER))) {
            see_who_came(rw);
            return true;
        }
    }
    return false;
}

static inline bool enter_as_reader(struct rn_rwmutex *rw)
{
    return likely(enter_quickly(rw)) || enter_otherwise(rw);
}

bool rn_rwmutex_try_rlock(struct rn_rwmutex *rw)
{
    sched_point();
    bool entered = enter_as_reader(rw);
    if (!entered && !(rw_state(rw) & RW_WRITER))
        entered = try_slow(rw, true); /* perhaps somebody only gathered */
    if (entered)
        saw_writers(rw);
    return entered;
}

static int read_lock(struct rn_rwmutex *rw, struct wait_limit limit)
{
    sched_point();
    int status = wait_limit_status(limit);
    if (status == RN_OK && unlikely(!enter_as_reader(rw)))
        status = rw_lock_slow(rw, true, limit);
    if (status != RN_OK)
        return status;
    saw_writers(rw);
    return RN_OK;
}

static noinline void rlock_otherwise(struct rn_rwmutex *rw)
{
    read_lock(rw, NO_LIMIT);
}

void rn_rwmutex_rlock(struct rn_rwmutex *rw)
{
    if (likely(!sched_is_due()) && likely(enter_quickly(rw)))
        saw_writers(rw);
    else
        rlock_otherwise(rw);
}

int rn_rwmutex_rlock_until(int64_t deadline, struct rn_rwmutex *rw)
{
    return read_lock(rw, (struct wait_limit){.deadline = deadline});
}

int rn_rwmutex_rlock_ctx(struct rn_ctx *ctx, struct rn_rwmutex *rw)
{
    return read_lock(rw, (struct wait_limit){RN_NEVER, ctx});
}

/*
 * Under the guard, because somebody waits, who may be let in by this one's leaving
 * (rw_unlock_slow), or because no count is left, and the mark is elsewhere. False:
 * there is a count now, and nobody waits.
 */
static noinline bool rw_runlock_slow(struct rn_rwmutex *rw)
{
    struct task *chain = NULL;
    int64_t waited = 0;
    lock_acquire(&rw->guard_);
    uint32_t state = rw_state(rw);
    if (state < RW_READER && state & RW_SPREAD) {
        gather(rw);
        rw_unmark(rw);
        state = rw_state(rw);
    }
    if (unlikely(state < RW_READER)) /* invariant 4 */
        fatal("runlock of rwmutex that is not locked for reading");
    bool leaves = state & RW_WAITERS;
    if (leaves) {
        /* Acquire as well: the last reader speaks for those before it. */
        state = atomic_fetch_sub_explicit(&rw->state_, RW_READER,
                                          memory_order_acq_rel);
        if (state < 2 * RW_READER && !MUTANT(LAST_READER))
            chain = grant(rw, false, &waited);
        rw_unmark(rw);
    }
    INVARIANT(rwmutex_check(rw));
    lock_release(&rw->guard_);
    ready_chain(chain);
    watch_tell_contended(waited);
    return leaves;
}

/* By whatever way, again and again. */
static noinline void rw_runlock_otherwise(struct rn_rwmutex *rw)
{
    uint32_t state = rw_state(rw);
    for (;;) {
        if (state & RW_SPREAD && leave_by_mark(rw))
            break;
        if (unlikely(state < RW_READER || state & RW_WAITERS)) {
            if (rw_runlock_slow(rw))
                break;
            state = rw_state(rw);
            continue;
        }
        /* Release: pairs with the next writer's lock. */
        if (likely(atomic_compare_exchange_strong_explicit(
                &rw->state_, &state, rw_left(state, RW_READER),
                memory_order_release, memory_order_relaxed)))
            break;
    }
    sched_point();
}

/* The word is shared, or a sequence was broken off. */
static noinline void runlock_shared(struct rn_rwmutex *rw)
{
    uint32_t state = rw_state(rw);
    if (state & RW_SPREAD && likely(leave_by_mark(rw)))
        return sched_point();
    /* Release: as above. */
    if (state >= RW_READER && !(state & RW_OTHERWISE) &&
        likely(atomic_compare_exchange_strong_explicit(
            &rw->state_, &state, state - RW_READER, memory_order_release,
            memory_order_relaxed)))
        return sched_point();
    rw_runlock_otherwise(rw);
}

void rn_rwmutex_runlock(struct rn_rwmutex *rw)
{
    race_release(&rw->state_);
    if (likely(rw_state(rw) == RW_READER) &&
        likely(light_leave(&rw->state_, RW_READER)))
        sched_point();
    else
        runlock_shared(rw);
}

void rwmutex_forget(void)
{
    own_line = 0;
    unsigned used = atomic_load_explicit(&lines_used, memory_order_acquire);
    for (unsigned i = 0; i < used; i++)
        for (unsigned k = 0; k < LINE_PLACES; k++)
            atomic_store_explicit(&lines[i].places[k], 0, memory_order_relaxed);
}
