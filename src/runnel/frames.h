/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frames.h: the return addresses on a stack.
 *
 * Found by the unwind tables that every function of this ABI has, so code
 * without frame pointers is followed too, and a signal handler's frame. No
 * allocation, no lock. An address is where a call returns to: what is looked up
 * is the byte before it.
 */
#ifndef RUNNEL_FRAMES_H
#define RUNNEL_FRAMES_H

#include "base.h"

/* Of the caller, innermost first, `skip` of them left out. Their count. */
size_t frames_here(void **frames, size_t max, size_t skip);

/* In a signal handler: from where the signal met its thread. */
size_t frames_interrupted(void **frames, size_t max);

/* Of a context at rest (switch.h), which must not run meanwhile. */
size_t frames_at_rest(void *rest, void **frames, size_t max);

#endif
