/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch.h: leave one stack and go on with another.
 *
 * A context at rest is one word, its stack pointer; the callee-saved registers
 * lie on its stack. The floating-point control words (rounding, exceptions) are
 * not switched: they cost more than all the rest, and a goroutine that changes
 * them puts them back before it parks.
 */
#ifndef RUNNEL_SWITCH_H
#define RUNNEL_SWITCH_H

#include "base.h"

/* Saves the caller at *save and goes on with the context at rest in `load`. */
void rn_switch_(void **save, void *load);

/*
 * A context at rest that, once switched to, calls function(argument) on the
 * stack that ends (excluding) at `top`, aligned to 16. The function must not
 * return. Unwinders end there.
 */
void *switch_prepare(void *top, void (*function)(void *), void *argument);

/*
 * Calls function(arg), on the caller's stack, so that an unwinder that comes
 * through finds the context at rest in the caller's place.
 */
void rn_switch_walk_(void *rest, void (*function)(void *arg), void *arg);

/* Where a context at rest goes on, and its frame pointer; for backtraces. */
struct switch_frame {
    uintptr_t pc;
    uintptr_t fp;
};
struct switch_frame switch_frame_of(void *rest);

#endif
