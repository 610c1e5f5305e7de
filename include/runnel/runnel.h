/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runnel.h: goroutines and channels for C; all of the library, in the order in
 * which to learn it.
 */
#ifndef RUNNEL_RUNNEL_H
#define RUNNEL_RUNNEL_H

/* The order is the point. */
/* clang-format off */
#include <runnel/status.h>  /* results and time */
#include <runnel/key.h>     /* names for values */
#include <runnel/task.h>    /* the runtime, goroutines, yield, sleep */
#include <runnel/chan.h>    /* typed channels */
#include <runnel/select.h>  /* wait for several at once */
#include <runnel/sync.h>    /* WaitGroup, Mutex, RWMutex, Once, Cond, Semaphore */
#include <runnel/context.h> /* cancel, deadlines, values for a tree of work */
#include <runnel/group.h>   /* run together, first error cancels the rest */
#include <runnel/cache.h>   /* objects kept for whoever needs one next */
#include <runnel/timer.h>   /* timers, tickers, functions that run later */
#include <runnel/io.h>      /* descriptors, calls that block */
#include <runnel/net.h>     /* listen, dial, read, write */
#include <runnel/file.h>    /* files, without holding a worker */
#include <runnel/process.h> /* child processes */
#include <runnel/signal.h>  /* signals as values on a channel */
#include <runnel/panic.h>   /* panic, defer, recover */
#include <runnel/pool.h>    /* a few workers for many jobs */
#include <runnel/stage.h>   /* stages joined by channels: a pipeline */
#include <runnel/fan.h>     /* channels into one, one into channels */
#include <runnel/batching.h> /* many values at once */
#include <runnel/broadcast.h> /* every value to everyone */
#include <runnel/limit.h>   /* so many a second */
#include <runnel/retry.h>   /* try again, later and later */
#include <runnel/hedge.h>   /* ask a second one when the first is slow */
#include <runnel/breaker.h> /* stop asking one that does not answer */
#include <runnel/flight.h>  /* many ask, one goes */
#include <runnel/shutdown.h> /* finish what has begun, then end */
#include <runnel/sim.h>     /* run under a schedule that a seed decides */
#include <runnel/bubble.h>  /* tests in virtual time */
#include <runnel/debug.h>   /* dumps, leaks, counters */
#include <runnel/trace.h>   /* what runs when, on a time line */
#include <runnel/profile.h> /* where time goes, and where it is waited */
#include <runnel/debug_serve.h> /* all of that over HTTP */
#include <runnel/errno.h>   /* an errno that survives migration */
/* clang-format on */

#endif
