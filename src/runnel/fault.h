/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h: memory faults inside goroutines.
 */
#ifndef RUNNEL_FAULT_H
#define RUNNEL_FAULT_H

/*
 * Installs the handlers of SIGSEGV and SIGBUS and puts the old ones back. A
 * fault in a guard page is reported as the stack overflow it is; every fault
 * then takes the course it would have taken without us.
 */
void fault_open(void);
void fault_close(void);

/* An alternate stack for the calling thread: the fault is on its own one. */
void fault_thread_begin(void);
void fault_thread_end(void);

#endif
