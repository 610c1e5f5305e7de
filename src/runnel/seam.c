/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seam.c: the clock and the dice, real or simulated.
 */
#include "seam.h"

#include "os.h"

/* Not zero, so that a forgotten deadline of 0 is in the past. */
#define VIRTUAL_START (1000 * RN_S)

bool seam_simulated;
_Atomic(bool) seam_interrupts;
_Atomic(int64_t) seam_ticked;

/* Relaxed: one worker moves it; a foreign thread may read it. */
static _Atomic(int64_t) virtual_now;

void seam_real(void)
{
    seam_simulated = false;
    atomic_store_explicit(&seam_interrupts, false, memory_order_relaxed);
    seam_tick();
}

void seam_simulate(void)
{
    seam_simulated = true;
    atomic_store_explicit(&seam_interrupts, true, memory_order_relaxed);
    atomic_store_explicit(&virtual_now, VIRTUAL_START, memory_order_relaxed);
    seam_tick();
}

void seam_tick(void)
{
    atomic_store_explicit(&seam_ticked, seam_now(), memory_order_relaxed);
}

int64_t seam_now(void)
{
    if (unlikely(seam_simulated))
        return atomic_load_explicit(&virtual_now, memory_order_relaxed);
    return os_clock();
}

void seam_advance(int64_t to)
{
    if (to <= seam_now())
        return;
    atomic_store_explicit(&virtual_now, to, memory_order_relaxed);
    seam_tick();
}

/* SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number
 * generators", 2014): one addition a step, good enough for scheduling. */
static uint64_t next(struct chance *chance)
{
    uint64_t z = chance->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void chance_init(struct chance *chance)
{
    chance->state = os_entropy();
}

uint32_t chance_draw(struct chance *chance, uint32_t count)
{
    /* The high half of the product: a bias below count / 2^32. */
    uint64_t bits = next(chance) >> 32;
    return (uint32_t)((bits * count) >> 32);
}
