/* SPDX-License-Identifier: Apache-2.0 */
/*
 * panic.h: the end of a program that is wrong.
 *
 * A panic reports a mistake of the program: a send on a closed channel, a
 * WaitGroup below zero. It prints the message, the goroutine, where that was
 * created and its call stack to standard error, and ends the program with
 * status 2. Errors that a correct program can meet are statuses, never panics.
 */
#ifndef RUNNEL_PANIC_H
#define RUNNEL_PANIC_H

#ifdef __cplusplus
extern "C" {
#endif

void rn_panic(const char *format, ...)
    __attribute__((noreturn, cold, format(printf, 1, 2)));

#ifdef __cplusplus
}
#endif

#endif
