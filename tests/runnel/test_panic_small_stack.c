/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small stack that is overrun ends the program: the lower of a page by its
 * guard, the upper by what it has changed, at the next switch; with
 * RUNNEL_GUARD_SMALL=1 either at once. Panics and misuse have room to report.
 *
 * Cases named guarded_... set that variable and start themselves anew.
 */
#include <string.h>

#include "rn_death.h"

static const struct rn_task_options small = {.name = "the small one",
                                             .small_stack = true};

/* The call before it is none that takes its caller's place. */
#define STAY() __asm__ volatile("")

/* Writes so many bytes of stack. */
__attribute__((noinline)) static void use_stack(size_t size)
{
    volatile char *room = __builtin_alloca(size);

    for (size_t i = 0; i < size; i++)
        room[i] = 1;
}

/* Where the two of a page are told apart: which half is it? */
static bool is_upper(const void *own)
{
    return (uintptr_t)own % 4096 >= 2048;
}

struct plan {
    bool upper;    /* who does it */
    size_t beyond; /* its end it goes, and less than a frame further */
    int *left;     /* to be started before one of them has done it */
};

/* Not found out at its first switch: no report, and another status. */
#define UNSEEN 9

static void wait_or_overrun(struct plan *own)
{
    if (is_upper(own) == own->upper && *own->left == 0) {
        use_stack((uintptr_t)__builtin_frame_address(0) % 2048 + own->beyond);
        rn_yield();
        _exit(UNSEEN);
    }
    rn_sleep(RN_S);
}

/* One after the other, the last two a page. */
static void start_many(struct plan plan)
{
    int left = 5;

    plan.left = &left;
    for (; left >= 0; left--) {
        rn_go_with(&small, wait_or_overrun, plan);
        rn_sleep(RN_MS);
    }
    for (left = 0;;) {
        rn_go_with(&small, wait_or_overrun, plan);
        rn_sleep(RN_MS);
    }
}

/* The lower stack of a page meets the guard. */
static void lower_overruns(void)
{
    start_many((struct plan){.upper = false, .beyond = 500});
}

/* The upper one is found at its next switch, and named. */
static void upper_overruns(void)
{
    start_many((struct plan){.upper = true, .beyond = 200});
}

/* A little too much is found, too. */
static void upper_overruns_a_little(void)
{
    start_many((struct plan){.upper = true, .beyond = 0});
}

/* So much that it goes through the other to the guard. */
static void upper_overruns_all(void)
{
    start_many((struct plan){.upper = true, .beyond = 2300});
}

__attribute__((noinline)) static int descend(volatile int *depth)
{
    volatile char room[64];

    room[0] = (char)*depth;
    if (++*depth > 12)
        rn_yield();
    return (*depth > 0 ? descend(depth) : 0) + room[0];
}

static void recurse(int *own)
{
    if (is_upper(own))
        descend(own);
    rn_sleep(RN_S);
}

/* One that yields down there is found before it has done much. */
static void upper_yields_below(void)
{
    for (;;) {
        rn_go_with(&small, recurse, 1);
        rn_sleep(RN_MS);
    }
}

static void send_on_closed(rn_sender(int) *own)
{
    rn_send(*own, 1);
    STAY();
}

/* A panic that nobody stops is reported, with where it was. */
static void panics(void)
{
    rn_chan(int) closed = rn_chan_make(int, 0);

    rn_close(closed);
    rn_go_with(&small, send_on_closed, rn_send_end(closed));
    rn_sleep(RN_S);
}

static void unlock_unlocked(struct rn_mutex **own)
{
    rn_mutex_unlock(*own);
    STAY();
}

/* What ends the program at once, too. */
static void misuses(void)
{
    static struct rn_mutex mutex;

    rn_go_with(&small, unlock_unlocked, &mutex);
    rn_sleep(RN_S);
}

/* Waits that nobody will end are told of as on any stack. */
static void waits_for_ever(rn_receiver(int) *own)
{
    rn_recv(*own, NULL);
    STAY();
}

/* And where all wait for ever, with where each of them does. */
static void deadlocks(void)
{
    rn_chan(int) nobody = rn_chan_make(int, 0);

    for (int i = 0; i < 3; i++)
        rn_go_with(&small, waits_for_ever, rn_recv_end(nobody));
    rn_recv(nobody, NULL);
}

static void start_guarded(const char *name)
{
    char procs[16];

    setenv("RUNNEL_GUARD_SMALL", "1", 1);
    snprintf(procs, sizeof(procs), "%u", rn_check.procs);
    execl("/proc/self/exe", rn_check.program, "--child", name, "--procs", procs,
          (char *)NULL);
}

static void use_1700(int *own)
{
    (void)own;
    use_stack(1700);
    _exit(UNSEEN);
}

/* The first byte too many faults: there is a guard below each. */
static void guarded_overrun(void)
{
    if (!getenv("RUNNEL_GUARD_SMALL"))
        start_guarded("guarded_overrun");
    rn_go_with(&small, use_1700, 1);
    rn_sleep(RN_S);
}

#define OVERFLOW "stack overflow: goroutine"
#define NAMED    "(the small one) needs more than its stack of 2048 bytes"
#define WHERE    "a small stack, created at"

#define SEGV RN_DEATH_SIGNAL(SIGSEGV)

static const struct rn_death deaths[] = {
    {"panics", panics, 2, {"send on closed channel", "send_on_closed"}},
    {"misuses", misuses, 2, {"unlock of unlocked", "unlock_unlocked"}},
    {"deadlocks",
     deadlocks,
     2,
     {"deadlock!", "3 goroutines [chan receive", "waits_for_ever"}},
    {"guarded_overrun",
     guarded_overrun,
     SEGV,
     {OVERFLOW, NAMED, WHERE, "use_1700"}},
    {"lower_overruns", lower_overruns, SEGV, {OVERFLOW, NAMED, WHERE}},
    {"upper_overruns", upper_overruns, 2, {OVERFLOW, NAMED, WHERE}},
    {"upper_overruns_a_little",
     upper_overruns_a_little,
     2,
     {OVERFLOW, NAMED, WHERE}},
    {"upper_overruns_all", upper_overruns_all, SEGV, {OVERFLOW, NAMED}},
    {"upper_yields_below", upper_yields_below, 2, {OVERFLOW, NAMED, WHERE}},
};

/* The first ones hold everywhere; the others where small stacks share pages. */
#define EVERYWHERE 3

int main(int argc, char **argv)
{
#ifdef RN_CHECKS
    const bool all = false;
#else
    const bool all = !RN_CHECK_TSAN && !RN_CHECK_ASAN;
#endif

    return rn_death_main(argc, argv, deaths,
                         all ? sizeof(deaths) / sizeof(deaths[0]) : EVERYWHERE);
}
