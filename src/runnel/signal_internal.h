/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signal_internal.h: what the runtime asks of signals; the public side is
 * signal.h.
 */
#ifndef RUNNEL_SIGNAL_INTERNAL_H
#define RUNNEL_SIGNAL_INTERNAL_H

#include "base.h"

/* Threads of this module now: 0 or 1. */
unsigned signal_threads(void);

/* Does somebody wait for a channel that signals are sent to? */
bool signal_awaited(void);

/* Stops everything that is notified still. */
void signal_close(void);

#endif
