/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model_wait.c: channels, contexts and select, with deadlines, in all
 * interleavings.
 */
#include <runnel/runnel.h>

#include "check.h"
#include "explorer.h"
#include "model_env.h"

/* ---------------------------------------------------------------- channels */

static rn_chan(int) a;
static rn_chan(int) b;
static int sent;
static int received;
static int value;
int64_t model_deadline;

static void chan_begin_with(size_t capacity)
{
    a = rn_chan_make(int, capacity);
    b = rn_chan_make(int, capacity);
    sent = 0;
    received = 0;
    value = 0;
    model_deadline = model_now + 10;
}

static void chan_begin(void)
{
    chan_begin_with(0);
}

static void chan_begin_buffered(void)
{
    chan_begin_with(1);
}

/* What was sent was received or is buffered; nobody waits (free panics). */
static void chan_end(void)
{
    while (rn_try_recv(a, NULL) == RN_OK)
        received++;
    while (rn_try_recv(b, NULL) == RN_OK)
        received++;
    MUST(sent == received);
    rn_chan_free(a);
    rn_chan_free(b);
}

static void closed_end(void)
{
    MUST(sent == received);
    MUST(rn_try_recv(a, NULL) == RN_CLOSED);
    rn_chan_free(a);
    rn_chan_free(b);
}

static void send_a(void)
{
    rn_send(a, 7);
    sent++;
}

static void send_a_twice(void)
{
    rn_send(a, 7);
    rn_send(a, 7);
    sent += 2;
}

static void recv_a(void)
{
    int got = 0;
    MUST(rn_recv(a, &got) && got == 7);
    received++;
}

static void recv_a_twice(void)
{
    recv_a();
    recv_a();
}

static void recv_till_closed(void)
{
    int got;
    while (rn_recv(a, &got)) {
        MUST(got == 7);
        received++;
    }
    MUST(got == 0);
}

static void send_a_and_close(void)
{
    rn_send(a, 7);
    sent++;
    rn_close(a);
}

static void close_a(void)
{
    rn_close(a);
}

static void try_send_a(void)
{
    sent += rn_try_send(a, 7) == RN_OK;
}

static void try_recv_a(void)
{
    int got = 7;
    received += rn_try_recv(a, &got) == RN_OK;
    MUST(got == 7);
}

static void send_a_in_time(void)
{
    int status = rn_send_until(model_deadline, a, 7);
    MUST(status == RN_OK || status == RN_TIMEOUT);
    sent += status == RN_OK;
}

static void recv_a_in_time(void)
{
    int got = 0;
    int status = rn_recv_until(model_deadline, a, &got);
    MUST(status == RN_OK || status == RN_TIMEOUT);
    MUST(got == (status == RN_OK ? 7 : 0));
    received += status == RN_OK;
}

static bool timer_set_or_over(void)
{
    return timerq_earliest(&model_timers) != RN_NEVER ||
           explorer_others_ended();
}

/* Time passes, once somebody waits for it. */
void model_clock_runs(void)
{
    for (int i = 0; i < 2; i++) {
        explorer_until(timer_set_or_over);
        struct timer *due[1];
        if (timerq_expire(&model_timers, model_deadline, due, 1) == 1)
            due[0]->fire(due[0], model_deadline);
    }
}

/* ---------------------------------------------------------------- contexts */

static struct rn_ctx *ctx;

static void ctx_begin(void)
{
    chan_begin();
    ctx = rn_ctx_with_cancel(rn_ctx_background());
}

static void ctx_end(void)
{
    rn_ctx_release(ctx);
    chan_end();
}

static void cancel_ctx(void)
{
    rn_ctx_cancel(ctx);
}

static void wait_ctx(void)
{
    MUST(rn_ctx_wait(ctx) == RN_CANCELED);
}

static void child_of_ctx(void)
{
    struct rn_ctx *child = rn_ctx_with_cancel(ctx);
    MUST(rn_ctx_wait(child) == RN_CANCELED);
    rn_ctx_release(child);
}

static void release_child_of_ctx(void)
{
    rn_ctx_release(rn_ctx_with_cancel(ctx));
}

static void recv_a_unless_canceled(void)
{
    int got = 0;
    int status = rn_recv_ctx(ctx, a, &got);
    MUST(status == RN_OK || status == RN_CANCELED);
    MUST(got == (status == RN_OK ? 7 : 0));
    received += status == RN_OK;
}

/* ------------------------------------------------------------------ select */

static void select_either(void)
{
    int got[2] = {0};
    struct rn_case cases[] = {rn_case_recv(a, &got[0]),
                              rn_case_recv(b, &got[1])};
    int index = rn_select(cases, 2);
    MUST(got[index] == 7 && got[!index] == 0);
    received++;
}

static void try_send_b(void)
{
    sent += rn_try_send(b, 7) == RN_OK;
}

static void select_to_a_from_b(void)
{
    int out = 7;
    int in = 0;
    struct rn_case cases[] = {rn_case_send(a, &out), rn_case_recv(b, &in)};
    if (rn_select(cases, 2) == 0)
        sent++;
    else
        received++;
}

static void select_to_b_from_a(void)
{
    int out = 7;
    int in = 0;
    struct rn_case cases[] = {rn_case_recv(a, &in), rn_case_send(b, &out)};
    if (rn_select(cases, 2) == 1)
        sent++;
    else
        received++;
}

static void select_in_time(void)
{
    int got = 0;
    struct rn_case cases[] = {rn_case_recv(a, &got), rn_case_recv(b, &got)};
    int index = rn_select_until(model_deadline, cases, 2);
    MUST(got == (index == RN_TIMEOUT ? 0 : 7));
    received += index != RN_TIMEOUT;
}

static void select_unless_canceled(void)
{
    int got = 0;
    struct rn_case cases[] = {rn_case_recv(a, &got), rn_case_done(ctx)};
    int index = rn_select(cases, 2);
    MUST(got == (index == 0 ? 7 : 0));
    received += index == 0;
}

static void select_till_closed(void)
{
    int got = 1;
    struct rn_case cases[] = {rn_case_recv(b, NULL), rn_case_recv(a, &got)};
    MUST(rn_select(cases, 2) == 1);
    if (cases[1].ok)
        received++;
    else
        MUST(got == 0);
}

const struct model wait_models[] = {
    {"chan_meets", chan_begin, {send_a, recv_a}, chan_end},
    {"chan_two_senders", chan_begin, {send_a, recv_a_twice, send_a}, chan_end},
    {"chan_two_receivers",
     chan_begin,
     {recv_a, send_a_twice, recv_a},
     chan_end},
    {"chan_buffered",
     chan_begin_buffered,
     {send_a_twice, recv_a_twice},
     chan_end},
    {"chan_tries", chan_begin, {try_send_a, try_recv_a, try_send_a}, chan_end},
    {"chan_close_wakes",
     chan_begin,
     {recv_till_closed, close_a, recv_till_closed},
     closed_end},
    {"chan_close_after_send",
     chan_begin,
     {recv_till_closed, send_a_and_close, recv_till_closed},
     closed_end},
    {"chan_close_after_buffered",
     chan_begin_buffered,
     {recv_till_closed, send_a_and_close},
     closed_end},
    {"wait_send_or_deadline",
     chan_begin,
     {send_a_in_time, try_recv_a, model_clock_runs},
     chan_end},
    {"wait_recv_or_deadline",
     chan_begin,
     {recv_a_in_time, try_send_a, model_clock_runs},
     chan_end},
    {"wait_both_or_deadline",
     chan_begin,
     {recv_a_in_time, send_a_in_time, model_clock_runs},
     chan_end},
    {"wait_recv_or_cancel",
     ctx_begin,
     {recv_a_unless_canceled, try_send_a, cancel_ctx},
     ctx_end},
    {"wait_context", ctx_begin, {wait_ctx, cancel_ctx, wait_ctx}, ctx_end},
    {"context_child_or_cancel", ctx_begin, {child_of_ctx, cancel_ctx}, ctx_end},
    {"context_release_or_cancel",
     ctx_begin,
     {release_child_of_ctx, cancel_ctx, cancel_ctx},
     ctx_end},
    {"select_meets_select",
     chan_begin,
     {select_to_a_from_b, select_to_b_from_a},
     chan_end},
    {"select_either_of_two",
     chan_begin_buffered,
     {select_either, send_a, try_send_b},
     chan_end},
    {"select_or_deadline",
     chan_begin,
     {select_in_time, try_send_a, model_clock_runs},
     chan_end},
    {"select_or_cancel",
     ctx_begin,
     {select_unless_canceled, try_send_a, cancel_ctx},
     ctx_end},
    {"select_close", chan_begin, {select_till_closed, close_a}, closed_end},
};

const size_t wait_model_count = sizeof(wait_models) / sizeof(wait_models[0]);
