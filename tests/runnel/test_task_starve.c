/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A goroutine that neither parks nor yields holds up nobody else: not the other
 * goroutines, not timers, not descriptors. Without that each of these hangs.
 */
#include <pthread.h>
#include <unistd.h>

#include "rn_check.h"

static _Atomic(int) flag;
static _Atomic(int) spinning;

/* Relaxed: a stronger load is a lock in a build with ThreadSanitizer. */
static void spin(void)
{
    while (!atomic_load_explicit(&flag, memory_order_relaxed))
        continue;
}

static void spin_until_flag(void)
{
    atomic_fetch_add(&spinning, 1);
    spin();
    atomic_fetch_sub(&spinning, 1);
}

static void set_flag(void)
{
    atomic_store(&flag, 1);
}

/* As many as there are workers, and then some. */
static void occupy_workers(unsigned more)
{
    atomic_store(&flag, 0);
    atomic_store(&spinning, 0);
    for (unsigned i = 0; i < rn_procs() + more; i++)
        rn_go_void(spin_until_flag);
}

static void await_end(void)
{
    while (rn_task_count() > 1)
        rn_yield();
}

/* Others run beside goroutines that compute on every worker. */
static void loops_do_not_starve_goroutines(void)
{
    occupy_workers(0);
    rn_go_void(set_flag);
    await_end();
    CHECK_EQ_INT(atomic_load(&spinning), 0);
}

/* Many more loops than workers all get to run. */
static void loops_do_not_starve_loops(void)
{
    const int count = (int)rn_procs() + 10;

    occupy_workers(10);
    while (atomic_load_explicit(&spinning, memory_order_relaxed) < count)
        rn_yield();
    set_flag();
    await_end();
}

/* A timer fires while every worker computes. */
static void loops_do_not_starve_timers(void)
{
    occupy_workers(0);
    rn_sleep(5 * RN_MS);
    set_flag();
    await_end();
}

static void call_set_flag(void *arg)
{
    (void)arg;
    set_flag();
}

/* So does one that the computing goroutine itself has set. */
static void a_loop_does_not_starve_its_own_timer(void)
{
    struct rn_timer *timer;

    atomic_store(&flag, 0);
    timer = rn_after_func(RN_MS, call_set_flag, NULL);
    spin();
    rn_timer_free(timer);
    await_end();
}

struct ends {
    int in;
    int out;
};

static void write_byte(struct ends *own)
{
    CHECK_EQ_INT(write(own->out, "x", 1), 1);
}

/* A call that blocks the thread does not block who is to end it. */
static void blocking_call_does_not_starve_goroutines(void)
{
    struct ends ends;
    int fds[2];
    char byte;

    CHECK_EQ_INT(pipe(fds), 0);
    ends = (struct ends){fds[0], fds[1]};
    rn_go(write_byte, ends);
    CHECK_EQ_INT(read(ends.in, &byte, 1), 1);
    await_end();
    close(fds[0]);
    close(fds[1]);
}

static void await_byte(struct ends *own)
{
    char byte;

    CHECK(rn_wait_fd(own->in, RN_READ, RN_NEVER) > 0);
    CHECK_EQ_INT(read(own->in, &byte, 1), 1);
    set_flag();
}

/* Who waits for a descriptor is woken while every worker computes. */
static void loops_do_not_starve_descriptors(void)
{
    struct ends ends;
    int fds[2];

    CHECK_EQ_INT(pipe(fds), 0);
    ends = (struct ends){fds[0], fds[1]};
    rn_go(await_byte, ends);
    rn_check_settle();
    occupy_workers(0);
    CHECK_EQ_INT(write(ends.out, "x", 1), 1);
    spin();
    await_end();
    close(fds[0]);
    close(fds[1]);
}

static void pass_on(rn_chan(int) *own)
{
    int value;

    while (rn_recv(*own, &value))
        set_flag();
}

/* What a computing goroutine makes ready runs at once, elsewhere. */
static void a_loop_does_not_keep_whom_it_wakes(void)
{
    rn_chan(int) values = rn_chan_make(int, 0);

    for (int i = 0; i < 3; i++) {
        rn_go(pass_on, values);
        atomic_store(&flag, 0);
        rn_send(values, i);
        spin();
    }
    rn_close(values);
    await_end();
    rn_chan_free(values);
}

static void yield_until_flag(void)
{
    while (!atomic_load_explicit(&flag, memory_order_relaxed))
        rn_yield();
}

/* Nor does it keep whom it starts, while the others are busy themselves. */
static void a_loop_does_not_keep_whom_it_starts(void)
{
    atomic_store(&flag, 0);
    for (unsigned i = 0; i < 4 * rn_procs(); i++)
        rn_go_void(yield_until_flag);
    rn_go_void(set_flag);
    spin();
    await_end();
}

/* What the goroutines of one round find and leave. */
static struct {
    _Atomic(int) turn;  /* of who starts them */
    _Atomic(int) ended; /* of them */
    int of_turn;        /* the turn in which the last one ran ... */
    int together;       /* ... and how many ran in it, one after another */
    int most;
    pthread_t thread; /* of who starts them */
    bool elsewhere;   /* one ran on another */
} round_;

static void note_turn(void)
{
    int turn = atomic_load_explicit(&round_.turn, memory_order_relaxed);

    /* Sees what the one before has left. */
    (void)atomic_load_explicit(&round_.ended, memory_order_acquire);
    if (!pthread_equal(pthread_self(), round_.thread))
        round_.elsewhere = true;
    round_.together = turn == round_.of_turn ? round_.together + 1 : 1;
    round_.of_turn = turn;
    if (round_.together > round_.most)
        round_.most = round_.together;
    atomic_fetch_add_explicit(&round_.ended, 1, memory_order_release);
}

/*
 * Who has run for long goes behind all that wait to begin, not only behind one
 * of them. Where the system let it be late for the monitor, so that another
 * thread ran them, the round tells nothing.
 */
static void who_ran_long_lets_many_begin(void)
{
    enum { COUNT = 60 };

    if (rn_procs() > 1)
        return; /* others take them */
    do {
        atomic_store(&round_.turn, 0);
        atomic_store(&round_.ended, 0);
        round_.of_turn = -1;
        round_.most = round_.together = 0;
        round_.elsewhere = false;
        round_.thread = pthread_self();
        for (int i = 0; i < COUNT; i++)
            rn_go_void(note_turn);
        while (atomic_load_explicit(&round_.ended, memory_order_acquire) <
               COUNT) {
            atomic_fetch_add_explicit(&round_.turn, 1, memory_order_relaxed);
            rn_sleep(0); /* it may give way here */
        }
        await_end();
    } while (round_.elsewhere || !pthread_equal(pthread_self(), round_.thread));
    CHECK_MSG(round_.most >= COUNT / 2, "at most %d in a turn", round_.most);
}

RN_CHECK_MAIN(loops_do_not_starve_goroutines, loops_do_not_starve_loops,
              loops_do_not_starve_timers, a_loop_does_not_starve_its_own_timer,
              blocking_call_does_not_starve_goroutines,
              loops_do_not_starve_descriptors,
              a_loop_does_not_keep_whom_it_wakes,
              a_loop_does_not_keep_whom_it_starts, who_ran_long_lets_many_begin)
