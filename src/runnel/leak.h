/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leak.h: what was left behind.
 */
#ifndef RUNNEL_LEAK_H
#define RUNNEL_LEAK_H

#include "base.h"

/* $RUNNEL_LEAKS asks for a report at the end. */
bool leaks_wanted(void);

/*
 * Prints what is left, if anything, and returns how much. At the end of the
 * runtime every goroutine that has not ended is; before, those that are parked,
 * but for the caller's.
 */
size_t leaks_report(bool at_end);

#endif
