/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_goroutines.c: what a goroutine costs, and what a thread does.
 *
 *     bench_goroutines [ALIVE]
 *
 * Times are the median of RUNS runs. Memory is what the process has resident
 * with ALIVE goroutines parked (100,000 unless told otherwise), less what it had
 * before, for each. $RUNNEL_PROCS sets the workers.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <runnel/runnel.h>

enum { RUNS = 7, CALLS = 20000, THREADS = 2000 };

static double per_call(int64_t begin, long calls)
{
    return (double)(rn_now() - begin) / (double)calls;
}

/* ------------------------------------------------------------- goroutines */

static void end_at_once(rn_sender(char) *own)
{
    rn_send(*own, 0);
}

/* Start one, hear of its end. */
static double start_goroutines(void)
{
    rn_chan(char) ended = rn_chan_make(char, 1);
    int64_t begin = rn_now();
    for (int i = 0; i < CALLS; i++) {
        rn_go(end_at_once, rn_send_end(ended));
        rn_recv(ended, NULL);
    }
    double time = per_call(begin, CALLS);
    rn_chan_free(ended);
    return time;
}

struct player {
    rn_receiver(int) in;
    rn_sender(int) out;
};

static void play(struct player *own)
{
    rn_range (int, ball, own->in)
        rn_send(own->out, ball);
    rn_close(own->out);
}

/* There and back over two unbuffered channels: two switches. */
static double switch_goroutines(void)
{
    rn_chan(int) there = rn_chan_make(int, 0);
    rn_chan(int) back = rn_chan_make(int, 0);
    rn_go(play, (struct player){rn_recv_end(there), rn_send_end(back)});
    int64_t begin = rn_now();
    for (int i = 0; i < CALLS; i++) {
        rn_send(there, i);
        rn_recv(back, NULL);
    }
    double time = per_call(begin, 2L * CALLS);
    rn_close(there);
    rn_recv(back, NULL);
    rn_chan_free(there);
    rn_chan_free(back);
    return time;
}

/* ---------------------------------------------------------------- threads */

static void *return_at_once(void *arg)
{
    return arg;
}

static double start_threads(void)
{
    int64_t begin = rn_now();
    for (int i = 0; i < THREADS; i++) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, return_at_once, NULL) != 0)
            abort();
        pthread_join(thread, NULL);
    }
    return per_call(begin, THREADS);
}

struct table {
    pthread_mutex_t lock;
    pthread_cond_t turned;
    int turn; /* 0: here, 1: there, 2: over */
};

static void *play_on_thread(void *arg)
{
    struct table *table = arg;
    pthread_mutex_lock(&table->lock);
    while (table->turn != 2) {
        if (table->turn == 1) {
            table->turn = 0;
            pthread_cond_signal(&table->turned);
        } else {
            pthread_cond_wait(&table->turned, &table->lock);
        }
    }
    pthread_mutex_unlock(&table->lock);
    return NULL;
}

/* There and back over a condition variable: two switches. */
static double switch_threads(void)
{
    struct table table = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER,
                          0};
    pthread_t thread;
    if (pthread_create(&thread, NULL, play_on_thread, &table) != 0)
        abort();
    pthread_mutex_lock(&table.lock);
    int64_t begin = rn_now();
    for (int i = 0; i < CALLS; i++) {
        table.turn = 1;
        pthread_cond_signal(&table.turned);
        while (table.turn == 1)
            pthread_cond_wait(&table.turned, &table.lock);
    }
    double time = per_call(begin, 2L * CALLS);
    table.turn = 2;
    pthread_cond_signal(&table.turned);
    pthread_mutex_unlock(&table.lock);
    pthread_join(thread, NULL);
    return time;
}

/* ----------------------------------------------------------------- memory */

static double resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%*u %lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

struct sleeper {
    rn_receiver(char) morning;
    struct rn_waitgroup *awake;
};

static void sleep_till_morning(struct sleeper *own)
{
    rn_waitgroup_done(own->awake);
    rn_recv(own->morning, NULL);
}

static double bytes_each(long alive)
{
    rn_chan(char) morning = rn_chan_make(char, 0);
    struct rn_waitgroup awake = {0};
    double before = resident_bytes();
    rn_waitgroup_add(&awake, (int)alive);
    for (long i = 0; i < alive; i++)
        rn_go(sleep_till_morning,
              (struct sleeper){rn_recv_end(morning), &awake});
    rn_waitgroup_wait(&awake);
    double after = resident_bytes();
    rn_close(morning);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(morning);
    return (after - before) / (double)alive;
}

/* -------------------------------------------------------------- the table */

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double (*measure)(void))
{
    double times[RUNS];
    for (int i = 0; i < RUNS; i++)
        times[i] = measure();
    qsort(times, RUNS, sizeof(*times), by_size);
    return times[RUNS / 2];
}

static int start(void *arg)
{
    long alive = *(long *)arg;
    double each = bytes_each(alive);
    printf("%u workers, median of %d\n\n", rn_procs(), RUNS);
    printf("| | goroutine | thread |\n|---|---|---|\n");
    printf("| start and end, ns | %.0f | %.0f |\n", median(start_goroutines),
           median(start_threads));
    printf("| hand over and switch, ns | %.0f | %.0f |\n",
           median(switch_goroutines), median(switch_threads));
    printf("| resident bytes of one that waits | %.0f | |\n", each);
    printf("| %ld that wait, MB | %.0f | |\n", alive,
           each * (double)alive / 1e6);
    return 0;
}

int main(int argc, char **argv)
{
    long alive = argc > 1 ? atol(argv[1]) : 100000;
    if (alive <= 0 || alive > 10000000) {
        fprintf(stderr, "usage: bench_goroutines [1 .. 10000000]\n");
        return 2;
    }
    return rn_run(start, &alive);
}
