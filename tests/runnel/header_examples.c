/* SPDX-License-Identifier: Apache-2.0 */
/*
 * header_examples.c: the examples of the patterns' headers, with what they need
 * around them. It is compiled and never run; tests/tools/header_examples.py
 * holds the headers to it.
 */
#include <runnel/runnel.h>

/* Examples show what matters, not all that a function is given; and nobody
 * calls them. */
#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-function"

/* pool.h */
struct settings {
    int quality;
};
struct picture {
    int number;
};
struct outcome {
    int number;
};
static int resize(struct rn_ctx *ctx, const struct settings *settings,
                  struct picture *job, struct outcome *outcome);
static int resize(struct rn_ctx *ctx, const struct settings *settings,
                  struct picture *job, struct outcome *outcome)
{
    outcome->number = job->number * settings->quality;
    return RN_OK;
}
static int find_pictures(struct rn_ctx *ctx, rn_sender(struct picture) *own)
{
    rn_close(*own);
    return RN_OK;
}
static int pool_example(struct rn_ctx *ctx, const struct settings settings,
                        void (*print)(struct outcome *outcome))
{
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(struct picture) jobs = rn_group_chan(group, struct picture, 100);
    rn_chan(struct outcome) outcomes =
        rn_group_chan(group, struct outcome, 100);
    rn_pool_map(group, 5, jobs, outcomes, resize, &settings);
    rn_group_go(group, find_pictures, rn_send_end(jobs));
    rn_range (struct outcome, outcome, outcomes)
        print(&outcome);
    int status = rn_group_wait(group);
    return status;
}

/* stage.h */
static int count(struct rn_ctx *ctx, int *next, int *number)
{
    *number = (*next)++;
    return *number <= 10 ? RN_OK : RN_CLOSED;
}
static int square(struct rn_ctx *ctx, void *state, int *n, long *square)
{
    *square = (long)*n * *n;
    return RN_OK;
}
static int add(struct rn_ctx *ctx, long *sum, long *square)
{
    *sum += *square;
    return RN_OK;
}
static int stage_example(struct rn_ctx *ctx, int next, long sum)
{
    struct rn_group *line = rn_group_make(ctx, 0);
    rn_chan(int) numbers = rn_group_chan(line, int, 8);
    rn_chan(long) squares = rn_group_chan(line, long, 8);
    rn_source(line, numbers, count, &next);
    rn_stage(line, numbers, squares, square, NULL);
    rn_sink(line, squares, add, &sum);
    int status = rn_group_wait(line);
    return status;
}

/* fan.h */
struct reading {
    int number;
};
static int fan_example(struct rn_ctx *ctx, rn_receiver(struct reading) *sensors,
                       void (*store)(struct reading *reading))
{
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(struct reading) all = rn_group_chan(group, struct reading, 16);
    rn_merge(group, sensors, 3, all);
    rn_range (struct reading, reading, all)
        store(&reading);
    int status = rn_group_wait(group);
    return status;
}

/* batching.h */
struct row {
    int number;
};
static void batching_example(struct rn_group *group,
                             void (*insert)(struct row *rows, size_t count))
{
    rn_chan(struct row) rows = rn_group_chan(group, struct row, 100);
    rn_chan(rn_batch(struct row)) batches =
        rn_group_chan(group, rn_batch(struct row), 10);
    rn_batches(group, rows, batches, {.count = 100, .age_ns = RN_S});
    rn_range (rn_batch(struct row), batch, batches) {
        insert(rn_batch_items(batch), rn_batch_count(batch));
        rn_batch_free(batch);
    }
}

/* broadcast.h */
struct line {
    int number;
};
static void broadcast_example(struct rn_ctx *ctx,
                              void (*write_to_client)(struct line *line))
{
    rn_broadcast(struct line) room = rn_broadcast_make(struct line);

    rn_receiver(struct line) lines = rn_subscribe(room, 64, RN_SLOW_LEAVES);
    rn_range (struct line, line, lines)
        write_to_client(&line);
    rn_unsubscribe(room, lines);

    rn_broadcast_send(ctx, room, (struct line){1});
    rn_broadcast_close(room);
}

/* limit.h */
int request(struct rn_ctx *ctx, const char *url);
static int limit_example(struct rn_ctx *ctx, const char *url)
{
    static struct rn_limiter limiter = RN_LIMITER(RN_S / 100, 20);

    int status = rn_limiter_wait(ctx, &limiter, 1);
    if (status == RN_OK)
        status = request(ctx, url);
    return status;
}
static int semaphore_example(struct rn_ctx *ctx, const char *url)
{
    static struct rn_semaphore connections = RN_SEMAPHORE(10);

    int status = rn_semaphore_acquire_ctx(ctx, &connections, 1);
    if (status < 0)
        return status;
    status = request(ctx, url);
    rn_semaphore_release(&connections, 1);
    return status;
}

/* retry.h */
struct page {
    int number;
};
static int fetch(struct rn_ctx *ctx, struct page *page);
static int fetch(struct rn_ctx *ctx, struct page *page)
{
    return page->number;
}
static int retry_example(struct rn_ctx *ctx, struct page page)
{
    static const struct rn_backoff backoff = {
        .attempts = 5,
        .first_ns = 50 * RN_MS,
        .max_ns = 2 * RN_S,
        .jitter = 0.5,
    };
    int status = rn_retry(ctx, &backoff, fetch, &page);
    return status;
}

/* hedge.h */
struct answer {
    int number;
};
static int ask(struct rn_ctx *ctx, const char *key, struct answer *answer);
static int ask(struct rn_ctx *ctx, const char *key, struct answer *answer)
{
    answer->number = *key;
    return RN_OK;
}
static int hedge_example(struct rn_ctx *ctx, const char *key)
{
    static const struct rn_hedge_plan plan = {
        .copies = 2,
        .delay_ns = 20 * RN_MS,
    };
    struct answer answer;
    int status = rn_hedge(ctx, &plan, ask, key, &answer);
    return status;
}

/* breaker.h */
struct payment {
    int number;
};
enum { NOT_FOUND = -2 };
int charge(struct rn_ctx *ctx, struct payment *payment);
int later(struct payment *payment);
int look_up(struct rn_ctx *ctx, int key);
static struct rn_breaker breaker = {.failures = 5, .open_ns = 10 * RN_S};
static int breaker_example(struct rn_ctx *ctx, struct payment payment)
{
    int status = rn_breaker_call(ctx, &breaker, charge, &payment);
    if (status == RN_AGAIN)
        return later(&payment);
    return status;
}
static int breaker_by_hand(struct rn_ctx *ctx, int key)
{
    uint64_t pass;
    if (rn_breaker_enter(&breaker, &pass) != RN_OK)
        return RN_AGAIN;
    int status = look_up(ctx, key);
    rn_breaker_leave(&breaker, pass, status == NOT_FOUND ? RN_OK : status);
    return status;
}

/* flight.h */
struct user {
    int number;
};
struct query {
    int64_t id;
};
static int load(struct rn_ctx *ctx, struct query *own, struct user *user);
static int load(struct rn_ctx *ctx, struct query *own, struct user *user)
{
    user->number = (int)own->id;
    return RN_OK;
}
static void flight_example(struct rn_ctx *ctx)
{
    rn_flight(struct user) users = rn_flight_make(struct user);

    struct user user;
    int status = rn_flight_do(ctx, users, "user/17", load, &user,
                              (struct query){.id = 17});
    (void)status;
    rn_flight_free(users);
}

/* shutdown.h */
int accept_one(struct rn_ctx *ctx, int listener);
void serve(struct rn_ctx *ctx, int *own);
static int shutdown_example(struct rn_ctx *ctx, int listener)
{
    struct rn_shutdown *shutdown = rn_shutdown_make(ctx);
    struct rn_ctx *stopping = rn_shutdown_ctx(shutdown);
    for (;;) {
        int fd = accept_one(stopping, listener);
        if (fd < 0)
            break;
        rn_shutdown_go(shutdown, serve, fd);
    }
    int status = rn_shutdown_finish(shutdown, 5 * RN_S);
    return status;
}

/* trace.h */
struct request {
    int64_t size;
};
void parse(struct request *request);
void answer(struct request *request);
static void handle(struct request *request)
{
    rn_trace_scope("handle");
    rn_trace_region_begin("parse");
    parse(request);
    rn_trace_region_end("parse");
    rn_trace_value("bytes", request->size);
    answer(request);
}
static void look(void)
{
    if (rn_trace_start("trace.json") == RN_OK) {
        rn_sleep(5 * RN_S);
        rn_trace_stop();
    }
}
