/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The n-th call that can fail fails, for every n: the program gets a documented
 * status or ends with a message, and nothing is leaked, no descriptor, child or
 * file is left, nothing hangs or crashes. fault_wrap.h makes the calls fail.
 *
 * The work comes in parts; each is swept by itself, in a process for each call.
 */
#include <dirent.h>

#include "fault_system.h"

/* Calls beyond this are not expected of a part. */
#define CALLS_MAX 1000
/* Between two calls that are made to fail, where each costs much time. */
#define STEP      (RN_CHECK_TSAN || RN_CHECK_ASAN ? 29 : 1)

/* ------------------------------------------------------------------- patterns */

static int count(struct rn_ctx *ctx, int *next, int *number)
{
    (void)ctx;
    *number = (*next)++;
    return *number < 5 ? RN_OK : RN_CLOSED;
}

static int same(struct rn_ctx *ctx, void *state, int *in, int *out)
{
    (void)ctx;
    (void)state;
    *out = *in;
    return RN_OK;
}

static int take(struct rn_ctx *ctx, atomic_int *sum, int *number)
{
    (void)ctx;
    atomic_fetch_add(sum, *number);
    return RN_OK;
}

static int take_batch(struct rn_ctx *ctx, atomic_int *sum,
                      rn_batch(int) * batch)
{
    (void)ctx;
    for (size_t i = 0; i < rn_batch_count(*batch); i++)
        atomic_fetch_add(sum, rn_batch_items(*batch)[i]);
    rn_batch_free(*batch);
    return RN_OK;
}

/* source -> ordered pool -> tee -> merge -> batches -> sink */
static int run_stages(struct rn_group *line, void *arg)
{
    atomic_int *sum = arg;
    rn_chan(int) first = rn_group_chan(line, int, 1);
    rn_chan(int) second = rn_group_chan(line, int, 1);
    rn_chan(int) branches[2] = {rn_group_chan(line, int, 1),
                                rn_group_chan(line, int, 1)};
    rn_chan(int) joined = rn_group_chan(line, int, 1);
    rn_chan(rn_batch(int)) batches = rn_group_chan(line, rn_batch(int), 1);
    static int next;

    next = 0;

    rn_source(line, first, count, &next);
    rn_pool_map_ordered(line, 2, first, second, same, NULL);
    rn_tee(line, second, branches, 2);
    rn_merge(line, branches, 2, joined);
    rn_batches(line, joined, batches, {.count = 3});
    rn_sink(line, batches, take_batch, sum);
    return RN_OK;
}

static void use_stages(void)
{
    atomic_int sum = 0;

    if (expect(rn_group_run(rn_ctx_background(), 0, run_stages, &sum)))
        CHECK_EQ_INT(atomic_load(&sum), 20);
}

static int run_bridge(struct rn_group *line, void *arg)
{
    atomic_int *sum = arg;
    rn_chan(int) inputs = rn_group_chan(line, int, 1);
    rn_chan(rn_receiver(int)) streams =
        rn_group_chan(line, rn_receiver(int), 1);
    rn_chan(int) out = rn_group_chan(line, int, 1);
    static int next;

    next = 0;

    rn_source(line, inputs, count, &next);
    rn_send(streams, rn_recv_end(inputs));
    rn_close(streams);
    rn_bridge(line, streams, out);
    rn_pool_each(line, 2, out, take, sum);
    return RN_OK;
}

static void use_bridge(void)
{
    atomic_int sum = 0;

    if (expect(rn_group_run(rn_ctx_background(), 0, run_bridge, &sum)))
        CHECK_EQ_INT(atomic_load(&sum), 10);
}

static int answer(struct rn_ctx *ctx, int *own, int *result)
{
    (void)ctx;
    *result = *own;
    return RN_OK;
}

static int answer_state(struct rn_ctx *ctx, int *state, int *result)
{
    return answer(ctx, state, result);
}

static void use_calls(void)
{
    const struct rn_hedge_plan plan = {.copies = 2, .delay_ns = RN_S};
    rn_flight(int) flights = rn_flight_make(int);
    int state = 7;
    int result = 0;

    expect(
        rn_flight_do(rn_ctx_background(), flights, "key", answer, &result, 7));
    rn_flight_free(flights);
    result = 0;
    expect(rn_hedge(rn_ctx_background(), &plan, answer_state, &state, &result));
    UNLESS_FAILED(result == 7);
}

static void *make_object(void)
{
    return NULL;
}

static int give_back(int *own)
{
    return *own;
}

static void run_within(struct rn_ctx *ctx, int *own)
{
    (void)ctx;
    (void)own;
}

static void finish(struct rn_shutdown *shutdown)
{
    expect(rn_shutdown_finish(shutdown, RN_S));
}

static void use_shutdown(void)
{
    struct rn_shutdown *shutdown = rn_shutdown_make(rn_ctx_background());

    rn_defer(finish, shutdown);
    expect(rn_shutdown_go(shutdown, run_within, 1));
}

static void free_broadcast(struct rn_broadcaster *room)
{
    rn_broadcast_free_(room);
}

static void use_broadcast(void)
{
    rn_broadcast(int) room = rn_broadcast_make(int);
    rn_defer(free_broadcast, (struct rn_broadcaster *)(uintptr_t)room);
    rn_receiver(int) ears = rn_subscribe(room, 1, RN_SLOW_MISSES);

    expect(rn_broadcast_send(rn_ctx_background(), room, 1));
    rn_unsubscribe(room, ears);
    rn_broadcast_close(room);
}

static void use_the_rest(void)
{
    static rn_key(int) key;
    static int value = 1;
    struct rn_cache *cache = rn_cache_make(2, make_object, nothing);

    rn_local_set(&key, &value);
    rn_cache_put(cache, rn_cache_get(cache));
    rn_cache_free(cache);
    CHECK_EQ_INT(rn_join(rn_spawn(give_back, 3)), 3);
}

/* -------------------------------------------------- reports, and simulated runs */

static void use_reports(void)
{
    int fd = rn_file_open("/dev/null", O_WRONLY, 0);

    if (!expect(fd))
        return;
    expect(rn_dump(fd));
    rn_leaks_check();
    expect(rn_file_close(fd));
}

static int send_one(void *arg)
{
    rn_chan(int) chan = rn_chan_make(int, 0);

    (void)arg;
    rn_go(echo, chan);
    rn_send(chan, 1);
    rn_chan_free(chan);
    return 0;
}

static int hang(void *arg)
{
    (void)arg;
    rn_recv((rn_chan(int))NULL, NULL);
    return 0;
}

static void use_simulation(void)
{
    const struct rn_sim_options options = {.quiet = true, .preemptions = 1};
    struct rn_sim_result result;
    char text[400];

    expect(rn_sim_explore(&options, 3, send_one, NULL, &result));
    expect(rn_sim_enumerate(&options, 5, send_one, NULL, &result));
    UNLESS_FAILED(rn_sim_minimize(&options, hang, NULL, text, sizeof(text)) >=
                  0);
}

/* ------------------------------------------------------------------ the sweep */

static const struct part {
    const char *name;
    void (*function)(void);
    bool whole;   /* the opening and closing of the runtime too */
    bool outside; /* starts its own runtime */
    enum fault_mode mode;
} parts[] = {
    {.name = "runtime", .function = use_nothing, .whole = true},
    {.name = "goroutines", .function = use_goroutines},
    {.name = "stacks", .function = use_stacks},
    {.name = "old stacks", .function = use_stacks, .mode = FAULT_OLD_NTH},
    {.name = "time", .function = use_time},
    {.name = "descriptors", .function = use_descriptors},
    {.name = "TCP", .function = use_tcp},
    {.name = "TCP, any", .function = use_tcp_any},
    {.name = "names", .function = use_names},
    {.name = "Unix", .function = use_unix},
    {.name = "UDP", .function = use_udp},
    {.name = "pipe", .function = use_pipe},
    {.name = "whole files", .function = use_whole_files},
    {.name = "open files", .function = use_open_files},
    {.name = "processes", .function = use_processes},
    {.name = "process groups", .function = use_process_groups},
    {.name = "signals", .function = use_signals},
    {.name = "stages", .function = use_stages},
    {.name = "bridge", .function = use_bridge},
    {.name = "calls", .function = use_calls},
    {.name = "shutdown", .function = use_shutdown},
    {.name = "broadcast", .function = use_broadcast},
    {.name = "the rest", .function = use_the_rest},
    {.name = "reports", .function = use_reports},
    {.name = "simulation", .function = use_simulation, .outside = true},
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* Parts that run one after the other in a process of their own. */
struct run {
    const struct part *part;
    size_t parts;
    enum fault_mode mode;
    unsigned number;
};

static void call_part(void *arg)
{
    const struct part *part = arg;

    part->function();
}

static int work(void *arg)
{
    const struct run *run = arg;
    struct rn_panic panic;

    if (!run->part->whole)
        fault_begin(run->mode, run->number);
    if (rn_try(call_part, (void *)(uintptr_t)run->part, &panic) == RN_PANICKED)
        CHECK_MSG(fault_happened(), "panic: %s", panic.text);
    if (!run->part->whole)
        fault_end();
    return 0;
}

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int number = 0;

    while (folder && readdir(folder))
        number++;
    if (folder)
        closedir(folder);
    return number;
}

static int files_here(void)
{
    DIR *folder = opendir(".");
    int number = 0;

    while (folder && readdir(folder))
        number++;
    if (folder)
        closedir(folder);
    return number - 2;
}

enum { ENDED = 0, COMPLAINED = 1, NO_FAILURE = 3 };

static void run_part(struct run *run)
{
    struct rn_options options = {.procs = 2, .leaks = true};
    int before = open_descriptors();

    if (run->part->whole || run->part->outside)
        fault_begin(run->mode, run->number);
    else if (run->mode == FAULT_OLD_KERNEL || run->mode == FAULT_OLD_NTH)
        fault_begin(run->mode, 0); /* it was old when the runtime started */
    if (run->part->outside)
        run->part->function();
    else
        expect(rn_run_with(&options, work, run));
    fault_end();
    CHECK_EQ_INT(fault_objects(), 0);
    /* The journal of simulated runs stays for the next one. */
    CHECK(fault_mapped() == 0 || run->part->outside);
    CHECK_EQ_INT(open_descriptors(), before);
    CHECK_EQ_INT(files_here(), 0);
    CHECK(waitpid(-1, NULL, WNOHANG) < 0);
}

/* How it ended, in the status of its process. */
static int run_all(struct run *run)
{
    atomic_store(&check_failures, 0);
    alarm(60);
    for (; run->parts > 0; run->parts--, run->part++) {
        unsigned failures = atomic_load(&check_failures);

        run_part(run);
        CHECK_MSG(atomic_load(&check_failures) == failures, "in %s",
                  run->part->name);
    }
    if (atomic_load_explicit(&check_failures, memory_order_relaxed))
        return COMPLAINED;
    return fault_happened() ? ENDED : NO_FAILURE;
}

struct said {
    char text[8192];
    int status;
};

static void run_in_child(struct run run, struct said *said)
{
    size_t length = 0;
    int fds[2];
    pid_t child;

    if (!CHECK_EQ_INT(pipe(fds), 0))
        return;
    fflush(NULL);
    child = fork();
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        _exit(run_all(&run));
    }
    close(fds[1]);
    for (;;) {
        ssize_t got =
            read(fds[0], said->text + length, sizeof(said->text) - 1 - length);

        if (got <= 0)
            break;
        length += (size_t)got;
    }
    said->text[length] = '\0';
    close(fds[0]);
    while (waitpid(child, &said->status, 0) < 0 && errno == EINTR)
        continue;
}

/* The message of an end that is documented: out of memory, and its kin. */
static bool ended_with_message(const struct said *said)
{
    return WIFEXITED(said->status) && WEXITSTATUS(said->status) == 2 &&
           (strstr(said->text, "fatal error: ") ||
            strstr(said->text, "panic: "));
}

static bool ended_with(const struct said *said, int status)
{
    return WIFEXITED(said->status) && WEXITSTATUS(said->status) == status;
}

/* A folder of its own, which every run must leave empty. */
static bool enter_folder(char *path)
{
    strcpy(path, "/tmp/runnel-fault-XXXXXX");
    return CHECK(mkdtemp(path)) && CHECK_EQ_INT(chdir(path), 0);
}

static void leave_folder(const char *path)
{
    CHECK_EQ_INT(chdir("/"), 0);
    CHECK_EQ_INT(rmdir(path), 0);
}

/* How many calls of it failed, one after the other. */
static unsigned sweep(const struct part *part, unsigned *messages)
{
    static struct said said;
    unsigned n = 1;

    for (; n < CALLS_MAX; n += STEP) {
        run_in_child((struct run){part, 1, part->mode, n}, &said);
        if (ended_with(&said, NO_FAILURE))
            break;
        if (ended_with_message(&said))
            (*messages)++;
        else
            CHECK_MSG(ended_with(&said, ENDED),
                      "%s, call %u failed: status %#x; it said:\n%s",
                      part->name, n, said.status, said.text);
    }
    CHECK(n < CALLS_MAX);
    return n - 1;
}

/*
 * When the n-th call that can fail fails, for every n, a documented status or
 * message comes, and nothing is leaked.
 */
static void every_call_may_fail(void)
{
    unsigned messages = 0;
    char path[40];

    if (!enter_folder(path))
        return;
    for (size_t i = 0; i < PARTS; i++) {
        unsigned calls = sweep(&parts[i], &messages);

        fprintf(stderr, "# %s: %u calls\n", parts[i].name, calls);
        CHECK(calls > 0 || STEP > 1);
    }
    CHECK(messages > 0);
    leave_folder(path);
}

static void every_part_in(enum fault_mode mode)
{
    static struct said said;
    char path[40];

    if (!enter_folder(path))
        return;
    run_in_child((struct run){parts, PARTS, mode, 0}, &said);
    CHECK_MSG(ended_with(&said, NO_FAILURE), "status %#x; it said:\n%s",
              said.status, said.text);
    leave_folder(path);
}

/* A run gives back all memory, mappings and descriptors. */
static void nothing_fails_and_nothing_leaks(void)
{
    every_part_in(FAULT_NTH);
}

/* A call that a signal ends is made again; a futex wait is waited again. */
static void signals_are_not_seen(void)
{
    every_part_in(FAULT_INTERRUPT);
}

/* Transfers of one byte at a time move all bytes. */
static void short_transfers_go_on(void)
{
    every_part_in(FAULT_SHORT);
}

/* What Linux 5.4 does not know is done without. */
static void older_kernels_are_enough(void)
{
    every_part_in(FAULT_OLD_KERNEL);
}

CHECK_MAIN(nothing_fails_and_nothing_leaks, every_call_may_fail,
           signals_are_not_seen, short_transfers_go_on,
           older_kernels_are_enough)
