/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h: goroutines as text, on standard error.
 *
 * All of it is safe in a signal handler, as far as anything is: the text is
 * made by a copy of the process (copy.h), and printed without names when there
 * can be none.
 */
#ifndef RUNNEL_REPORT_H
#define RUNNEL_REPORT_H

#include "task_internal.h"

/* "chan send", ...: what a parked goroutine waits for. */
const char *report_reason(enum wait_reason reason);
/* Is it a call of the library as its users know it? There a wait begins. */
bool report_is_public(const char *function);
/* How many of the frames are left without those that begin every goroutine. */
size_t report_without_begin(void *const *frames, size_t count);
/* In a copy: the stack of a goroutine at rest, as far as it can be followed. */
size_t report_stack(struct task *task, void **frames, size_t max);

/* A call stack, innermost first. */
void report_frames(void *const *frames, size_t count);

/* The calling goroutine, with its call stack. */
void report_caller(void);
/* The same in a signal handler: from where the signal met it. */
void report_interrupted(uintptr_t pc);

/*
 * All goroutines, those with the same stack together, on a descriptor. False
 * when the stacks of others could not be shown, because they run.
 */
bool report_all_to(int fd);
/* Those that `wanted` says, on standard error. */
void report_some(bool (*wanted)(const struct task *task, int state,
                                const void *arg),
                 const void *arg);
/* In a signal handler: all but the calling one, on standard error. */
void report_others(void);

/* Nothing runs any more: a report without a copy shows stacks too. */
void report_world_stands(void);

#endif
