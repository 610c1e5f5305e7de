/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor.h: a thread that sees to it that nobody is starved.
 */
#ifndef RUNNEL_MONITOR_H
#define RUNNEL_MONITOR_H

/* RN_OK, or why the thread could not be made. */
int monitor_open(void);
/* Returns when it has ended. Without monitor_open: does nothing. */
void monitor_close(void);

#endif
