/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace is written however its program ends, and replays with a seed.
 *
 * Each program is a child: a trace may be its last act.
 */
#include "rn_check.h"
#include "trace_check.h"

/* ---------------------------------------------------------------- children */

/* The program of a child, and how it has to end. */
struct ending {
    const char *program;
    const char *procs;
    int status; /* of exit, or -number of a signal */
};

static char folder[64];
static char path[96];

static bool make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/runnel-trace-XXXXXX");
    if (!CHECK(mkdtemp(folder)))
        return false;
    snprintf(path, sizeof(path), "%s/trace.json", folder);
    return true;
}

static void drop_folder(void)
{
    unlink(path);
    CHECK_EQ_INT(rmdir(folder), 0);
}

static void become(const struct ending *ending, const char *file)
{
    if (!freopen("/dev/null", "w", stderr))
        _exit(126);
    setenv("RUNNEL_TRACE", file, 1);
    setenv("RUNNEL_PROCS", ending->procs, 1);
    execl("/proc/self/exe", "test_trace_end", "--child", ending->program,
          (char *)NULL);
    _exit(126);
}

/* Its standard error is not ours. */
static void run_in_child(const struct ending *ending, const char *file)
{
    int status = 0;
    pid_t child;

    fflush(NULL);
    child = fork();
    if (child == 0)
        become(ending, file);
    if (CHECK(child > 0))
        waitpid(child, &status, 0);
    CHECK_EQ_INT(WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status),
                 ending->status);
}

/* The trace that it left, checked; false when there is none. */
static bool load(struct traced *trace)
{
    char piece[4096];
    size_t size;
    FILE *file = fopen(path, "r");

    *trace = (struct traced){0};
    if (!CHECK(file))
        return false;
    while ((size = fread(piece, 1, sizeof(piece), file)) > 0)
        trace_take(trace, piece, size);
    fclose(file);
    trace_parse_and_check(trace);
    return trace->events != NULL;
}

static void hear(rn_chan(int) *own)
{
    rn_recv(*own, NULL);
}

static int talk(void *arg)
{
    rn_chan(int) chan = rn_chan_make(int, 0);

    (void)arg;
    rn_go_with(&(struct rn_task_options){.name = "hearer"}, hear, chan);
    rn_send(chan, 1);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(chan);
    return 0;
}

/* ------------------------------------------------------------------- cases */

static void check_ending(struct ending ending, const char *shows)
{
    struct traced trace;

    if (!make_folder())
        return;
    run_in_child(&ending, path);
    if (load(&trace)) {
        CHECK_MSG(trace_count(&trace, 'B', shows) >= 1, "%s is not in it",
                  shows);
        CHECK(trace_count(&trace, 'M', "process_name") == 1);
        CHECK(trace_count(&trace, 'M', "thread_name") >= 1);
    }
    trace_free(&trace);
    drop_folder();
}

/* RUNNEL_TRACE traces a whole rn_run, from the first goroutine on. */
static void a_whole_program_is_traced(void)
{
    check_ending((struct ending){"talk", "2", 0}, "hearer");
    check_ending((struct ending){"talk", "1", 0}, "main");
}

static int panic_in_region(void *arg)
{
    (void)arg;
    rn_trace_region_begin("the last one");
    rn_panic("as planned");
}

/* A program that panics writes its trace before it ends. */
static void a_panic_writes_the_trace(void)
{
    check_ending((struct ending){"panic", "2", 2}, "the last one");
}

static int wait_for_ever(void *arg)
{
    rn_chan(int) nobody = rn_chan_make(int, 0);

    (void)arg;
    rn_trace_region_begin("for ever");
    rn_recv(nobody, NULL);
    return 0;
}

/* So does one whose goroutines are all asleep. */
static void a_deadlock_writes_the_trace(void)
{
    check_ending((struct ending){"wait", "2", 2}, "for ever");
}

static int *volatile nowhere;

static int fault(void *arg)
{
    (void)arg;
    rn_trace_region_begin("before the fault");
    *nowhere = 1;
    return 0;
}

/* So does one that the processor stops. */
static void a_fault_writes_the_trace(void)
{
    if (RN_CHECK_ASAN || RN_CHECK_TSAN) {
        CHECK_SKIP("the sanitizer has handlers of its own");
        return;
    }
    check_ending((struct ending){"fault", "2", -SIGSEGV}, "before the fault");
}

/* A file that cannot be made is told of, and the program runs as without. */
static void a_file_that_cannot_be_made_stops_nobody(void)
{
    run_in_child(&(struct ending){"talk", "1", 0}, "/nowhere/at/all");
    run_in_child(&(struct ending){"talk", "1", 0}, "/dev/full");
}

static int leave_one_on(void *arg)
{
    return arg ? rn_trace_start(arg)
               : rn_trace_start_with(&(struct rn_trace_options){
                     .write = trace_take, .arg = &arg});
}

/* A trace that is not stopped ends with the runtime: a file is written. */
static void a_trace_left_on_ends_with_the_runtime(void)
{
    struct traced trace;

    if (!make_folder())
        return;
    CHECK_EQ_INT(rn_run(leave_one_on, NULL), 0);
    CHECK(!rn_trace_on());
    CHECK_EQ_INT(rn_run(leave_one_on, path), 0);
    CHECK(!rn_trace_on());
    load(&trace);
    trace_free(&trace);
    drop_folder();
    CHECK_EQ_INT(rn_trace_start(path), RN_INVALID); /* no runtime */
    CHECK_EQ_INT(rn_trace_stop(), RN_INVALID);
}

static int trace_talk(void *arg)
{
    struct traced *trace = arg;

    if (!trace_begin(trace, 0))
        return 1;
    talk(NULL);
    rn_sleep(RN_S);
    CHECK_EQ_INT(rn_trace_stop(), RN_OK);
    return 0;
}

/* Simulated, the same seed gives the same trace to the byte, in virtual time. */
static void a_seed_gives_the_same_trace(void)
{
    struct traced first = {0};
    struct traced again = {0};
    const struct rn_sim_options options = {.seed = 7};

    CHECK_EQ_INT(rn_sim_run(&options, trace_talk, &first), RN_OK);
    CHECK_EQ_INT(rn_sim_run(&options, trace_talk, &again), RN_OK);
    CHECK(first.size > 0 && first.size == again.size &&
          memcmp(first.text, again.text, first.size) == 0);
    trace_parse_and_check(&first);
    const json_t *last = trace_last(&first, 'i', "timer");
    CHECK(json_number_value(json_object_get(last, "ts")) >= 1e6);
    trace_free(&first);
    trace_free(&again);
}

static const struct {
    const char *name;
    int (*main)(void *arg);
} programs[] = {
    {.name = "talk", .main = talk},
    {.name = "panic", .main = panic_in_region},
    {.name = "wait", .main = wait_for_ever},
    {.name = "fault", .main = fault},
};

/* The child's side. */
static int be_program(const char *name)
{
    alarm(60);
    for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
        if (strcmp(programs[i].name, name) == 0)
            return rn_run(programs[i].main, NULL);
    return 125;
}

int main(int argc, char **argv)
{
    struct check_case cases[] = {
        {"a_whole_program_is_traced", a_whole_program_is_traced},
        {"a_panic_writes_the_trace", a_panic_writes_the_trace},
        {"a_deadlock_writes_the_trace", a_deadlock_writes_the_trace},
        {"a_fault_writes_the_trace", a_fault_writes_the_trace},
        {"a_file_that_cannot_be_made_stops_nobody",
         a_file_that_cannot_be_made_stops_nobody},
        {"a_trace_left_on_ends_with_the_runtime",
         a_trace_left_on_ends_with_the_runtime},
        {"a_seed_gives_the_same_trace", a_seed_gives_the_same_trace},
    };

    if (argc == 3 && strcmp(argv[1], "--child") == 0)
        return be_program(argv[2]);
    return check_main(argc, argv, cases, sizeof(cases) / sizeof(cases[0]));
}
