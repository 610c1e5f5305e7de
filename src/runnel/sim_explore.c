/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim_explore.c: many simulated runs in child processes: by seed, all of them,
 * or ever shorter ones.
 *
 * A child runs a session and leaves what it knows in memory that its parent
 * shares: the run it is at, how the last one ended, and the log of decisions
 * (decide.h). If it dies, the parent still knows where it was.
 */
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "fatal.h"
#include "os.h"
#include "schedule_text.h"
#include "sim_session.h"

/* Runs of one child: bounds what a program may leak. */
#define BATCH      UINT64_C(10000)
#define TIMEOUT_S  60
/* Runs between two settings of that alarm, a system call. */
#define ALARM_RUNS 64
/* A first run of a PCT exploration tells its steps; at least so many. */
#define STEPS_MIN  8
/* Runs that minimizing may take. */
#define TRIES_MAX  5000

/* What a child does, and the results that it shares. */
struct job {
    const struct rn_sim_options *options;
    struct schedule_plan plan;
    uint64_t runs; /* at most, with seeds from plan.seed on */
    int (*function)(void *arg);
    void *arg;
    bool enumerates;
    struct rn_sim_result *shared;
};

/* --------------------------------------------------- all schedules in turn */

/*
 * Depth first: `path` holds the ways of the run under way and how many there
 * are; the next run goes the same ways but the last that has another one.
 */
static struct {
    struct step {
        uint32_t way;
        uint32_t count;
        bool costs; /* other ways than 0 are interruptions */
    } * path;
    size_t length;
    size_t capacity;
    size_t at;
    unsigned budget;
    unsigned spent;
} search;

static uint32_t next_way(enum decision_kind kind, uint32_t count)
{
    bool costs = kind == DECIDE_PREEMPT || kind == DECIDE_FAULT;
    if (search.at == search.length) {
        if (search.length == search.capacity) {
            size_t capacity = search.capacity ? 2 * search.capacity : 256;
            struct step *path =
                alloc_grow(search.path, capacity, sizeof(*path));
            if (!path)
                fatal("out of memory for %zu decisions", capacity);
            search.path = path;
            search.capacity = capacity;
        }
        bool all = !costs || search.spent < search.budget;
        search.path[search.length++] =
            (struct step){.count = all ? count : 1, .costs = costs};
    }
    const struct step *step = &search.path[search.at++];
    search.spent += step->costs && step->way != 0;
    return step->way;
}

/* False when every schedule has been run. */
static bool next_path(void)
{
    while (search.length > 0) {
        struct step *last = &search.path[search.length - 1];
        if (++last->way < last->count)
            break;
        search.length--;
    }
    search.at = 0;
    search.spent = 0;
    return search.length > 0;
}

/* ---------------------------------------------------------------- children */

/* In the child: runs until one fails. */
static void work(const struct job *job)
{
    struct session session;
    struct schedule_plan plan = job->plan;
    unsigned timeout = job->options->timeout_s;
    int status = sim_open(&session, job->options);
    if (job->options->quiet)
        os_mute();
    sim_schedule(&plan, job->shared->schedule);
    for (uint64_t i = 0; i < job->runs && status == RN_OK; i++) {
        job->shared->seed = plan.seed;
        if (i % ALARM_RUNS == 0)
            os_alarm(timeout ? timeout : TIMEOUT_S);
        status = sim_run(&session, &plan, job->function, job->arg);
        uint64_t runs = job->shared->runs + 1;
        rn_sim_last(job->shared);
        job->shared->runs = runs;
        if (job->enumerates) {
            if (status == RN_OK && !next_path()) {
                job->shared->complete = true;
                break;
            }
        } else {
            plan.seed++;
        }
    }
    job->shared->status = status;
    os_alarm(0);
    sim_close(&session);
}

/* In the parent: the child died, in whatever way. */
static int crashed(const struct job *job, int signal, int exit_status)
{
    struct rn_sim_result *shared = job->shared;
    if (signal)
        snprintf(shared->message, sizeof(shared->message),
                 "died of signal %d%s", signal,
                 os_is_alarm(signal) ? " (it hung)" : "");
    else
        snprintf(shared->message, sizeof(shared->message),
                 "the process ended with status %d", exit_status);
    shared->runs++;
    shared->decisions = decisions_made()->count;
    shared->hash = decisions_made()->hash;
    if (!job->options->quiet && signal) {
        print_error("simulation: %s\n", shared->message);
        schedule_report_run(shared->seed, &job->plan);
    }
    return RN_CRASHED;
}

/* Runs the job in a child and waits for it. */
static int in_child(const struct job *job)
{
    int signal;
    int exit_status;
    job->shared->status = RN_CRASHED; /* until the child says otherwise */
    int child = os_fork();
    if (child < 0)
        return child;
    if (child == 0) {
        work(job);
        os_exit(0);
    }
    os_wait_child(child, &signal, &exit_status);
    /* Who ignores SIGCHLD is not told how a child ended. */
    if (signal || exit_status || job->shared->status == RN_CRASHED)
        job->shared->status = crashed(job, signal, exit_status);
    return job->shared->status;
}

/* Fills the job in; RN_OK, or a status with nothing held. */
static int job_begin(struct job *job, const struct rn_sim_options *options,
                     int (*function)(void *arg), void *arg)
{
    if (runtime_is_open())
        return RN_INVALID;
    *job = (struct job){
        .options = options, .runs = 1, .function = function, .arg = arg};
    int status = sim_plan(options, &job->plan);
    if (status != RN_OK)
        return status;
    /* The log is mapped now, so that children write where we read. */
    decide_begin(&job->plan.by);
    job->shared = os_map_shared(sizeof(*job->shared));
    if (!job->shared)
        sim_unplan(&job->plan);
    return job->shared ? RN_OK : RN_NOMEM;
}

static int job_end(struct job *job, struct rn_sim_result *result)
{
    int status = job->shared->status;
    if (result)
        *result = *job->shared;
    os_unmap(job->shared, sizeof(*job->shared));
    sim_unplan(&job->plan);
    return status;
}

/* PCT needs to know how long a run is about: one tells. */
static int count_steps(struct job *job)
{
    struct job first = *job;
    if (job->plan.depth == 0 || job->plan.steps != 0)
        return RN_OK;
    first.plan.depth = 0;
    int status = in_child(&first);
    uint64_t steps = job->shared->steps;
    job->plan.steps = steps > STEPS_MIN ? steps : STEPS_MIN;
    if (status == RN_OK)
        job->shared->runs = 0;
    return status;
}

int rn_sim_explore(const struct rn_sim_options *options, uint64_t seeds,
                   int (*function)(void *arg), void *arg,
                   struct rn_sim_result *result)
{
    struct job job;
    int status = job_begin(&job, options, function, arg);
    if (status != RN_OK)
        return status;
    uint64_t first = job.plan.seed;
    if (first != options->seed || job.plan.by.list)
        seeds = 1; /* the environment asks for one run */
    status = count_steps(&job);
    for (uint64_t i = 0; i < seeds && status == RN_OK; i += BATCH) {
        job.plan.seed = first + i;
        job.runs = seeds - i < BATCH ? seeds - i : BATCH;
        status = in_child(&job);
    }
    return job_end(&job, result);
}

int rn_sim_enumerate(const struct rn_sim_options *options, uint64_t runs,
                     int (*function)(void *arg), void *arg,
                     struct rn_sim_result *result)
{
    struct job job;
    int status = job_begin(&job, options, function, arg);
    if (status != RN_OK)
        return status;
    job.runs = 1;
    if (!job.plan.by.list) { /* the environment asks for one run */
        job.runs = runs ? runs : UINT64_MAX;
        job.enumerates = true;
        job.plan.by.ask = next_way;
        search.budget = options->preemptions;
    }
    if (in_child(&job) != RN_OK)
        schedule_write(job.shared->schedule, sizeof(job.shared->schedule));
    return job_end(&job, result);
}

/* ------------------------------------------------------------ ever shorter */

struct shortest {
    struct job job;
    int wanted; /* the status to keep */
    struct forced *list;
    size_t count;
    struct forced *shorter; /* room for as many */
    unsigned tries;
};

/* Runs without list[from..to); true when that fails too: it is the list now. */
static bool fails_without(struct shortest *s, size_t from, size_t to)
{
    size_t count = 0;
    for (size_t i = 0; i < s->count; i++)
        if (i < from || i >= to)
            s->shorter[count++] = s->list[i];
    s->tries++;
    s->job.plan.by =
        (struct decide_by){.list = s->shorter, .list_count = count};
    int status = in_child(&s->job);
    s->job.plan.by.list = NULL;
    if (status != s->wanted)
        return false;
    struct forced *list = s->list;
    s->list = s->shorter;
    s->shorter = list;
    s->count = count;
    return true;
}

/* Zeller and Hildebrandt, "Simplifying and isolating failure-inducing input",
 * 2002: drop parts, smaller ones when none can be dropped. */
static void drop_parts(struct shortest *s)
{
    size_t parts = 1;
    while (s->count > 0 && s->tries < TRIES_MAX) {
        size_t size = (s->count + parts - 1) / parts;
        bool dropped = false;
        for (size_t at = 0; at < s->count && s->tries < TRIES_MAX;) {
            size_t end = at + size < s->count ? at + size : s->count;
            if (fails_without(s, at, end))
                dropped = true; /* what followed is at `at` now */
            else
                at = end;
        }
        if (!dropped && size == 1)
            return;
        if (!dropped)
            parts = 2 * parts < s->count ? 2 * parts : s->count;
    }
}

int rn_sim_minimize(const struct rn_sim_options *options,
                    int (*function)(void *arg), void *arg, char *text,
                    size_t size)
{
    struct shortest s = {0};
    struct rn_sim_options muted = *options;
    muted.quiet = true;
    int status = job_begin(&s.job, &muted, function, arg);
    if (status != RN_OK)
        return status;
    s.wanted = in_child(&s.job);
    if (s.wanted == RN_OK)
        status = RN_AGAIN;
    sim_unplan(&s.job.plan);
    if (status == RN_OK) {
        s.list = schedule_list(&s.count);
        s.shorter = alloc_zeroed(s.count + 1, sizeof(*s.shorter));
        if (!s.list)
            s.list = alloc_zeroed(1, sizeof(*s.list));
        if (!s.list || !s.shorter)
            status = RN_NOMEM;
    }
    if (status == RN_OK) {
        drop_parts(&s);
        status = schedule_write_list(s.list, s.count, text, size);
    }
    alloc_free(s.list);
    alloc_free(s.shorter);
    job_end(&s.job, NULL);
    return status;
}
