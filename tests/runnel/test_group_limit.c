/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Groups with a limit: never more at once, and all of them in the end.
 */
#include "rn_check.h"

struct meter {
    _Atomic(int) running;
    _Atomic(int) most;
    _Atomic(int) ended;
};

static void note_most(struct meter *meter, int running)
{
    int most = atomic_load(&meter->most);

    while (running > most &&
           !atomic_compare_exchange_weak(&meter->most, &most, running))
        continue;
}

static int run_metered(struct rn_ctx *ctx, struct meter **own)
{
    struct meter *meter = *own;

    (void)ctx;
    note_most(meter, atomic_fetch_add(&meter->running, 1) + 1);
    rn_yield();
    rn_sleep(5 * RN_US);
    atomic_fetch_sub(&meter->running, 1);
    atomic_fetch_add(&meter->ended, 1);
    return 0;
}

/* rn_group_go parks while `limit` run. */
static void limit_is_respected(void)
{
    static const int limits[] = {1, 2, 5};
    const int count = rn_check_rounds(500) + 20;

    for (int l = 0; l < 3; l++) {
        struct rn_group *group =
            rn_group_make(rn_ctx_background(), (size_t)limits[l]);
        struct meter meter = {0};

        for (int i = 0; i < count; i++)
            rn_group_go(group, run_metered, &meter);
        CHECK_EQ_INT(rn_group_wait(group), RN_OK);
        CHECK_EQ_INT(atomic_load(&meter.ended), count);
        CHECK_MSG(atomic_load(&meter.most) <= limits[l], "%d of %d ran at once",
                  atomic_load(&meter.most), limits[l]);
        CHECK(atomic_load(&meter.most) >= 1);
    }
}

static int wait_for_gate(struct rn_ctx *ctx, rn_receiver(int) *own)
{
    (void)ctx;
    rn_recv(*own, NULL);
    return 0;
}

/* rn_group_try_go says RN_AGAIN while `limit` run, RN_OK again afterwards. */
static void try_go_does_not_wait(void)
{
    rn_chan(int) gate = rn_chan_make(int, 0);
    struct rn_group *group = rn_group_make(rn_ctx_background(), 2);
    int status;

    CHECK_EQ_INT(rn_group_try_go(group, wait_for_gate, rn_recv_end(gate)),
                 RN_OK);
    CHECK_EQ_INT(rn_group_try_go(group, wait_for_gate, rn_recv_end(gate)),
                 RN_OK);
    CHECK_EQ_INT(rn_group_try_go(group, wait_for_gate, rn_recv_end(gate)),
                 RN_AGAIN);
    rn_send(gate, 1);
    do {
        rn_yield();
        status = rn_group_try_go(group, wait_for_gate, rn_recv_end(gate));
    } while (status == RN_AGAIN);
    CHECK_EQ_INT(status, RN_OK);
    rn_close(gate);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    rn_chan_free(gate);
}

/* Without a limit, try_go always starts. */
static void try_go_without_limit(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    struct meter meter = {0};

    for (int i = 0; i < 50; i++)
        CHECK_EQ_INT(rn_group_try_go(group, run_metered, &meter), RN_OK);
    CHECK_EQ_INT(rn_group_wait(group), RN_OK);
    CHECK_EQ_INT(atomic_load(&meter.ended), 50);
}

RN_CHECK_MAIN(limit_is_respected, try_go_does_not_wait, try_go_without_limit)
