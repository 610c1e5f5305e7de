/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Goroutines on small stacks: everything that a goroutine can wait for fits on
 * one, two share a page, pages come back, and panics are panics.
 */
#include <string.h>

#include "rn_check.h"

static const struct rn_task_options small = {.small_stack = true};

/* Where a page holds two: not where frames are large, nor where each stack is
 * to have a guard. */
static bool shares_pages(void)
{
#ifdef RN_CHECKS
    return false;
#else
    return !RN_CHECK_TSAN && !RN_CHECK_ASAN && !rn_check_simulated() &&
           !getenv("RUNNEL_GUARD_SMALL");
#endif
}

/* ------------------------------------------------------------ in great number */

struct crowd {
    rn_receiver(int) morning;
    struct rn_waitgroup *there;
    struct rn_waitgroup *gone;
    uintptr_t *place;
};

static void wait_in_crowd(struct crowd *own)
{
    *own->place = (uintptr_t)own;
    rn_waitgroup_done(own->there);
    rn_recv(own->morning, NULL);
    rn_waitgroup_done(own->gone);
}

static int by_address(const void *a, const void *b)
{
    const uintptr_t x = *(const uintptr_t *)a;
    const uintptr_t y = *(const uintptr_t *)b;

    return (x > y) - (x < y);
}

/* Of sorted places: in how many pages they lie. */
static size_t pages_of(const uintptr_t *places, size_t count)
{
    size_t pages = 0;

    for (size_t i = 0; i < count; i++)
        pages += i == 0 || places[i] / 4096 != places[i - 1] / 4096;
    return pages;
}

/* So many at once, woken and gone. */
static void hold_crowd(size_t count, uintptr_t *places)
{
    struct rn_waitgroup there = {0};
    struct rn_waitgroup gone = {0};
    rn_chan(int) morning = rn_chan_make(int, 0);

    rn_waitgroup_add(&there, (int)count);
    rn_waitgroup_add(&gone, (int)count);
    for (size_t i = 0; i < count; i++)
        rn_go_with(
            &small, wait_in_crowd,
            (struct crowd){rn_recv_end(morning), &there, &gone, &places[i]});
    rn_waitgroup_wait(&there);
    rn_close(morning);
    rn_waitgroup_wait(&gone);
    rn_chan_free(morning);
    qsort(places, count, sizeof(*places), by_address);
}

/* Two small stacks lie in one page; each time around the same pages serve. */
static void two_share_a_page(void)
{
    enum { COUNT = 3000 };
    static uintptr_t places[COUNT];
    const size_t count = rn_check_simulated() ? 20 : COUNT;

    for (int round = 0; round < 3; round++) {
        hold_crowd(count, places);
        for (size_t i = 1; i < count; i++)
            CHECK(places[i] != places[i - 1]);
        if (shares_pages())
            /* Pages that workers have begun may be half empty. */
            CHECK(pages_of(places, count) <= count * 6 / 10);
        else
            CHECK_EQ_INT(pages_of(places, count), count);
    }
    rn_check_alone();
}

/* Of 20,000 that end, pages cool down by pairs; those of the next are whole. */
static void cooled_pages_serve_again(void)
{
    enum { COUNT = 20000 };
    static uintptr_t places[COUNT];

    if (!shares_pages())
        return;
    for (int round = 0; round < 2; round++) {
        hold_crowd(COUNT, places);
        for (size_t i = 1; i < COUNT; i++)
            CHECK(places[i] != places[i - 1]);
        rn_sleep(30 * RN_MS); /* orders nothing: some may cool, or none */
    }
    rn_check_alone();
}

/* ------------------------------------------------------- everything that waits */

struct scene {
    rn_chan(int) in;
    rn_chan(int) out;
    rn_chan(int) never;
    struct rn_mutex mutex;
    struct rn_rwmutex rwmutex;
    struct rn_cond cond;
    struct rn_semaphore semaphore;
    struct rn_waitgroup left;
    struct rn_ctx *ctx;
    _Atomic(int) done;
    bool open;
};

/* A small frame of its own for each. */
#define APART __attribute__((noinline)) static

APART void try_channels(struct scene *s)
{
    int got = 0;

    rn_recv(s->in, &got);
    CHECK_EQ_INT(got, 7);
    rn_send(s->out, got);
    CHECK_EQ_INT(rn_recv_until(rn_deadline(RN_US), s->never, &got), RN_TIMEOUT);
}

APART void try_select(struct scene *s)
{
    int got = 0;
    struct rn_case cases[] = {rn_case_recv(s->in, &got),
                              rn_case_recv(s->never, &got),
                              rn_case_done(s->ctx)};

    CHECK_EQ_INT(rn_select(cases, 3), 0);
    CHECK_EQ_INT(got, 7);
    rn_send(s->out, got);
    CHECK_EQ_INT(rn_select_until(rn_deadline(RN_US), cases + 1, 2), RN_TIMEOUT);
}

APART void try_locks(struct scene *s)
{
    rn_mutex_lock(&s->mutex);
    rn_yield();
    while (!s->open)
        rn_cond_wait(&s->cond, &s->mutex);
    rn_mutex_unlock(&s->mutex);
    rn_rwmutex_rlock(&s->rwmutex);
    rn_yield();
    rn_rwmutex_runlock(&s->rwmutex);
    rn_rwmutex_lock(&s->rwmutex);
    rn_yield();
    rn_rwmutex_unlock(&s->rwmutex);
    rn_semaphore_acquire(&s->semaphore, 1);
    rn_yield();
    rn_semaphore_release(&s->semaphore, 1);
}

static void count_one(void *arg)
{
    struct scene *s = arg;

    atomic_fetch_add_explicit(&s->done, 1, memory_order_relaxed);
}

static void count_as_goroutine(struct scene **own)
{
    count_one(*own);
}

/* What is left of the stack tells, where each has a guard. */
static void look_at_stack(_Atomic(size_t) **own)
{
    _Atomic(size_t) *unused = *own;

    rn_yield();
    atomic_store_explicit(unused, rn_stack_unused() + 1, memory_order_release);
}

static int return_three(int *own)
{
    return *own;
}

APART void try_the_rest(struct scene *s)
{
    rn_sleep(RN_US);
    rn_block(count_one, s);
    rn_go_with(&small, count_as_goroutine, s);
    CHECK_EQ_INT(rn_join(rn_spawn_with(&small, return_three, 3)), 3);
}

static void try_all(struct scene **own)
{
    struct scene *s = *own;

    try_channels(s);
    try_select(s);
    try_locks(s);
    try_the_rest(s);
    rn_waitgroup_done(&s->left);
}

/* Channels, select, locks, sleep, calls that block and new goroutines fit. */
static void everything_fits(void)
{
    const int count = rn_check_simulated() ? 6 : rn_check_rounds(200);
    struct scene s = {.in = rn_chan_make(int, 0),
                      .out = rn_chan_make(int, 0),
                      .never = rn_chan_make(int, 0),
                      .semaphore = RN_SEMAPHORE(2)};

    s.ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_waitgroup_add(&s.left, count);
    for (int i = 0; i < count; i++)
        rn_go_with(&small, try_all, &s);
    for (int i = 0; i < 2 * count; i++) {
        int got = 0;

        rn_send(s.in, 7);
        rn_recv(s.out, &got);
        CHECK_EQ_INT(got, 7);
    }
    rn_mutex_lock(&s.mutex);
    s.open = true;
    rn_cond_broadcast(&s.cond);
    rn_mutex_unlock(&s.mutex);
    rn_waitgroup_wait(&s.left);
    rn_check_alone();
    CHECK_EQ_INT(atomic_load_explicit(&s.done, memory_order_relaxed),
                 2 * count);
    rn_ctx_cancel(s.ctx);
    rn_ctx_release(s.ctx);
    rn_chan_free(s.in);
    rn_chan_free(s.out);
    rn_chan_free(s.never);
}

/* In a guarded run a goroutine can ask how much it has never used. */
static void unused_is_told(void)
{
    _Atomic(size_t) unused = 0;

    rn_go_with(&small, look_at_stack, &unused);
    rn_check_alone();
    const size_t told = atomic_load_explicit(&unused, memory_order_acquire) - 1;

    if (RN_CHECK_TSAN || RN_CHECK_ASAN || shares_pages())
        CHECK_EQ_INT(told, 0);
    else
        CHECK_MSG(told > 600 && told < 1700, "%zu bytes unused", told);
    CHECK_EQ_INT(rn_stack_unused(), 0);
}

/* ------------------------------------------------------------------ and panics */

static void send_on_closed(void *arg)
{
    rn_chan(int) *closed = arg;

    rn_send(*closed, 1);
}

static void recover(struct scene **own)
{
    struct scene *s = *own;

    CHECK_EQ_INT(rn_try(send_on_closed, &s->in, NULL), RN_PANICKED);
    rn_waitgroup_done(&s->left);
}

/* A panic on a small stack is recovered from as on any other. */
static void panics_are_recovered(void)
{
    struct scene s = {.in = rn_chan_make(int, 0)};

    rn_close(s.in);
    rn_waitgroup_add(&s.left, 10);
    for (int i = 0; i < 10; i++)
        rn_go_with(&small, recover, &s);
    rn_waitgroup_wait(&s.left);
    rn_check_alone();
    rn_chan_free(s.in);
}

/* A small stack of another size is refused; so is an argument of a quarter. */
static void odd_wishes_are_refused(void)
{
    const struct rn_task_options both = {.small_stack = true,
                                         .stack_size = 4096};
    const char large[600] = "";

    CHECK_EQ_INT(rn_go_try_(&both, count_one, large, 8, RN_HERE_), RN_INVALID);
    if (shares_pages())
        CHECK_EQ_INT(
            rn_go_try_(&small, count_one, large, sizeof(large), RN_HERE_),
            RN_INVALID);
}

RN_CHECK_MAIN(two_share_a_page, cooled_pages_serve_again, everything_fits,
              unused_is_told, panics_are_recovered, odd_wishes_are_refused)
