/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fatal.h: the last words of a program.
 *
 * fatal: an error that no program can go on from (out of memory, a lock
 * misused, deadlock). Prints "fatal error: ..." and what the reporter adds,
 * exits with status 2. No destructors, no atexit: the state is not to be
 * trusted.
 */
#ifndef RUNNEL_FATAL_H
#define RUNNEL_FATAL_H

#include "base.h"

#define FATAL_STATUS 2

/* Prints formatted text to standard error, without malloc; cut at 1 KiB. */
void print_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

void fatal(const char *format, ...)
    __attribute__((noreturn, cold, format(printf, 1, 2)));

/* Ends the program after its report; the first of several threads wins. */
void fatal_exit(void) __attribute__((noreturn));
/*
 * Returns in the one thread that may report; others wait for the end. Who comes
 * here again, by a fault in its own report, ends at once.
 */
void fatal_begin(void);
/* True while some thread reports. */
bool fatal_begun(void);

/*
 * Calls function(arg) on a stack where there is room for a report: its caller's
 * own, unless that is a small one (stack_small.h). It must not park.
 */
void fatal_in_room(void (*function)(void *arg), void *arg);
/* What does so; set once by the face. */
extern void (*fatal_room)(void (*function)(void *arg), void *arg);

/* Adds where the caller was; set once by the face, called by fatal(). */
extern void (*fatal_reporter)(void);
/* Before the end: what was recorded is to be written; or NULL. */
extern void (*fatal_flush)(void);
/* Has the last word, whatever the end; or NULL. */
extern void (*fatal_epilogue)(void);
/* Prints a call stack; likewise. */
extern void (*fatal_frame_printer)(void *const *frames, size_t count);

#define CHECKED(condition)                                                    \
    do {                                                                      \
        if (unlikely(!(condition)))                                           \
            fatal("%s:%d: %s does not hold", __FILE__, __LINE__, #condition); \
    } while (0)

/* What costs too much to look at always: with -Dchecks=true. */
#ifdef RN_CHECKS
#define INVARIANT(condition) CHECKED(condition)
#else
#define INVARIANT(condition)   \
    do {                       \
        if (0)                 \
            (void)(condition); \
    } while (0)
#endif

#endif
