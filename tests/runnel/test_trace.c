/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A trace tells what happened, in order, and is JSON whatever is in it.
 */
#include <pthread.h>

#include "rn_check.h"
#include "trace_check.h"

/* ------------------------------------------------------------------ slices */

static uint64_t parks_now(void)
{
    struct rn_stats stats;

    rn_stats(&stats);
    return stats.parks;
}

/* Until other goroutines have parked so often. */
static void await_parks(uint64_t count)
{
    if (rn_check_simulated()) {
        rn_sleep(RN_S);
        return;
    }
    /* Each yield is an event: a look every 20 us leaves room for the others. */
    while (parks_now() < count) {
        int64_t soon = rn_now() + 20 * RN_US;
        while (rn_now() < soon)
            ;
        rn_yield();
    }
}

struct stations {
    rn_chan(int) in;
    rn_chan(int) out;
    struct rn_mutex mutex;
    struct rn_waitgroup group;
};

static void do_nothing(void *arg)
{
    (void)arg;
}

/* A sleep that is not over before it has begun, however slow we are. */
static void sleep_parked(void)
{
    uint64_t parks = parks_now();

    for (int64_t ns = RN_MS; parks_now() == parks; ns *= 2)
        rn_sleep(ns);
}

static void pass_all(struct stations **own)
{
    struct stations *s = *own;

    rn_recv(s->in, NULL);
    sleep_parked();
    rn_mutex_lock(&s->mutex);
    rn_mutex_unlock(&s->mutex);
    rn_waitgroup_wait(&s->group);
    rn_yield();
    rn_send(s->out, 1);
    rn_block(do_nothing, NULL);
}

/* Why the goroutine of that name left its slices, but for yields. */
static size_t reasons_of(const struct traced *trace, const char *name,
                         const char *reasons[], size_t max, size_t *yields)
{
    int64_t tid = 0;
    size_t count = 0;

    *yields = 0;
    for (size_t i = 0; i < trace_size(trace); i++) {
        const json_t *event = trace_at(trace, i);
        const char *left = trace_arg_text(event, "left");

        if (trace_is(event, 'B', name))
            tid = trace_number(event, "tid");
        if (trace_ph(event) != 'E' || trace_number(event, "tid") != tid ||
            !*left)
            continue;
        tid = 0;
        if (strcmp(left, "yield") == 0)
            ++*yields;
        else if (count < max)
            reasons[count++] = left;
    }
    return count;
}

/* The slices of a goroutine end with the reasons for which it stopped. */
static void slices_tell_why_they_end(void)
{
    const char *expected[] = {
        "chan receive", "sleep",         "mutex lock", "waitgroup wait",
        "chan send",    "blocking call", "end"};
    const size_t count = sizeof(expected) / sizeof(expected[0]);
    struct stations s = {.in = rn_chan_make(int, 0),
                         .out = rn_chan_make(int, 0)};
    struct stations *shared = &s;
    const struct rn_task_options named = {.name = "stations"};
    const char *reasons[16];
    struct traced trace = {0};
    size_t yields;

    rn_mutex_lock(&s.mutex);
    rn_waitgroup_add(&s.group, 1);
    if (trace_begin(&trace, 0)) {
        uint64_t parks = parks_now();

        rn_go_with(&named, pass_all, shared);
        await_parks(parks + 1);
        rn_send(s.in, 1);
        await_parks(parks + 3);
        rn_mutex_unlock(&s.mutex);
        await_parks(parks + 4);
        rn_waitgroup_done(&s.group);
        await_parks(parks + 5);
        rn_recv(s.out, NULL);
        rn_check_alone();
        trace_end(&trace);
        size_t found = reasons_of(&trace, "stations", reasons, 16, &yields);
        /* Simulated, a call that blocks is made by the worker. */
        size_t from = 0;
        for (size_t i = 0; i < count; i++)
            if (i != 5 || !rn_check_simulated())
                CHECK_EQ_STR(from < found ? reasons[from++] : "end",
                             expected[i]);
        CHECK_EQ_INT(found, from); /* the last may be about to leave */
        CHECK(yields >= 1);
        CHECK(trace_count(&trace, 'i', "timer") >= 1);
        CHECK_EQ_INT(trace_lost(&trace), 0);
    }
    trace_free(&trace);
    rn_chan_free(s.in);
    rn_chan_free(s.out);
}

/* A slice that ends in a wait for a channel says where that was made. */
static void slices_tell_which_channel(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct traced trace = {0};
    size_t found = 0;

    if (trace_begin(&trace, 0)) {
        uint64_t parks = parks_now();

        for (int64_t ns = RN_MS; parks_now() == parks; ns *= 2)
            CHECK_EQ_INT(rn_recv_until(rn_deadline(ns), chan, NULL),
                         RN_TIMEOUT);
        trace_end(&trace);
        for (size_t i = 0; i < trace_size(&trace); i++) {
            const json_t *event = trace_at(&trace, i);

            if (strcmp(trace_arg_text(event, "left"), "chan receive") == 0)
                found += strstr(trace_arg_text(event, "made_at"),
                                "test_trace.c:") != NULL;
        }
        CHECK_EQ_INT(found, 1);
    }
    trace_free(&trace);
    rn_chan_free(chan);
}

static void end_soon(int *own)
{
    (void)own;
    rn_yield();
}

/* Goroutines are counted as they begin and end, those before the trace too. */
static void goroutines_are_counted(void)
{
    struct traced trace = {0};
    size_t ends = 0;

    if (trace_begin(&trace, 0)) {
        for (int n = 0; n < 10; n++)
            rn_go(end_soon, n);
        rn_check_alone();
        trace_end(&trace);
        for (size_t i = 0; i < trace_size(&trace); i++)
            ends +=
                strcmp(trace_arg_text(trace_at(&trace, i), "left"), "end") == 0;
        CHECK_EQ_INT(trace_count(&trace, 'i', "create"), 10);
        if (rn_check_simulated())
            CHECK_EQ_INT(ends, 10);
        else
            CHECK(ends <= 10);
        CHECK_EQ_INT(trace_arg(trace_last(&trace, 'C', "goroutines"), "value"),
                     1);
        /* Simulated, the worker writes the trace while we are ready. */
        CHECK_EQ_INT(
            trace_arg(trace_last(&trace, 'C', "ready goroutines"), "value"),
            rn_check_simulated());
    }
    trace_free(&trace);
}

/* A goroutine that ran before the trace began has a slice from there on. */
static void who_runs_already_is_shown(void)
{
    struct traced trace = {0};

    rn_task_set_name("early");
    if (trace_begin(&trace, 0)) {
        rn_trace_value("here", 7);
        trace_end(&trace);
        CHECK(trace_count(&trace, 'B', "early") >= 1);
        CHECK_EQ_INT(trace_arg(trace_last(&trace, 'i', "here"), "value"), 7);
    }
    trace_free(&trace);
}

/* ----------------------------------------------------------------- regions */

static void work_in_regions(int *own)
{
    (void)own;
    rn_trace_scope("outer");
    rn_trace_region_begin("inner");
    rn_yield();
    rn_trace_region_end("inner");
    rn_trace_region_begin("left open");
}

/* Regions nest, and go on after a wait, on whatever worker. */
static void regions_nest_and_go_on(void)
{
    struct traced trace = {0};

    if (trace_begin(&trace, 0)) {
        for (int n = 0; n < 3; n++)
            rn_go(work_in_regions, n);
        rn_check_alone();
        trace_end(&trace);
        CHECK_EQ_INT(trace_count(&trace, 'b', "outer"), 3);
        CHECK_EQ_INT(trace_count(&trace, 'b', "inner"), 3);
        CHECK_EQ_INT(trace_count(&trace, 'e', "left open"), 3);
        CHECK(trace_count(&trace, 'B', "inner") >= 6);
        CHECK(trace_count(&trace, 'B', "outer") >= 6);
    }
    trace_free(&trace);
}

static void descend(int depth)
{
    rn_trace_scope("level");
    if (depth > 0)
        descend(depth - 1);
    else
        rn_sleep(RN_US);
}

/* Regions that do not pair, or are very deep, leave the trace whole. */
static void regions_that_do_not_pair_are_closed(void)
{
    struct traced trace = {0};

    rn_trace_region_begin("before");
    if (trace_begin(&trace, 0)) {
        rn_trace_region_end("before");
        rn_trace_region_begin("a");
        rn_trace_region_begin("b");
        rn_trace_region_end("a");
        rn_trace_region_end("b");
        descend(50);
        rn_trace_region_begin("for ever");
        trace_end(&trace);
        CHECK_EQ_INT(trace_count(&trace, 'b', "before"), 0);
        CHECK_EQ_INT(trace_count(&trace, 'e', "before"), 0);
        CHECK_EQ_INT(trace_count(&trace, 'e', "a"), 1);
        CHECK_EQ_INT(trace_count(&trace, 'e', "b"), 1);
        CHECK(trace_count(&trace, 'b', "level") > 10);
        CHECK_EQ_INT(trace_count(&trace, 'e', "for ever"), 1);
    }
    trace_free(&trace);
}

/* ------------------------------------------------------------------- names */

/* Whatever a name holds, the trace is JSON. */
static void names_may_hold_anything(void)
{
    static const char long_name[] =
        "0123456789012345678901234567890123456789012345\xc3\xa4 and more";
    struct {
        const char *given;
        const char *shown;
    } names[] = {
        {"say \"hi\" \\ \x01\n", "say \"hi\" \\ \x01\n"},
        {"gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80",
         "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\xff\xc0\xaf.\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd."
                                  "\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {long_name,
         "0123456789012345678901234567890123456789012345\xef\xbf\xbd"},
    };
    const size_t count = sizeof(names) / sizeof(names[0]);
    struct traced trace = {0};

    if (trace_begin(&trace, 0)) {
        for (size_t i = 0; i < count; i++) {
            rn_go_with(&(struct rn_task_options){.name = names[i].given},
                       end_soon, 0);
            if (names[i].given != long_name)
                rn_trace_value(names[i].given, -1);
        }
        rn_check_alone();
        trace_end(&trace);
        for (size_t i = 0; i < count; i++) {
            CHECK_MSG(trace_count(&trace, 'B', names[i].shown) >= 1,
                      "no goroutine is called %s", names[i].shown);
            if (names[i].given != long_name)
                CHECK_EQ_INT(trace_count(&trace, 'i', names[i].shown), 1);
        }
    }
    trace_free(&trace);
}

static void rename_itself(int *own)
{
    (void)own;
    rn_yield();
    rn_task_set_name("second");
    rn_yield();
}

/* A goroutine's new name is that of its next slices. */
static void new_names_are_seen(void)
{
    struct traced trace = {0};

    if (trace_begin(&trace, 0)) {
        rn_go_with(&(struct rn_task_options){.name = "first"}, rename_itself,
                   0);
        rn_check_alone();
        trace_end(&trace);
        CHECK(trace_count(&trace, 'B', "first") >= 2);
        CHECK(trace_count(&trace, 'B', "second") >= 1);
    }
    trace_free(&trace);
}

/* ------------------------------------------------------------------- losses */

/* A ring that is full loses its oldest events, and the trace says how many. */
static void lost_events_are_counted(void)
{
    enum { VALUES = 1000, PLACES = 64 };
    struct traced trace = {0};
    int64_t next = -1;
    int64_t kept = 0;

    if (trace_begin(&trace, PLACES)) {
        for (int64_t n = 0; n < VALUES; n++)
            rn_trace_value("n", n);
        trace_end(&trace);
        for (size_t i = 0; i < trace_size(&trace); i++)
            if (trace_is(trace_at(&trace, i), 'i', "n")) {
                int64_t n = trace_arg(trace_at(&trace, i), "value");

                CHECK(next < 0 || n == next);
                next = n + 1;
                kept++;
            }
        CHECK_EQ_INT(next, VALUES);
        CHECK(kept > 0 && kept < PLACES);
        CHECK(trace_lost(&trace) >= VALUES - kept);
        CHECK_EQ_INT(trace_arg(trace_last(&trace, 'i', "older events are lost"),
                               "events"),
                     trace_lost(&trace));
    }
    trace_free(&trace);
}

static void yield_often(int *own)
{
    for (int i = 0; i < *own; i++)
        rn_yield();
}

/* What is left of several rings that have lost events fits together. */
static void rings_are_cut_at_one_moment(void)
{
    struct traced trace = {0};

    if (trace_begin(&trace, 64)) {
        for (int i = 0; i < 8; i++)
            rn_go(yield_often, 100);
        rn_check_alone();
        trace_end(&trace);
        CHECK(trace_lost(&trace) > 0);
    }
    trace_free(&trace);
}

/* ---------------------------------------------------------------- statuses */

static int refuse(void *arg, const char *data, size_t size)
{
    (void)data;
    (void)size;
    ++*(int *)arg;
    return -EIO;
}

/* One trace at a time; each mistake has its status, and the next one works. */
static void mistakes_have_statuses(void)
{
    int calls = 0;
    struct traced trace = {0};
    const struct rn_trace_options refused = {.write = refuse, .arg = &calls};

    CHECK_EQ_INT(rn_trace_stop(), RN_INVALID);
    CHECK(!rn_trace_on());
    CHECK_EQ_INT(rn_trace_start(NULL), RN_INVALID);
    CHECK_EQ_INT(rn_trace_start_with(NULL), RN_INVALID);
    CHECK_EQ_INT(rn_trace_start_with(&(struct rn_trace_options){
                     .path = "/dev/null", .write = refuse}),
                 RN_INVALID);
    CHECK_EQ_INT(rn_trace_start("/nowhere/at/all"), -ENOENT);
    CHECK_EQ_INT(rn_trace_start("/"), -EISDIR);
    CHECK_EQ_INT(rn_trace_start_with(&refused), RN_OK);
    CHECK(rn_trace_on());
    CHECK_EQ_INT(rn_trace_start("/dev/null"), RN_AGAIN);
    CHECK_EQ_INT(rn_trace_stop(), -EIO);
    CHECK_EQ_INT(calls, 1);
    CHECK_EQ_INT(rn_trace_stop(), RN_INVALID);
    if (CHECK_EQ_INT(rn_trace_start("/dev/full"), RN_OK))
        CHECK_EQ_INT(rn_trace_stop(), -ENOSPC);
    if (trace_begin(&trace, 0))
        trace_end(&trace);
    trace_free(&trace);
}

/* ----------------------------------------------------- threads, and a storm */

struct call {
    rn_chan(int) chan;
    uint64_t parks;
};

static void *send_from_outside(void *arg)
{
    struct call *call = arg;

    rn_trace_region_begin("outside");
    while (parks_now() < call->parks)
        rn_yield();
    rn_send(call->chan, 1);
    rn_trace_region_end("outside");
    return NULL;
}

/* A foreign thread that wakes a goroutine has a track with its regions. */
static void foreign_threads_have_tracks(void)
{
    struct call call = {.chan = rn_chan_make(int, 0)};
    struct traced trace = {0};
    pthread_t thread;
    size_t found = 0;

    if (!rn_check_simulated() && trace_begin(&trace, 0)) {
        call.parks = parks_now() + 1;
        CHECK_EQ_INT(pthread_create(&thread, NULL, send_from_outside, &call),
                     0);
        rn_recv(call.chan, NULL);
        pthread_join(thread, NULL);
        trace_end(&trace);
        for (size_t i = 0; i < trace_size(&trace); i++) {
            const json_t *event = trace_at(&trace, i);

            found += trace_ph(event) == 's' &&
                     trace_number(event, "tid") > 10000 &&
                     trace_arg(event, "goroutine") == 1;
        }
        CHECK(found >= 1);
        CHECK_EQ_INT(trace_count(&trace, 'B', "outside"), 1);
    }
    trace_free(&trace);
    rn_chan_free(call.chan);
}

static void *receive_outside(void *arg)
{
    rn_chan(int) *from = arg;

    rn_recv(*from, NULL);
    return NULL;
}

/* Until somebody waits for it. */
static void send_to_waiter(rn_sender(int) to)
{
    while (rn_try_send(to, 1) != RN_OK) {
        int64_t soon = rn_now() + 20 * RN_US;
        while (rn_now() < soon)
            ;
        rn_yield();
    }
}

/* A wait of a foreign thread is a slice, and whoever ends it leads to its end. */
static void foreign_waits_are_slices(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct traced trace = {0};
    pthread_t thread;
    const json_t *wait;
    size_t from = 0;
    size_t to = 0;

    if (!rn_check_simulated() && trace_begin(&trace, 0)) {
        CHECK_EQ_INT(pthread_create(&thread, NULL, receive_outside, &chan), 0);
        send_to_waiter(rn_send_end(chan));
        pthread_join(thread, NULL);
        trace_end(&trace);
        wait = trace_last(&trace, 'B', "waits");
        CHECK(wait && trace_number(wait, "tid") > 10000);
        CHECK_EQ_STR(trace_arg_text(wait, "reason"), "chan receive");
        CHECK(strstr(trace_arg_text(wait, "made_at"), "test_trace.c"));
        for (size_t i = 0; i < trace_size(&trace); i++) {
            const json_t *event = trace_at(&trace, i);

            from +=
                trace_ph(event) == 's' &&
                trace_arg(event, "thread") + 10000 == trace_number(wait, "tid");
            to += trace_ph(event) == 'f' &&
                  trace_number(event, "tid") == trace_number(wait, "tid");
        }
        CHECK_EQ_INT(from, 1);
        CHECK_EQ_INT(to, 1);
    }
    trace_free(&trace);
    rn_chan_free(chan);
}

struct spinners {
    _Atomic(unsigned) started;
    _Atomic(bool) over;
};

static void spin(struct spinners **own)
{
    atomic_fetch_add(&(*own)->started, 1);
    while (!atomic_load(&(*own)->over))
        ;
}

/* Each spinner has a seat, so who says that it is over was given one of them. */
static void end_spinners(struct spinners **own)
{
    while (atomic_load(&(*own)->started) < rn_procs()) {
        int64_t soon = rn_now() + 20 * RN_US;
        while (rn_now() < soon)
            ;
        rn_yield();
    }
    atomic_store(&(*own)->over, true);
}

/* A seat that is handed on is told, and who has it now. */
static void seats_are_told(void)
{
    struct spinners spinners = {0};
    struct spinners *shared = &spinners;
    struct rn_waitgroup all = {0};
    struct traced trace = {0};

    if (!rn_check_simulated() && trace_begin(&trace, 0)) {
        for (unsigned i = 0; i < rn_procs(); i++)
            rn_waitgroup_go(&all, spin, shared);
        rn_waitgroup_go(&all, end_spinners, shared);
        rn_waitgroup_wait(&all);
        trace_end(&trace);
        CHECK(trace_count(&trace, 'i', "seat left") >= 1);
        CHECK(trace_count(&trace, 'i', "seat taken") >= 1);
    }
    trace_free(&trace);
}

static void call_in_region(void *arg)
{
    (void)arg;
    rn_trace_scope("in the call");
}

/* A call that blocks is a slice of its thread, with what happens in it. */
static void blocking_calls_are_slices(void)
{
    struct traced trace = {0};
    json_t *call;

    if (!rn_check_simulated() && trace_begin(&trace, 0)) {
        rn_block(call_in_region, NULL);
        trace_end(&trace);
        call = trace_last(&trace, 'B', "blocking call");
        CHECK(call && trace_number(call, "tid") > 10000);
        CHECK_EQ_INT(trace_arg(call, "goroutine"), 1);
        CHECK_EQ_INT(trace_count(&trace, 'B', "in the call"), 1);
    }
    trace_free(&trace);
}

/* Descriptors that become ready are told. */
static void polls_are_told(void)
{
    struct traced trace = {0};
    int fds[2];

    if (rn_check_simulated() || !CHECK_EQ_INT(pipe(fds), 0))
        return;
    if (trace_begin(&trace, 0)) {
        CHECK_EQ_INT(rn_wait_fd(fds[1], RN_WRITE, RN_NEVER), RN_WRITE);
        CHECK_EQ_INT(rn_wait_fd(fds[0], RN_READ, rn_deadline(RN_MS)),
                     RN_TIMEOUT);
        CHECK_EQ_INT(write(fds[1], "x", 1), 1);
        CHECK_EQ_INT(rn_wait_fd(fds[0], RN_READ, RN_NEVER), RN_READ);
        trace_end(&trace);
        CHECK(trace_count(&trace, 'i', "poll") >= 1);
    }
    trace_free(&trace);
    close(fds[0]);
    close(fds[1]);
}

struct player {
    rn_receiver(int) in;
    rn_sender(int) out;
};

static void play(struct player *own)
{
    rn_range (int, ball, own->in) {
        rn_trace_scope("turn");
        rn_send(own->out, ball + 1);
    }
    rn_close(own->out);
}

static void *serve_from_outside(void *arg)
{
    rn_chan(int) *to = arg;

    for (int i = 0; i < rn_check_rounds(100) + 5; i++)
        rn_send(*to, i);
    rn_close(*to);
    return NULL;
}

static void serve(rn_chan(int) *own)
{
    serve_from_outside(own);
}

enum { LINES = 2, LENGTH = 4 };

/* Each line hands on what is sent to its head; its tail is the last one. */
static void start_lines(rn_chan(int) chans[LINES][LENGTH + 1])
{
    for (int line = 0; line < LINES; line++) {
        for (int i = 0; i <= LENGTH; i++)
            chans[line][i] = rn_chan_make(int, i % 2);
        for (int i = 0; i < LENGTH; i++)
            rn_go(play, (struct player){rn_recv_end(chans[line][i]),
                                        rn_send_end(chans[line][i + 1])});
    }
}

static void finish_lines(rn_chan(int) chans[LINES][LENGTH + 1])
{
    for (int line = 0; line < LINES; line++)
        while (rn_recv(chans[line][LENGTH], NULL))
            continue;
}

static void free_lines(rn_chan(int) chans[LINES][LENGTH + 1])
{
    for (int line = 0; line < LINES; line++)
        for (int i = 0; i <= LENGTH; i++)
            rn_chan_free(chans[line][i]);
}

static void start_and_stop(rn_chan(bool) *own)
{
    do {
        struct traced trace = {0};

        if (trace_begin(&trace, 256))
            trace_end(&trace);
        trace_free(&trace);
    } while (rn_try_recv(*own, NULL) == RN_AGAIN);
}

/* Traces may start and stop while goroutines run and threads wake them. */
static void traces_start_and_stop_in_a_storm(void)
{
    rn_chan(int) chans[LINES][LENGTH + 1];
    rn_chan(bool) over = rn_chan_make(bool, 0);
    pthread_t thread;
    bool outside = !rn_check_simulated();

    start_lines(chans);
    rn_go(start_and_stop, over);
    if (outside)
        CHECK_EQ_INT(
            pthread_create(&thread, NULL, serve_from_outside, &chans[0][0]), 0);
    else
        rn_go(serve, chans[0][0]);
    rn_go(serve, chans[1][0]);
    finish_lines(chans);
    if (outside)
        pthread_join(thread, NULL);
    rn_close(over);
    rn_check_alone();
    rn_chan_free(over);
    free_lines(chans);
}

RN_CHECK_MAIN(slices_tell_why_they_end, slices_tell_which_channel,
              goroutines_are_counted, who_runs_already_is_shown,
              regions_nest_and_go_on, regions_that_do_not_pair_are_closed,
              names_may_hold_anything, new_names_are_seen,
              lost_events_are_counted, rings_are_cut_at_one_moment,
              mistakes_have_statuses, foreign_threads_have_tracks,
              foreign_waits_are_slices, seats_are_told,
              blocking_calls_are_slices, polls_are_told,
              traces_start_and_stop_in_a_storm)
