/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.c: one simulated run, and many in one runtime.
 *
 * A session is an open runtime in which one run follows another; what it
 * learned about the last run is in `run`. How runs are spread over processes is
 * sim_explore.c's.
 */
#include "sim_session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runnel/panic.h>

#include "alloc.h"
#include "fatal.h"
#include "os.h"
#include "report.h"
#include "sched.h"
#include "schedule_text.h"

#define STEPS_MAX UINT64_C(1000000)

static struct {
    int status; /* how it failed, besides what main returned */
    bool quiet;
    char message[RN_SIM_MESSAGE];
} run;

static struct rn_sim_result last;

bool rn_simulated(void)
{
    return seam_simulated;
}

/* The run is over; nobody is resumed. */
static void end_run(int status, const char *what)
{
    run.status = status;
    if (!run.quiet)
        print_error("simulation: %s\n", what);
    sched_stop();
}

static void on_deadlock(void)
{
    end_run(RN_DEADLOCK, "all goroutines are asleep - deadlock!");
    if (!run.quiet)
        report_all_to(OS_STDERR);
}

static void on_endless(void)
{
    end_run(RN_ENDLESS, "no end after as many steps as a run may take");
    if (!run.quiet)
        report_all_to(OS_STDERR);
}

void rn_sim_fail(const char *format, ...)
{
    char text[RN_SIM_MESSAGE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    if (!seam_simulated || sched_is_foreign())
        rn_panic("%s", text);
    if (run.status == RN_OK) {
        memcpy(run.message, text, sizeof(text));
        race_release(&run);
        end_run(RN_FAILED, text);
        if (!run.quiet)
            report_caller();
    }
    for (;;)
        sched_yield_now();
}

uint32_t rn_sim_draw(uint32_t count)
{
    return count ? sched_draw(count) : 0;
}

bool rn_sim_fault(void)
{
    return schedule_call_fails();
}

/* ------------------------------------------------------------- sessions */

int sim_plan(const struct rn_sim_options *options, struct schedule_plan *plan)
{
    const char *seed = getenv("RUNNEL_SEED");
    const char *schedule = getenv("RUNNEL_SCHEDULE");
    if (!schedule)
        schedule = options->schedule;
    *plan = (struct schedule_plan){.seed = options->seed,
                                   .fault_one_in = options->fault_one_in,
                                   .steps_max = options->steps_max};
    if (seed)
        plan->seed = strtoull(seed, NULL, 0);
    if (plan->steps_max == 0)
        plan->steps_max = STEPS_MAX;
    return schedule ? schedule_parse(schedule, plan) : RN_OK;
}

void sim_unplan(struct schedule_plan *plan)
{
    alloc_free((void *)(uintptr_t)plan->by.list);
    plan->by.list = NULL;
}

int sim_open(struct session *session, const struct rn_sim_options *options)
{
    *session = (struct session){0};
    if (runtime_is_open())
        return RN_INVALID;
    session->quiet = options->quiet;
    session->setup =
        (struct runtime_setup){.options = {.procs = 1,
                                           .stack_size = options->stack_size,
                                           .wait_all = !options->leave_others,
                                           .simulate = true},
                               .deadlock = on_deadlock,
                               .endless = on_endless,
                               .no_foreigners = true,
                               .many = true};
    return RN_OK;
}

void sim_schedule(const struct schedule_plan *plan, char *text)
{
    if (plan->by.list || plan->by.ask)
        text[0] = '\0';
    else if (plan->depth)
        snprintf(text, RN_SIM_SCHEDULE, "pct:%u:%llu", plan->depth,
                 (unsigned long long)plan->steps);
    else
        snprintf(text, RN_SIM_SCHEDULE, "uniform");
}

static void remember(int status)
{
    last.status = status;
    last.seed = schedule_plan()->seed;
    last.steps = schedule_steps();
    last.decisions = decisions_made()->count;
    last.hash = decisions_made()->hash;
    sim_schedule(schedule_plan(), last.schedule);
    memcpy(last.message, run.message, sizeof(last.message));
}

int sim_run(struct session *session, const struct schedule_plan *plan,
            int (*function)(void *arg), void *arg)
{
    int result = 0;
    run.status = RN_OK;
    run.quiet = session->quiet;
    run.message[0] = '\0';
    session->setup.plan = *plan;
    session->setup.options.seed = plan->seed;
    if (session->opened) {
        runtime_again(&session->setup);
    } else {
        int status = runtime_open(&session->setup);
        if (status != RN_OK)
            return status;
        session->opened = true;
    }
    int status = runtime_run(&session->setup, function, arg, &result);
    race_acquire(&run); /* the one that failed does not end */
    if (status == RN_OK)
        status = result ? result : run.status;
    if (status != RN_OK && !session->quiet) {
        if (run.status == RN_OK)
            print_error("simulation: the program returned %d (%s)\n", status,
                        rn_status_text(status));
        schedule_report();
    }
    remember(status);
    return status;
}

void sim_close(struct session *session)
{
    if (session->opened)
        runtime_close();
    session->opened = false;
}

int rn_sim_run(const struct rn_sim_options *options, int (*function)(void *arg),
               void *arg)
{
    struct session session;
    struct schedule_plan plan;
    int status = sim_open(&session, options);
    if (status != RN_OK)
        return status;
    status = sim_plan(options, &plan);
    if (status != RN_OK)
        return status;
    status = sim_run(&session, &plan, function, arg);
    sim_close(&session);
    sim_unplan(&plan);
    last.runs = 1;
    return status;
}

void rn_sim_last(struct rn_sim_result *result)
{
    *result = last;
}
