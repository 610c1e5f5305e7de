/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sampler.h: which stacks the runtime's threads are on (workers, and those for
 * calls that block), every so much of their processor time.
 */
#ifndef RUNNEL_SAMPLER_H
#define RUNNEL_SAMPLER_H

#include "tally.h"

/*
 * Samples go to the tally, which is open, one a `period_ns` of each thread.
 * RN_OK; -ENOTSUP (under the race detector, in simulation); -EBUSY (the program
 * uses the signal).
 */
int sampler_start(struct tally *tally, int64_t period_ns);
/* No sample is taken any more. */
void sampler_stop(void);

/*
 * Asks every thread that runs a goroutine where it is, and waits a moment for
 * the answers. sampler_found: what one said of the goroutine, if it did; the
 * frames' count. In a copy of the process, or before the next question.
 */
struct task;
void sampler_ask(void);
size_t sampler_found(const struct task *task, void **frames, size_t max);

/* A thread that is to be sampled begins, and ends. */
void sampler_thread_begin(void);
void sampler_thread_end(void);

/*
 * In the handler of a fault: does not return when it was met while a sample was
 * taken; that one is lost.
 */
void sampler_escape(void);

#endif
