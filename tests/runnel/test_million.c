/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A million of everything at once, and more threads than there may be. Without
 * sanitizers only: they would need more memory than a machine has.
 */
#include <sys/resource.h>
#include <unistd.h>

#include "rn_check.h"

#define MILLION  1000000
#define MEGABYTE ((int64_t)1024 * 1024)

/* Whether this machine has that much memory left. */
static bool has_gigabytes(long wanted)
{
    FILE *file = fopen("/proc/meminfo", "r");
    char line[128];
    long kilobytes = 0;

    if (!file)
        return false;
    while (fgets(line, sizeof(line), file))
        if (sscanf(line, "MemAvailable: %ld", &kilobytes) == 1)
            break;
    fclose(file);
    return kilobytes / (1024 * 1024) >= wanted;
}

struct waiting {
    rn_receiver(char) gate;
    _Atomic(int) *woken;
};

static void wait_at_gate(struct waiting *own)
{
    rn_recv(own->gate, NULL);
    atomic_fetch_add_explicit(own->woken, 1, memory_order_relaxed);
}

/* 1,000,000 goroutines are alive at once, parked; one close wakes them all. */
static void a_million_goroutines_are_alive(void)
{
    rn_chan(char) gate;
    struct rn_waitgroup all = {0};
    _Atomic(int) woken = 0;

    if (!has_gigabytes(7)) {
        CHECK_SKIP("a million goroutines need 5 GB, and some to spare");
        return;
    }
    gate = rn_chan_make(char, 0);
    for (int i = 0; i < MILLION; i++)
        rn_waitgroup_go(&all, wait_at_gate,
                        (struct waiting){rn_recv_end(gate), &woken});
    CHECK_EQ_INT(rn_task_count(), MILLION + 1);
    CHECK_EQ_INT(atomic_load(&woken), 0);
    rn_close(gate);
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(atomic_load(&woken), MILLION);
    rn_chan_free(gate);
}

/* Bytes of this process: its address space, and what of it is resident. */
static int64_t address_space(int64_t *resident)
{
    FILE *file = fopen("/proc/self/statm", "r");
    long pages = 0;
    long in_memory = 0;

    if (!file)
        return 0;
    if (fscanf(file, "%ld %ld", &pages, &in_memory) != 2)
        pages = in_memory = 0;
    fclose(file);
    if (resident)
        *resident = (int64_t)in_memory * sysconf(_SC_PAGESIZE);
    return (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static void arrive_at_gate(struct waiting *own)
{
    atomic_fetch_add_explicit(own->woken, 1, memory_order_relaxed);
    rn_recv(own->gate, NULL);
}

/*
 * The stacks of a burst go back to the system when nobody has wanted them for
 * a while, but for those that are kept.
 */
static void memory_of_a_burst_goes_back(void)
{
    const int burst = 50000;
    rn_chan(char) gate = rn_chan_make(char, 0);
    struct rn_waitgroup all = {0};
    _Atomic(int) arrived = 0;
    int64_t least = 0;
    int64_t most = 0;
    int64_t now = 0;

    address_space(&least);
    for (int i = 0; i < burst; i++)
        rn_waitgroup_go(&all, arrive_at_gate,
                        (struct waiting){rn_recv_end(gate), &arrived});
    while (atomic_load(&arrived) < burst)
        rn_yield();
    address_space(&most);
    CHECK(most - least >= burst / 2 * sysconf(_SC_PAGESIZE));
    rn_close(gate);
    rn_waitgroup_wait(&all);
    /* For ever, if they stay. */
    do {
        rn_sleep(20 * RN_MS);
        address_space(&now);
    } while (now - least > (most - least) / 2);
    rn_chan_free(gate);
}

/*
 * Where the address space is limited, stacks take what there is of it, in ever
 * smaller parts; then there is RN_NOMEM, and what runs goes on.
 */
static void stacks_take_the_space_there_is(void)
{
    const int64_t used = address_space(NULL);
    rn_chan(char) gate = rn_chan_make(char, 0);
    _Atomic(int) woken = 0;
    struct rlimit limit;
    int started = 0;

    getrlimit(RLIMIT_AS, &limit);
    limit.rlim_cur = (rlim_t)(used + 400 * MEGABYTE);
    if (!CHECK(used > 0) || !CHECK(setrlimit(RLIMIT_AS, &limit) == 0))
        return;
    while (rn_try_go(wait_at_gate,
                     (struct waiting){rn_recv_end(gate), &woken}) == RN_OK)
        started++;
    CHECK((int64_t)limit.rlim_cur - address_space(NULL) < 32 * MEGABYTE);
    CHECK_EQ_INT(rn_task_count(), started + 1);
    rn_close(gate);
    while (rn_task_count() > 1)
        rn_yield();
    CHECK_EQ_INT(atomic_load(&woken), started);
    CHECK_EQ_INT(
        rn_try_go(wait_at_gate, (struct waiting){rn_recv_end(gate), &woken}),
        RN_OK);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(gate);
}

static void count(void *arg)
{
    atomic_fetch_add_explicit((_Atomic(int) *)arg, 1, memory_order_relaxed);
}

/* 1,000,000 timers are set at once; each fires, exactly once. */
static void a_million_timers_fire(void)
{
    struct rn_timer **timers = calloc(MILLION, sizeof(struct rn_timer *));
    _Atomic(int) fired = 0;

    if (!CHECK(timers))
        return;
    for (int i = 0; i < MILLION; i++)
        timers[i] =
            rn_after_func((int64_t)i * 7919 % MILLION * 100, count, &fired);
    while (atomic_load(&fired) < MILLION)
        rn_sleep(RN_MS);
    for (int i = 0; i < MILLION; i++) {
        CHECK(!rn_timer_stop(timers[i]));
        rn_timer_free(timers[i]);
    }
    while (rn_task_count() > 1)
        rn_yield();
    CHECK_EQ_INT(atomic_load(&fired), MILLION);
    free(timers);
}

/* 1,000,000 timers that are stopped in mixed order: none fires. */
static void a_million_timers_are_stopped(void)
{
    struct rn_timer **timers = calloc(MILLION, sizeof(struct rn_timer *));

    if (!CHECK(timers))
        return;
    for (int i = 0; i < MILLION; i++)
        timers[i] = rn_timer_make(3600 * RN_S + i % 1000);
    for (int i = 0; i < MILLION; i++) {
        struct rn_timer *timer = timers[(int64_t)i * 7919 % MILLION];

        CHECK(rn_timer_stop(timer));
        CHECK_EQ_INT(rn_try_recv(rn_timer_chan(timer), NULL), RN_AGAIN);
    }
    for (int i = 0; i < MILLION; i++)
        rn_timer_free(timers[i]);
    free(timers);
}

struct holder {
    rn_chan(int) hold;
    _Atomic(int) *locked;
    _Atomic(int) *refused;
};

static void hold_if_there_is_one(struct holder *own)
{
    int status = rn_lock_thread();

    if (CHECK_MSG(status == RN_OK || status == RN_AGAIN, "status %d", status))
        atomic_fetch_add(status == RN_OK ? own->locked : own->refused, 1);
    rn_recv(own->hold, NULL);
}

/* Threads have a bound: who comes too late is told, and goes on without. */
static void threads_have_a_bound(void)
{
    static _Atomic(int) locked;
    static _Atomic(int) refused;
    const int all = 1300;
    rn_chan(int) hold = rn_chan_make(int, 0);

    atomic_store(&locked, 0);
    atomic_store(&refused, 0);
    for (int i = 0; i < all; i++)
        rn_go(hold_if_there_is_one, (struct holder){hold, &locked, &refused});
    while (atomic_load(&locked) + atomic_load(&refused) < all)
        rn_yield();
    CHECK(atomic_load(&locked) > 0);
    CHECK(atomic_load(&refused) > 0);
    rn_close(hold);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(hold);
}

RN_CHECK_MAIN(threads_have_a_bound, memory_of_a_burst_goes_back,
              stacks_take_the_space_there_is, a_million_goroutines_are_alive,
              a_million_timers_fire, a_million_timers_are_stopped)
