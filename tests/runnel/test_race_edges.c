/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The race detector knows every edge that the headers promise: each case shares
 * a plain variable through one of them, and a false report would end it with
 * another status. (Their wrong twins are in test_race_reported.c.)
 */
#include <pthread.h>

#include "rn_check.h"

/* The variable that is shared without atomics; one per case. */
struct shared {
    int value;
    rn_chan(int) chan;
    rn_chan(int) other;
    struct rn_mutex mutex;
    struct rn_rwmutex rw;
    struct rn_waitgroup group;
    struct rn_once once;
    struct rn_ctx *ctx;
};

/* Static: clang does not watch the fields of a struct on the stack. */
static struct shared *fresh(void)
{
    static struct shared shared;

    shared = (struct shared){0};
    return &shared;
}

static struct shared *open_shared(size_t capacity)
{
    struct shared *shared = fresh();

    shared->chan = rn_chan_make(int, capacity);
    shared->other = rn_chan_make(int, 0);
    return shared;
}

static void close_shared(struct shared *shared)
{
    rn_chan_free(shared->chan);
    rn_chan_free(shared->other);
}

static void write_and_send(struct shared **own)
{
    (*own)->value = 1;
    rn_send((*own)->chan, 1);
}

/* What was before the send is seen after the receive: any capacity. */
static void send_to_receive(void)
{
    for (size_t capacity = 0; capacity < 3; capacity++) {
        for (int late = 0; late < 2; late++) {
            struct shared *shared = open_shared(capacity);

            rn_go(write_and_send, shared);
            if (late)
                rn_check_settle();
            rn_recv(shared->chan, NULL);
            CHECK_EQ_INT(shared->value, 1);
            shared->value = 2;
            close_shared(shared);
        }
    }
}

static void write_and_receive(struct shared **own)
{
    (*own)->value = 1;
    rn_recv((*own)->chan, NULL);
}

/* Unbuffered: what was before the receive is seen after the send. */
static void receive_to_send_unbuffered(void)
{
    for (int late = 0; late < 2; late++) {
        struct shared *shared = open_shared(0);

        rn_go(write_and_receive, shared);
        if (late)
            rn_check_settle();
        rn_send(shared->chan, 1);
        CHECK_EQ_INT(shared->value, 1);
        shared->value = 2;
        while (rn_task_count() > 1)
            rn_yield();
        close_shared(shared);
    }
}

struct user {
    struct shared *shared;
    int rounds;
};

/* A place in the buffer is the right to write. */
static void use_as_a_lock(struct user *own)
{
    for (int i = 0; i < own->rounds; i++) {
        rn_send(own->shared->chan, 1);
        own->shared->value++;
        rn_yield();
        rn_recv(own->shared->chan, NULL);
    }
    rn_waitgroup_done(&own->shared->group);
}

/* The k-th receive is before the (k + capacity)-th send is over. */
static void buffered_channel_is_a_lock(void)
{
    struct shared *shared = open_shared(1);

    rn_waitgroup_add(&shared->group, 4);
    for (int i = 0; i < 4; i++)
        rn_go(use_as_a_lock, (struct user){shared, 50});
    rn_waitgroup_wait(&shared->group);
    CHECK_EQ_INT(shared->value, 200);
    close_shared(shared);
}

static void write_and_close(struct shared **own)
{
    (*own)->value = 1;
    rn_close((*own)->chan);
}

/* What was before the close is seen by who receives the end. */
static void close_to_receive(void)
{
    for (size_t capacity = 0; capacity < 2; capacity++) {
        for (int late = 0; late < 2; late++) {
            struct shared *shared = open_shared(capacity);

            rn_go(write_and_close, shared);
            if (late)
                rn_check_settle();
            CHECK(!rn_recv(shared->chan, NULL));
            CHECK_EQ_INT(shared->value, 1);
            shared->value = 2;
            close_shared(shared);
        }
    }
}

/* The calls that do not wait, or not for long, carry the same edges. */
static void tries_and_deadlines(void)
{
    struct shared *shared = open_shared(1);
    int status;
    rn_go(write_and_send, shared);
    while (rn_try_recv(shared->chan, NULL) != RN_OK)
        rn_yield();
    CHECK_EQ_INT(shared->value, 1);
    shared->value = 2;
    rn_go(write_and_send, shared);
    status = rn_recv_until(rn_deadline(60 * RN_S), shared->chan, NULL);
    CHECK_EQ_INT(status, RN_OK);
    CHECK_EQ_INT(shared->value, 1);
    shared->value = 2;
    rn_go(write_and_send, shared);
    status = rn_recv_ctx(rn_ctx_background(), shared->chan, NULL);
    CHECK_EQ_INT(status, RN_OK);
    CHECK_EQ_INT(shared->value, 1);
    close_shared(shared);
}

static void select_to_send(struct shared **own)
{
    int value = 1;
    struct rn_case cases[] = {
        rn_case_recv((*own)->other, NULL),
        rn_case_send((*own)->chan, &value),
    };

    (*own)->value = 1;
    CHECK_EQ_INT(rn_select(cases, 2), 1);
}

static void select_to_receive(struct shared **own)
{
    struct rn_case cases[] = {
        rn_case_recv((*own)->other, NULL),
        rn_case_recv((*own)->chan, NULL),
    };

    CHECK_EQ_INT(rn_select(cases, 2), 1);
    CHECK_EQ_INT((*own)->value, 5);
    (*own)->value = 6;
    rn_waitgroup_done(&(*own)->group);
}

/* A case that happened carries the edge of its operation, parked or not. */
static void select_carries_the_edge(void)
{
    for (size_t capacity = 0; capacity < 2; capacity++) {
        for (int late = 0; late < 2; late++) {
            struct shared *shared = open_shared(capacity);

            rn_go(select_to_send, shared);
            if (late)
                rn_check_settle();
            rn_recv(shared->chan, NULL);
            CHECK_EQ_INT(shared->value, 1);
            rn_waitgroup_add(&shared->group, 1);
            rn_go(select_to_receive, shared);
            if (late)
                rn_check_settle();
            shared->value = 5;
            rn_send(shared->chan, 1);
            rn_waitgroup_wait(&shared->group);
            CHECK_EQ_INT(shared->value, 6);
            /* A select uses its other channels until it has returned. */
            while (rn_task_count() > 1)
                rn_yield();
            close_shared(shared);
        }
    }
}

static void add_under_mutex(struct user *own)
{
    for (int i = 0; i < own->rounds; i++) {
        if (i % 3 != 0) {
            rn_mutex_lock(&own->shared->mutex);
        } else if (i % 2) {
            while (!rn_mutex_try_lock(&own->shared->mutex))
                rn_yield();
        } else {
            rn_mutex_lock_until(RN_NEVER, &own->shared->mutex);
        }
        own->shared->value++;
        if (i % 5 == 0)
            rn_yield();
        rn_mutex_unlock(&own->shared->mutex);
    }
    rn_waitgroup_done(&own->shared->group);
}

/* Unlock to the next lock: contended, handed over, tried, with a deadline. */
static void unlock_to_lock(void)
{
    struct shared *shared = fresh();

    rn_waitgroup_add(&shared->group, 4);
    for (int i = 0; i < 4; i++)
        rn_go(add_under_mutex, (struct user){shared, 60});
    rn_waitgroup_wait(&shared->group);
    CHECK_EQ_INT(shared->value, 240);
}

static void write_under_lock(struct shared **own)
{
    rn_mutex_lock(&(*own)->mutex);
    (*own)->value = 1;
    rn_mutex_unlock(&(*own)->mutex);
}

/* The same for a lock that was tried, by who never waited for it. */
static void unlock_to_try_lock(void)
{
    struct shared *shared = fresh();
    int seen = 0;

    rn_go(write_under_lock, shared);
    while (seen == 0) {
        rn_yield();
        if (!rn_mutex_try_lock(&shared->mutex))
            continue;
        seen = shared->value;
        rn_mutex_unlock(&shared->mutex);
    }
    while (rn_task_count() > 1)
        rn_yield();
}

static void read_and_write_under_rw(struct user *own)
{
    for (int i = 0; i < own->rounds; i++) {
        rn_rwmutex_rlock(&own->shared->rw);
        CHECK(own->shared->value >= 0);
        if (i % 3 == 0)
            rn_yield();
        rn_rwmutex_runlock(&own->shared->rw);
        rn_rwmutex_lock(&own->shared->rw);
        own->shared->value++;
        if (i % 5 == 0)
            rn_yield();
        rn_rwmutex_unlock(&own->shared->rw);
    }
    rn_waitgroup_done(&own->shared->group);
}

/* Writer to readers, readers to the next writer. */
static void rwmutex_orders_writers_and_readers(void)
{
    struct shared *shared = fresh();

    rn_waitgroup_add(&shared->group, 4);
    for (int i = 0; i < 4; i++)
        rn_go(read_and_write_under_rw, (struct user){shared, 50});
    rn_waitgroup_wait(&shared->group);
    CHECK_EQ_INT(shared->value, 200);
}

struct cell {
    int *value;
    struct rn_waitgroup *group;
};

static void write_cell(struct cell *own)
{
    *own->value = 1;
    rn_waitgroup_done(own->group);
}

/* Every done to the end of wait, parked or not. */
static void done_to_wait(void)
{
    for (int late = 0; late < 2; late++) {
        struct rn_waitgroup group = {0};
        static int values[5];

        memset(values, 0, sizeof(values));
        rn_waitgroup_add(&group, 5);
        for (int i = 0; i < 5; i++)
            rn_go(write_cell, (struct cell){&values[i], &group});
        if (late)
            rn_check_settle();
        rn_waitgroup_wait(&group);
        for (int i = 0; i < 5; i++) {
            CHECK_EQ_INT(values[i], 1);
            values[i] = 2;
        }
        CHECK_EQ_INT(rn_waitgroup_wait_until(0, &group), RN_OK);
    }
}

static void initialise(void *arg)
{
    struct shared *shared = arg;

    shared->value = 7;
    rn_yield();
}

static void use_initialised(struct shared **own)
{
    rn_once_do(&(*own)->once, initialise, *own);
    CHECK_EQ_INT((*own)->value, 7);
    rn_waitgroup_done(&(*own)->group);
}

/* What the function did is seen by every caller. */
static void once_to_all_callers(void)
{
    struct shared *shared = fresh();

    rn_waitgroup_add(&shared->group, 5);
    for (int i = 0; i < 5; i++)
        rn_go(use_initialised, shared);
    rn_waitgroup_wait(&shared->group);
}

static void see_what_was_before(struct shared **own)
{
    CHECK_EQ_INT((*own)->value, 3);
    (*own)->value = 4;
    rn_waitgroup_done(&(*own)->group);
}

static _Atomic(bool) initialised;

static void initialise_and_tell(struct shared **own)
{
    rn_once_do(&(*own)->once, initialise, *own);
    atomic_store_explicit(&initialised, true, memory_order_relaxed);
}

/* Also by one who comes when all is over, and knows it from elsewhere. */
static void once_to_a_late_caller(void)
{
    struct shared *shared = fresh();

    atomic_store(&initialised, false);
    rn_go(initialise_and_tell, shared);
    while (!atomic_load_explicit(&initialised, memory_order_relaxed))
        rn_yield();
    rn_once_do(&shared->once, initialise, shared);
    CHECK_EQ_INT(shared->value, 7);
    while (rn_task_count() > 1)
        rn_yield();
}

/* What was before rn_go is seen by the goroutine. */
static void start_to_goroutine(void)
{
    for (int i = 0; i < 20; i++) {
        struct shared *shared = fresh();

        shared->value = 3;
        rn_waitgroup_add(&shared->group, 1);
        rn_go(see_what_was_before, shared);
        rn_waitgroup_wait(&shared->group);
        CHECK_EQ_INT(shared->value, 4);
    }
}

static void write_and_cancel(struct shared **own)
{
    (*own)->value = 1;
    rn_ctx_cancel((*own)->ctx);
}

/* What was before cancel is seen by who hears of it, here or in a child. */
static void cancel_to_wait(void)
{
    for (int late = 0; late < 2; late++) {
        struct rn_ctx *parent = rn_ctx_with_cancel(rn_ctx_background());
        struct shared *shared = fresh();
        struct rn_ctx *child = rn_ctx_with_cancel(parent);
        struct rn_case cases[] = {rn_case_done(parent)};

        shared->ctx = parent;
        rn_go(write_and_cancel, shared);
        if (late)
            rn_check_settle();
        CHECK_EQ_INT(rn_ctx_wait(child), RN_CANCELED);
        CHECK_EQ_INT(shared->value, 1);
        CHECK_EQ_INT(rn_select(cases, 1), 0);
        while (rn_task_count() > 1)
            rn_yield();
        rn_ctx_release(child);
        rn_ctx_release(parent);
    }
}

/* The same by asking. */
static void cancel_to_err(void)
{
    struct shared *shared = fresh();

    shared->ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_go(write_and_cancel, shared);
    while (rn_ctx_err(shared->ctx) == RN_OK)
        rn_yield();
    CHECK_EQ_INT(shared->value, 1);
    while (rn_task_count() > 1)
        rn_yield();
    rn_ctx_release(shared->ctx);
}

static int write_in_group(struct rn_ctx *ctx, int **own)
{
    (void)ctx;
    **own += 1;
    return 0;
}

/* What was before rn_group_go is seen inside, what was inside after the wait.
 */
static void group_in_and_out(void)
{
    for (size_t limit = 0; limit < 3; limit++) {
        struct rn_group *group = rn_group_make(rn_ctx_background(), limit);
        static int values[6];

        for (int i = 0; i < 6; i++) {
            int *place = &values[i];

            values[i] = i;
            rn_group_go(group, write_in_group, place);
        }
        CHECK_EQ_INT(rn_group_wait(group), RN_OK);
        for (int i = 0; i < 6; i++)
            CHECK_EQ_INT(values[i], i + 1);
    }
}

static void see_and_send(void *arg)
{
    struct shared *shared = arg;

    CHECK_EQ_INT(shared->value, 8);
    shared->value = 9;
    rn_send(shared->chan, 1);
}

/* What was before the timer was set is seen by its function. */
static void timer_to_function(void)
{
    struct shared *shared = open_shared(0);
    struct rn_timer *timer;
    shared->value = 8;
    timer = rn_after_func(RN_MS, see_and_send, shared);
    rn_recv(shared->chan, NULL);
    CHECK_EQ_INT(shared->value, 9);
    shared->value = 8;
    rn_timer_reset(timer, RN_MS);
    rn_recv(shared->chan, NULL);
    CHECK_EQ_INT(shared->value, 9);
    rn_timer_free(timer);
    close_shared(shared);
}

static void add_one(void *arg)
{
    *(int *)arg += 1;
}

/* Before the call, in the call, after the call: one order. */
static void block_in_and_out(void)
{
    int value = 0;

    for (int i = 0; i < 50; i++) {
        value++;
        rn_block(add_one, &value);
    }
    CHECK_EQ_INT(value, 100);
}

static void *write_on_thread(void *arg)
{
    struct shared *shared = arg;

    for (int i = 0; i < 20; i++) {
        rn_recv(shared->chan, NULL);
        shared->value++;
        rn_send(shared->other, 1);
    }
    return NULL;
}

static void join_thread(void *arg)
{
    pthread_join(*(pthread_t *)arg, NULL);
}

/* Threads and goroutines order each other by the same calls. */
static void thread_and_goroutine(void)
{
    struct shared *shared = open_shared(0);
    pthread_t thread;
    CHECK_EQ_INT(pthread_create(&thread, NULL, write_on_thread, shared), 0);
    for (int i = 0; i < 20; i++) {
        shared->value++;
        rn_send(shared->chan, 1);
        rn_recv(shared->other, NULL);
    }
    CHECK_EQ_INT(shared->value, 40);
    rn_block(join_thread, &thread);
    close_shared(shared);
}

static void use_own_stack(int *own)
{
    volatile int room[200];

    for (int i = 0; i < 200; i++)
        room[i] = *own + i;
    rn_yield();
    CHECK_EQ_INT(room[199], *own + 199);
}

/* A stack that is used again is no shared memory. */
static void stacks_are_used_again(void)
{
    for (int i = 0; i < 300; i++) {
        rn_go(use_own_stack, i);
        rn_go(use_own_stack, i);
        rn_yield();
    }
    while (rn_task_count() > 1)
        rn_yield();
}

struct signaled {
    struct rn_mutex mutex;
    struct rn_cond cond;
    bool waits;
    int value;
};

static void read_when_signaled(struct signaled **own)
{
    struct signaled *signaled = *own;

    rn_mutex_lock(&signaled->mutex);
    signaled->waits = true;
    rn_cond_wait(&signaled->cond, &signaled->mutex);
    CHECK_EQ_INT(signaled->value, 1);
    rn_mutex_unlock(&signaled->mutex);
}

/* What was before a signal or broadcast is seen after the wait it ends. */
static void signal_to_cond_wait(void)
{
    for (int all = 0; all < 2; all++) {
        struct signaled signaled = {0};
        bool waits = false;

        rn_go(read_when_signaled, &signaled);
        while (!waits) {
            rn_yield();
            rn_mutex_lock(&signaled.mutex);
            waits = signaled.waits;
            rn_mutex_unlock(&signaled.mutex);
        }
        signaled.value = 1; /* not under the mutex: the signal orders it */
        if (all)
            rn_cond_broadcast(&signaled.cond);
        else
            rn_cond_signal(&signaled.cond);
        while (rn_task_count() > 1)
            rn_yield();
    }
}

struct handed {
    struct rn_ctx *ctx;
    int value;
    rn_chan(char) done;
};

static void read_after_cancel(void *arg)
{
    struct handed *handed = arg;

    CHECK_EQ_INT(handed->value, 1);
    rn_close(handed->done);
}

static void write_and_cancel_handed(struct handed **own)
{
    (*own)->value = 1;
    rn_ctx_cancel((*own)->ctx);
}

/* What was before cancel is seen by the function of rn_ctx_after_func. */
static void cancel_to_after_func(void)
{
    struct handed handed = {.done = rn_chan_make(char, 0)};
    struct rn_ctx *after;

    handed.ctx = rn_ctx_with_cancel(rn_ctx_background());
    after = rn_ctx_after_func(handed.ctx, read_after_cancel, &handed);
    rn_go(write_and_cancel_handed, &handed);
    rn_recv(handed.done, NULL);
    while (rn_task_count() > 1)
        rn_yield();
    rn_ctx_release(after);
    rn_ctx_release(handed.ctx);
    rn_chan_free(handed.done);
}

/* What was before rn_ctx_after_func is seen by its function. */
static void after_func_to_function(void)
{
    struct shared *shared = open_shared(0);
    struct rn_ctx *after;

    shared->ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
    shared->value = 8;
    after = rn_ctx_after_func(shared->ctx, see_and_send, shared);
    rn_recv(shared->chan, NULL);
    CHECK_EQ_INT(shared->value, 9);
    rn_ctx_release(after);
    rn_ctx_release(shared->ctx);
    close_shared(shared);
}

static void *make_number(void)
{
    return calloc(1, sizeof(int));
}

static void count_in_cache(struct rn_cache **own)
{
    for (int i = 0; i < 50; i++) {
        int *number = rn_cache_get(*own);

        ++*number;
        if (i % 5 == 0)
            rn_yield();
        rn_cache_put(*own, number);
    }
}

/* What was before an object was put in is seen by who gets it. */
static void put_to_get(void)
{
    struct rn_cache *cache = rn_cache_make(4, make_number, free);
    struct rn_waitgroup all = {0};

    for (int i = 0; i < 4; i++)
        rn_waitgroup_go(&all, count_in_cache, cache);
    rn_waitgroup_wait(&all);
    rn_cache_free(cache);
}

static int add_and_return(int **own)
{
    return ++**own;
}

/* What a goroutine did is seen by who joined it. */
static void end_to_join(void)
{
    int number = 0;

    for (int i = 1; i < 20; i++)
        CHECK_EQ_INT(rn_join(rn_spawn(add_and_return, &number)), i);
    CHECK_EQ_INT(number, 19);
}

struct published {
    int value;
    _Atomic(int) ready;
};

static void publish(struct published **own)
{
    (*own)->value = 1;
    atomic_store_explicit(&(*own)->ready, 1, memory_order_release);
}

/* Atomics of C order goroutines as they order threads. */
static void atomics_order_goroutines(void)
{
    struct published published = {0};

    rn_go(publish, &published);
    while (!atomic_load_explicit(&published.ready, memory_order_acquire))
        rn_yield();
    CHECK_EQ_INT(published.value, 1);
    while (rn_task_count() > 1)
        rn_yield();
}

struct placed {
    struct rn_semaphore places;
    int value;
};

static void add_in_the_place(struct placed **own)
{
    for (int i = 0; i < 50; i++) {
        if (i % 3 || !rn_semaphore_try_acquire(&(*own)->places, 1))
            rn_semaphore_acquire(&(*own)->places, 1);
        (*own)->value++;
        if (i % 5 == 0)
            rn_yield();
        rn_semaphore_release(&(*own)->places, 1);
    }
}

/* What was before the release of a semaphore is seen after the acquire. */
static void release_to_acquire(void)
{
    struct placed placed = {.places = RN_SEMAPHORE(1)};
    struct rn_waitgroup all = {0};

    for (int i = 0; i < 4; i++)
        rn_waitgroup_go(&all, add_in_the_place, &placed);
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(placed.value, 200);
}

RN_CHECK_MAIN(send_to_receive, receive_to_send_unbuffered,
              buffered_channel_is_a_lock, close_to_receive, tries_and_deadlines,
              select_carries_the_edge, unlock_to_lock, unlock_to_try_lock,
              rwmutex_orders_writers_and_readers, done_to_wait,
              once_to_all_callers, once_to_a_late_caller, start_to_goroutine,
              cancel_to_wait, cancel_to_err, group_in_and_out,
              timer_to_function, block_in_and_out, thread_and_goroutine,
              stacks_are_used_again, signal_to_cond_wait, release_to_acquire,
              cancel_to_after_func, after_func_to_function, put_to_get,
              end_to_join, atomics_order_goroutines)
