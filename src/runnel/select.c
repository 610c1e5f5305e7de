/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select.c: one of several cases.
 *
 * First the cases are looked at without a lock. One of those that seem ready is
 * drawn, and its channel alone is locked to do it: most selects end here.
 *
 * If there is none, all channels are locked at once, in the order of their
 * addresses, so that the cases are judged at one instant: a select that could
 * always go on never takes its default. If there is still none, a waiter is
 * queued at every channel, and the first side to come wins the claim that they
 * share. Awake, the task takes its losers out, one channel after the other.
 */
#include <runnel/select.h>

#include "chan_internal.h"
#include "mutant.h"
#include "panic_internal.h"
#include "sched.h"
#include "wait.h"

#define LOCK_CLASS LOCK_CHANNEL

struct selection {
    struct rn_case *cases;
    size_t count;
    struct rn_channel **locks; /* ascending, each once; room for `count` */
    size_t lock_count;
};

/* A case that a channel decides. */
static bool has_channel(const struct rn_case *c)
{
    return (c->kind == RN_CASE_SEND || c->kind == RN_CASE_RECV) && c->chan;
}

static bool has_context(const struct rn_case *c)
{
    return c->kind == RN_CASE_DONE && c->ctx;
}

/* Insertion into a sorted set: selects are short. */
static void add_lock(struct selection *s, struct rn_channel *chan)
{
    size_t at = s->lock_count;
    while (at > 0 && (uintptr_t)s->locks[at - 1] > (uintptr_t)chan)
        at--;
    if (at > 0 && s->locks[at - 1] == chan)
        return;
    for (size_t i = s->lock_count; i > at; i--)
        s->locks[i] = s->locks[i - 1];
    s->locks[at] = chan;
    s->lock_count++;
}

static void lock_all(struct selection *s)
{
    for (size_t i = 0; i < s->lock_count; i++)
        lock_acquire(&s->locks[i]->lock);
}

static void unlock_all(void *arg)
{
    struct selection *s = arg;
    /* The task may be awake and waits for the last one: read no more then. */
    for (size_t i = 0, count = s->lock_count; i < count; i++)
        lock_release(&s->locks[i]->lock);
}

static void selection_init(struct selection *s, struct rn_case *cases,
                           size_t count, struct rn_channel **locks)
{
    s->cases = cases;
    s->count = count;
    s->locks = locks;
    s->lock_count = 0;
    for (size_t i = 0; i < count; i++)
        if (has_channel(&cases[i]))
            add_lock(s, cases[i].chan);
}

/* Exact under the locks; without them a hint, for a channel. */
static inline bool seems_ready(const struct rn_case *c)
{
    if (c->kind == RN_CASE_RECV)
        return c->chan && chan_seems_to_receive(c->chan);
    if (c->kind == RN_CASE_SEND)
        return c->chan && chan_seems_to_send(c->chan);
    return has_context(c) && token_status(ctx_token(c->ctx)) != 0;
}

/* A bit for each case. */
static inline uint64_t ready_cases(const struct rn_case *cases, size_t count)
{
    uint64_t ready = 0;
    uint64_t bit = 1;
    for (size_t i = 0; i < count; i++, bit += bit)
        ready |= bit & -(uint64_t)seems_ready(&cases[i]);
    return ready;
}

_Static_assert(RN_CASES_MAX <= 64, "a bit for each case");

/* One of the bits, drawn evenly; its number. */
static inline int draw_case(uint64_t ready)
{
    if (unlikely((ready & (ready - 1)) != 0))
        for (uint32_t n = sched_draw((uint32_t)__builtin_popcountll(ready));
             n > 0; n--)
            ready &= ready - 1;
    return __builtin_ctzll(ready);
}

/* Under the lock: does the case; RN_AGAIN when it only seemed ready. */
static int perform(struct rn_case *c, struct task **wake)
{
    *wake = NULL;
    if (c->kind == RN_CASE_DONE)
        return RN_OK;
    if (c->kind == RN_CASE_SEND)
        return chan_offer(c->chan, c->value, wake);
    int status = chan_take(c->chan, c->value, wake);
    if (status != RN_AGAIN)
        c->ok = status == RN_OK;
    return status;
}

/*
 * Under the locks: draws one of the ready cases and does it. Its index, or
 * RN_AGAIN. *closed: a send met a closed channel.
 */
static int try_cases(struct selection *s, struct task **wake, bool *closed)
{
    uint64_t ready = ready_cases(s->cases, s->count);
    while (ready != 0) {
        int index = draw_case(ready);
        int status = perform(&s->cases[index], wake);
        if (status != RN_AGAIN) {
            *closed =
                status == RN_CLOSED && s->cases[index].kind == RN_CASE_SEND;
            return index;
        }
        ready &= ~(UINT64_C(1) << index);
    }
    return RN_AGAIN;
}

/*
 * Draws one of the cases that seem ready and does it, under the lock of its
 * channel alone; else as try_cases.
 */
static inline int try_seeming(struct rn_case *cases, size_t count,
                              struct task **wake, bool *closed)
{
    uint64_t ready = ready_cases(cases, count);
    while (ready != 0) {
        int index = draw_case(ready);
        struct rn_case *c = &cases[index];
        if (c->kind == RN_CASE_DONE)
            return index;
        struct rn_channel *chan = c->chan;
        lock_acquire(&chan->lock);
        int status = perform(c, wake);
        lock_release(&chan->lock);
        if (likely(status != RN_AGAIN)) {
            *closed = status == RN_CLOSED && c->kind == RN_CASE_SEND;
            return index;
        }
        ready &= ~(UINT64_C(1) << index);
    }
    return RN_AGAIN;
}

/*
 * Under the locks: a waiter at every channel, a token wait at every context.
 * The first one drawn: of several cases on one channel, who comes meets the
 * waiter that is first in its list.
 */
static size_t enlist(struct selection *s, struct wait *wait,
                     struct waiter *waiters, struct token_wait *tokens)
{
    size_t token_count = 0;
    size_t i = s->count > 1 ? sched_draw((uint32_t)s->count) : 0;
    for (size_t k = 0; k < s->count; k++, i = i + 1 < s->count ? i + 1 : 0) {
        struct rn_case *c = &s->cases[i];
        struct waiter *w = &waiters[i];
        uint32_t source = (uint32_t)i + 1;
        if (has_context(c) && !MUTANT(SELECT_FORGETS_CTX))
            tokens[token_count++] = (struct token_wait){
                .token = ctx_token(c->ctx), .source = source};
        if (!has_channel(c))
            continue;
        w->task = wait->task;
        w->claim = &wait->claim;
        w->source = source;
        w->value = c->value;
        chan_waits(w);
        list_append(c->kind == RN_CASE_SEND ? &c->chan->senders
                                            : &c->chan->receivers,
                    &w->node);
    }
    return token_count;
}

/* Who won took its waiter out. */
static void delist(struct selection *s, struct waiter *waiters, uint32_t winner)
{
    for (size_t i = 0; i + MUTANT(SELECT_LEAVES_LAST) < s->count; i++) {
        if (i + 1 == winner || !has_channel(&s->cases[i]))
            continue;
        lock_acquire(&s->cases[i].chan->lock);
        list_remove(&waiters[i].node);
        lock_release(&s->cases[i].chan->lock);
    }
}

/* Under the locks, which it releases: parks until one case has happened. */
static inline __attribute__((always_inline)) int wait_for_cases(
    struct selection *s, int64_t deadline, struct waiter *waiters,
    struct token_wait *tokens)
{
    struct wait wait;
    wait.task = task_self();
    size_t token_count = enlist(s, &wait, waiters, tokens);
    wait_begin(&wait, deadline, tokens, token_count);
    bool hopeless = s->lock_count == 0 && token_count == 0;
    struct wait_for what = {.reason =
                                hopeless ? WAIT_SELECT_NONE : WAIT_SELECT};
    uint32_t winner = wait_park(&wait, what, unlock_all, s);
    delist(s, waiters, winner);
    if (winner == WAIT_BY_TIMER)
        return RN_TIMEOUT;
    int index = (int)winner - 1;
    struct rn_case *c = &s->cases[index];
    if (c->kind == RN_CASE_DONE) {
        (void)token_status(ctx_token(c->ctx)); /* what was before is seen */
        return index;
    }
    chan_resumed(c->chan, &waiters[index]);
    c->ok = waiters[index].ok;
    if (c->kind == RN_CASE_SEND && !c->ok)
        chan_send_on_closed();
    return index;
}

/* Frames of their own: what a long select needs is pages of stack; a short one
 * is to fit in a small stack. */
#define FEW_CASES   8
#define SHORT_CASES 4

/* Judges all at one instant; then waits, if it may. */
static noinline int choose_short(struct rn_case *cases, size_t count,
                                 bool may_wait, int64_t deadline,
                                 struct task **wake, bool *closed)
{
    struct rn_channel *locks[SHORT_CASES];
    struct waiter waiters[SHORT_CASES];
    struct token_wait token;
    struct selection s;
    selection_init(&s, cases, count, locks);
    lock_all(&s);
    int index = try_cases(&s, wake, closed);
    if (index == RN_AGAIN && may_wait)
        return wait_for_cases(&s, deadline, waiters, &token);
    unlock_all(&s);
    return index;
}

/* At most one context, too. */
static bool is_short(const struct rn_case *cases, size_t count)
{
    size_t contexts = 0;
    for (size_t i = 0; i < count && count <= SHORT_CASES; i++)
        contexts += has_context(&cases[i]);
    return count <= SHORT_CASES && contexts <= 1;
}

static noinline int wait_for_few(struct selection *s, int64_t deadline)
{
    struct waiter waiters[FEW_CASES];
    struct token_wait tokens[FEW_CASES];
    return wait_for_cases(s, deadline, waiters, tokens);
}

static noinline int wait_for_many(struct selection *s, int64_t deadline)
{
    struct waiter waiters[RN_CASES_MAX];
    struct token_wait tokens[RN_CASES_MAX];
    return wait_for_cases(s, deadline, waiters, tokens);
}

static noinline int choose_locked(struct rn_case *cases, size_t count,
                                  bool may_wait, int64_t deadline,
                                  struct task **wake, bool *closed)
{
    struct rn_channel *locks[RN_CASES_MAX];
    struct selection s;
    selection_init(&s, cases, count, locks);
    lock_all(&s);
    int index = try_cases(&s, wake, closed);
    if (index == RN_AGAIN && may_wait)
        return count <= FEW_CASES ? wait_for_few(&s, deadline)
                                  : wait_for_many(&s, deadline);
    unlock_all(&s);
    return index;
}

/* For the race detector: a send uses its channel, whether it is chosen or not. */
static void tell_uses(const struct rn_case *cases, size_t count)
{
#ifdef RN_TSAN
    for (size_t i = 0; i < count; i++)
        if (has_channel(&cases[i]) && cases[i].kind == RN_CASE_SEND)
            race_uses(cases[i].chan);
#endif
    (void)cases;
    (void)count;
}

static inline int choose(struct rn_case *cases, size_t count, bool may_wait,
                         int64_t deadline)
{
    sched_point();
    if (count > RN_CASES_MAX)
        misuse("select of %zu cases, at most %d", count, RN_CASES_MAX);
    tell_uses(cases, count);
    struct task *wake = NULL;
    bool closed = false;
    int index = try_seeming(cases, count, &wake, &closed);
    if (index == RN_AGAIN)
        index =
            is_short(cases, count)
                ? choose_short(cases, count, may_wait, deadline, &wake, &closed)
                : choose_locked(cases, count, may_wait, deadline, &wake,
                                &closed);
    if (wake)
        sched_ready(wake);
    if (closed)
        chan_send_on_closed();
    return index;
}

int rn_select(struct rn_case *cases, size_t count)
{
    return choose(cases, count, true, RN_NEVER);
}

int rn_try_select(struct rn_case *cases, size_t count)
{
    return choose(cases, count, false, RN_NEVER);
}

int rn_select_until(int64_t deadline, struct rn_case *cases, size_t count)
{
    return choose(cases, count, true, deadline);
}
