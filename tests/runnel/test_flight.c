/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Single flight: one call for a key at a time, everyone gets its end; a call
 * that everybody left is called off.
 */
#include "rn_check.h"

struct answer {
    int number;
};

typedef rn_flight(struct answer) flight;

/* A call that says that it runs and ends when it is told to, or canceled. */
struct order {
    _Atomic(int) *calls;
    rn_receiver(char) go;
    int status;
};

static int fly(struct rn_ctx *ctx, struct order *own, struct answer *answer)
{
    answer->number = atomic_fetch_add(own->calls, 1);
    int status = rn_recv_ctx(ctx, own->go, NULL);
    return status < 0 && status != RN_CLOSED ? status : own->status;
}

struct asker {
    flight flight;
    struct rn_ctx *ctx;
    const char *key;
    struct order order;
    int status;
    struct answer answer;
    struct rn_waitgroup *left;
};

static void ask(struct asker **own)
{
    struct asker *asker = *own;

    asker->status = rn_flight_do(asker->ctx, asker->flight, asker->key, fly,
                                 &asker->answer, asker->order);
    rn_waitgroup_done(asker->left);
}

static void start(struct asker *askers, int count, struct rn_waitgroup *left)
{
    rn_waitgroup_add(left, count);
    for (int i = 0; i < count; i++) {
        askers[i].left = left;
        askers[i].ctx = askers[i].ctx ? askers[i].ctx : rn_ctx_background();
        rn_go(ask, &askers[i]);
    }
}

/* All who ask meanwhile get the result of one call. */
static void one_call_for_all(void)
{
    rn_chan(char) go = rn_chan_make(char, 0);
    flight users = rn_flight_make(struct answer);
    struct rn_waitgroup left = {0};
    _Atomic(int) calls = 0;
    struct asker askers[10];

    for (int i = 0; i < 10; i++)
        askers[i] = (struct asker){
            .flight = users,
            .key = i < 7 ? "a" : "b",
            .order = {&calls, rn_recv_end(go), i < 7 ? 1 : -9},
            .answer = {-1},
        };
    start(askers, 10, &left);
    while (atomic_load(&calls) < 2)
        rn_yield();
    rn_check_settle();
    rn_close(go);
    rn_waitgroup_wait(&left);
    /* Whoever came after the first call had ended made another. */
    CHECK(rn_procs() > 1 || atomic_load(&calls) == 2);
    for (int i = 0; i < 10; i++) {
        CHECK_EQ_INT(askers[i].status, i < 7 ? 1 : -9);
        CHECK((askers[i].answer.number >= 0) == (i < 7));
    }
    rn_flight_free(users);
    rn_chan_free(go);
    rn_check_alone();
}

/* After the end of a call the next one who asks makes a new one. */
static void ended_is_not_kept(void)
{
    rn_chan(char) go = rn_chan_make(char, 0);
    flight users = rn_flight_make(struct answer);
    _Atomic(int) calls = 0;
    struct answer answer = {0};

    rn_close(go);
    for (int i = 0; i < 5; i++) {
        CHECK_EQ_INT(rn_flight_do(rn_ctx_background(), users, "key", fly,
                                  &answer,
                                  (struct order){&calls, rn_recv_end(go), 0}),
                     0);
        CHECK_EQ_INT(answer.number, i);
    }
    rn_flight_free(users);
    rn_chan_free(go);
    rn_check_alone();
}

/* The first one's end does not fail the others. */
static void first_may_leave(void)
{
    rn_chan(char) go = rn_chan_make(char, 0);
    flight users = rn_flight_make(struct answer);
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_waitgroup first_left = {0};
    struct rn_waitgroup left = {0};
    _Atomic(int) calls = 0;
    struct order order = {&calls, rn_recv_end(go), 0};
    struct asker first = {.flight = users, .key = "k", .order = order};
    struct asker other = first;

    first.ctx = ctx;
    start(&first, 1, &first_left);
    while (atomic_load(&calls) < 1)
        rn_yield();
    start(&other, 1, &left);
    rn_check_settle();
    rn_ctx_cancel(ctx);
    rn_waitgroup_wait(&first_left);
    CHECK_EQ_INT(first.status, RN_CANCELED);
    rn_check_settle();
    rn_close(go);
    rn_waitgroup_wait(&left);
    CHECK_EQ_INT(other.status, RN_OK);
    CHECK(rn_procs() > 1 || other.answer.number == 0);
    rn_flight_free(users);
    rn_ctx_release(ctx);
    rn_chan_free(go);
    rn_check_alone();
}

/* When the last one leaves, the call is canceled, and not joined any more. */
static void left_by_all_is_called_off(void)
{
    rn_chan(char) go = rn_chan_make(char, 0);
    rn_chan(char) open = rn_chan_make(char, 0);
    flight users = rn_flight_make(struct answer);
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_MS);
    _Atomic(int) calls = 0;
    struct order order = {&calls, rn_recv_end(go), 0};
    struct answer answer = {-1};

    CHECK_EQ_INT(rn_flight_do(ctx, users, "k", fly, &answer, order),
                 RN_TIMEOUT);
    CHECK_EQ_INT(rn_flight_do(ctx, users, "k", fly, &answer, order),
                 RN_TIMEOUT);
    CHECK_EQ_INT(answer.number, -1);
    order.go = rn_recv_end(open);
    rn_close(open);
    CHECK_EQ_INT(
        rn_flight_do(rn_ctx_background(), users, "k", fly, &answer, order),
        RN_OK);
    rn_flight_free(users); /* waits for the one that was called off */
    rn_check_alone();
    rn_ctx_release(ctx);
    rn_chan_free(open);
    rn_chan_free(go);
}

static int panic_now(struct rn_ctx *ctx, int *own, struct answer *answer)
{
    CHECK(ctx);
    answer->number = *own;
    rn_panic("crashed with %d", *own);
}

static void ask_for_panic(void *arg)
{
    struct answer answer;

    rn_flight_do(rn_ctx_background(), *(flight *)arg, "k", panic_now, &answer,
                 17);
}

/* A panic reaches who waits, and the flight goes on. */
static void panic_reaches_who_waits(void)
{
    flight users = rn_flight_make(struct answer);
    struct rn_panic panic;

    for (int i = 0; i < 2; i++) {
        CHECK_EQ_INT(rn_try(ask_for_panic, &users, &panic), RN_PANICKED);
        CHECK_EQ_STR(panic.text, "crashed with 17");
    }
    rn_flight_free(users);
    rn_flight_free((flight)NULL);
    rn_check_alone();
}

static rn_key(int) trace_key;

static int read_trace(struct rn_ctx *ctx, int *own, struct answer *answer)
{
    const int *trace = rn_ctx_value(ctx, &trace_key);

    answer->number = trace ? *trace + *own : -1;
    return rn_ctx_deadline(ctx) == RN_NEVER ? RN_OK : -1;
}

/* The call sees the values of who asked first, not that one's deadline. */
static void values_travel_along(void)
{
    flight users = rn_flight_make(struct answer);
    struct rn_ctx *timed = rn_ctx_with_timeout(rn_ctx_background(), 90 * RN_S);
    int trace = 40;
    struct rn_ctx *ctx = rn_ctx_with_value(timed, &trace_key, &trace);
    struct answer answer;

    CHECK_EQ_INT(rn_flight_do(ctx, users, "k", read_trace, &answer, 2), RN_OK);
    CHECK_EQ_INT(answer.number, 42);
    rn_flight_free(users);
    rn_ctx_release(ctx);
    rn_ctx_release(timed);
    rn_check_alone();
}

struct storm {
    flight flight;
    _Atomic(int) *flying; /* for each key */
    struct rn_waitgroup *left;
};

static int fly_once(struct rn_ctx *ctx, struct storm *own,
                    struct answer *answer)
{
    /* Calls that everybody left may run beside the next one. */
    if (rn_ctx_err(ctx) == RN_OK)
        answer->number = atomic_fetch_add(own->flying, 1);
    rn_yield();
    atomic_fetch_sub(own->flying, 1);
    return answer->number;
}

static void storm(struct storm *own)
{
    static const char *const keys[] = {"a", "b", "c"};

    for (int i = 0; i < 30; i++) {
        uint32_t key = rn_draw(3);
        struct answer answer;

        CHECK_EQ_INT(rn_flight_do(rn_ctx_background(), own->flight, keys[key],
                                  fly_once, &answer,
                                  (struct storm){.flying = own->flying + key}),
                     0);
        CHECK_EQ_INT(answer.number, 0);
    }
    rn_waitgroup_done(own->left);
}

/* Many askers, a few keys: never two calls for one key. */
static void never_two_for_a_key(void)
{
    flight users = rn_flight_make(struct answer);
    struct rn_waitgroup left = {0};
    _Atomic(int) flying[3] = {0};

    rn_waitgroup_add(&left, 8);
    for (int i = 0; i < 8; i++)
        rn_go(storm, (struct storm){users, flying, &left});
    rn_waitgroup_wait(&left);
    rn_flight_free(users);
    rn_check_alone();
}

RN_CHECK_MAIN(one_call_for_all, ended_is_not_kept, first_may_leave,
              left_by_all_is_called_off, panic_reaches_who_waits,
              values_travel_along, never_two_for_a_key)
