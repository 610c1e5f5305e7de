/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop around a select (select.h): ticks, values and the end, by turns.
 */
#include "rn_check.h"

struct check {
    int number;
};

struct monitor {
    struct rn_ctx *ctx;
    rn_receiver(struct check) checks;
    int64_t period;
    int ticks;
    int checked;
    bool canceled;
};

static void run_monitor(struct monitor *monitor)
{
    struct rn_timer *ticker = rn_ticker_make(monitor->period);

    for (bool going = true; going;) {
        int64_t tick;
        struct check check;
        struct rn_case cases[] = {
            rn_case_recv(rn_timer_chan(ticker), &tick),
            rn_case_recv(monitor->checks, &check),
            rn_case_done(monitor->ctx),
        };
        int happened = rn_select(cases, 3);

        if (happened == 0) {
            monitor->ticks++;
        } else if (happened == 1 && cases[1].ok) {
            CHECK_EQ_INT(check.number, monitor->checked);
            monitor->checked++;
        } else {
            monitor->canceled = happened == 2;
            going = false;
        }
    }
    rn_timer_free(ticker);
}

static void send_checks(rn_sender(struct check) *own)
{
    for (int i = 0; i < 10; i++) {
        rn_sleep(RN_MS);
        rn_send(*own, {i});
    }
    rn_close(*own);
}

/* Until the channel is closed: every value, and the ticks in between. */
static void until_closed(void)
{
    rn_chan(struct check) checks = rn_chan_make(struct check, 0);
    struct monitor monitor = {
        .ctx = rn_ctx_background(),
        .checks = rn_recv_end(checks),
        .period = 3 * RN_MS + RN_MS / 2,
    };

    rn_go(send_checks, rn_send_end(checks));
    run_monitor(&monitor);
    CHECK_EQ_INT(monitor.checked, 10);
    CHECK(!monitor.canceled);
    if (rn_check_simulated())
        CHECK_EQ_INT(monitor.ticks, 2);
    rn_check_alone();
    rn_chan_free(checks);
}

/* Until the context is done; the nil channel is a case that never happens. */
static void until_canceled(void)
{
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), 10 * RN_MS);
    struct monitor monitor = {.ctx = ctx, .period = 4 * RN_MS};

    run_monitor(&monitor);
    CHECK(monitor.canceled);
    if (rn_check_simulated())
        CHECK_EQ_INT(monitor.ticks, 2);
    rn_ctx_release(ctx);
}

RN_CHECK_MAIN(until_closed, until_canceled)
