/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stress: everything at once, at random, for a while.
 *
 *     stress [--seconds N] [--procs N] [--workers N] [--seed N]
 *
 * A crowd of goroutines draws one action after another: send, receive and
 * select on shared channels with and without limits, lock, signal, take places
 * of a semaphore, wait for timers, descriptors and blocking calls, join, make
 * groups and trees of contexts that are canceled in their turn. What can
 * be counted is: at the end as many values were received as were sent, and
 * their sums agree. Prints a line per second, and ends with status 0 when all
 * is well.
 */
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <runnel/runnel.h>

#define CHANNELS 6
#define PLACES   7

static struct {
    int seconds;
    unsigned procs;
    int workers;
    uint64_t seed;
} settings = {.seconds = 10, .workers = 64, .seed = 1};

static struct {
    rn_chan(int) chans[CHANNELS];
    struct rn_mutex mutex;
    struct rn_rwmutex rw;
    struct rn_cond turned;
    struct rn_semaphore places;
    _Atomic(int64_t) taken; /* of the places */
    _Atomic(int64_t) calls_due;
    _Atomic(int64_t) calls;
    int64_t under_mutex; /* by mutex */
    int64_t under_rw;    /* by rw */
    struct rn_ctx *ctx;  /* done when it is time to end */
    struct rn_waitgroup all;
    _Atomic(int64_t) locked;
    _Atomic(int64_t) written;
    _Atomic(int64_t) sent;
    _Atomic(int64_t) received;
    _Atomic(int64_t) sum; /* of values sent and not received */
    _Atomic(int64_t) actions;
    _Atomic(int64_t) failures;
} world = {.places = RN_SEMAPHORE(PLACES)};

static void expect(bool held, const char *what)
{
    if (held)
        return;
    fprintf(stderr, "stress: %s\n", what);
    atomic_fetch_add(&world.failures, 1);
}

/* Draws a number below `limit`. */
static uint32_t draw(uint64_t *state, uint32_t limit)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33) % limit;
}

static void note_sent(int value)
{
    atomic_fetch_add(&world.sent, 1);
    atomic_fetch_add(&world.sum, value);
}

static void note_received(int value)
{
    atomic_fetch_add(&world.received, 1);
    atomic_fetch_sub(&world.sum, value);
}

static int64_t soon(uint64_t *state)
{
    return rn_deadline(draw(state, 200) * RN_US);
}

static void send_somewhere(uint64_t *state)
{
    rn_chan(int) chan = world.chans[draw(state, CHANNELS)];
    int value = (int)draw(state, 1000);
    int status;

    switch (draw(state, 3)) {
    case 0:
        status = rn_try_send(chan, value);
        break;
    case 1:
        status = rn_send_until(soon(state), chan, value);
        break;
    default:
        status = rn_send_ctx(world.ctx, chan, value);
    }
    if (status == RN_OK)
        note_sent(value);
    else
        expect(status == RN_AGAIN || status == RN_TIMEOUT ||
                   status == RN_CANCELED,
               "a send returned something else");
}

static void receive_somewhere(uint64_t *state)
{
    rn_chan(int) chan = world.chans[draw(state, CHANNELS)];
    int value = 0;
    int status;

    switch (draw(state, 3)) {
    case 0:
        status = rn_try_recv(chan, &value);
        break;
    case 1:
        status = rn_recv_until(soon(state), chan, &value);
        break;
    default:
        status = rn_recv_ctx(world.ctx, chan, &value);
    }
    if (status == RN_OK)
        note_received(value);
    else
        expect(status == RN_AGAIN || status == RN_TIMEOUT ||
                   status == RN_CANCELED,
               "a receive returned something else");
}

static void select_somewhere(uint64_t *state)
{
    struct rn_case cases[5];
    int values[4];
    int taken;

    for (int i = 0; i < 4; i++) {
        rn_chan(int) chan = world.chans[draw(state, CHANNELS)];

        values[i] = (int)draw(state, 1000);
        cases[i] = draw(state, 2) ? rn_case_send(chan, &values[i])
                                  : rn_case_recv(chan, &values[i]);
    }
    cases[4] = rn_case_done(world.ctx);
    switch (draw(state, 3)) {
    case 0:
        taken = rn_try_select(cases, 5);
        break;
    case 1:
        taken = rn_select_until(soon(state), cases, 5);
        break;
    default:
        taken = rn_select(cases, 5);
    }
    if (taken < 0 || taken == 4)
        return;
    if (cases[taken].kind == RN_CASE_SEND)
        note_sent(values[taken]);
    else
        note_received(values[taken]);
}

static void lock_something(uint64_t *state)
{
    if (draw(state, 2)) {
        if (rn_mutex_lock_until(soon(state), &world.mutex) != RN_OK)
            return;
        world.under_mutex++;
        atomic_fetch_add(&world.locked, 1);
        if (draw(state, 4) == 0)
            rn_yield();
        if (draw(state, 8) == 0)
            rn_cond_wait_until(soon(state), &world.turned, &world.mutex);
        else if (draw(state, 2))
            rn_cond_signal(&world.turned);
        else
            rn_cond_broadcast(&world.turned);
        rn_mutex_unlock(&world.mutex);
    } else if (draw(state, 4)) {
        if (rn_rwmutex_rlock_until(soon(state), &world.rw) != RN_OK)
            return;
        expect(world.under_rw >= 0, "a reader saw nonsense");
        rn_yield();
        rn_rwmutex_runlock(&world.rw);
    } else {
        if (draw(state, 2))
            rn_rwmutex_lock(&world.rw);
        else if (rn_rwmutex_lock_until(soon(state), &world.rw) != RN_OK)
            return;
        world.under_rw++;
        atomic_fetch_add(&world.written, 1);
        rn_rwmutex_unlock(&world.rw);
    }
}

static void take_places(uint64_t *state)
{
    int64_t weight = draw(state, PLACES) + 1;

    if (rn_semaphore_acquire_until(soon(state), &world.places, weight) != RN_OK)
        return;
    expect(atomic_fetch_add(&world.taken, weight) + weight <= PLACES,
           "more places were taken than there are");
    rn_yield();
    atomic_fetch_sub(&world.taken, weight);
    rn_semaphore_release(&world.places, weight);
}

static int twice(uint32_t *own)
{
    rn_yield();
    return (int)(2 * *own);
}

static void spawn_and_join(uint64_t *state)
{
    uint32_t number = draw(state, 1000);
    struct rn_handle *handle = rn_spawn(twice, number);
    int result = 0;

    if (draw(state, 3) == 0)
        rn_detach(handle);
    else if (rn_join_until(soon(state), handle, &result) == RN_OK)
        expect(result == (int)(2 * number), "a join gave another result");
    else
        expect(rn_join(handle) == (int)(2 * number),
               "a late join gave another result");
}

static void count_call(void *arg)
{
    (void)arg;
    atomic_fetch_add(&world.calls, 1);
}

static void cancel_it(struct rn_ctx **own)
{
    rn_ctx_cancel_cause(*own, -5, "by another");
    rn_ctx_release(*own);
}

/* A context canceled by another, with functions that run or are stopped. */
static void cancel_a_tree(uint64_t *state)
{
    struct rn_ctx *top = rn_ctx_with_deadline(rn_ctx_background(), soon(state));
    struct rn_ctx *afters[4];

    atomic_fetch_add(&world.calls_due, 4);
    rn_go(cancel_it, rn_ctx_retain(top));
    for (int i = 0; i < 4; i++)
        afters[i] = rn_ctx_after_func(top, count_call, NULL);
    if (draw(state, 2))
        rn_ctx_wait(top);
    for (int i = 0; i < 4; i++) {
        if (rn_ctx_stop(afters[i]))
            atomic_fetch_add(&world.calls, 1);
        rn_ctx_release(afters[i]);
    }
    rn_ctx_release(top);
}

static void post(void *arg)
{
    uint64_t one = 1;

    expect(write(*(int *)arg, &one, sizeof(one)) == sizeof(one),
           "an eventfd was not written");
}

static void wait_for_time(uint64_t *state)
{
    struct rn_timer *timer = rn_timer_make(draw(state, 300) * RN_US);
    int64_t now = 0;

    if (draw(state, 3) == 0)
        rn_timer_reset(timer, draw(state, 300) * RN_US);
    if (draw(state, 3) == 0)
        rn_timer_stop(timer);
    else
        expect(rn_recv(rn_timer_chan(timer), &now) && now <= rn_now(),
               "a timer sent a wrong time");
    rn_timer_free(timer);
    rn_sleep(draw(state, 50) * RN_US);
}

static void wait_for_descriptor(uint64_t *state)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    int ready;

    if (fd < 0)
        return;
    if (draw(state, 2))
        rn_block(post, &fd);
    ready = rn_wait_fd(fd, RN_READ, soon(state));
    expect(ready == RN_READ || ready == RN_TIMEOUT, "a wait ended wrongly");
    close(fd);
}

struct leaf {
    uint64_t state;
    int depth;
};

static int grow(struct rn_ctx *ctx, struct leaf *own)
{
    struct rn_group *group;
    int fails = own->depth == 0 && draw(&own->state, 8) == 0;

    if (own->depth == 0) {
        struct rn_ctx *child = rn_ctx_with_timeout(ctx, 100 * RN_US);

        if (draw(&own->state, 2))
            rn_ctx_wait(child);
        rn_ctx_cancel(child);
        rn_ctx_release(child);
        return fails ? -5 : 0;
    }
    group = rn_group_make(ctx, draw(&own->state, 4));
    for (uint32_t i = 0; i < 3; i++)
        rn_group_go(group, grow,
                    (struct leaf){own->state + i * 977, own->depth - 1});
    return rn_group_wait(group);
}

static void run_a_tree(uint64_t *state)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    int status;

    rn_group_go(group, grow, (struct leaf){*state, 1 + (int)draw(state, 2)});
    status = rn_group_wait(group);
    expect(status == 0 || status == -5, "a group returned something else");
}

static void act(uint64_t *state)
{
    switch (draw(state, 16)) {
    case 0:
        wait_for_time(state);
        break;
    case 1:
        wait_for_descriptor(state);
        break;
    case 2:
        run_a_tree(state);
        break;
    case 3:
    case 4:
        lock_something(state);
        break;
    case 5:
    case 6:
    case 7:
        select_somewhere(state);
        break;
    case 8:
        rn_yield();
        break;
    case 9:
        take_places(state);
        break;
    case 10:
        if (draw(state, 2))
            spawn_and_join(state);
        else
            cancel_a_tree(state);
        break;
    default:
        if (draw(state, 2))
            send_somewhere(state);
        else
            receive_somewhere(state);
    }
    atomic_fetch_add(&world.actions, 1);
}

static void live(uint64_t *own)
{
    uint64_t state = *own;

    /* Ends and is born again now and then, so that stacks change hands. */
    for (int i = 0; i < 200; i++) {
        if (rn_ctx_err(world.ctx) != RN_OK) {
            rn_waitgroup_done(&world.all);
            return;
        }
        act(&state);
    }
    rn_go(live, state);
}

static void open_world(void)
{
    for (int i = 0; i < CHANNELS; i++)
        world.chans[i] = rn_chan_make(int, (size_t)(i / 2 * i));
    world.ctx =
        rn_ctx_with_timeout(rn_ctx_background(), settings.seconds * RN_S);
    rn_waitgroup_add(&world.all, settings.workers);
    for (int i = 0; i < settings.workers; i++)
        rn_go(live, settings.seed * 1000003u + (uint64_t)i);
}

/* Empties the channels and compares the books. */
static void close_world(void)
{
    for (int i = 0; i < CHANNELS; i++) {
        rn_close(world.chans[i]);
        rn_range (int, value, world.chans[i])
            note_received(value);
        rn_chan_free(world.chans[i]);
    }
    rn_ctx_release(world.ctx);
    expect(world.sent == world.received, "values were lost or doubled");
    expect(world.sum == 0, "values were changed");
    expect(world.under_mutex == world.locked, "the mutex let two in");
    expect(world.under_rw == world.written, "the rwmutex let two in");
    expect(world.calls == world.calls_due, "a function ran twice, or never");
    expect(rn_semaphore_try_acquire(&world.places, PLACES), "places were lost");
}

static int start(void *arg)
{
    struct rn_timer *second = rn_ticker_make(RN_S);

    (void)arg;
    open_world();
    while (rn_recv_ctx(world.ctx, rn_timer_chan(second), NULL) == RN_OK)
        printf("%" PRId64 " actions, %" PRId64 " values, %zu goroutines\n",
               world.actions, world.received, rn_task_count());
    rn_waitgroup_wait(&world.all);
    rn_timer_free(second);
    while (rn_task_count() > 1)
        rn_yield();
    close_world();
    return world.failures ? 1 : 0;
}

static bool take_option(const char *name, const char *value)
{
    if (strcmp(name, "--seconds") == 0)
        settings.seconds = atoi(value);
    else if (strcmp(name, "--procs") == 0)
        settings.procs = (unsigned)atoi(value);
    else if (strcmp(name, "--workers") == 0)
        settings.workers = atoi(value);
    else if (strcmp(name, "--seed") == 0)
        settings.seed = strtoull(value, NULL, 10);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct rn_options options = {0};
    int status;

    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc || !take_option(argv[i], argv[i + 1])) {
            fprintf(stderr,
                    "usage: %s [--seconds N] [--procs N] [--workers N] "
                    "[--seed N]\n",
                    argv[0]);
            return 2;
        }
    }
    options.procs = settings.procs;
    status = rn_run_with(&options, start, NULL);
    printf("%s: %" PRId64 " actions, %" PRId64 " values\n",
           status ? "FAILED" : "ok", world.actions, world.received);
    return status;
}
