/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status.h: results, time, and what every header needs.
 *
 * A function that can fail returns 0 (RN_OK) or a negative status; a status is
 * the negation of an errno number, so that what a system call said passes
 * through unchanged. runnel never reports by errno: a goroutine may park inside
 * a call and wake on another thread, where errno is another variable.
 *
 * Time is int64_t nanoseconds. A timeout is a length; a deadline is a point of
 * the monotonic clock rn_now(), and RN_NEVER is the deadline that never comes.
 */
#ifndef RUNNEL_STATUS_H
#define RUNNEL_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    RN_OK = 0,
    RN_NOT_FOUND = -2,  /* -ENOENT: no such name */
    RN_AGAIN = -11,     /* -EAGAIN: would have to wait */
    RN_NOMEM = -12,     /* -ENOMEM */
    RN_INVALID = -22,   /* -EINVAL */
    RN_CLOSED = -32,    /* -EPIPE: closed (a channel: and drained) */
    RN_TIMEOUT = -110,  /* -ETIMEDOUT: the deadline passed */
    RN_CANCELED = -125, /* -ECANCELED: the context was canceled */
    RN_PANICKED = -130, /* -EOWNERDEAD: a panic was stopped: panic.h */
};

/* "timed out", "canceled", ...; static text, never NULL, any status. */
const char *rn_status_text(int status);

#define RN_NS ((int64_t)1)
#define RN_US (1000 * RN_NS)
#define RN_MS (1000 * RN_US)
#define RN_S  (1000 * RN_MS)

#define RN_NEVER INT64_MAX

/*
 * Nanoseconds of the monotonic clock; virtual under simulation. Does not park.
 */
int64_t rn_now(void);

/*
 * The deadline `timeout_ns` from now; a timeout too long for the clock gives
 * RN_NEVER, a negative one gives now. Does not park.
 */
int64_t rn_deadline(int64_t timeout_ns);

/* Where a goroutine, channel or context was created: "file.c:12". */
#define RN_STRING_2_(x) #x
#define RN_STRING_(x)   RN_STRING_2_(x)
#define RN_HERE_        __FILE__ ":" RN_STRING_(__LINE__)

/* Which sanitizer this is compiled for: clang says so in this way. */
#ifdef __has_feature
#define RN_HAS_FEATURE_(x) __has_feature(x)
#else
#define RN_HAS_FEATURE_(x) 0
#endif

/*
 * Fields of public structs that the library alone touches, atomically. C++ sees
 * the same size and alignment and leaves them alone.
 */
#ifdef __cplusplus
#define RN_ATOMIC_(T) T
#else
#define RN_ATOMIC_(T) _Atomic(T)
#endif

#ifdef __cplusplus
}
#endif

#endif
