/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asym.h: synchronisation that costs one side nothing and the other a system
 * call.
 *
 * A pair of full fences, "I write mine, then look at yours", is the base of
 * every protocol in which one of two sides must see the other. Here the side
 * that runs all the time only keeps the compiler from reordering (fence_light);
 * the rare side makes every thread of the process pass a full fence (membarrier,
 * fence_heavy). See Dice, Huang and Yang, "Asymmetric Dekker synchronization"
 * (2001). On a kernel without membarrier both are full fences.
 *
 * A bias is a lock made so: its owner, one thread at a time, takes it by two
 * plain stores and a load. A stranger, one at a time too, says first that he
 * comes (`seized`): from the heavy fence on the owner takes the real lock, which
 * the stranger needs only while he is inside. So nobody waits for a system call.
 *
 * Invariant: inside the owner's section `inside` is set, or `by_lock` is and
 * `lock` is held by the owner; inside a stranger's, `seized` is set, `lock` is
 * held by him, and `inside` was seen unset after a heavy fence.
 */
#ifndef RUNNEL_ASYM_H
#define RUNNEL_ASYM_H

#include "lock.h"
#include "mutant.h"

/* fence_light is only for the compiler. Set while no second thread runs. */
extern hidden bool asym_light;

/* Before any other thread is there; `alone`: none will ever be. */
void asym_open(bool alone);

static inline void fence_light(void)
{
    if (likely(asym_light))
        atomic_signal_fence(memory_order_seq_cst);
    else
        atomic_thread_fence(memory_order_seq_cst);
}

/* A system call: 0.1 us alone, 3 us beside a busy thread. */
void fence_heavy(void);

struct bias {
    _Atomic(bool) inside;
    _Atomic(bool) seized;
    bool by_lock; /* the owner's */
    lock_word lock;
};

void bias_enter_slow_(struct bias *bias);

/* Owner. */
static inline void bias_enter(struct bias *bias)
{
    atomic_store_explicit(&bias->inside, true, memory_order_relaxed);
    fence_light();
    /* Acquire: pairs with the release of whoever seized it before. */
    if (unlikely(atomic_load_explicit(&bias->seized, memory_order_acquire)) &&
        !MUTANT(ENTER_BLIND))
        bias_enter_slow_(bias);
}

/* Owner; on the thread that entered. */
static inline void bias_leave(struct bias *bias)
{
    if (unlikely(bias->by_lock)) {
        bias->by_lock = false;
        lock_release(&bias->lock);
        return;
    }
    /* Release: pairs with the look of whoever seizes it next. */
    atomic_store_explicit(&bias->inside, false, memory_order_release);
}

/*
 * Anybody else. False when another stranger has it, or the owner stays inside
 * (its thread may not be running).
 */
bool bias_seize(struct bias *bias);
void bias_yield(struct bias *bias);

#endif
