/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug.h: look into a running program.
 *
 * What goes wrong with goroutines is mostly that they wait: rn_dump shows where
 * each is and what it waits for, rn_leaks_check what was left behind, rn_stats
 * counts. From outside, SIGQUIT prints the dump and ends the program (unless it
 * has an action of its own for it), and RUNNEL_LEAKS=1 reports at the end of
 * rn_run what nobody ended or gave back:
 *
 *     leaks: 2 goroutines, 1 context
 *
 *     2 goroutines [chan send, made at fetch.c:31, for 3 to 5 minutes]: 17 18
 *         created at fetch.c:35
 *         rn_chan_send_  chan.c:291
 *         fetch_one  fetch.c:12
 *
 *     1 context never canceled, made at fetch.c:30
 *
 * A dump is made by a copy of the process, so the program stands still for the
 * time of one fork only, and the stacks shown are those of one moment.
 * Functions and lines are named when runnel was built with elfutils and the
 * program has debugging information. A goroutine that runs at that moment on
 * another thread is listed without its stack.
 *
 * A wait that has lasted for ten seconds or more says for how long, in whole
 * seconds, minutes or hours; of several that look the same the shortest and the
 * longest. Nobody looks at the clock when a goroutine parks: the moment is that
 * of the last tick, which was about 10 ms ago at most.
 *
 * "nobody can wake it" stands with a goroutine that waits for a channel whose
 * handle is nowhere in the program's memory any more but with goroutines of
 * which the same is said. That is certain but for handles kept in disguise; the
 * other way round nothing is: a handle that is merely forgotten somewhere
 * counts, and who waits for something else than one channel is not judged.
 *
 * Threads: every call may come from any goroutine or foreign thread while the
 * runtime runs.
 */
#ifndef RUNNEL_DEBUG_H
#define RUNNEL_DEBUG_H

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Writes all goroutines to the descriptor, those with the same stack together.
 * RN_OK, or RN_NOMEM when the process could not be copied (on standard error
 * they are then listed without stacks), or -EBADF. Parks; from a foreign thread
 * it blocks.
 */
int rn_dump(int fd);

/*
 * What has been left behind so far: goroutines other than the caller that are
 * parked, and contexts, channels and timers that were not given back. Reports
 * them on standard error as above, if there are any, and returns their number.
 *
 * Contexts, channels and timers are known only when the runtime was started
 * with rn_options.leaks or RUNNEL_LEAKS=1: it costs tens of nanoseconds for
 * each that is made and given back. A goroutine that is about to end, but parks
 * once more, is counted: let a test wait for the end of what it started.
 *
 * Parks; from a foreign thread it blocks.
 */
size_t rn_leaks_check(void);

/* Counted since rn_run began, but for what is "now". */
struct rn_stats {
    size_t goroutines;         /* alive now */
    uint64_t started;          /* goroutines */
    unsigned workers;          /* threads that run goroutines, now */
    unsigned workers_idle;     /* of them without work, now */
    unsigned blocking_threads; /* of rn_block, now */
    uint64_t parks;            /* waits of goroutines */
    uint64_t steals;           /* successful, of one or more goroutines */
    uint64_t polls;            /* looks at the descriptors */
    size_t timers;             /* set now: sleeps and deadlines too */
    size_t waiting_fds;        /* goroutines that wait for a descriptor, now */
    /* Address space of stacks, now. Memory is taken by touched pages only. */
    size_t stack_bytes;
};

/* Does not park. Figures of different moments, some microseconds apart. */
void rn_stats(struct rn_stats *stats);

#ifdef __cplusplus
}
#endif

#endif
