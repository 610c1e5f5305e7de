/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hedge.h: ask a second one when the first is slow.
 *
 * Of many calls a few are slow for no reason of their own: a busy server, a
 * lost packet. A hedged call starts another copy when the first has not
 * answered after a delay; the first answer wins, the others are canceled. With
 * a delay that only one call in twenty exceeds, this costs five per cent more
 * calls.
 *
 *     static int ask(struct rn_ctx *ctx, const char *key, struct answer *answer);
 *
 *     static const struct rn_hedge_plan plan = {
 *         .copies = 2, .delay_ns = 20 * RN_MS,
 *     };
 *     struct answer answer;
 *     int status = rn_hedge(ctx, &plan, ask, key, &answer);
 *
 * Only what may be done twice may be hedged.
 */
#ifndef RUNNEL_HEDGE_H
#define RUNNEL_HEDGE_H

#include <runnel/retry.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_hedge_plan {
    unsigned copies;  /* at most so many calls; at least 1 */
    int64_t delay_ns; /* before the next one is started */
    /* For a result that came too late, when it holds something; or NULL. */
    void (*drop)(void *result);
};

/*
 * rn_hedge(ctx, plan, function, state, &result): calls
 * `int function(struct rn_ctx *ctx, S *state, R *result)` in a goroutine, and
 * again in others after each delay or failure. Returns when all of them have
 * ended: RN_OK with the first result; when every copy failed, the last failure;
 * or why the context is done. The copies share the state. Result is written on
 * RN_OK only. A panic of a copy cancels the others and goes on in the caller.
 * Parks.
 */
#define rn_hedge(ctx, plan, function, state, result)                       \
    rn_hedge_((ctx), (plan),                                               \
              (int (*)(struct rn_ctx *, void *, void *)) _Generic(         \
                  (function), int (*)(struct rn_ctx *, RN_TYPE_OF_(state), \
                                      RN_TYPE_OF_(result))                 \
                  : (function)),                                           \
              RN_STATE_(state), (result), sizeof(*(result)), RN_HERE_)

int rn_hedge_(struct rn_ctx *ctx, const struct rn_hedge_plan *plan,
              int (*function)(struct rn_ctx *ctx, void *state, void *result),
              void *state, void *result, size_t size, const char *where);

#ifdef __cplusplus
}
#endif

#endif
