/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rwmutex.h: what the end of the runtime asks of rwmutex.c.
 */
#ifndef RUNNEL_RWMUTEX_H
#define RUNNEL_RWMUTEX_H

/*
 * No worker is left: goroutines that read by a mark are gone, and leave none for
 * a lock that comes to lie where theirs was.
 */
void rwmutex_forget(void);

#endif
