/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait.c: arm, park, disarm.
 *
 * The sources are armed by the context that runs after the waiting task has
 * left its stack, because they may fire at once. The order there is: timer,
 * tokens, the caller's own lock, the guard. After the guard is free the record
 * may be gone.
 */
#include "wait.h"

#include "fatal.h"
#include "hooks.h"
#include "mutant.h"
#include "sched.h"

#define LOCK_CLASS LOCK_TOKEN

void token_init(struct cancel_token *token)
{
    *token = (struct cancel_token){0};
    list_init(&token->waiters);
}

int token_status(const struct cancel_token *token)
{
    int status = atomic_load_explicit(&token->status, memory_order_acquire);
    if (status != 0)
        race_acquire(&token->status);
    return status;
}

/* Under the lock: nobody waits for what has happened. */
static bool token_check(const struct cancel_token *token)
{
    return atomic_load_explicit(&token->status, memory_order_relaxed) == 0 ||
           list_empty(&token->waiters);
}

bool token_fire(struct cancel_token *token, int status, const void *cause)
{
    struct token_wait *won = NULL;
    lock_acquire(&token->lock);
    bool first =
        atomic_load_explicit(&token->status, memory_order_relaxed) == 0;
    if (first) {
        race_release(&token->status);
        token->cause = cause;
        atomic_store_explicit(&token->status, status, memory_order_release);
        while (!list_empty(&token->waiters) &&
               !(MUTANT(TOKEN_WAKES_ONE) && won)) {
            struct token_wait *w =
                container_of(token->waiters.next, struct token_wait, node);
            list_remove(&w->node);
            if (claim_take(w->claim, w->source)) {
                w->next = won;
                won = w;
            }
        }
    }
    INVARIANT(token_check(token));
    lock_release(&token->lock);
    while (won) {
        struct token_wait *next = won->next; /* not ours once it is ready */
        sched_ready(won->task);
        won = next;
    }
    return first;
}

/* True when the token had fired and this wait is thereby won. */
static bool token_enlist(struct token_wait *w)
{
    bool won = false;
    lock_acquire(&w->token->lock);
    if (atomic_load_explicit(&w->token->status, memory_order_relaxed) != 0 &&
        !MUTANT(TOKEN_MISSED))
        won = claim_take(w->claim, w->source);
    else
        list_append(&w->token->waiters, &w->node);
    INVARIANT(token_check(w->token));
    lock_release(&w->token->lock);
    return won;
}

static void token_delist(struct token_wait *w)
{
    lock_acquire(&w->token->lock);
    list_remove(&w->node);
    lock_release(&w->token->lock);
}

static void timed_out(struct timer *timer, int64_t now)
{
    (void)now;
    struct wait *wait = container_of(timer, struct wait, timer);
    sched_ready(wait->task);
}

void wait_begin(struct wait *wait, int64_t deadline, struct token_wait *tokens,
                size_t token_count)
{
    atomic_init(&wait->claim, 0);
    atomic_init(&wait->guard, 0);
    wait->task = task_self();
    wait->deadline = deadline;
    wait->tokens = tokens;
    wait->token_count = token_count;
    wait->timer = (struct timer){.when = deadline,
                                 .claim = &wait->claim,
                                 .source = WAIT_BY_TIMER,
                                 .fire = timed_out};
    for (size_t i = 0; i < token_count; i++) {
        list_init(&tokens[i].node);
        tokens[i].task = wait->task;
        tokens[i].claim = &wait->claim;
    }
}

static void arm(void *arg)
{
    struct wait *wait = arg;
    struct task *won = NULL;
    if (wait->deadline != RN_NEVER)
        sched_timer_add(&wait->timer);
    for (size_t i = 0; i < wait->token_count; i++)
        if (token_enlist(&wait->tokens[i]))
            won = wait->task;
    if (wait->unlock)
        wait->unlock(wait->unlock_arg);
    lock_release(&wait->guard);
    if (won)
        sched_ready(won);
}

/* Afterwards: somebody has won, and no source holds on to the record. */
static bool wait_check(const struct wait *wait)
{
    bool let_go = !timerq_may_hold(&wait->timer);
    for (size_t i = 0; i < wait->token_count; i++)
        let_go = let_go && list_empty(&wait->tokens[i].node);
    return let_go &&
           atomic_load_explicit(&wait->claim, memory_order_relaxed) != 0;
}

uint32_t wait_park(struct wait *wait, struct wait_for what,
                   void (*unlock)(void *arg), void *arg)
{
    what.limited = wait->deadline != RN_NEVER || wait->token_count > 0;
    wait->unlock = unlock;
    wait->unlock_arg = arg;
    lock_taking(LOCK_WAIT, &wait->guard);
    /* Nobody else knows of it: arm, on this thread, is the first to tell. */
    atomic_store_explicit(&wait->guard, 1, memory_order_relaxed);
    /* A queue of timers may have to grow. */
    if (hooks_small())
        sched_park_roomy(what, arm, wait);
    else
        sched_park(what, arm, wait);
    /* Acquire: pairs with arm's release. Nobody takes it again: it ends with
     * the record. */
    if (unlikely(atomic_load_explicit(&wait->guard, memory_order_acquire) !=
                 0)) {
        lock_acquire_as(LOCK_WAIT, &wait->guard);
        lock_leaving(&wait->guard);
    }
    /* Acquire: pairs with the winner's claim. */
    uint32_t winner = atomic_load_explicit(&wait->claim, memory_order_acquire);
    /* A timer that has won is out, and whoever fired it is done with it. */
    if (wait->deadline != RN_NEVER && winner != WAIT_BY_TIMER)
        timerq_remove(&wait->timer);
    for (size_t i = 0; i < wait->token_count; i++)
        token_delist(&wait->tokens[i]);
    INVARIANT(wait_check(wait));
    return winner;
}
