/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads that runnel did not start use everything that goroutines use, against
 * goroutines and against each other.
 */
#include <pthread.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "rn_check.h"

/* A thread, joined without holding up a worker. */
static void join_thread(void *arg)
{
    CHECK_EQ_INT(pthread_join(*(pthread_t *)arg, NULL), 0);
}

static pthread_t start_thread(void *(*function)(void *), void *arg)
{
    pthread_t thread = 0;

    CHECK_EQ_INT(pthread_create(&thread, NULL, function, arg), 0);
    return thread;
}

static void join_all(pthread_t *threads, int count)
{
    for (int i = 0; i < count; i++)
        rn_block(join_thread, &threads[i]);
}

struct traffic {
    rn_chan(int) chan;
    int from;
    int count;
    _Atomic(int) *seen;
    struct rn_waitgroup *senders;
    struct rn_waitgroup *receivers;
};

static void send_numbers(struct traffic *own)
{
    for (int i = 0; i < own->count; i++)
        rn_send(own->chan, own->from + i);
    rn_waitgroup_done(own->senders);
}

static void count_numbers(struct traffic *own)
{
    rn_range (int, number, own->chan)
        atomic_fetch_add(&own->seen[number], 1);
    rn_waitgroup_done(own->receivers);
}

static void *send_on_thread(void *arg)
{
    CHECK_EQ_INT(rn_task_id(), 0);
    send_numbers(arg);
    return NULL;
}

static void *receive_on_thread(void *arg)
{
    count_numbers(arg);
    return NULL;
}

static void mixed_traffic(size_t capacity)
{
    const int each = rn_check_rounds(2000);
    struct rn_waitgroup senders = {0};
    struct rn_waitgroup receivers = {0};
    _Atomic(int) *seen = calloc((size_t)each * 4, sizeof(*seen));
    struct traffic traffic[4];
    pthread_t threads[4];

    rn_waitgroup_add(&senders, 4);
    rn_waitgroup_add(&receivers, 4);
    traffic[0] = (struct traffic){
        rn_chan_make(int, capacity), 0, each, seen, &senders, &receivers};
    for (int i = 0; i < 4; i++) {
        traffic[i] = traffic[0];
        traffic[i].from = i * each;
    }
    for (int i = 0; i < 2; i++) {
        threads[i] = start_thread(send_on_thread, &traffic[i]);
        threads[2 + i] = start_thread(receive_on_thread, &traffic[i]);
        rn_go(send_numbers, traffic[2 + i]);
        rn_go(count_numbers, traffic[2 + i]);
    }
    rn_waitgroup_wait(&senders);
    rn_close(traffic[0].chan);
    rn_waitgroup_wait(&receivers);
    join_all(threads, 4);
    for (int i = 0; i < 4 * each; i++) {
        if (!CHECK_EQ_INT(atomic_load(&seen[i]), 1))
            break;
    }
    free(seen);
    rn_chan_free(traffic[0].chan);
}

/* 2 threads and 2 goroutines at each end: nothing is lost or doubled. */
static void threads_and_goroutines_share_a_channel(void)
{
    mixed_traffic(0);
    mixed_traffic(1);
    mixed_traffic(16);
}

struct talk {
    rn_chan(int) there;
    rn_chan(int) back;
    int count;
};

static void *answer_on_thread(void *arg)
{
    struct talk *talk = arg;
    int number = 0;

    while (rn_recv(talk->there, &number))
        rn_send(talk->back, number + 1);
    rn_close(talk->back);
    return NULL;
}

/* A thread and a goroutine take turns: each waits for the other. */
static void ping_pong_with_a_thread(void)
{
    struct talk talk = {rn_chan_make(int, 0), rn_chan_make(int, 0), 0};
    pthread_t thread = start_thread(answer_on_thread, &talk);
    int got = 0;

    for (int i = 0; i < rn_check_rounds(1000) + 10; i++) {
        rn_send(talk.there, i);
        CHECK(rn_recv(talk.back, &got));
        CHECK_EQ_INT(got, i + 1);
    }
    rn_close(talk.there);
    CHECK(!rn_recv(talk.back, NULL));
    join_all(&thread, 1);
    rn_chan_free(talk.there);
    rn_chan_free(talk.back);
}

struct selecting {
    rn_chan(int) in;
    rn_chan(int) out;
    struct rn_ctx *ctx;
    int received;
    int sent;
};

static void *select_on_thread(void *arg)
{
    struct selecting *own = arg;

    for (;;) {
        int value = own->sent;
        int place = 0;
        struct rn_case cases[] = {
            rn_case_recv(own->in, &place),
            rn_case_send(own->out, &value),
            rn_case_done(own->ctx),
        };
        int taken = rn_select(cases, 3);

        if (taken == 2)
            return NULL;
        if (taken == 0)
            CHECK_EQ_INT(place, own->received++);
        else
            own->sent++;
    }
}

/* A thread selects over a receive, a send and a context. */
static void thread_selects(void)
{
    struct selecting own = {.in = rn_chan_make(int, 0),
                            .out = rn_chan_make(int, 0),
                            .ctx = rn_ctx_with_cancel(rn_ctx_background())};
    pthread_t thread = start_thread(select_on_thread, &own);
    const int count = rn_check_rounds(1000) + 10;
    int got = 0;

    for (int i = 0; i < count; i++) {
        rn_send(own.in, i);
        CHECK(rn_recv(own.out, &got));
        CHECK_EQ_INT(got, i);
    }
    rn_ctx_cancel(own.ctx);
    join_all(&thread, 1);
    CHECK_EQ_INT(own.received, count);
    CHECK_EQ_INT(own.sent, count);
    rn_ctx_release(own.ctx);
    rn_chan_free(own.in);
    rn_chan_free(own.out);
}

struct locking {
    struct rn_mutex mutex;
    struct rn_rwmutex rw;
    int64_t locked;
    int64_t written;
    int rounds;
    struct rn_waitgroup all;
};

static void lock_many_times(struct locking *own, int me)
{
    for (int i = 0; i < own->rounds; i++) {
        rn_mutex_lock(&own->mutex);
        own->locked++;
        rn_mutex_unlock(&own->mutex);
        if ((i + me) % 3 == 0) {
            rn_rwmutex_lock(&own->rw);
            own->written++;
            rn_rwmutex_unlock(&own->rw);
        } else {
            rn_rwmutex_rlock(&own->rw);
            CHECK(own->written >= 0);
            rn_rwmutex_runlock(&own->rw);
        }
    }
    rn_waitgroup_done(&own->all);
}

static void lock_in_goroutine(struct locking **own)
{
    lock_many_times(*own, 0);
}

static void *lock_on_thread(void *arg)
{
    lock_many_times(arg, 0);
    return NULL;
}

/* Locks exclude threads and goroutines alike. */
static void locks_exclude_threads(void)
{
    struct locking own = {.rounds = rn_check_rounds(5000) / 3 * 3 + 3};
    pthread_t threads[3];

    rn_waitgroup_add(&own.all, 6);
    for (int i = 0; i < 3; i++) {
        threads[i] = start_thread(lock_on_thread, &own);
        rn_go(lock_in_goroutine, &own);
    }
    rn_waitgroup_wait(&own.all);
    join_all(threads, 3);
    CHECK_EQ_INT(own.locked, 6 * own.rounds);
    CHECK_EQ_INT(own.written, 2 * own.rounds);
}

struct limits {
    rn_chan(int) idle;
    struct rn_mutex held;
    struct rn_waitgroup open;
    struct rn_ctx *ctx;
    int fds[2];
    struct rn_once once;
    int once_calls;
    bool ended;
};

static void count_call(void *arg)
{
    (*(int *)arg)++;
}

/* All that can time out, or be canceled, does so on a thread. */
static void *wait_on_thread(void *arg)
{
    struct limits *own = arg;
    int64_t deadline = rn_deadline(RN_MS);
    int place = 0;
    struct rn_case cases[] = {rn_case_recv(own->idle, &place)};

    CHECK_EQ_INT(rn_recv_until(deadline, own->idle, &place), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    CHECK_EQ_INT(rn_try_send(own->idle, 1), RN_AGAIN);
    CHECK_EQ_INT(rn_try_select(cases, 1), RN_AGAIN);
    CHECK_EQ_INT(rn_select_until(rn_deadline(RN_MS), cases, 1), RN_TIMEOUT);
    CHECK_EQ_INT(rn_mutex_lock_until(rn_deadline(RN_MS), &own->held),
                 RN_TIMEOUT);
    CHECK_EQ_INT(rn_waitgroup_wait_until(rn_deadline(RN_MS), &own->open),
                 RN_TIMEOUT);
    CHECK_EQ_INT(rn_wait_fd(own->fds[0], RN_READ, rn_deadline(RN_MS)),
                 RN_TIMEOUT);
    CHECK_EQ_INT(rn_wait_fd(own->fds[0], RN_WRITE, RN_NEVER), RN_WRITE);
    CHECK_EQ_INT(rn_wait_fd(-1, RN_READ, RN_NEVER), -EBADF);
    rn_once_do(&own->once, count_call, &own->once_calls);
    rn_once_do(&own->once, count_call, &own->once_calls);
    deadline = rn_deadline(RN_MS);
    rn_sleep_until(deadline);
    CHECK(rn_now() >= deadline);
    rn_sleep(-1);
    rn_yield();
    CHECK_EQ_INT(rn_recv_ctx(own->ctx, own->idle, &place), RN_CANCELED);
    CHECK_EQ_INT(rn_ctx_wait(own->ctx), RN_CANCELED);
    CHECK_EQ_INT(rn_wait_fd_ctx(own->ctx, own->fds[0], RN_READ), RN_CANCELED);
    own->ended = true;
    return NULL;
}

/* Sleep, deadlines and contexts end the waits of threads as well. */
static void waits_end_on_threads(void)
{
    struct limits own = {.idle = rn_chan_make(int, 0),
                         .ctx = rn_ctx_with_cancel(rn_ctx_background())};
    pthread_t thread;

    CHECK_EQ_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, own.fds),
                 0);
    rn_mutex_lock(&own.held);
    rn_waitgroup_add(&own.open, 1);
    thread = start_thread(wait_on_thread, &own);
    rn_sleep(30 * RN_MS);
    rn_ctx_cancel(own.ctx);
    join_all(&thread, 1);
    CHECK(own.ended);
    CHECK_EQ_INT(own.once_calls, 1);
    rn_mutex_unlock(&own.held);
    close(own.fds[0]);
    close(own.fds[1]);
    rn_ctx_release(own.ctx);
    rn_chan_free(own.idle);
}

static void report_back(rn_sender(uint64_t) *own)
{
    rn_send(*own, rn_task_id());
}

static void *start_goroutines(void *arg)
{
    rn_sender(uint64_t) *out = arg;

    for (int i = 0; i < 50; i++)
        rn_go(report_back, *out);
    CHECK_EQ_INT(rn_try_go(report_back, *out), RN_OK);
    return NULL;
}

/* A thread starts goroutines; they are goroutines like others. */
static void thread_starts_goroutines(void)
{
    rn_chan(uint64_t) chan = rn_chan_make(uint64_t, 0);
    rn_sender(uint64_t) out = rn_send_end(chan);
    pthread_t thread = start_thread(start_goroutines, &out);
    uint64_t id = 0;

    for (int i = 0; i < 51; i++) {
        CHECK(rn_recv(chan, &id));
        CHECK(id > 1);
    }
    join_all(&thread, 1);
    rn_chan_free(chan);
}

struct meeting {
    struct rn_ctx *ctx;
    struct rn_timer *timer;
    struct rn_waitgroup *group;
};

static void *cancel_on_thread(void *arg)
{
    struct meeting *own = arg;

    CHECK(rn_recv(rn_timer_chan(own->timer), NULL));
    rn_waitgroup_wait(own->group);
    rn_ctx_cancel(own->ctx);
    return NULL;
}

static void done_after_a_while(struct rn_waitgroup **own)
{
    rn_sleep(RN_MS);
    rn_waitgroup_done(*own);
}

/* A thread waits for a timer and a group of goroutines, then cancels. */
static void thread_waits_and_cancels(void)
{
    struct rn_waitgroup group = {0};
    struct meeting own = {rn_ctx_with_cancel(rn_ctx_background()),
                          rn_timer_make(RN_MS), &group};
    pthread_t thread;

    rn_waitgroup_add(&group, 3);
    for (int i = 0; i < 3; i++)
        rn_go(done_after_a_while, &group);
    thread = start_thread(cancel_on_thread, &own);
    CHECK_EQ_INT(rn_ctx_wait(own.ctx), RN_CANCELED);
    join_all(&thread, 1);
    rn_timer_free(own.timer);
    rn_ctx_release(own.ctx);
}

struct hall {
    struct rn_mutex lock;
    struct rn_cond changed;
    int turns; /* under the lock */
    struct rn_semaphore places;
    _Atomic(int) inside;
    int rounds;
};

/* Waits for the turns to become odd or even, and takes its own. */
static void take_turns(struct hall *hall, int mine)
{
    for (int i = 0; i < hall->rounds; i++) {
        rn_mutex_lock(&hall->lock);
        while (hall->turns % 2 != mine)
            rn_cond_wait(&hall->changed, &hall->lock);
        hall->turns++;
        rn_cond_broadcast(&hall->changed);
        rn_mutex_unlock(&hall->lock);
        rn_semaphore_acquire(&hall->places, 2);
        CHECK_EQ_INT(atomic_fetch_add(&hall->inside, 1), 0);
        atomic_fetch_sub(&hall->inside, 1);
        rn_semaphore_release(&hall->places, 2);
    }
}

static void *take_odd_turns(void *arg)
{
    take_turns(arg, 1);
    return NULL;
}

/* A thread and a goroutine take turns by Cond, and share a semaphore. */
static void threads_wait_for_signals_and_places(void)
{
    struct hall hall = {.places = RN_SEMAPHORE(3),
                        .rounds = rn_check_rounds(500) + 5};
    pthread_t thread = start_thread(take_odd_turns, &hall);

    take_turns(&hall, 0);
    join_all(&thread, 1);
    CHECK_EQ_INT(hall.turns, 2 * hall.rounds);
}

static void note_task(void *arg)
{
    CHECK(rn_task_id() > 1);
    rn_close(*(rn_chan(char) *)arg);
}

static void *cancel_for_cause(void *arg)
{
    rn_ctx_cancel_cause(arg, -5, "by a thread");
    return NULL;
}

/* A thread cancels with a cause: what runs after that is a goroutine. */
static void thread_cancels_with_a_cause(void)
{
    rn_chan(char) called = rn_chan_make(char, 0);
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_ctx *after = rn_ctx_after_func(ctx, note_task, &called);
    pthread_t thread = start_thread(cancel_for_cause, ctx);

    CHECK(!rn_recv(called, NULL));
    CHECK_EQ_STR(rn_ctx_cause_text(ctx), "by a thread");
    join_all(&thread, 1);
    while (rn_task_count() > 1)
        rn_yield();
    rn_ctx_release(after);
    rn_ctx_release(ctx);
    rn_chan_free(called);
}

static void *send_late(void *arg)
{
    struct timespec while_all_sleep = {.tv_nsec = 300000000};

    nanosleep(&while_all_sleep, NULL);
    rn_send(*(rn_chan(int) *)arg, 1);
    return NULL;
}

static long switches(void)
{
    struct rusage usage;

    CHECK_EQ_INT(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_nvcsw;
}

/* While all wait for a thread, the workers sleep; they look now and then. */
static void workers_sleep_beside_a_thread(void)
{
    rn_chan(int) values = rn_chan_make(int, 0);
    pthread_t thread = start_thread(send_late, &values);
    long before = switches();

    CHECK(rn_recv(values, NULL));
    CHECK(switches() - before < 2000);
    join_all(&thread, 1);
    rn_chan_free(values);
}

/* ------------------------------------------------------------- who is woken */

enum { WOKEN = 500, YIELDING = 100 };

static _Atomic(int) woken;
static _Atomic(long) yields;

static void await_close(rn_receiver(int) *gate)
{
    rn_recv(*gate, NULL);
    atomic_fetch_add(&woken, 1);
}

static void yield_until_all_ran(void)
{
    while (atomic_load(&woken) < WOKEN) {
        atomic_fetch_add(&yields, 1);
        rn_yield();
    }
}

static void *close_gate(void *arg)
{
    rn_chan(int) *gate = arg;

    rn_close(*gate);
    return NULL;
}

/*
 * Goroutines that a thread has woken are in a queue of all workers. They get
 * their share beside those that are always ready in the worker's own: one of
 * them at every 64th switch would be 32,000 yields here.
 */
static void whom_a_thread_wakes_gets_a_share(void)
{
    rn_chan(int) gate = rn_chan_make(int, 0);
    pthread_t thread;

    atomic_store(&woken, 0);
    atomic_store(&yields, 0);
    for (int i = 0; i < WOKEN; i++)
        rn_go(await_close, rn_recv_end(gate));
    rn_sleep(RN_MS); /* so that most of them wait */
    thread = start_thread(close_gate, &gate);
    CHECK_EQ_INT(pthread_join(thread, NULL), 0);
    for (int i = 0; rn_procs() == 1 && i < YIELDING; i++)
        rn_go_void(yield_until_all_ran);
    while (rn_task_count() > 1)
        rn_yield();
    CHECK_EQ_INT(atomic_load(&woken), WOKEN);
    CHECK_MSG(atomic_load(&yields) < 10 * WOKEN, "%ld yields",
              atomic_load(&yields));
    rn_chan_free(gate);
}

RN_CHECK_MAIN(threads_and_goroutines_share_a_channel, ping_pong_with_a_thread,
              thread_selects, locks_exclude_threads, waits_end_on_threads,
              thread_starts_goroutines, thread_waits_and_cancels,
              threads_wait_for_signals_and_places, thread_cancels_with_a_cause,
              workers_sleep_beside_a_thread, whom_a_thread_wakes_gets_a_share)
