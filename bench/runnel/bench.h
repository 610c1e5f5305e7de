/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench.h: what the lines of bench_runnel share.
 *
 * A line does one kind of work and reports one or more figures. It measures
 * only its own region: what it needs is made before, and given back after. Its
 * counterpart in bench/peers/go/runnel_bench does the same work, as often, with
 * what a user of Go would take for it.
 */
#ifndef BENCH_RUNNEL_BENCH_H
#define BENCH_RUNNEL_BENCH_H

#include <runnel/runnel.h>

/* So many at full scale; scaled by --scale, at least 1. */
long bench_count(long at_full_scale);

/* Prints a figure; `unit` is that of the value. */
void bench_report(const char *figure, const char *unit, double value);

/* Reports (now - begin) / count in nanoseconds; `begin` is of rn_now. */
void bench_report_each(const char *figure, int64_t begin, long count);

/* The processor's time that this process has used, in nanoseconds. */
int64_t bench_cpu_ns(void);

/* Resident memory of this process. */
double bench_resident_bytes(void);

/* Memory for an array, zeroed; ends the program where there is none. */
void *bench_array(long count, size_t size);

/* Ends the program: what a line relies on is not so. */
void bench_check(bool holds, const char *what);

/* bench_switch.c: a goroutine gives way to another. */
void line_yield(void);
void line_pingpong(void);
void line_ring(void);
void line_wake(void);

/* bench_chan.c: values through channels. */
void line_spsc(void);
void line_mpmc(void);
void line_sieve(void);

/* bench_select.c */
void line_select2_ready(void);
void line_select8_ready(void);
void line_select2_block(void);
void line_select8_block(void);

/* bench_sync.c */
void line_mutex_uncont(void);
void line_mutex_cont(void);
void line_mutex_queued(void);
void line_rw_uncont(void);
void line_rw_read(void);
void line_once(void);

/* bench_spawn.c: goroutines begin, wait in great number, and end. */
void line_spawn_seq(void);
void line_spawn_batch(void);
void line_skynet(void);
void line_park1m(void);
void line_park1m_small(void);
void line_parallel(void);

/* bench_timer.c */
void line_timer_fire(void);
void line_timer_far(void);
void line_timer_reset(void);
void line_sleep100k(void);

/* bench_ctx.c */
void line_ctx_timeout(void);
void line_ctx_cancel(void);
void line_ctx_tree(void);

/* bench_net.c */
void line_echo(void);
void line_block(void);

#endif
