/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_patterns.c: what a pattern costs beside the same written by hand.
 *
 *     bench_patterns [VALUES]
 *
 * Each line is the time for one value (or call) through the pattern, and through
 * goroutines and channels that do the least that does the same when nothing goes
 * wrong: no context, no errors, no drops. The median of RUNS runs, which take
 * turns. $RUNNEL_PROCS sets the workers.
 */
#include <stdio.h>
#include <stdlib.h>

#include <runnel/runnel.h>

enum { RUNS = 7, WORKERS = 4, PLACES = 64, BATCH = 100 };

/* The time of one run, in ns for one value. */
typedef double measurement(long values);

struct stream {
    rn_receiver(long) in;
    rn_sender(long) out;
    struct rn_waitgroup *running; /* the last one closes; NULL: close */
};

static struct rn_ctx *always(void)
{
    return rn_ctx_background();
}

static double per_value(int64_t begin, long values)
{
    return (double)(rn_now() - begin) / (double)values;
}

/* ------------------------------------------------------- the pieces by hand */

struct feed {
    rn_sender(long) out;
    long values;
};

static void feed(struct feed *own)
{
    for (long i = 0; i < own->values; i++)
        rn_send(own->out, i);
    rn_close(own->out);
}

static void forward(struct stream *own)
{
    rn_range (long, value, own->in)
        rn_send(own->out, value + 1);
    if (own->running)
        rn_waitgroup_done(own->running);
    else
        rn_close(own->out);
}

struct closing {
    rn_sender(long) out;
    struct rn_waitgroup *running;
};

static void close_after(struct closing *own)
{
    rn_waitgroup_wait(own->running);
    rn_close(own->out);
}

static void drain(rn_chan(long) out, long values)
{
    long got = 0;
    rn_range (long, value, out)
        got += value >= 0;
    if (got != values) {
        fprintf(stderr, "%ld values came of %ld\n", got, values);
        exit(1);
    }
}

static void start_feed(rn_chan(long) out, long values)
{
    rn_go(feed, (struct feed){rn_send_end(out), values});
}

struct drainage {
    rn_receiver(long) in;
    struct rn_waitgroup *running;
};

static void drain_one(struct drainage *own)
{
    rn_range (long, value, own->in)
        (void)value;
    rn_waitgroup_done(own->running);
}

/* WORKERS channels, each by a goroutine. */
static void drain_all(rn_chan(long) *outputs)
{
    struct rn_waitgroup running = {0};
    rn_waitgroup_add(&running, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        rn_go(drain_one, (struct drainage){rn_recv_end(outputs[i]), &running});
    rn_waitgroup_wait(&running);
}

struct feed_all {
    rn_chan(long) *outputs;
    long values;
};

/* Each value into every one of WORKERS channels. */
static void feed_all(struct feed_all *own)
{
    for (long i = 0; i < own->values; i++) {
        for (int k = 0; k < WORKERS; k++)
            rn_send(own->outputs[k], i);
    }
    for (int k = 0; k < WORKERS; k++)
        rn_close(own->outputs[k]);
}

/* --------------------------------------------------------- pool and pipeline */

static int add_one(struct rn_ctx *ctx, void *state, long *in, long *out)
{
    (void)ctx;
    (void)state;
    *out = *in + 1;
    return RN_OK;
}

static double pool(long values, bool ordered)
{
    struct rn_group *group = rn_group_make(always(), 0);
    rn_chan(long) in = rn_group_chan(group, long, PLACES);
    rn_chan(long) out = rn_group_chan(group, long, PLACES);
    int64_t begin = rn_now();
    start_feed(in, values);
    if (ordered)
        rn_pool_map_ordered(group, WORKERS, in, out, add_one, NULL);
    else
        rn_pool_map(group, WORKERS, in, out, add_one, NULL);
    drain(out, values);
    rn_group_wait(group);
    return per_value(begin, values);
}

static double pool_map(long values)
{
    return pool(values, false);
}

static double pool_map_ordered(long values)
{
    return pool(values, true);
}

static double pool_by_hand(long values)
{
    rn_chan(long) in = rn_chan_make(long, PLACES);
    rn_chan(long) out = rn_chan_make(long, PLACES);
    struct rn_waitgroup running = {0};
    int64_t begin = rn_now();
    start_feed(in, values);
    rn_waitgroup_add(&running, WORKERS);
    for (int i = 0; i < WORKERS; i++)
        rn_go(forward,
              (struct stream){rn_recv_end(in), rn_send_end(out), &running});
    rn_go(close_after, (struct closing){rn_send_end(out), &running});
    drain(out, values);
    rn_chan_free(in);
    rn_chan_free(out);
    return per_value(begin, values);
}

static double pipeline(long values)
{
    struct rn_group *line = rn_group_make(always(), 0);
    rn_chan(long) links[4];
    int64_t begin = rn_now();
    for (int i = 0; i < 4; i++)
        links[i] = rn_group_chan(line, long, PLACES);
    start_feed(links[0], values);
    for (int i = 0; i < 3; i++)
        rn_stage(line, links[i], links[i + 1], add_one, NULL);
    drain(links[3], values);
    rn_group_wait(line);
    return per_value(begin, values);
}

static double pipeline_by_hand(long values)
{
    rn_chan(long) links[4];
    int64_t begin = rn_now();
    for (int i = 0; i < 4; i++)
        links[i] = rn_chan_make(long, PLACES);
    start_feed(links[0], values);
    for (int i = 0; i < 3; i++)
        rn_go(forward, (struct stream){rn_recv_end(links[i]),
                                       rn_send_end(links[i + 1]), NULL});
    drain(links[3], values);
    for (int i = 0; i < 4; i++)
        rn_chan_free(links[i]);
    return per_value(begin, values);
}

/* ---------------------------------------------------------------------- fan */

static int compare(const long *a, const long *b)
{
    return (*a > *b) - (*a < *b);
}

static double merge_into_one(long values, bool sorted)
{
    struct rn_group *group = rn_group_make(always(), 0);
    rn_chan(long) inputs[WORKERS];
    rn_chan(long) out = rn_group_chan(group, long, PLACES);
    int64_t begin = rn_now();
    for (int i = 0; i < WORKERS; i++) {
        inputs[i] = rn_group_chan(group, long, PLACES);
        start_feed(inputs[i], values / WORKERS);
    }
    if (sorted)
        rn_merge_sorted(group, inputs, WORKERS, out, compare);
    else
        rn_merge(group, inputs, WORKERS, out);
    drain(out, values / WORKERS * WORKERS);
    rn_group_wait(group);
    return per_value(begin, values);
}

static double merge(long values)
{
    return merge_into_one(values, false);
}

static double merge_sorted(long values)
{
    return merge_into_one(values, true);
}

static double merge_by_hand(long values)
{
    rn_chan(long) inputs[WORKERS];
    rn_chan(long) out = rn_chan_make(long, PLACES);
    struct rn_waitgroup running = {0};
    int64_t begin = rn_now();
    rn_waitgroup_add(&running, WORKERS);
    for (int i = 0; i < WORKERS; i++) {
        inputs[i] = rn_chan_make(long, PLACES);
        start_feed(inputs[i], values / WORKERS);
        rn_go(forward, (struct stream){rn_recv_end(inputs[i]), rn_send_end(out),
                                       &running});
    }
    rn_go(close_after, (struct closing){rn_send_end(out), &running});
    drain(out, values / WORKERS * WORKERS);
    for (int i = 0; i < WORKERS; i++)
        rn_chan_free(inputs[i]);
    rn_chan_free(out);
    return per_value(begin, values);
}

static double tee(long values)
{
    struct rn_group *group = rn_group_make(always(), 0);
    rn_chan(long) in = rn_group_chan(group, long, PLACES);
    rn_chan(long) outputs[WORKERS];
    int64_t begin = rn_now();
    for (int i = 0; i < WORKERS; i++)
        outputs[i] = rn_group_chan(group, long, PLACES);
    start_feed(in, values);
    rn_tee(group, in, outputs, WORKERS);
    drain_all(outputs);
    rn_group_wait(group);
    return per_value(begin, values);
}

static double tee_by_hand(long values)
{
    rn_chan(long) outputs[WORKERS];
    int64_t begin = rn_now();
    for (int i = 0; i < WORKERS; i++)
        outputs[i] = rn_chan_make(long, PLACES);
    rn_go(feed_all, (struct feed_all){outputs, values});
    drain_all(outputs);
    for (int i = 0; i < WORKERS; i++)
        rn_chan_free(outputs[i]);
    return per_value(begin, values);
}

/* A few long inputs, one after the other. */
static double bridge(long values)
{
    struct rn_group *group = rn_group_make(always(), 0);
    rn_chan(rn_receiver(long)) in =
        rn_group_chan(group, rn_receiver(long), WORKERS);
    rn_chan(long) out = rn_group_chan(group, long, PLACES);
    int64_t begin = rn_now();
    for (int i = 0; i < WORKERS; i++) {
        rn_chan(long) input = rn_group_chan(group, long, PLACES);
        start_feed(input, values / WORKERS);
        rn_send(in, rn_recv_end(input));
    }
    rn_close(in);
    rn_bridge(group, in, out);
    drain(out, values / WORKERS * WORKERS);
    rn_group_wait(group);
    return per_value(begin, values);
}

static double batches(long values)
{
    struct rn_group *group = rn_group_make(always(), 0);
    rn_chan(long) in = rn_group_chan(group, long, PLACES);
    rn_chan(rn_batch(long)) out = rn_group_chan(group, rn_batch(long), 4);
    int64_t begin = rn_now();
    size_t got = 0;
    start_feed(in, values);
    rn_batches(group, in, out, {.count = BATCH});
    rn_range (rn_batch(long), batch, out) {
        got += rn_batch_count(batch);
        rn_batch_free(batch);
    }
    rn_group_wait(group);
    return per_value(begin, (long)got);
}

static double batches_by_hand(long values)
{
    rn_chan(long) in = rn_chan_make(long, PLACES);
    rn_chan(long) out = rn_chan_make(long, PLACES);
    int64_t begin = rn_now();
    start_feed(in, values);
    rn_go(forward, (struct stream){rn_recv_end(in), rn_send_end(out), NULL});
    drain(out, values);
    rn_chan_free(in);
    rn_chan_free(out);
    return per_value(begin, values);
}

/* ---------------------------------------------------------------- broadcast */

static double broadcast(long values)
{
    rn_broadcast(long) to = rn_broadcast_make(long);
    rn_receiver(long) ends[WORKERS];
    struct rn_waitgroup running = {0};
    rn_waitgroup_add(&running, WORKERS);
    int64_t begin = rn_now();
    for (int i = 0; i < WORKERS; i++) {
        ends[i] = rn_subscribe(to, PLACES, RN_SLOW_WAITS);
        rn_go(drain_one, (struct drainage){ends[i], &running});
    }
    for (long i = 0; i < values; i++)
        rn_broadcast_send(always(), to, i);
    rn_broadcast_close(to);
    rn_waitgroup_wait(&running);
    double result = per_value(begin, values);
    for (int i = 0; i < WORKERS; i++)
        rn_unsubscribe(to, ends[i]);
    rn_broadcast_free(to);
    return result;
}

static double broadcast_by_hand(long values)
{
    rn_chan(long) ends[WORKERS];
    struct rn_waitgroup running = {0};
    rn_waitgroup_add(&running, WORKERS);
    int64_t begin = rn_now();
    for (int i = 0; i < WORKERS; i++) {
        ends[i] = rn_chan_make(long, PLACES);
        rn_go(drain_one, (struct drainage){rn_recv_end(ends[i]), &running});
    }
    for (long i = 0; i < values; i++)
        for (int k = 0; k < WORKERS; k++)
            rn_send(ends[k], i);
    for (int i = 0; i < WORKERS; i++)
        rn_close(ends[i]);
    rn_waitgroup_wait(&running);
    double result = per_value(begin, values);
    for (int i = 0; i < WORKERS; i++)
        rn_chan_free(ends[i]);
    return result;
}

/* -------------------------------------------------------------------- calls */

static __attribute__((noinline)) int answer(struct rn_ctx *ctx, long *count)
{
    (void)ctx;
    ++*count;
    return RN_OK;
}

static double plain_call(long values)
{
    long count = 0;
    int64_t begin = rn_now();
    for (long i = 0; i < values; i++)
        answer(always(), &count);
    return per_value(begin, values);
}

static double limiter_try(long values)
{
    struct rn_limiter limiter = RN_LIMITER(1, INT64_C(1) << 40);
    long got = 0;
    int64_t begin = rn_now();
    for (long i = 0; i < values; i++)
        got += rn_limiter_try(&limiter, 1);
    return per_value(begin, got);
}

static double semaphore(long values)
{
    struct rn_semaphore places = RN_SEMAPHORE(WORKERS);
    long count = 0;
    int64_t begin = rn_now();
    for (long i = 0; i < values; i++) {
        rn_semaphore_acquire_ctx(always(), &places, 1);
        answer(always(), &count);
        rn_semaphore_release(&places, 1);
    }
    return per_value(begin, values);
}

static double channel_of_places(long values)
{
    rn_chan(char) places = rn_chan_make(char, WORKERS);
    long count = 0;
    int64_t begin = rn_now();
    for (long i = 0; i < values; i++) {
        rn_send(places, 0);
        answer(always(), &count);
        rn_recv(places, NULL);
    }
    double time = per_value(begin, values);
    rn_chan_free(places);
    return time;
}

static double for_select(long values)
{
    rn_chan(long) in = rn_chan_make(long, PLACES);
    struct rn_timer *ticker = rn_ticker_make(100 * RN_MS);
    struct rn_ctx *ctx = rn_ctx_with_cancel(always());
    long value, got = 0;
    int64_t begin = rn_now();
    start_feed(in, values);
    while (got < values) {
        struct rn_case cases[] = {
            rn_case_recv(rn_timer_chan(ticker), NULL),
            rn_case_recv(in, &value),
            rn_case_done(ctx),
        };
        got += rn_select(cases, 3) == 1;
    }
    double time = per_value(begin, values);
    rn_recv(in, NULL); /* its sender has closed it */
    rn_ctx_release(ctx);
    rn_timer_free(ticker);
    rn_chan_free(in);
    return time;
}

static double for_receive(long values)
{
    rn_chan(long) in = rn_chan_make(long, PLACES);
    int64_t begin = rn_now();
    start_feed(in, values);
    drain(in, values);
    double time = per_value(begin, values);
    rn_chan_free(in);
    return time;
}

static double retry_first(long values)
{
    static const struct rn_backoff backoff = {.attempts = 3};
    long count = 0;
    int64_t begin = rn_now();
    for (long i = 0; i < values; i++)
        rn_retry(always(), &backoff, answer, &count);
    return per_value(begin, values);
}

static double breaker_closed(long values)
{
    struct rn_breaker breaker = {.open_ns = RN_S};
    long count = 0;
    int64_t begin = rn_now();
    for (long i = 0; i < values; i++)
        rn_breaker_call(always(), &breaker, answer, &count);
    return per_value(begin, values);
}

struct call {
    rn_sender(long) answers;
};

static void call_alone(struct call *own)
{
    rn_send(own->answers, 1);
}

static double goroutine_and_channel(long values)
{
    rn_chan(long) answers = rn_chan_make(long, 1);
    int64_t begin = rn_now();
    for (long i = 0; i < values; i++) {
        rn_go(call_alone, (struct call){rn_send_end(answers)});
        rn_recv(answers, NULL);
    }
    double result = per_value(begin, values);
    rn_chan_free(answers);
    return result;
}

static void be_done(struct rn_ctx *ctx, rn_sender(long) *own)
{
    (void)ctx;
    rn_send(*own, 1);
}

static double shutdown_go(long values)
{
    struct rn_shutdown *shutdown = rn_shutdown_make(always());
    rn_chan(long) answers = rn_chan_make(long, 1);
    int64_t begin = rn_now();
    for (long i = 0; i < values; i++) {
        rn_shutdown_go(shutdown, be_done, rn_send_end(answers));
        rn_recv(answers, NULL);
    }
    double time = per_value(begin, values);
    rn_shutdown_finish(shutdown, RN_S);
    rn_chan_free(answers);
    return time;
}

static int answer_with(struct rn_ctx *ctx, void *state, long *result)
{
    (void)ctx;
    (void)state;
    *result = 1;
    return RN_OK;
}

static double hedge_alone(long values)
{
    static const struct rn_hedge_plan plan = {.copies = 2,
                                              .delay_ns = 100 * RN_S};
    long result;
    int64_t begin = rn_now();
    for (long i = 0; i < values; i++)
        rn_hedge(always(), &plan, answer_with, NULL, &result);
    return per_value(begin, values);
}

static int fly(struct rn_ctx *ctx, long *own, long *result)
{
    (void)ctx;
    *result = *own;
    return RN_OK;
}

static double flight_alone(long values)
{
    rn_flight(long) flight = rn_flight_make(long);
    long result;
    int64_t begin = rn_now();
    for (long i = 0; i < values; i++)
        rn_flight_do(always(), flight, "key", fly, &result, i);
    double time = per_value(begin, values);
    rn_flight_free(flight);
    return time;
}

/* ------------------------------------------------------------------ the table */

struct line {
    const char *name;
    measurement *pattern;
    const char *other_name;
    measurement *other;
    long share; /* of the values: some cost more */
};

static const struct line lines[] = {
    {"pool, 4 workers", pool_map, "4 goroutines", pool_by_hand, 1},
    {"pool in order, 4 workers", pool_map_ordered, "4 goroutines, any order",
     pool_by_hand, 1},
    {"pipeline of 3 stages", pipeline, "3 goroutines", pipeline_by_hand, 1},
    {"merge of 4", merge, "4 goroutines", merge_by_hand, 1},
    {"sorted merge of 4", merge_sorted, "4 goroutines, any order",
     merge_by_hand, 1},
    {"tee to 4", tee, "4 sends", tee_by_hand, 1},
    {"bridge of 4", bridge, "4 goroutines at once", merge_by_hand, 1},
    {"batches of 100", batches, "one by one", batches_by_hand, 1},
    {"broadcast to 4", broadcast, "4 sends", broadcast_by_hand, 1},
    {"limiter, token there", limiter_try, "plain call", plain_call, 1},
    {"semaphore, place there", semaphore, "channel of 4 places",
     channel_of_places, 1},
    {"for-select of 3", for_select, "receive", for_receive, 1},
    {"retry, first succeeds", retry_first, "plain call", plain_call, 1},
    {"breaker, closed", breaker_closed, "plain call", plain_call, 1},
    {"hedge, first answers", hedge_alone, "goroutine and channel",
     goroutine_and_channel, 10},
    {"flight, one asks", flight_alone, "goroutine and channel",
     goroutine_and_channel, 10},
    {"shutdown, one at work", shutdown_go, "goroutine and channel",
     goroutine_and_channel, 10},
};

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

static void measure(const struct line *line, long values)
{
    double pattern[RUNS];
    double other[RUNS];
    for (int i = 0; i < RUNS; i++) {
        pattern[i] = line->pattern(values / line->share);
        other[i] = line->other(values / line->share);
    }
    qsort(pattern, RUNS, sizeof(*pattern), by_size);
    qsort(other, RUNS, sizeof(*other), by_size);
    printf("| %s | %.0f | %s | %.0f | %.2f |\n", line->name, pattern[RUNS / 2],
           line->other_name, other[RUNS / 2],
           pattern[RUNS / 2] / other[RUNS / 2]);
    fflush(stdout);
}

static int start(void *arg)
{
    long values = *(long *)arg;
    printf("%ld values, %u workers, median of %d\n\n", values, rn_procs(),
           RUNS);
    printf("| pattern | ns | by hand | ns | ratio |\n|---|---|---|---|---|\n");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        measure(&lines[i], values);
    return 0;
}

int main(int argc, char **argv)
{
    long values = argc > 1 ? atol(argv[1]) : 1000000;
    return values > 0 ? rn_run(start, &values) : 2;
}
