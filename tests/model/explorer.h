/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explorer.h: all interleavings of two or three threads, atomic step by step.
 *
 * The code under test is the runtime's own, compiled with points.h: before
 * every atomic operation (and so before every lock) it calls explorer_step,
 * where another thread may go on. The threads are contexts in one real thread;
 * a depth-first search over "who goes on here" runs the model again and again
 * until every interleaving has been seen, or every one with at most `bound`
 * preemptions (switches away from a thread that could have gone on).
 *
 * What parks (sched_park of explorer.c) becomes two contexts, as in the
 * runtime: what is called once the task is off its stack runs on, while the
 * task may be woken already.
 *
 * What it does not cover: the memory is sequentially consistent here. An order
 * that is too weak for a real machine is not found; ThreadSanitizer and the
 * arguments beside each barrier stand for that.
 */
#ifndef EXPLORER_H
#define EXPLORER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define EXPLORER_THREADS 3

struct model {
    const char *name;
    void (*begin)(void);
    void (*threads[EXPLORER_THREADS])(void); /* NULL: fewer */
    void (*end)(void);                       /* alone again: what must hold */
};

struct explored {
    uint64_t runs;
    bool complete;       /* no interleaving is left */
    const char *failure; /* NULL: none */
    char trace[512];     /* who went on, where it failed: "0*5 1*3 ..." */
};

/* At most `runs` runs (0: no limit). True when nothing failed. */
bool explore(const struct model *model, unsigned bound, uint64_t runs,
             struct explored *result);

/* A place where another thread may go on. */
void explorer_step(void);
/* The calling thread goes on only when `ready` says so. */
void explorer_until(bool (*ready)(void));
/* The same when a word has become 0: a lock that is free. */
void explorer_until_zero(_Atomic(uint32_t) *word);
/* The same when another has gone on meanwhile, or when nobody else can. */
void explorer_rest(void);
/* Called, if set, when another thread (0, 1, ...) is about to go on. */
extern void (*explorer_switches)(unsigned thread);
/* True when all threads have ended but those in explorer_until. */
bool explorer_others_ended(void);
/* The run has failed; does not return inside a thread. */
void explorer_fail(const char *text);

#define EXPLORER_STRING_2(x) #x
#define EXPLORER_STRING(x)   EXPLORER_STRING_2(x)
#define MUST(condition) \
    ((condition)        \
         ? (void)0      \
         : explorer_fail("line " EXPLORER_STRING(__LINE__) ": " #condition))

#endif
