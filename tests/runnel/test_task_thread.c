/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rn_lock_thread: one goroutine and one thread belong to each other.
 */
#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rn_check.h"

static _Thread_local int mine;

/* Not inlined, and never the same to the compiler: see errno.h. */
static __attribute__((noinline)) int *thread_local_place(void)
{
    int *place = &mine;

    __asm__ volatile("" : "+r"(place)::"memory");
    return place;
}

static __attribute__((noinline)) long thread_id(void)
{
    return syscall(SYS_gettid);
}

static void await_end(void)
{
    while (rn_task_count() > 1)
        rn_yield();
}

static void bounce(rn_chan(int) *own)
{
    int value;

    while (rn_recv(*own, &value)) {
        CHECK_EQ_INT(*thread_local_place(), 0);
        rn_yield();
    }
}

/* It stays on its thread through every kind of wait; no other runs there. */
static void thread_is_kept(void)
{
    rn_chan(int) values = rn_chan_make(int, 1);
    long thread;

    for (int i = 0; i < 4; i++)
        rn_go(bounce, values);
    CHECK_EQ_INT(rn_lock_thread(), RN_OK);
    thread = thread_id();
    *thread_local_place() = 1;
    for (int i = 0; i < rn_check_rounds(2000); i++) {
        rn_send(values, i);
        if (i % 16 == 0)
            rn_yield();
        if (i % 64 == 0)
            rn_sleep(RN_US);
        CHECK_EQ_INT(thread_id(), thread);
        CHECK_EQ_INT(*thread_local_place(), 1);
    }
    *thread_local_place() = 0;
    rn_unlock_thread();
    rn_close(values);
    await_end();
    rn_chan_free(values);
}

/* Locks nest: the last unlock counts. */
static void locks_nest(void)
{
    long thread;

    CHECK_EQ_INT(rn_lock_thread(), RN_OK);
    CHECK_EQ_INT(rn_lock_thread(), RN_OK);
    rn_unlock_thread();
    thread = thread_id();
    for (int i = 0; i < 100; i++) {
        rn_sleep(RN_US);
        CHECK_EQ_INT(thread_id(), thread);
    }
    rn_unlock_thread();
    rn_sleep(RN_US);
}

struct pair {
    rn_chan(int) in;
    rn_chan(int) out;
};

static void echo_locked(struct pair *own)
{
    long thread;
    int value;

    CHECK_EQ_INT(rn_lock_thread(), RN_OK);
    thread = thread_id();
    while (rn_recv(own->in, &value)) {
        CHECK_EQ_INT(thread_id(), thread);
        rn_send(own->out, value + 1);
    }
    rn_close(own->out);
}

/* Two that are locked to threads talk; both may end locked. */
static void locked_goroutines_talk(void)
{
    struct pair pair = {rn_chan_make(int, 0), rn_chan_make(int, 0)};
    int value = 0;

    rn_go(echo_locked, pair);
    CHECK_EQ_INT(rn_lock_thread(), RN_OK);
    for (int i = 0; i < rn_check_rounds(500); i++) {
        rn_send(pair.in, i);
        CHECK(rn_recv(pair.out, &value));
        CHECK_EQ_INT(value, i + 1);
    }
    rn_close(pair.in);
    CHECK(!rn_recv(pair.out, &value));
    rn_unlock_thread();
    await_end();
    rn_chan_free(pair.in);
    rn_chan_free(pair.out);
}

static void end_locked(struct rn_waitgroup **own)
{
    CHECK_EQ_INT(rn_lock_thread(), RN_OK);
    rn_yield();
    rn_waitgroup_done(*own);
}

/* A goroutine may end locked, many of them; their threads are used again. */
static void ending_gives_the_thread_back(void)
{
    struct rn_waitgroup group = {0};
    const int rounds = rn_check_rounds(100);

    for (int i = 0; i < rounds; i++) {
        rn_waitgroup_add(&group, 4);
        for (int k = 0; k < 4; k++)
            rn_go(end_locked, &group);
        rn_waitgroup_wait(&group);
    }
    await_end();
}

static void hold_locked(rn_chan(int) *own)
{
    CHECK_EQ_INT(rn_lock_thread(), RN_OK);
    CHECK(!rn_recv(*own, NULL));
}

static void count_up(_Atomic(int) **own)
{
    for (int i = 0; i < 100; i++) {
        atomic_fetch_add(*own, 1);
        rn_yield();
    }
}

/* Goroutines that are locked do not take workers away from the others. */
static void others_run_beside_locked_ones(void)
{
    static _Atomic(int) count;
    rn_chan(int) hold = rn_chan_make(int, 0);

    atomic_store(&count, 0);
    for (unsigned i = 0; i < rn_procs(); i++)
        rn_go(hold_locked, hold);
    for (int i = 0; i < 10; i++)
        rn_go(count_up, &count);
    while (atomic_load(&count) < 1000)
        rn_yield();
    rn_close(hold);
    await_end();
    rn_chan_free(hold);
}

static void *lock_as_thread(void *arg)
{
    (void)arg;
    CHECK_EQ_INT(rn_lock_thread(), RN_OK);
    rn_unlock_thread();
    return NULL;
}

/* On a foreign thread it does nothing. */
static void foreign_threads_need_no_lock(void)
{
    pthread_t thread;

    CHECK_EQ_INT(pthread_create(&thread, NULL, lock_as_thread, NULL), 0);
    CHECK_EQ_INT(pthread_join(thread, NULL), 0);
}

RN_CHECK_MAIN(thread_is_kept, locks_nest, locked_goroutines_talk,
              ending_gives_the_thread_back, others_run_beside_locked_ones,
              foreign_threads_need_no_lock)
