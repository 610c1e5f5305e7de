/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.h: signals that end the program.
 */
#ifndef RUNNEL_FAULT_H
#define RUNNEL_FAULT_H

/*
 * Installs handlers and puts the old ones back. SIGSEGV, SIGBUS, SIGFPE and
 * SIGILL tell the goroutine and its call stack, a fault in a guard page that it
 * is a stack overflow; SIGQUIT tells of all goroutines. Every signal then takes
 * the course it would have taken without us.
 */
void fault_open(void);
void fault_close(void);

/* An alternate stack for the calling thread: the fault is on its own one. */
void fault_thread_begin(void);
void fault_thread_end(void);

#endif
