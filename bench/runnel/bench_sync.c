/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_sync.c: locks, and what is done once.
 */
#include "bench.h"

enum { RIVALS = 8 };

/* ------------------------------------------------------------------- mutex */

/* Nobody else wants it; ns for lock and unlock. */
void line_mutex_uncont(void)
{
    static struct rn_mutex mutex;
    static volatile long counter;
    long count = bench_count(20000000);
    int64_t begin = rn_now();
    for (long i = 0; i < count; i++) {
        rn_mutex_lock(&mutex);
        counter++;
        rn_mutex_unlock(&mutex);
    }
    bench_report_each("mutex_uncont", begin, count);
}

struct rival {
    struct rn_mutex *mutex;
    volatile long *counter;
    long count;
};

static void count_up(struct rival *own)
{
    for (long i = 0; i < own->count; i++) {
        rn_mutex_lock(own->mutex);
        (*own->counter)++;
        rn_mutex_unlock(own->mutex);
    }
}

static void count_and_yield(struct rival *own)
{
    for (long i = 0; i < own->count; i++) {
        rn_mutex_lock(own->mutex);
        (*own->counter)++;
        rn_yield();
        rn_mutex_unlock(own->mutex);
    }
}

static void contend(const char *figure, void (*function)(struct rival *),
                    long count)
{
    static struct rn_mutex mutex;
    static volatile long counter;
    counter = 0;
    struct rn_waitgroup all = {0};
    int64_t begin = rn_now();
    for (int i = 0; i < RIVALS; i++)
        rn_waitgroup_go(&all, function,
                        (struct rival){&mutex, &counter, count});
    rn_waitgroup_wait(&all);
    bench_report_each(figure, begin, RIVALS * count);
    bench_check(counter == RIVALS * count, "mutex: no exclusion");
}

/* Eight want it all the time; ns for each lock and unlock. */
void line_mutex_cont(void)
{
    contend("mutex_cont", count_up, bench_count(1000000));
}

/* Eight, and who has it yields, so that all others queue. */
void line_mutex_queued(void)
{
    contend("mutex_queued", count_and_yield, bench_count(200000));
}

/* ----------------------------------------------------------------- rwmutex */

/* The read side, nobody else; ns for lock and unlock. */
void line_rw_uncont(void)
{
    static struct rn_rwmutex rw;
    static volatile long value;
    long count = bench_count(20000000);
    int64_t begin = rn_now();
    for (long i = 0; i < count; i++) {
        rn_rwmutex_rlock(&rw);
        (void)value;
        rn_rwmutex_runlock(&rw);
    }
    bench_report_each("rw_uncont", begin, count);
}

struct reader {
    struct rn_rwmutex *rw;
    volatile long *value;
    long count;
};

static void read_mostly(struct reader *own)
{
    for (long i = 1; i <= own->count; i++) {
        if (i % 1000 == 0) {
            rn_rwmutex_lock(own->rw);
            (*own->value)++;
            rn_rwmutex_unlock(own->rw);
        } else {
            rn_rwmutex_rlock(own->rw);
            (void)*own->value;
            rn_rwmutex_runlock(own->rw);
        }
    }
}

/* Eight read, one time in a thousand they write; ns for lock and unlock. */
void line_rw_read(void)
{
    static struct rn_rwmutex rw;
    static volatile long value;
    value = 0;
    long count = bench_count(2000000);
    struct rn_waitgroup all = {0};
    int64_t begin = rn_now();
    for (int i = 0; i < RIVALS; i++)
        rn_waitgroup_go(&all, read_mostly, (struct reader){&rw, &value, count});
    rn_waitgroup_wait(&all);
    bench_report_each("rw_read", begin, RIVALS * count);
    bench_check(value == RIVALS * (count / 1000), "rwmutex: no exclusion");
}

/* -------------------------------------------------------------------- once */

static void set_to_one(void *arg)
{
    *(int *)arg = 1;
}

/* It has been done; ns to learn of it. */
void line_once(void)
{
    static struct rn_once once;
    int done = 0;
    long count = bench_count(100000000);
    rn_once_do(&once, set_to_one, &done);
    int64_t begin = rn_now();
    for (long i = 0; i < count; i++)
        rn_once_do(&once, set_to_one, &done);
    bench_report_each("once", begin, count);
    bench_check(done == 1, "once: not done");
}
