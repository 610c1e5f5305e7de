/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was left behind is reported by kind and by the line that made it; what
 * was given back is not.
 */
#include "rn_death.h"

#if RN_CHECK_ASAN
/* What leaks here is meant to. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

static rn_chan(int) quiet;
static struct rn_ctx *ctx;

/* Ends the child with a status of its own when a number is wrong. */
static void expect(size_t got, size_t wanted)
{
    if (got == wanted)
        return;
    fprintf(stderr, "%zu, not %zu\n", got, wanted);
    _exit(3);
}

static void receive(void)
{
    rn_recv(quiet, NULL);
}

/* Others get as far as they can: each has parked afterwards. */
static void start_receivers(int count)
{
    struct rn_stats stats = {0};

    for (int i = 0; i < count; i++)
        rn_go_void(receive);
    while (stats.parks < (uint64_t)count) {
        rn_yield();
        rn_stats(&stats);
    }
}

/* Goroutines that are left parked are leaks, with what they wait for. */
static void goroutines_are_left(void)
{
    quiet = rn_chan_make(int, 0);
    start_receivers(3);
    expect(rn_leaks_check(), 4); /* with their channel */
    fprintf(stderr, "end\n");
}

/* A context never canceled is named with the line that created it. */
static void context_is_forgotten(void)
{
    for (int i = 0; i < 2; i++)
        ctx = rn_ctx_with_cancel(rn_ctx_background()); /* the line */
    ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_S);
    rn_ctx_cancel(ctx);
}

/* Channels and timers never freed are named with their lines. */
static void channel_and_timers_are_forgotten(void)
{
    quiet = rn_chan_make(int, 4);
    for (int i = 0; i < 2; i++)
        rn_ticker_make(RN_S);
    rn_timer_make(RN_S);
}

static int wait_for_end(struct rn_ctx *group_ctx, int *own)
{
    (void)own;
    return rn_ctx_wait(group_ctx);
}

/* A group that nobody waited for is named with its line. */
static void group_is_forgotten(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);

    rn_group_go(group, wait_for_end, 1);
}

static void nothing(void *arg)
{
    (void)arg;
}

static void do_everything_properly(void)
{
    struct rn_timer *timers[] = {
        rn_timer_make(RN_S),
        rn_ticker_make(RN_S),
        rn_after_func(RN_S, nothing, NULL),
    };
    struct rn_group *group = rn_group_make(rn_ctx_background(), 3);

    quiet = rn_chan_make(int, 0);
    start_receivers(2);
    rn_close(quiet);
    ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_S);
    rn_ctx_release(rn_ctx_with_cancel(ctx));
    rn_ctx_release(ctx);
    rn_group_go(group, wait_for_end, 1);
    rn_ctx_cancel(rn_group_ctx(group));
    rn_group_wait(group);
    for (int i = 0; i < 3; i++)
        rn_timer_free(timers[i]);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(quiet);
}

/* What was ended and given back is no leak. */
static void tidy_program_has_none(void)
{
    do_everything_properly();
    expect(rn_leaks_check(), 0);
}

static void release_every_other(struct rn_ctx **all, int count, int from)
{
    for (int i = from; i < count; i += 2)
        rn_ctx_release(all[i]);
}

/* More than the table begins with, taken out from the middle of it. */
static void many_are_counted(void)
{
    enum { COUNT = 5000 };
    static struct rn_ctx *all[COUNT];

    for (int i = 0; i < COUNT; i++)
        all[i] = rn_ctx_with_cancel(rn_ctx_background());
    release_every_other(all, COUNT, 0);
    expect(rn_leaks_check(), COUNT / 2);
    release_every_other(all, COUNT, 1);
    expect(rn_leaks_check(), 0);
}

/* A line of this file, as the report names it. */
#define LINE(number) "test_debug_leaks.c:" #number "\n"

static const struct rn_death deaths[] = {
    {"goroutines_are_left",
     goroutines_are_left,
     0,
     {"leaks: 3 goroutines, 1 channel\n\n3 goroutines [chan receive, made at ",
      ": 2 3 4\n", "1 channel never freed, made at ",
      "end\nleaks: 3 goroutines, 1 channel\n"}},
    {"context_is_forgotten",
     context_is_forgotten,
     0,
     {"leaks: 3 contexts\n", "2 contexts never canceled, made at ", LINE(60),
      "1 context done, but never released, made at ", LINE(61)}},
    {"channel_and_timers_are_forgotten",
     channel_and_timers_are_forgotten,
     0,
     {"leaks: 1 channel, 3 timers\n", "2 timers never freed, made at ",
      LINE(70), "1 timer never freed, made at ", LINE(71)}},
    {"group_is_forgotten",
     group_is_forgotten,
     0,
     {"leaks: 1 goroutine, 1 context\n", "1 context never canceled, made at ",
      LINE(83)}},
    {"tidy_program_has_none", tidy_program_has_none, 0, {NULL}},
    {"many_are_counted", many_are_counted, 0, {NULL}},
};

int main(int argc, char **argv)
{
    setenv("RUNNEL_LEAKS", "1", 1);
    return rn_death_main(argc, argv, deaths,
                         sizeof(deaths) / sizeof(deaths[0]));
}
