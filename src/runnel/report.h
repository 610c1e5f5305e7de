/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h: goroutines as text, for the last words of a program.
 */
#ifndef RUNNEL_REPORT_H
#define RUNNEL_REPORT_H

#include "task_internal.h"

/* "goroutine 7 [receives from a channel made at x.c:12]: name" and more. */
void report_task(struct task *task);
/* Call stacks, innermost first. */
void report_frames(void *const *frames, size_t count);
/* The calling goroutine, with its call stack. */
void report_caller(void);
/* All goroutines; nothing may start or end one meanwhile. */
void report_all(void);

#endif
