/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch.c: the words that sched.c and sync.c look at.
 */
#include "watch.h"

_Atomic(uint32_t) watch_bits;
void (*watch_waited)(enum wait_reason reason, int64_t ns);
void (*watch_contended)(int64_t ns);
