/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A panic that nobody stops runs what is deferred and ends the program with
 * status 2; the report tells every panic on the way and where each began.
 */
#include "rn_death.h"

static void print(const char *text)
{
    fprintf(stderr, "%s\n", text);
}

/* What is deferred runs before a panic ends the program. */
static void deferred_runs_before_the_end(void)
{
    rn_defer(print, "outer tidied");
    {
        rn_defer(print, "inner tidied");
        rn_panic("nobody stops it");
    }
}

static void panic_second(const char *text)
{
    rn_panic("%s", text);
}

/* A panic in a deferred call is printed after the first. */
static void panics_are_printed_in_order(void)
{
    rn_defer(panic_second, "second");
    rn_panic("first");
}

static void raise_first(void *arg)
{
    (void)arg;
    rn_panic("first");
}

/* A panic raised again tells where it was first raised, too. */
static void raised_again_tells_both_places(void)
{
    struct rn_panic panic;

    rn_task_set_name("the first");
    if (rn_try(raise_first, NULL, &panic) == RN_PANICKED)
        rn_panic_again(&panic);
}

static int panic_in_group(struct rn_ctx *ctx, int *own)
{
    (void)ctx;
    rn_task_set_name("the member");
    rn_panic("member %d", *own);
}

/* A panic that reaches the waiter of a group tells the member. */
static void group_tells_the_member(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);

    rn_group_go(group, panic_in_group, 3);
    rn_group_wait(group);
}

/* A boundary of one goroutine does not hold the panic of another. */
static void panic_alone(void)
{
    rn_panic("not held");
}

static void start_and_wait(void *arg)
{
    rn_go_void(panic_alone);
    rn_sleep(RN_S * 20);
    fprintf(stderr, "survived %p\n", arg);
}

/* A boundary of one goroutine does not hold the panic of another. */
static void boundary_of_another_goroutine(void)
{
    rn_try(start_and_wait, NULL, NULL);
}

static void unlock(void *arg)
{
    rn_mutex_unlock(arg);
}

/* Unlocking an unlocked mutex is fatal inside a boundary, too. */
static void fatal_is_not_stopped(void)
{
    struct rn_mutex mutex = {0};

    rn_try(unlock, &mutex, NULL);
    fprintf(stderr, "survived\n");
}

static void wait_for_nothing(void *arg)
{
    rn_ctx_wait(arg);
}

/* A deadlock is fatal inside a boundary, too. */
static void deadlock_is_not_stopped(void)
{
    rn_try(wait_for_nothing, rn_ctx_background(), NULL);
}

static void panic_in_call(void *arg)
{
    (void)arg;
    rn_panic("in the call");
}

/* A panic of a blocking call tells that a thread raised it. */
static void blocking_call_tells_the_thread(void)
{
    rn_block(panic_in_call, NULL);
}

static void loop_in_defer(int *count)
{
    if (++*count == 5)
        return;
    rn_defer(loop_in_defer, count);
    rn_panic("number %d", *count);
}

/* Each deferred call defers and panics again: all are told, none loops. */
static void panics_while_panicking(void)
{
    int count = 0;

    loop_in_defer(&count);
}

static _Atomic(int) begun;

static void panic_late(void)
{
    atomic_store(&begun, 1);
    rn_panic("told to its end");
}

/* Main returns while another goroutine panics: that is the program's end. */
static void main_returns_meanwhile(void)
{
    rn_go_void(panic_late);
    while (!atomic_load(&begun))
        rn_yield();
}

static const struct rn_death deaths[] = {
    {"main_returns_meanwhile",
     main_returns_meanwhile,
     2,
     {"panic: told to its end\n\ngoroutine 2 [running]\n    created at ",
      "test_panic_report.c:"}},
    {"deferred_runs_before_the_end",
     deferred_runs_before_the_end,
     2,
     {"inner tidied\nouter tidied\npanic: nobody stops it\n\ngoroutine 1 "}},
    {"panics_are_printed_in_order",
     panics_are_printed_in_order,
     2,
     {"panic: first\n    panic: second\n"}},
    {"raised_again_tells_both_places",
     raised_again_tells_both_places,
     2,
     {"panic: first [recovered, raised again]\n",
      "first raised by goroutine 1: the first\n    created at rn_run"}},
    {"group_tells_the_member",
     group_tells_the_member,
     2,
     {"panic: member 3 [recovered, raised again]\n", "goroutine 1 [running]",
      "first raised by goroutine 2: the member\n", "test_panic_report.c:"}},
    {"boundary_of_another_goroutine",
     boundary_of_another_goroutine,
     2,
     {"panic: not held\n\ngoroutine 2 [running]"}},
    {"fatal_is_not_stopped",
     fatal_is_not_stopped,
     2,
     {"fatal error: unlock of unlocked mutex\n"}},
    {"deadlock_is_not_stopped",
     deadlock_is_not_stopped,
     2,
     {"all goroutines are asleep"}},
    {"blocking_call_tells_the_thread",
     blocking_call_tells_the_thread,
     2,
     {"panic: in the call [recovered, raised again]\n",
      "first raised by a foreign thread\n"}},
    {"panics_while_panicking",
     panics_while_panicking,
     2,
     {"panic: number 1\n    panic: number 2\n    panic: number 3\n    panic: "
      "number 4\n\ngoroutine 1 [running]"}},
};

RN_DEATH_MAIN(deaths)
