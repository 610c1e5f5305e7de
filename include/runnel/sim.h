/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sim.h: run a program of goroutines under a schedule that a seed decides.
 *
 * A simulated run has one thread. Whatever a real run leaves open (who runs
 * next, where a goroutine is interrupted, which ready case a select takes, how
 * much a simulated descriptor gives) is a decision, and the seed settles them
 * all: the same seed gives the same run, to the byte. Time is virtual: it moves
 * only when every goroutine waits, and then at once to whatever is due first.
 *
 *     static int transfer(void *arg)
 *     {
 *         struct bank bank;              // made anew in every run
 *         struct rn_waitgroup both = {0};
 *         ...start two goroutines that move money...
 *         rn_waitgroup_wait(&both);
 *         RN_SIM_CHECK(bank_total(&bank) == 100);
 *         return 0;
 *     }
 *
 *     int main(void)
 *     {
 *         struct rn_sim_options options = {.seed = 1, .schedule = "pct:2"};
 *         struct rn_sim_result result;
 *         return rn_sim_explore(&options, 10000, transfer, NULL, &result) != 0;
 *     }
 *
 * A run fails when its function returns something else than 0, when
 * rn_sim_fail or RN_SIM_CHECK says so, when all goroutines are asleep, when it
 * takes too many steps, or when it panics or crashes. The failure is printed
 * with its seed, its schedule and the decisions that were not the plain one;
 *
 *     RUNNEL_SEED=4711 RUNNEL_SCHEDULE=pct:2:57 ./program
 *
 * then runs that one again (both variables go before the options, in every
 * rn_run as well), and rn_sim_minimize looks for the fewest decisions that
 * still fail, as a schedule of the form list:12=1,40=2.
 *
 * Schedules, as text:
 *
 *     uniform           any runnable goroutine, interrupted at one place in 4
 *     pct:DEPTH:STEPS   priorities that change at DEPTH - 1 of STEPS steps: the
 *                       way to bugs that need few, but certain, interruptions;
 *                       without :STEPS rn_sim_explore counts those of a first
 *                       run, rn_sim_run takes 200
 *     list:AT=WAY,...   decision AT goes way WAY, every other the plain way
 *
 * What has to be the program's own doing: it must not depend on addresses,
 * real clocks, real descriptors or threads, and it must make its state anew in
 * each run. A place where a goroutine may be interrupted is a call of runnel;
 * between two of them it runs undisturbed, so data races are not found here
 * (ThreadSanitizer finds them).
 *
 * Failures: with fault_one_in, each of these may fail, by a decision of the seed,
 * as it does when the system refuses it:
 *
 *     rn_sim_fault                                the program's own
 *     rn_try_go, rn_listen, rn_dial, rn_accept,   RN_NOMEM
 *     rn_conn_take, rn_pipe, rn_udp_bind,
 *     rn_process_start, rn_signal_notify,
 *     rn_file_read_all, a name to look up
 *     rn_process_start                            -EAGAIN, too
 *     rn_file_open                                -EMFILE
 *     rn_file_read, _write, _sync, _at            -EIO
 *     rn_file_write_all                           -ENOSPC
 *     simulated descriptors and connections       see below
 *
 * What ends the program when memory is out (channels, contexts, timers, groups,
 * goroutines started by rn_go) is not made to fail: no program can go on.
 *
 * One run at a time in a process, none inside a goroutine. The functions that
 * fork children (explore, enumerate, minimize) are for a process that has no
 * other threads at that moment.
 */
#ifndef RUNNEL_SIM_H
#define RUNNEL_SIM_H

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How a run can fail, besides what its function returned. */
enum {
    RN_DEADLOCK = -35, /* -EDEADLK: all goroutines are asleep */
    RN_ENDLESS = -62,  /* -ETIME: more steps than steps_max */
    RN_FAILED = -71,   /* -EPROTO: rn_sim_fail */
    RN_CRASHED = -131, /* -ENOTRECOVERABLE: it panicked, crashed or hung */
};

/* Zeroes mean the usual. */
struct rn_sim_options {
    uint64_t seed;
    const char *schedule; /* as above; NULL: uniform */
    uint64_t steps_max;   /* 0: 1,000,000 places and switches */
    size_t stack_size;    /* of a goroutine that names none */
    /* One in so many calls that may fail does; see "Failures". 0: none. */
    unsigned fault_one_in;
    /* rn_sim_enumerate: interruptions and faults in one run; 0: none. */
    unsigned preemptions;
    /* The run ends when the function returns, as with rn_run; otherwise when
     * every goroutine has ended, so that one that is left behind is found. */
    bool leave_others;
    bool quiet;         /* a failure is returned, not printed */
    unsigned timeout_s; /* children: real seconds until a run hangs; 0: 60 */
};

#define RN_SIM_MESSAGE  256
#define RN_SIM_SCHEDULE 64

struct rn_sim_result {
    int status;         /* as returned */
    uint64_t seed;      /* of the run that failed, or of the last one */
    uint64_t runs;      /* that were made */
    uint64_t steps;     /* of that run */
    uint64_t decisions; /* of that run */
    uint64_t hash;      /* of all it did: equal for equal runs */
    bool complete;      /* rn_sim_enumerate: there are no more schedules */
    char schedule[RN_SIM_SCHEDULE]; /* to give back; "" when it is longer */
    char message[RN_SIM_MESSAGE];   /* of rn_sim_fail, or "" */
};

/*
 * Runs function(arg) once, in this process. Returns what it returned, or one
 * of the failures above but RN_CRASHED: a panic ends the process, as ever, but
 * prints the seed. RN_INVALID: called inside a runtime, or no such schedule;
 * RN_NOMEM.
 */
int rn_sim_run(const struct rn_sim_options *options, int (*function)(void *arg),
               void *arg);

/* About the last rn_sim_run of this process. */
void rn_sim_last(struct rn_sim_result *result);

/*
 * Runs seeds options->seed, and up, `seeds` of them, until one fails; in child
 * processes, a batch of seeds each, so that also a crash is known by its seed.
 * RN_OK, or how that one failed. `result` may be NULL.
 */
int rn_sim_explore(const struct rn_sim_options *options, uint64_t seeds,
                   int (*function)(void *arg), void *arg,
                   struct rn_sim_result *result);

/*
 * Runs all schedules with at most options->preemptions interruptions, at most
 * `runs` of them (0: no limit), until one fails; in a child process.
 * result->complete says whether it got through. For programs of a few
 * operations: the number grows exponentially.
 */
int rn_sim_enumerate(const struct rn_sim_options *options, uint64_t runs,
                     int (*function)(void *arg), void *arg,
                     struct rn_sim_result *result);

/*
 * For a run that fails (options->seed and ->schedule): looks for a shorter list
 * of decisions that fails in the same way, each try in a child process, and
 * writes the schedule to `text`. Returns how many decisions it names, or
 * RN_AGAIN (that run does not fail), RN_NOMEM, RN_INVALID (`size` is too small;
 * 16 bytes for each decision are enough).
 */
int rn_sim_minimize(const struct rn_sim_options *options,
                    int (*function)(void *arg), void *arg, char *text,
                    size_t size);

/* ----------------------------------------------- inside a simulated run */

/* True inside a simulated run. */
bool rn_simulated(void);

/* Ends the run as failed. Not simulated, it panics. */
void rn_sim_fail(const char *format, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

#define RN_SIM_CHECK(condition) \
    ((condition) ? (void)0      \
                 : rn_sim_fail("%s: does not hold: %s", RN_HERE_, #condition))

/* One of 0 .. count-1, by the seed. Not simulated: by chance. */
uint32_t rn_sim_draw(uint32_t count);

/* ------------------------------------------------- simulated descriptors */

/*
 * A pair of connected streams in memory, to be used where a program is given
 * its reads and writes. The calls below do not block; rn_wait_fd and
 * rn_wait_fd_ctx wait for such a descriptor as for a real one:
 *
 *     int fds[2];
 *     rn_sim_pair(&(struct rn_sim_link){.delay_ns = RN_MS,
 *                                       .short_calls = true}, fds);
 *     ...
 *     while ((got = rn_sim_read(fds[1], data, size)) == RN_AGAIN)
 *         if ((status = rn_wait_fd(fds[1], RN_READ, deadline)) < 0)
 *             return status;
 *
 * With options->fault_one_in a call may find the connection reset: both ends
 * then return -ECONNRESET, and what was under way is lost. The numbers mean
 * nothing to the system, and end with the run.
 *
 * Connections (net.h) run over such streams too. In a simulated run "sim:NAME"
 * is an address (NAME: 1 to 63 bytes) for rn_listen and rn_dial:
 *
 *     rn_sim_network(&(struct rn_sim_link){.delay_ns = 5 * RN_MS,
 *                                          .short_calls = true});
 *     rn_listen("sim:server", NULL, &listener);
 *     rn_go(run_server, listener);
 *     status = rn_dial(ctx, "sim:server", &conn);
 *
 * and rn_conn_take makes a connection of one end of a pair. So a whole server
 * and its clients run under a seed, and wait for nothing outside. All of net.h
 * works as it does over TCP: deadlines, half-close, a close that wakes everybody.
 * A dialed connection reaches its listener after a delay, and
 * any that has come may be accepted first. Faults also refuse a dial
 * (-ECONNREFUSED), reset a connection before it is accepted, and leave no memory
 * for one (RN_NOMEM).
 *
 * Datagrams: rn_udp_bind takes such an address too, and rn_udp_send from there
 * to another. Each is under way for a time of its own, so it may overtake others;
 * one to nobody, or to a socket where 64 lie, is lost. A fault loses it, or lets
 * it come twice.
 */
struct rn_sim_link {
    int64_t
        delay_ns; /* what is written arrives after up to so much; in order */
    size_t
        capacity; /* bytes under way or not yet read; 0: 4096, at most 1 MiB */
    bool short_calls; /* a read or write may take a part of what it could */
};

/* RN_OK; RN_INVALID (not simulated, no such link), -EMFILE (128 pairs),
 * RN_NOMEM. `link` may be NULL. */
int rn_sim_pair(const struct rn_sim_link *link, int fds[2]);

/*
 * What connections that are dialed from now on in this run are; NULL: as a
 * zeroed link. RN_OK, RN_INVALID (as above).
 */
int rn_sim_network(const struct rn_sim_link *link);

/* Bytes read; 0 at the end; RN_AGAIN (nothing is there yet), -ECONNRESET,
 * -EBADF. */
int64_t rn_sim_read(int fd, void *data, size_t size);
/* Bytes written; RN_AGAIN (no room), -EPIPE (the other side is closed, or this
 * one shut down), -ECONNRESET, -EBADF. */
int64_t rn_sim_write(int fd, const void *data, size_t size);
/* The other side reads what was written and then the end. RN_OK, -EBADF. */
int rn_sim_shutdown(int fd);
/* The same, and this end is gone; who waits for it returns -EBADF. */
int rn_sim_close(int fd);

/* True when the call that the program is about to make is to fail, at the rate
 * of options->fault_one_in. Not simulated: false. */
bool rn_sim_fault(void);

#ifdef __cplusplus
}
#endif

#endif
