/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.h: where processor time goes, and where goroutines wait.
 *
 * Four profiles, each a set of call stacks with a weight:
 *
 *     RN_PROFILE_CPU        processor time of goroutines, sampled
 *     RN_PROFILE_BLOCK      time that goroutines were parked, by what they
 *                           waited for
 *     RN_PROFILE_MUTEX      time that others waited for a Mutex or RWMutex, by
 *                           who held it: the stack of the unlock, as in Go
 *     RN_PROFILE_GOROUTINE  the goroutines that there are now
 *
 * The first three collect from a start to a stop; the last is taken when it is
 * written. Each is written as folded stacks, a line each, for flame graphs, or
 * in the format of pprof (without gzip, which `go tool pprof` does not need).
 *
 *     int status = rn_profile_start(RN_PROFILE_CPU, 100);
 *     work();
 *     rn_profile_stop(RN_PROFILE_CPU);
 *     if (status == RN_OK)
 *         status = rn_profile_write(RN_PROFILE_CPU, RN_PROFILE_PPROF, fd);
 *
 * A stack has up to 64 calls, the innermost, and its goroutine: the line that
 * created it and its name (39 bytes of it) are labels in pprof, and the first
 * frame of a folded stack. What a goroutine waited for is a label ("reason")
 * and the last frame. Functions and lines are named as in reports (debug.h), in
 * a copy of the process, when the profile is written.
 *
 * Cost: nothing while none collects but a load and a branch at each wait. The
 * processor profile interrupts each thread of the runtime after every so much of
 * its own processor time: workers, and those of rn_block, whose samples belong
 * to the goroutine that called. What sleeps is not sampled, nor are threads that
 * the program made.
 *
 * The signal interrupts calls that the system does not restart (poll, nanosleep,
 * ...) with EINTR, as that of any profiler.
 *
 * Threads: every call may come from any goroutine or foreign thread while the
 * runtime runs; before and after, each is RN_INVALID. What was collected ends
 * with rn_run. Simulation (sim.h) has no profiles: time is virtual there, and
 * start and write say -ENOTSUP.
 */
#ifndef RUNNEL_PROFILE_H
#define RUNNEL_PROFILE_H

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rn_profile {
    RN_PROFILE_CPU,
    RN_PROFILE_BLOCK,
    RN_PROFILE_MUTEX,
    RN_PROFILE_GOROUTINE
};

enum rn_profile_format {
    RN_PROFILE_PPROF,
    RN_PROFILE_FOLDED /* weights are nanoseconds, or goroutines */
};

/*
 * Begins to collect anew; what was collected before is dropped. `rate`:
 *
 *     CPU    samples a second of processor time, 1 to 1000; 100 is usual
 *     BLOCK  nanoseconds, up to RN_S: one wait is kept for so much time spent
 *            waiting, on average, and weighed so that sums are right; 1: all
 *     MUTEX  one of so many contended unlocks, up to a million, weighed
 *            likewise; 1: all
 *
 * Does not park, but for a moment the caller may wait for others to end what
 * they add. RN_OK; -EBUSY (it collects already, or, for CPU, the program has an
 * action of its own for SIGPROF); RN_INVALID (a rate or a profile that cannot
 * be); RN_NOMEM; -ENOTSUP in simulation, and for CPU under ThreadSanitizer,
 * whose functions no handler may call at any moment; or why the system made no
 * timer. A stack that is new when 16,384 are known is not kept: its weight goes
 * to "(lost)".
 *
 * A wait counts from when the goroutine parks until it runs again, so what it
 * waited for a worker is in it; of every kind, sleeping and descriptors too. A
 * wait that has not ended is not in it.
 */
int rn_profile_start(enum rn_profile profile, int64_t rate);

/*
 * Ends it; what was collected can be written until the next start. RN_OK, or
 * RN_INVALID when it did not collect. Does not park.
 */
int rn_profile_stop(enum rn_profile profile);

/*
 * Writes what was collected so far, or, for RN_PROFILE_GOROUTINE, all
 * goroutines: those that look the same together. One that runs is asked by a
 * SIGPROF to its thread where it is, a moment before; where that cannot be, or
 * gets no answer, it is told as "(running)". Goroutines of the runtime's own
 * services (rn_debug_serve) are left out.
 *
 * Parks; from a foreign thread it blocks. RN_OK, -EBADF (not a descriptor),
 * RN_NOMEM (the process could not be copied, or the copy did not get to the
 * end; part of it may be written), RN_INVALID, -ENOTSUP.
 */
int rn_profile_write(enum rn_profile profile, enum rn_profile_format format,
                     int fd);

#ifdef __cplusplus
}
#endif

#endif
