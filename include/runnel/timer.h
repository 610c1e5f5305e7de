/* SPDX-License-Identifier: Apache-2.0 */
/*
 * timer.h: things that happen later.
 *
 * A timer sends the time on its channel once; a ticker does so every period
 * and drops ticks that nobody took, so they never pile up. rn_after_func runs a
 * function in a goroutine of its own. None fires early.
 *
 *     struct rn_timer *tick = rn_ticker_make(10 * RN_S);
 *     int64_t now;
 *     while (rn_recv(rn_timer_chan(tick), &now))
 *         report(now);
 *
 * Ownership: the maker frees, from any goroutine; freeing stops. After stop or
 * reset returned, no value of the earlier setting is received. No call parks.
 */
#ifndef RUNNEL_TIMER_H
#define RUNNEL_TIMER_H

#include <runnel/chan.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_timer;

/* Fires once, `ns` from now (at once when not positive). */
struct rn_timer *rn_timer_make(int64_t ns);
/* Fires every `period_ns`; a period that is not positive panics. */
struct rn_timer *rn_ticker_make(int64_t period_ns);
/* Runs function(arg) in a new goroutine, `ns` from now. */
struct rn_timer *rn_after_func(int64_t ns, void (*function)(void *arg),
                               void *arg);

/*
 * Stops it. True when that kept it from firing, false when it had fired (the
 * function of rn_after_func may still be running) or was stopped before.
 */
bool rn_timer_stop(struct rn_timer *timer);

/*
 * Sets it anew, `ns` from now; for a ticker `ns` is the new period. Returns
 * what rn_timer_stop would have.
 */
bool rn_timer_reset(struct rn_timer *timer, int64_t ns);

/* Stops and frees; nobody may wait on its channel. NULL is allowed. */
void rn_timer_free(struct rn_timer *timer);

/* The core of rn_timer_chan. */
struct rn_channel *rn_timer_chan_(struct rn_timer *timer);

/* Notes where it was made, for debug.h; returns timer. */
struct rn_timer *rn_timer_made_(struct rn_timer *timer, const char *where);

#ifdef __cplusplus
}
#endif

#ifndef RN_TIMER_PLAIN_
#define rn_timer_make(ns) rn_timer_made_(rn_timer_make(ns), RN_HERE_)
#define rn_ticker_make(period_ns) \
    rn_timer_made_(rn_ticker_make(period_ns), RN_HERE_)
#define rn_after_func(ns, function, arg) \
    rn_timer_made_(rn_after_func(ns, function, arg), RN_HERE_)
#endif

#ifndef __cplusplus
/* Where the times (rn_now) arrive; borrowed, nil for rn_after_func. */
#define rn_timer_chan(timer) \
    ((rn_receiver(int64_t))(uintptr_t)rn_timer_chan_(timer))
#endif

#endif
