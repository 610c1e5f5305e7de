/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hedge.c: several copies of a call, the first answer wins (hedge.h).
 *
 * The copies are functions of a group, so none outlives the call and a panic
 * reaches the caller. A copy reports what became of it by a channel with a
 * place for each, so none ever waits to report.
 */
#include <string.h>

#include <runnel/group.h>
#include <runnel/hedge.h>
#include <runnel/select.h>

#include "alloc.h"
#include "panic_internal.h"

struct report {
    unsigned copy;
    int status;
};

struct hedge {
    const struct rn_hedge_plan *plan;
    int (*function)(struct rn_ctx *ctx, void *state, void *result);
    void *state;
    size_t size;
    char *results; /* one for each copy */
    rn_chan(struct report) reports;
    struct rn_group *group;
    const char *where;
};

struct copy {
    struct hedge *hedge;
    unsigned number;
};

static void *result_of(const struct hedge *hedge, unsigned copy)
{
    return hedge->results + copy * hedge->size;
}

static int run_copy(struct rn_ctx *ctx, void *own)
{
    struct copy *copy = own;
    struct hedge *hedge = copy->hedge;
    int status =
        hedge->function(ctx, hedge->state, result_of(hedge, copy->number));
    rn_send(hedge->reports, {copy->number, status});
    return RN_OK;
}

static void start_copy(struct hedge *hedge, unsigned number)
{
    struct copy copy = {hedge, number};
    rn_group_go_(hedge->group, run_copy, &copy, sizeof(copy), hedge->where);
}

/* Starts copies until one has answered, all have failed, or ctx is done. */
static int first_answer(struct rn_ctx *ctx, struct hedge *hedge,
                        unsigned *winner)
{
    const struct rn_hedge_plan *plan = hedge->plan;
    unsigned started = 0;
    unsigned failed = 0;
    bool start = true;
    int64_t next = 0;
    for (;;) {
        if (start) {
            start_copy(hedge, started++);
            next =
                started < plan->copies ? rn_deadline(plan->delay_ns) : RN_NEVER;
        }
        struct report report;
        struct rn_case cases[] = {
            rn_case_recv(hedge->reports, &report),
            rn_case_done(ctx),
        };
        int happened = rn_select_until(next, cases, 2);
        if (happened == 1)
            return rn_ctx_err(ctx);
        start = happened == RN_TIMEOUT;
        if (start)
            continue;
        *winner = report.copy;
        if (report.status >= 0)
            return RN_OK;
        if (++failed == plan->copies)
            return report.status;
        start = started < plan->copies;
    }
}

/* Results that came too late; every copy has ended. */
static void drop_late(struct hedge *hedge)
{
    struct report report;
    while (rn_try_recv(hedge->reports, &report) == RN_OK)
        if (report.status >= 0 && hedge->plan->drop)
            hedge->plan->drop(result_of(hedge, report.copy));
}

static void clean_up(void *own)
{
    struct hedge *hedge = own;
    drop_late(hedge);
    rn_chan_free(hedge->reports);
    alloc_free(hedge->results);
}

int rn_hedge_(struct rn_ctx *ctx, const struct rn_hedge_plan *plan,
              int (*function)(struct rn_ctx *ctx, void *state, void *result),
              void *state, void *result, size_t size, const char *where)
{
    if (plan->copies == 0 || plan->delay_ns < 0)
        misuse("hedge of %u copies, one in %lld ns", plan->copies,
               (long long)plan->delay_ns);
    if (rn_ctx_err(ctx) < 0)
        return rn_ctx_err(ctx);
    rn_chan(struct report) reports = rn_chan_make(struct report, plan->copies);
    struct hedge hedge = {
        .plan = plan,
        .function = function,
        .state = state,
        .size = size,
        .results = alloc_or_die(plan->copies, size),
        .reports = reports, /* which may panic, so it came first */
        .group = rn_group_make(ctx, 0),
        .where = where,
    };
    rn_group_finally(hedge.group, clean_up, &hedge);
    unsigned winner = 0;
    int status = first_answer(rn_group_ctx(hedge.group), &hedge, &winner);
    if (status == RN_OK)
        memcpy(result, result_of(&hedge, winner), size);
    rn_ctx_cancel(rn_group_ctx(hedge.group));
    rn_group_wait(hedge.group);
    return status;
}
