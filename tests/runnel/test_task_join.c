/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Handles: wait for a goroutine's end, get what it returned, or let it go.
 */
#include <pthread.h>

#include "rn_check.h"

static int twice_of(int *own)
{
    rn_yield();
    return 2 * *own;
}

/* join returns what the function returned, whoever is faster. */
static void join_gives_the_result(void)
{
    for (int i = 0; i < rn_check_rounds(1000); i++) {
        struct rn_handle *handle = rn_spawn(twice_of, i);

        if (i % 3 == 0)
            rn_check_settle();
        CHECK_EQ_INT(rn_join(handle), 2 * i);
    }
}

/* Joined in any order, each handle gives its own result. */
static void handles_are_joined_in_any_order(void)
{
    struct rn_handle *handles[50];

    for (int i = 0; i < 50; i++)
        handles[i] = rn_spawn(twice_of, i);
    for (int i = 0; i < 50; i++) {
        int place = i * 7 % 50;

        CHECK_EQ_INT(rn_join(handles[place]), 2 * place);
    }
}

struct work {
    int *place;
    rn_receiver(char) door;
};

static int write_when_open(struct work *own)
{
    rn_recv(own->door, NULL);
    *own->place = 5;
    return -7;
}

/* join_until gives up at the deadline, keeps the handle, joins later. */
static void deadline_keeps_the_handle(void)
{
    rn_chan(char) door = rn_chan_make(char, 0);
    int place = 0;
    int result = 1;
    int64_t deadline = rn_deadline(RN_MS);
    struct rn_handle *handle =
        rn_spawn(write_when_open, (struct work){&place, rn_recv_end(door)});

    CHECK_EQ_INT(rn_join_until(0, handle, &result), RN_TIMEOUT);
    CHECK_EQ_INT(rn_join_until(deadline, handle, &result), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    CHECK_EQ_INT(result, 1);
    rn_close(door);
    CHECK_EQ_INT(rn_join_until(RN_NEVER, handle, &result), RN_OK);
    CHECK_EQ_INT(result, -7);
    CHECK_EQ_INT(place, 5);
    rn_chan_free(door);
}

static void cancel_it(struct rn_ctx **own)
{
    rn_ctx_cancel(*own);
    rn_ctx_release(*own);
}

/* A context ends the wait and keeps the handle. */
static void context_keeps_the_handle(void)
{
    rn_chan(char) door = rn_chan_make(char, 0);
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    int place = 0;
    struct rn_handle *handle =
        rn_spawn(write_when_open, (struct work){&place, rn_recv_end(door)});

    rn_go(cancel_it, rn_ctx_retain(ctx));
    CHECK_EQ_INT(rn_join_ctx(ctx, handle, NULL), RN_CANCELED);
    CHECK_EQ_INT(rn_join_ctx(ctx, handle, NULL), RN_CANCELED);
    rn_close(door);
    CHECK_EQ_INT(rn_join_ctx(rn_ctx_background(), handle, NULL), RN_OK);
    CHECK_EQ_INT(place, 5);
    while (rn_task_count() > 1)
        rn_yield();
    rn_ctx_release(ctx);
    rn_chan_free(door);
}

/* Detached, before or after its end, it leaves nothing behind. */
static void detached_goes_on_alone(void)
{
    for (int i = 0; i < rn_check_rounds(500); i++) {
        struct rn_handle *handle = rn_spawn(twice_of, i);

        if (i % 2)
            rn_yield();
        rn_detach(handle);
    }
    while (rn_task_count() > 1)
        rn_yield();
}

static int join_another(struct rn_handle **own)
{
    return rn_join(*own) + 1;
}

/* Another goroutine may join: a chain of joins adds up. */
static void another_may_join(void)
{
    struct rn_handle *handle = rn_spawn(twice_of, 50);

    for (int i = 0; i < 100; i++)
        handle = rn_spawn(join_another, handle);
    CHECK_EQ_INT(rn_join(handle), 200);
}

static void *join_in_thread(void *arg)
{
    struct rn_handle *handle = arg;
    int result = 0;
    int status = rn_join_until(rn_deadline(60 * RN_S), handle, &result);

    CHECK_EQ_INT(status, RN_OK);
    CHECK_EQ_INT(result, 84);
    return NULL;
}

/* A foreign thread may join. */
static void thread_may_join(void)
{
    pthread_t thread;

    if (rn_check_simulated())
        return; /* threads are not simulated */
    CHECK_EQ_INT(
        pthread_create(&thread, NULL, join_in_thread, rn_spawn(twice_of, 42)),
        0);
    while (rn_task_count() > 1)
        rn_yield();
    pthread_join(thread, NULL);
}

static int stack_user(char *own)
{
    volatile char large[200 * 1024];

    large[0] = *own;
    large[sizeof(large) - 1] = *own;
    return large[0] + large[sizeof(large) - 1];
}

/* rn_spawn_with takes a name and a stack size as rn_go_with does. */
static void options_are_heeded(void)
{
    struct rn_task_options options = {.name = "large", .stack_size = 512 << 10};

    CHECK_EQ_INT(rn_join(rn_spawn_with(&options, stack_user, (char)21)), 42);
}

RN_CHECK_MAIN(join_gives_the_result, handles_are_joined_in_any_order,
              deadline_keeps_the_handle, context_keeps_the_handle,
              detached_goes_on_alone, another_may_join, thread_may_join,
              options_are_heeded)
