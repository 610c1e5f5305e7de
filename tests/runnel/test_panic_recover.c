/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A panic runs what is deferred, newest first, and goes on at the innermost
 * boundary; what was not to be stopped is not.
 */
#include <pthread.h>

#include "rn_check.h"

/* What happened, in order, one letter each; of one goroutine at a time. */
static char story[64];
static size_t told;

static void tell(char event)
{
    if (told + 1 < sizeof(story))
        story[told++] = event;
    story[told] = '\0';
}

static void begin(void)
{
    told = 0;
    story[0] = '\0';
}

static void tell_text(const char *event)
{
    tell(*event);
}

static void say(void *event)
{
    tell_text(event);
}

static void add_one(int *number)
{
    (*number)++;
}

/* ------------------------------------------------------------------ defer */

static void returns_early(bool early)
{
    rn_defer(tell_text, "a");
    rn_defer(say, (void *)"b");
    tell('1');
    if (early)
        return;
    tell('2');
}

/* A deferred call runs when its block is left, by any way, newest first. */
static void deferred_runs_when_its_block_is_left(void)
{
    begin();
    returns_early(false);
    returns_early(true);
    for (int i = 0; i < 3; i++) {
        rn_defer(tell_text, "c");
        if (i == 1)
            continue;
        if (i == 2)
            break;
        tell('i');
    }
    {
        rn_defer(tell_text, "d");
        goto out;
    }
out:
    CHECK_EQ_STR(story, "12ba1baicccd");
}

/* The argument of a deferred call is evaluated where it stands. */
static void argument_is_evaluated_at_once(void)
{
    int numbers[2] = {0, 0};
    int *at = &numbers[0];

    {
        rn_defer(add_one, at++);
        CHECK(at == &numbers[1]);
    }
    CHECK_EQ_INT(numbers[0], 1);
    CHECK_EQ_INT(numbers[1], 0);
}

static void parks(rn_chan(int) *chan)
{
    rn_sleep(RN_US);
    rn_recv(*chan, NULL);
    tell('p');
}

static void send_one(rn_chan(int) *own)
{
    rn_send(*own, 1);
}

/* A deferred call may park. */
static void deferred_call_may_park(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);

    begin();
    rn_go(send_one, chan);
    {
        rn_defer(parks, &chan);
        tell('1');
    }
    CHECK_EQ_STR(story, "1p");
    rn_chan_free(chan);
}

/* ---------------------------------------------------------------- rn_try */

static void returns(void *arg)
{
    *(int *)arg = 7;
}

/* rn_try of a function that returns is RN_OK. */
static void try_of_a_function_that_returns_is_ok(void)
{
    int got = 0;

    CHECK_EQ_INT(rn_try(returns, &got, NULL), RN_OK);
    CHECK_EQ_INT(got, 7);
    CHECK(!rn_panicking());
}

__attribute__((noinline)) static void deep(int levels)
{
    rn_defer(tell_text, "d");
    if (levels == 0)
        rn_panic("number %d", 42);
    if (levels < 0)
        return;
    deep(levels - 1);
    tell('x');
}

static void start_deep(void *arg)
{
    rn_defer(tell_text, "s");
    deep(*(int *)arg);
    tell('x');
}

/* A panic runs what is deferred, newest first, and stops at the boundary. */
static void panic_runs_deferred_up_to_the_boundary(void)
{
    struct rn_panic panic;
    int levels = 3;

    begin();
    {
        rn_defer(tell_text, "o");
        CHECK_EQ_INT(rn_try(start_deep, &levels, &panic), RN_PANICKED);
        tell('r');
    }
    CHECK_EQ_STR(story, "ddddsro");
    CHECK_EQ_STR(panic.text, "number 42");
    CHECK(panic.value == NULL);
    CHECK(!panic.misuse);
    CHECK_EQ_INT(panic.goroutine, rn_task_id());
    CHECK(panic.frame_count > 0);
    CHECK_EQ_STR(rn_status_text(RN_PANICKED), "panicked");
    CHECK_EQ_INT(rn_try(start_deep, &levels, NULL), RN_PANICKED);
}

static void panic_with_value(void *arg)
{
    rn_panic_with(arg, "%0500d", 1);
}

/* The value and the text of a panic are kept; the text is cut to fit. */
static void value_is_kept_and_text_is_cut(void)
{
    struct rn_panic panic;
    int value;

    CHECK_EQ_INT(rn_try(panic_with_value, &value, &panic), RN_PANICKED);
    CHECK(panic.value == &value);
    CHECK_EQ_INT(strlen(panic.text), sizeof(panic.text) - 1);
}

static void try_inside(void *arg)
{
    struct rn_panic inner;
    int levels = 0;

    CHECK_EQ_INT(rn_try(start_deep, &levels, &inner), RN_PANICKED);
    tell('i');
    rn_defer(tell_text, "e");
    if (arg)
        rn_panic_again(&inner);
    rn_panic("another");
}

/* The innermost boundary stops a panic; a later one goes further out. */
static void boundaries_nest(void)
{
    struct rn_panic panic;

    begin();
    CHECK_EQ_INT(rn_try(try_inside, NULL, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "another");
    CHECK_EQ_STR(story, "dsie");
}

/* A panic that was stopped can be raised again. */
static void raised_again_it_arrives_further_out(void)
{
    struct rn_panic panic;
    int some;

    begin();
    CHECK_EQ_INT(rn_try(try_inside, &some, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "number 42");
    CHECK_EQ_INT(panic.raised_again, 1);
    CHECK_EQ_STR(story, "dsie");
}

static void panic_again_in_defer(const char *event)
{
    tell(*event);
    CHECK(rn_panicking());
    rn_panic("second");
}

static void panics_twice(void *arg)
{
    rn_defer(tell_text, "1");
    rn_defer(panic_again_in_defer, "2");
    rn_defer(tell_text, "3");
    rn_panic("first %p", arg);
}

/*
 * A panic in a deferred call takes the place of the first; the rest still runs.
 */
static void panic_in_a_deferred_call_takes_over(void)
{
    struct rn_panic panic;

    begin();
    CHECK_EQ_INT(rn_try(panics_twice, NULL, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "second");
    CHECK_EQ_STR(story, "321");
    CHECK(!rn_panicking());
}

static void stop_own_panic(const char *event)
{
    int levels = 0;

    CHECK(rn_panicking());
    CHECK_EQ_INT(rn_try(start_deep, &levels, NULL), RN_PANICKED);
    CHECK(rn_panicking());
    tell(*event);
}

static void stops_another_on_the_way(void *arg)
{
    rn_defer(tell_text, "1");
    rn_defer(stop_own_panic, "2");
    rn_panic("outer %p", arg);
}

/* A deferred call may stop a panic that it causes; the outer one goes on. */
static void deferred_call_may_stop_a_panic_of_its_own(void)
{
    struct rn_panic panic;

    begin();
    CHECK_EQ_INT(rn_try(stops_another_on_the_way, NULL, &panic), RN_PANICKED);
    CHECK(strncmp(panic.text, "outer", 5) == 0);
    CHECK_EQ_STR(story, "ds21");
}

static void deep_zero(void *arg)
{
    (void)arg;
    deep(0);
}

static void leaves_block_by_panic(void *arg)
{
    rn_defer(tell_text, "1");
    {
        rn_defer(deep_zero, arg);
        tell('b');
    }
    tell('x');
}

/* The block is left normally, and the deferred call panics. */
static void deferred_call_panics_at_the_end_of_a_block(void)
{
    begin();
    CHECK_EQ_INT(rn_try(leaves_block_by_panic, NULL, NULL), RN_PANICKED);
    CHECK_EQ_STR(story, "bd1");
}

/* --------------------------------------------------- what the runtime raises */

static void send_on_closed(void *arg)
{
    rn_chan(int) chan = *(rn_chan(int) *)arg;

    rn_close(chan);
    rn_send(chan, 1);
}

/* A send on a closed channel can be stopped, and no lock is left held. */
static void misuse_can_be_stopped_and_the_channel_still_works(void)
{
    rn_chan(int) chan = rn_chan_make(int, 1);
    struct rn_panic panic;

    CHECK_EQ_INT(rn_try(send_on_closed, &chan, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "send on closed channel");
    CHECK(panic.misuse);
    CHECK_EQ_INT(rn_try_recv(chan, NULL), RN_CLOSED);
    rn_chan_free(chan);
}

static void count_below_zero(void *arg)
{
    rn_waitgroup_done(arg);
}

/* A WaitGroup below zero can be stopped. */
static void negative_waitgroup_can_be_stopped(void)
{
    struct rn_waitgroup group = {0};
    struct rn_panic panic;

    CHECK_EQ_INT(rn_try(count_below_zero, &group, &panic), RN_PANICKED);
    CHECK(panic.misuse);
    CHECK(strstr(panic.text, "negative"));
}

static void locks_and_panics(void *arg)
{
    struct rn_mutex *mutex = arg;

    rn_mutex_lock(mutex);
    rn_defer(rn_mutex_unlock, mutex);
    rn_panic("locked");
}

/* A deferred unlock leaves the mutex free after a panic. */
static void deferred_unlock_leaves_the_mutex_free(void)
{
    struct rn_mutex mutex = {0};

    CHECK_EQ_INT(rn_try(locks_and_panics, &mutex, NULL), RN_PANICKED);
    CHECK(rn_mutex_try_lock(&mutex));
    rn_mutex_unlock(&mutex);
}

static int times;

static void panic_once(void *arg)
{
    times++;
    rn_panic("once %p", arg);
}

static void do_once(void *arg)
{
    rn_once_do(arg, panic_once, NULL);
}

/* A Once whose function panicked has run, and lets others in. */
static void once_that_panics_has_run(void)
{
    struct rn_once once = {0};

    times = 0;
    CHECK_EQ_INT(rn_try(do_once, &once, NULL), RN_PANICKED);
    CHECK_EQ_INT(rn_try(do_once, &once, NULL), RN_OK);
    CHECK_EQ_INT(times, 1);
}

static void panic_in_call(void *arg)
{
    rn_panic_with(arg, "in the call");
}

static void block(void *arg)
{
    rn_block(panic_in_call, arg);
}

/* A panic in a blocking call is raised again in its caller. */
static void panic_of_a_blocking_call_reaches_its_caller(void)
{
    struct rn_panic panic;
    int value;

    CHECK_EQ_INT(rn_try(block, &value, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "in the call");
    CHECK(panic.value == &value);
}

/* ----------------------------------------------------------------- groups */

static atomic_int ended;

static int wait_for_cancel(struct rn_ctx *ctx, int *own)
{
    (void)own;
    int status = rn_ctx_wait(ctx);

    atomic_fetch_add(&ended, 1);
    return status;
}

static int fail_in_group(struct rn_ctx *ctx, int *own)
{
    (void)ctx;
    return *own;
}

static int panic_in_group(struct rn_ctx *ctx, int *own)
{
    (void)ctx;
    rn_panic("member %d", *own);
}

struct gathering {
    struct rn_group *group;
    int status;
};

static void wait_for_group(void *arg)
{
    struct gathering *gathering = arg;

    gathering->status = rn_group_wait(gathering->group);
}

/*
 * A panic in a group cancels the others and reaches who waits after all have
 * ended.
 */
static void panic_of_a_member_reaches_the_waiter(void)
{
    struct gathering gathering = {rn_group_make(rn_ctx_background(), 0), 0};
    struct rn_panic panic;

    atomic_store(&ended, 0);
    for (int i = 0; i < 5; i++)
        rn_group_go(gathering.group, wait_for_cancel, i);
    rn_group_go(gathering.group, panic_in_group, 6);
    CHECK_EQ_INT(rn_try(wait_for_group, &gathering, &panic), RN_PANICKED);
    CHECK_EQ_INT(atomic_load(&ended), 5);
    CHECK_EQ_STR(panic.text, "member 6");
    CHECK_EQ_INT(panic.raised_again, 1);
    CHECK(panic.goroutine != rn_task_id());
    CHECK(strstr(panic.where, "test_panic_recover.c:"));
}

/* A panic of a member comes before an error of another. */
static void panic_takes_the_place_of_an_error(void)
{
    struct gathering gathering = {rn_group_make(rn_ctx_background(), 1), 0};
    struct rn_panic panic;

    rn_group_go(gathering.group, fail_in_group, RN_INVALID);
    rn_group_go(gathering.group, panic_in_group, 2);
    CHECK_EQ_INT(rn_try(wait_for_group, &gathering, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "member 2");
}

/* The number alone is an error like any other. */
static void member_may_return_the_status_of_a_panic(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 1);

    rn_group_go(group, fail_in_group, RN_PANICKED);
    CHECK_EQ_INT(rn_group_wait(group), RN_PANICKED);
}

static int group_in_group(struct rn_ctx *ctx, int *own)
{
    struct rn_group *inner = rn_group_make(ctx, 0);

    rn_group_go(inner, panic_in_group, *own);
    return rn_group_wait(inner);
}

/* A panic goes up through groups in groups. */
static void panic_goes_up_through_nested_groups(void)
{
    struct gathering gathering = {rn_group_make(rn_ctx_background(), 0), 0};
    struct rn_panic panic;

    rn_group_go(gathering.group, group_in_group, 9);
    CHECK_EQ_INT(rn_try(wait_for_group, &gathering, &panic), RN_PANICKED);
    CHECK_EQ_STR(panic.text, "member 9");
    CHECK_EQ_INT(panic.raised_again, 2);
}

static int panic_in_body(struct rn_group *group, void *arg)
{
    for (int i = 0; i < 3; i++)
        rn_group_go(group, wait_for_cancel, i);
    rn_panic("body %p", arg);
}

static void run_a_group(void *arg)
{
    rn_group_run(rn_ctx_background(), 0, panic_in_body, arg);
}

/* A group whose body panics is left after its goroutines have ended. */
static void body_that_panics_waits_for_its_group(void)
{
    struct rn_panic panic;

    atomic_store(&ended, 0);
    CHECK_EQ_INT(rn_try(run_a_group, NULL, &panic), RN_PANICKED);
    CHECK_EQ_INT(atomic_load(&ended), 3);
    CHECK(strncmp(panic.text, "body", 4) == 0);
}

/* ---------------------------------------------------------------- threads */

static void yield_and_panic(void *arg)
{
    int *at = arg;

    rn_defer(add_one, at);
    rn_yield();
    rn_defer(add_one, at);
    rn_yield();
    rn_panic("moved");
}

struct crowd {
    struct rn_waitgroup *left;
    int rounds;
};

static void panic_many_times(struct crowd *own)
{
    for (int i = 0; i < own->rounds; i++) {
        int count = 0;

        CHECK_EQ_INT(rn_try(yield_and_panic, &count, NULL), RN_PANICKED);
        CHECK_EQ_INT(count, 2);
    }
    rn_waitgroup_done(own->left);
}

/* Many at once, which move between workers inside their boundaries. */
static void goroutines_panic_side_by_side(void)
{
    struct rn_waitgroup left = {0};
    struct crowd crowd = {&left, rn_check_rounds(5000)};

    rn_waitgroup_add(&left, 20);
    for (int i = 0; i < 20; i++)
        rn_go(panic_many_times, crowd);
    rn_waitgroup_wait(&left);
}

static void *panic_on_thread(void *arg)
{
    struct rn_panic panic;
    int levels = 2;

    begin();
    CHECK_EQ_INT(rn_try(start_deep, &levels, &panic), RN_PANICKED);
    CHECK_EQ_INT(panic.goroutine, 0);
    CHECK_EQ_STR(story, "ddds");
    return arg;
}

static void join_thread(void *arg)
{
    CHECK_EQ_INT(pthread_join(*(pthread_t *)arg, NULL), 0);
}

/* Foreign threads defer, panic and stop panics like goroutines. */
static void foreign_threads_have_boundaries_too(void)
{
    pthread_t thread;

    CHECK_EQ_INT(pthread_create(&thread, NULL, panic_on_thread, NULL), 0);
    rn_block(join_thread, &thread);
}

RN_CHECK_MAIN(
    deferred_runs_when_its_block_is_left, argument_is_evaluated_at_once,
    deferred_call_may_park, try_of_a_function_that_returns_is_ok,
    panic_runs_deferred_up_to_the_boundary, value_is_kept_and_text_is_cut,
    boundaries_nest, raised_again_it_arrives_further_out,
    panic_in_a_deferred_call_takes_over,
    deferred_call_may_stop_a_panic_of_its_own,
    deferred_call_panics_at_the_end_of_a_block,
    misuse_can_be_stopped_and_the_channel_still_works,
    negative_waitgroup_can_be_stopped, deferred_unlock_leaves_the_mutex_free,
    once_that_panics_has_run, panic_of_a_blocking_call_reaches_its_caller,
    panic_of_a_member_reaches_the_waiter, panic_takes_the_place_of_an_error,
    member_may_return_the_status_of_a_panic,
    panic_goes_up_through_nested_groups, body_that_panics_waits_for_its_group,
    goroutines_panic_side_by_side, foreign_threads_have_boundaries_too)
