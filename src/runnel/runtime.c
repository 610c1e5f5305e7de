/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime.c: open everything, run, close everything. The only file that knows
 * all the others.
 */
#include <stdlib.h>

#include <runnel/task.h>

#include "block.h"
#include "fatal.h"
#include "fault.h"
#include "local.h"
#include "os.h"
#include "report.h"
#include "sched.h"
#include "signal_internal.h"
#include "spawn.h"

#define PROCS_MAX 1024

/* The first goroutine. */
struct root {
    int (*main)(void *arg);
    void *arg;
    int *status; /* in rn_run_with, which waits for us */
    bool wait_all;
};

static void run_root(void *own)
{
    struct root *root = own;
    *root->status = root->main(root->arg);
    locals_drop(task_self()); /* while others still run */
    race_release(root->status);
    if (!root->wait_all)
        sched_stop();
}

static void report_deadlock(void)
{
    fatal_begin();
    print_error("fatal error: all goroutines are asleep - deadlock!\n");
    report_all();
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
    if (options.procs == 0 && from_environment("RUNNEL_PROCS", &number))
        options.procs = number <= PROCS_MAX ? (unsigned)number : PROCS_MAX;
    if (options.procs == 0)
        options.procs = os_cpu_count();
    return options;
}

static int start_and_run(const struct rn_options *options, struct root *root)
{
    struct task *first;
    struct spawn_part part = {root, sizeof(*root)};
    const struct rn_task_options task = {.name = "main"};
    int status = spawn_make(&first, &task, run_root, &part, 1, "rn_run");
    if (status == RN_OK) {
        if (options->wait_all)
            spawn_on_last(sched_stop);
        status = sched_run(first);
        signal_close();
        block_close();
    }
    return status;
}

int rn_run_with(const struct rn_options *given, int (*main)(void *arg),
                void *arg)
{
    if (!main || sched_is_open())
        return RN_INVALID;
    struct rn_options options = complete(given);
    if (options.procs > PROCS_MAX ||
        (options.stack_size && stack_class(options.stack_size) < 0))
        return RN_INVALID;
    if (options.simulate)
        seam_simulate();
    else
        seam_real();
    const struct sched_options sched = {.procs = options.procs,
                                        .seed = options.seed,
                                        .deadlock = report_deadlock,
                                        .other_threads = other_threads,
                                        .hopes = signal_awaited,
                                        .thread_begin = fault_thread_begin,
                                        .thread_end = fault_thread_end};
    int status = sched_open(&sched);
    if (status < 0)
        return status;
    stack_setup(sizeof(struct task));
    spawn_reset(options.stack_size);
    fatal_reporter = report_caller;
    fault_open();
    int result = 0;
    struct root root = {main, arg, &result, options.wait_all};
    status = start_and_run(&options, &root);
    race_acquire(&result);
    (void)spawn_alive(); /* what those did that have ended is seen */
    fault_close();
    stack_teardown();
    sched_close();
    seam_real();
    return status < 0 ? status : result;
}

int rn_run(int (*main)(void *arg), void *arg)
{
    return rn_run_with(NULL, main, arg);
}
