/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_internal.h: a trace from beginning to end of a runtime.
 */
#ifndef RUNNEL_TRACE_INTERNAL_H
#define RUNNEL_TRACE_INTERNAL_H

/* A runtime is open: starts the trace that $RUNNEL_TRACE asks for. */
void trace_begin_wanted(void);
/* It runs no more: a trace that is on is written. */
void trace_finish(void);
/* It closes. */
void trace_close(void);

#endif
