/* SPDX-License-Identifier: Apache-2.0 */
/*
 * panic_internal.h: panics that the runtime raises and stops itself.
 */
#ifndef RUNNEL_PANIC_INTERNAL_H
#define RUNNEL_PANIC_INTERNAL_H

#include <runnel/panic.h>

/*
 * A call of the library was misused: a panic that says so (rn_panic.misuse).
 * The caller holds no lock of the runtime.
 */
void misuse(const char *format, ...)
    __attribute__((noreturn, cold, format(printf, 1, 2)));

/*
 * rn_try for who has no room for a panic: stopped(panic, arg) is called, on the
 * stack that panicked, before that is left; it may park.
 */
int panic_stop(void (*function)(void *arg),
               void (*stopped)(const struct rn_panic *panic, void *arg),
               void *arg);

#endif
