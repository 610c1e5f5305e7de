/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asym.c: the slow side (see asym.h).
 */
#include "asym.h"

#include "fatal.h"
#include "mutant.h"
#include "os.h"

/* The owner is inside for tens of nanoseconds, or its thread does not run. */
#ifndef BIAS_PATIENCE /* the model check has little */
#define BIAS_PATIENCE 200
#endif

bool asym_light;

static bool one_thread;

void asym_open(bool alone)
{
    one_thread = alone;
    asym_light = alone || os_barrier_ready();
}

void fence_heavy(void)
{
    if (!asym_light || one_thread)
        atomic_thread_fence(memory_order_seq_cst);
    else if (unlikely(!os_barrier_everywhere()))
        fatal("the kernel has no membarrier any more"); /* a filter of calls */
}

noinline void bias_enter_slow_(struct bias *bias)
{
    atomic_store_explicit(&bias->inside, false, memory_order_release);
    lock_acquire_as(LOCK_QUEUE, &bias->lock);
    bias->by_lock = true;
}

/* The owner is not inside, and comes no more without the lock: takes that. */
static bool try_lock(struct bias *bias)
{
    uint32_t free = 0;
    /* Acquire: pairs with the owner's leave, by either way. */
    return (!atomic_load_explicit(&bias->inside, memory_order_acquire) ||
            MUTANT(SEIZE_BLIND)) &&
           atomic_compare_exchange_strong_explicit(&bias->lock, &free, 1,
                                                   memory_order_acquire,
                                                   memory_order_relaxed);
}

bool bias_seize(struct bias *bias)
{
    /* A look first: two who come at once need not share the line. */
    if (atomic_load_explicit(&bias->seized, memory_order_relaxed) ||
        atomic_exchange_explicit(&bias->seized, true, memory_order_acquire))
        return false;
    fence_heavy();
    for (int i = 0; i < BIAS_PATIENCE; i++) {
        if (try_lock(bias)) {
            lock_taking(LOCK_SEIZED, &bias->lock);
            return true;
        }
        cpu_pause();
    }
    /* Release: pairs with the next one's exchange. */
    atomic_store_explicit(&bias->seized, false, memory_order_release);
    return false;
}

void bias_yield(struct bias *bias)
{
    lock_release(&bias->lock);
    /* Release: the owner who finds it unset sees what was done here. */
    atomic_store_explicit(&bias->seized, false, memory_order_release);
}
