/* SPDX-License-Identifier: Apache-2.0 */
/*
 * block.h: threads for calls that block; the public side is rn_block in io.h.
 */
#ifndef RUNNEL_BLOCK_H
#define RUNNEL_BLOCK_H

#include "base.h"

struct task;

/* Called on each thread of the pool as it begins and ends; set before any. */
extern void (*block_thread_begin)(void);
extern void (*block_thread_end)(void);

/* The goroutine whose call runs on this thread; NULL: none. For handlers. */
const struct task *block_task(void);

/* Threads of the pool now. */
unsigned block_threads(void);

/* Ends the pool: waits for the calls under way, forgets those not begun. */
void block_close(void);

#endif
