/* SPDX-License-Identifier: Apache-2.0 */
/*
 * breaker.c: the circuit breaker (breaker.h).
 *
 * closed    -- `failures` failures in a row -->  open
 * open      -- open_ns have passed          -->  half open   (at an enter)
 * half open -- `probes` probes succeeded    -->  closed
 * half open -- a probe failed               -->  open
 *
 * Each arrow makes the breaker one state older, and a pass is the age at which
 * it was given: a call that began before the last arrow says nothing about what
 * comes after it. All under `lock_`.
 */
#include <runnel/breaker.h>
#include <runnel/panic.h>

static unsigned most_failures(const struct rn_breaker *breaker)
{
    return breaker->failures > 0 ? breaker->failures : 5;
}

static unsigned most_probes(const struct rn_breaker *breaker)
{
    return breaker->probes > 0 ? breaker->probes : 1;
}

static void enter_state(struct rn_breaker *breaker, enum rn_breaker_state state)
{
    breaker->state_ = state;
    breaker->age_++;
    breaker->failed_ = 0;
    breaker->admitted_ = 0;
    breaker->succeeded_ = 0;
    if (state == RN_BREAKER_OPEN)
        breaker->until_ = rn_deadline(breaker->open_ns);
}

static bool may_be_probed(const struct rn_breaker *breaker)
{
    return breaker->state_ == RN_BREAKER_OPEN && rn_now() >= breaker->until_;
}

int rn_breaker_enter(struct rn_breaker *breaker, uint64_t *pass)
{
    rn_mutex_lock(&breaker->lock_);
    if (may_be_probed(breaker))
        enter_state(breaker, RN_BREAKER_HALF_OPEN);
    bool admitted = breaker->state_ == RN_BREAKER_CLOSED;
    if (breaker->state_ == RN_BREAKER_HALF_OPEN &&
        breaker->admitted_ < most_probes(breaker)) {
        breaker->admitted_++;
        admitted = true;
    }
    if (admitted)
        *pass = breaker->age_;
    rn_mutex_unlock(&breaker->lock_);
    return admitted ? RN_OK : RN_AGAIN;
}

static void count_failure(struct rn_breaker *breaker)
{
    breaker->failed_++;
    if (breaker->state_ == RN_BREAKER_HALF_OPEN ||
        breaker->failed_ >= most_failures(breaker))
        enter_state(breaker, RN_BREAKER_OPEN);
}

static void count_success(struct rn_breaker *breaker)
{
    breaker->failed_ = 0;
    if (breaker->state_ == RN_BREAKER_HALF_OPEN &&
        ++breaker->succeeded_ == most_probes(breaker))
        enter_state(breaker, RN_BREAKER_CLOSED);
}

void rn_breaker_leave(struct rn_breaker *breaker, uint64_t pass, int status)
{
    rn_mutex_lock(&breaker->lock_);
    if (pass == breaker->age_) {
        if (status >= 0)
            count_success(breaker);
        else if (status != RN_CANCELED)
            count_failure(breaker);
        else if (breaker->state_ == RN_BREAKER_HALF_OPEN)
            breaker->admitted_--; /* another may probe in its place */
    }
    rn_mutex_unlock(&breaker->lock_);
}

enum rn_breaker_state rn_breaker_state(struct rn_breaker *breaker)
{
    rn_mutex_lock(&breaker->lock_);
    enum rn_breaker_state state =
        may_be_probed(breaker) ? RN_BREAKER_HALF_OPEN : breaker->state_;
    rn_mutex_unlock(&breaker->lock_);
    return state;
}

struct call {
    struct rn_breaker *breaker;
    uint64_t pass;
    int status;
};

static void leave(struct call *call)
{
    rn_breaker_leave(call->breaker, call->pass, call->status);
}

int rn_breaker_call_(struct rn_ctx *ctx, struct rn_breaker *breaker,
                     int (*function)(struct rn_ctx *ctx, void *state),
                     void *state)
{
    struct call call = {.breaker = breaker, .status = RN_PANICKED};
    if (rn_breaker_enter(breaker, &call.pass) != RN_OK)
        return RN_AGAIN;
    rn_defer(leave, &call);
    call.status = function(ctx, state);
    return call.status;
}
