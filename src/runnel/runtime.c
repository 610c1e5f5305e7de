/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime.c: open everything, run, close everything. The only file that knows
 * all the others.
 */
#include "runtime.h"

#include <stdlib.h>

#include "alloc.h"
#include "block.h"
#include "chan_internal.h"
#include "debug_internal.h"
#include "fatal.h"
#include "fault.h"
#include "hooks.h"
#include "leak.h"
#include "local.h"
#include "os.h"
#include "profile_internal.h"
#include "report.h"
#include "rwmutex.h"
#include "sampler.h"
#include "sched.h"
#include "schedule_text.h"
#include "signal_internal.h"
#include "simudp.h"
#include "spawn.h"
#include "trace_internal.h"
#include "track.h"

#define PROCS_MAX 1024

/* The first goroutine. */
struct root {
    int (*main)(void *arg);
    void *arg;
    int *status; /* in rn_run_with, which waits for us */
    bool wait_all;
};

/* In the last goroutine that counts: nothing is resumed afterwards. */
static void end_run(void)
{
    debug_serve_end();
    sched_stop();
}

static void run_root(void *own)
{
    struct root *root = own;
    *root->status = root->main(root->arg);
    locals_drop(task_self()); /* while others still run */
    race_release(root->status);
    if (!root->wait_all)
        end_run();
}

static void report_deadlock(void)
{
    fatal_begin();
    print_error("fatal error: all goroutines are asleep - deadlock!\n");
    report_world_stands();
    report_all_to(OS_STDERR);
    fatal_exit();
}

static unsigned other_threads(void)
{
    return block_threads() + signal_threads();
}

/* A number from the environment; false when it is not there or not one. */
static bool from_environment(const char *name, uint64_t *number)
{
    const char *text = getenv(name);
    char *end;
    if (!text || *text < '0' || *text > '9')
        return false;
    *number = strtoull(text, &end, 0);
    return *end == '\0';
}

/* What the environment decides, and what nobody has. */
static struct rn_options complete(const struct rn_options *given)
{
    struct rn_options options = given ? *given : (struct rn_options){0};
    uint64_t number;
    if (!options.simulate && from_environment("RUNNEL_SEED", &number)) {
        options.simulate = true;
        options.seed = number;
    }
    if (options.simulate)
        options.procs = 1;
    if (!options.guard_small && from_environment("RUNNEL_GUARD_SMALL", &number))
        options.guard_small = number != 0;
    if (options.procs == 0 && from_environment("RUNNEL_PROCS", &number))
        options.procs = number <= PROCS_MAX ? (unsigned)number : PROCS_MAX;
    if (options.procs == 0)
        options.procs = os_cpu_count();
    return options;
}

/* The thread that opened the runtime was prepared for faults then. */
static bool is_prepared;

static void do_nothing(void)
{
}

static void thread_begin(void)
{
    fault_thread_begin();
    sampler_thread_begin();
}

static void thread_end(void)
{
    sampler_thread_end();
    fault_thread_end();
}

bool runtime_is_open(void)
{
    return sched_is_open();
}

static void simulate(void)
{
    seam_simulate();
    simfd_reset();
    simudp_reset();
}

/* Before each run. */
static void set_out(const struct runtime_setup *setup)
{
    spawn_reset(setup->options.stack_size);
    if (setup->options.wait_all)
        spawn_on_last(end_run);
    if (setup->options.simulate)
        simulate();
    else
        seam_real();
}

/* Small stacks are apart wherever mistakes are looked for. */
static bool guards_all(const struct rn_options *options)
{
#ifdef RN_CHECKS
    (void)options;
    return true;
#else
    return options->guard_small || options->simulate;
#endif
}

int runtime_open(const struct runtime_setup *setup)
{
    const struct rn_options *options = &setup->options;
    if (options->procs > PROCS_MAX ||
        (options->stack_size && stack_class(options->stack_size) < 0))
        return RN_INVALID;
    set_out(setup);
    const struct sched_options sched = {
        .procs = options->procs,
        .plan = options->simulate ? &setup->plan : NULL,
        .deadlock = setup->deadlock,
        .endless = setup->endless,
        .no_foreigners = setup->no_foreigners,
        .other_threads = other_threads,
        .hopes = signal_awaited,
        .thread_begin = setup->many ? do_nothing : thread_begin,
        .thread_end = setup->many ? do_nothing : thread_end};
    int status = sched_open(&sched);
    if (status < 0) {
        seam_real();
        return status;
    }
    stack_setup(sizeof(struct task), guards_all(options));
    fatal_room = sched_in_room;
    fatal_reporter = report_caller;
    fatal_frame_printer = report_frames;
    block_thread_begin = sampler_thread_begin;
    block_thread_end = sampler_thread_end;
    fatal_epilogue = options->simulate ? schedule_report : NULL;
    fault_open();
    is_prepared = setup->many;
    if (is_prepared)
        fault_thread_begin();
    return RN_OK;
}

int runtime_run(const struct runtime_setup *setup, int (*main)(void *arg),
                void *arg, int *result)
{
    struct task *first;
    struct root root = {main, arg, result, setup->options.wait_all};
    struct spawn_part part = {&root, sizeof(root), sizeof(root)};
    const struct rn_task_options task = {.name = "main"};
    *result = 0;
    debug_serve_begin();
    int status = spawn_make(&first, &task, run_root, &part, 1, "rn_run");
    if (status == RN_OK) {
        status = sched_run(first);
        signal_close();
        block_close();
    }
    trace_finish();
    race_acquire(result);
    (void)spawn_alive(); /* what those did that have ended is seen */
    return status;
}

void runtime_again(const struct runtime_setup *setup)
{
    spawn_abandon();
    set_out(setup);
    sched_reset(&setup->plan);
}

void runtime_close(void)
{
    fatal_epilogue = NULL;
    profile_close();
    if (is_prepared)
        fault_thread_end();
    fault_close();
    rwmutex_forget();
    stack_teardown();
    chan_forget_freed();
    trace_close();
    sched_close();
    spawn_reset(0);
    hooks_ignore(HOOK_SMALL);
    seam_real();
}

int rn_run_with(const struct rn_options *given, int (*main)(void *arg),
                void *arg)
{
    if (!main || sched_is_open())
        return RN_INVALID;
    struct runtime_setup setup = {.options = complete(given),
                                  .deadlock = report_deadlock};
    const char *schedule = getenv("RUNNEL_SCHEDULE");
    setup.plan.seed = setup.options.seed;
    int status = RN_OK;
    if (setup.options.simulate && schedule)
        status = schedule_parse(schedule, &setup.plan);
    if (status == RN_OK)
        status = runtime_open(&setup);
    int result = 0;
    if (status == RN_OK) {
        bool leaks_at_end = leaks_wanted();
        if (setup.options.leaks || leaks_at_end)
            track_begin();
        trace_begin_wanted();
        status = runtime_run(&setup, main, arg, &result);
        if (leaks_at_end)
            leaks_report(true);
        track_end();
        runtime_close();
    }
    alloc_free((void *)(uintptr_t)setup.plan.by.list);
    return status < 0 ? status : result;
}

int rn_run(int (*main)(void *arg), void *arg)
{
    return rn_run_with(NULL, main, arg);
}
