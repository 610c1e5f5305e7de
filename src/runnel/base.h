/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base.h: what every file of the runtime may use. No state, no functions of
 * its own.
 */
#ifndef RUNNEL_BASE_H
#define RUNNEL_BASE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <runnel/status.h>

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define noinline    __attribute__((noinline))
#define put_in_line inline __attribute__((always_inline))

/* Of the library alone: its own code reads it without a table of addresses. */
#define hidden __attribute__((visibility("hidden")))

/* The struct of `type` whose `member` is at `pointer`. */
#define container_of(pointer, type, member) \
    ((type *)((char *)(pointer)-offsetof(type, member)))

/* Data that two threads write apart stays this far apart. */
#define CACHE_LINE 64

/* Adds one to a count that the caller alone writes. */
static inline void count_one(_Atomic(uint64_t) *count)
{
    uint64_t now = atomic_load_explicit(count, memory_order_relaxed);
    atomic_store_explicit(count, now + 1, memory_order_relaxed);
}

/* A hint that the thread spins. */
static inline void cpu_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/*
 * The line is about to be written: it is fetched, and taken from the other
 * processors. (The compiler's own hint only fetches, for the oldest machines.)
 */
static inline void prefetch_to_write(const void *address)
{
#if defined(__x86_64__)
    __asm__ volatile("prefetchw %0" : : "m"(*(const char *)address));
#else
    __builtin_prefetch(address, 1);
#endif
}

#endif
