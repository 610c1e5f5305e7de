/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Failures that a simulated run injects: into every call that has a status for
 * them, by the seed, and nothing is lost by it.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "check.h"

#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 30
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SEEDS 30
#endif
#endif
#ifndef SEEDS
#define SEEDS 100
#endif

/* Calls that may fail, each told by the status it then has. */
enum call {
    TRY_GO,
    LISTEN,
    LOOK_UP,
    UDP_BIND,
    PIPE,
    NOTIFY,
    START,
    OPEN,
    READ,
    WRITE,
    SYNC,
    READ_ALL,
    WRITE_ALL,
    CALLS
};

static const char *const call_names[CALLS] = {
    "rn_try_go",        "rn_listen",    "rn_listen, a name",
    "rn_udp_bind",      "rn_pipe",      "rn_signal_notify",
    "rn_process_start", "rn_file_open", "rn_file_read",
    "rn_file_write",    "rn_file_sync", "rn_file_read_all",
    "rn_file_write_all"};

struct journal {
    int failed[CALLS];
    int worked[CALLS];
    bool children; /* which are the world's: no two runs are the same */
};

static struct journal journal;
static char folder[32];
static char path[64];

/* False when the call is to be tried again. */
static bool worked(enum call call, int64_t status, int expected)
{
    RN_SIM_CHECK(status >= 0 || status == expected);
    if (status < 0)
        journal.failed[call]++;
    else
        journal.worked[call]++;
    return status >= 0;
}

static void come_and_go(struct rn_waitgroup **own)
{
    rn_waitgroup_done(*own);
}

static void start_goroutines(void)
{
    struct rn_waitgroup all = {0};
    struct rn_waitgroup *shared = &all;

    rn_waitgroup_add(&all, 3);
    for (int i = 0; i < 3;)
        i += worked(TRY_GO, rn_try_go(come_and_go, shared), RN_NOMEM);
    rn_waitgroup_wait(&all);
}

static void open_network(void)
{
    struct rn_listener *listener;
    struct rn_udp *udp;

    while (!worked(LISTEN, rn_listen("sim:here", NULL, &listener), RN_NOMEM))
        continue;
    rn_listener_free(listener);
    while (
        !worked(LOOK_UP, rn_listen("localhost:0", NULL, &listener), RN_NOMEM))
        continue;
    rn_listener_free(listener);
    while (!worked(UDP_BIND, rn_udp_bind("127.0.0.1:0", &udp), RN_NOMEM))
        continue;
    rn_udp_free(udp);
}

static void use_pipe(void)
{
    struct rn_conn *reader;
    struct rn_conn *writer;
    char byte = 0;

    while (!worked(PIPE, rn_pipe(&reader, &writer), RN_NOMEM))
        continue;
    RN_SIM_CHECK(rn_conn_write(writer, "x", 1, NULL) == RN_OK);
    RN_SIM_CHECK(rn_conn_read(reader, &byte, 1) == 1 && byte == 'x');
    rn_conn_free(reader);
    rn_conn_free(writer);
}

static void ask_for_signals(void)
{
    rn_chan(int) signals = rn_chan_make(int, 1);

    while (!worked(NOTIFY, rn_signal_notify(rn_send_end(signals), SIGUSR1),
                   RN_NOMEM))
        continue;
    rn_signal_stop(rn_send_end(signals));
    rn_chan_free(signals);
}

/* Two statuses: no memory here, or no child there. */
static void run_child(void)
{
    static const char *const argv[] = {"true", NULL};
    const struct rn_process_options options = {.out = RN_STDIO_PIPE};
    struct rn_process *process;
    struct rn_exit end;
    int status;

    do {
        status =
            rn_process_start(rn_ctx_background(), argv, &options, &process);
    } while (!worked(START, status, status == -EAGAIN ? -EAGAIN : RN_NOMEM));
    RN_SIM_CHECK(rn_process_wait(process, &end) == RN_OK && end.code == 0);
    rn_process_free(process);
}

static void use_files(void)
{
    char bytes[8];
    char *data;
    size_t size;
    int fd;

    while (!worked(WRITE_ALL, rn_file_write_all(path, "one", 3, 0600), -ENOSPC))
        continue;
    while (
        !worked(READ_ALL, rn_file_read_all(path, 100, &data, &size), RN_NOMEM))
        continue;
    RN_SIM_CHECK(size == 3 && memcmp(data, "one", 3) == 0);
    free(data);
    do {
        fd = rn_file_open(path, O_RDWR, 0);
    } while (!worked(OPEN, fd, -EMFILE));
    while (!worked(WRITE, rn_file_write_at(fd, "two", 3, 0), -EIO))
        continue;
    while (!worked(SYNC, rn_file_sync(fd), -EIO))
        continue;
    while (!worked(READ, rn_file_read_at(fd, bytes, 3, 0), -EIO))
        continue;
    RN_SIM_CHECK(memcmp(bytes, "two", 3) == 0);
    RN_SIM_CHECK(rn_file_close(fd) == RN_OK);
}

static int use_everything(void *arg)
{
    (void)arg;
    start_goroutines();
    open_network();
    use_pipe();
    ask_for_signals();
    use_files();
    if (journal.children)
        run_child();
    return 0;
}

static int descriptors(void)
{
    DIR *all = opendir("/proc/self/fd");
    int count = 0;

    if (!all)
        return -1;
    while (readdir(all))
        count++;
    closedir(all);
    return count;
}

static int run(uint64_t seed, unsigned fault_one_in)
{
    const struct rn_sim_options options = {.seed = seed,
                                           .fault_one_in = fault_one_in};

    return rn_sim_run(&options, use_everything, NULL);
}

static void make_folder(void)
{
    snprintf(folder, sizeof(folder), "/tmp/runnel-faults-XXXXXX");
    if (CHECK(mkdtemp(folder)))
        snprintf(path, sizeof(path), "%s/file", folder);
}

static void drop_folder(void)
{
    unlink(path);
    CHECK_EQ_INT(rmdir(folder), 0); /* no half-written file is left */
}

/* Each call that can fail does, in some run, and what it took is given back. */
static void whatever_may_fail_fails(void)
{
    int before;

    make_folder();
    journal = (struct journal){.children = true};
    CHECK_EQ_INT(run(1, 0), RN_OK); /* what stays open, is */
    before = descriptors();
    for (uint64_t seed = 1; seed <= SEEDS; seed++)
        CHECK_EQ_INT(run(seed, 3), RN_OK);
    CHECK_EQ_INT(descriptors(), before);
    for (int i = 0; i < CALLS; i++) {
        CHECK_MSG(journal.failed[i] > 0, "%s never fails", call_names[i]);
        CHECK_MSG(journal.worked[i] > 0, "%s never works", call_names[i]);
    }
    drop_folder();
}

/* The same seed gives the same failures, and the same run. */
static void seed_decides_what_fails(void)
{
    struct rn_sim_result once;
    struct rn_sim_result again;
    uint64_t first = 0;
    int different = 0;

    make_folder();
    for (uint64_t seed = 1; seed <= 20; seed++) {
        struct journal journals[2];

        for (int i = 0; i < 2; i++) {
            journal = (struct journal){0};
            CHECK_EQ_INT(run(seed, 4), RN_OK);
            journals[i] = journal;
            rn_sim_last(i == 0 ? &once : &again);
        }
        CHECK(memcmp(&journals[0], &journals[1], sizeof(journal)) == 0);
        CHECK(once.hash == again.hash && once.decisions == again.decisions);
        different += once.hash != first;
        first = once.hash;
    }
    CHECK(different > 10);
    drop_folder();
}

/* Without a rate nothing fails. */
static void nothing_fails_unasked(void)
{
    make_folder();
    journal = (struct journal){0};
    for (uint64_t seed = 1; seed <= 5; seed++)
        CHECK_EQ_INT(run(seed, 0), RN_OK);
    for (int i = 0; i < CALLS; i++)
        CHECK_EQ_INT(journal.failed[i], 0);
    drop_folder();
}

CHECK_MAIN(whatever_may_fail_fails, seed_decides_what_fails,
           nothing_fails_unasked)
