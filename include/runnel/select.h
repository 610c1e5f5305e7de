/* SPDX-License-Identifier: Apache-2.0 */
/*
 * select.h: wait for several channels and contexts at once.
 *
 *     int job;
 *     struct rn_case cases[] = {
 *         rn_case_recv(jobs, &job),
 *         rn_case_done(ctx),
 *     };
 *     switch (rn_select(cases, 2)) {
 *     case 0:
 *         if (!cases[0].ok)
 *             return;  // jobs is closed
 *         work(job);
 *         break;
 *     case 1:
 *         return;      // canceled
 *     }
 *
 * Exactly one case happens. Among several that are ready one is drawn at
 * random, evenly. The others leave no trace. A nil channel is never ready; the
 * same channel may stand in several cases, in both directions. A chosen send on
 * a closed channel panics.
 *
 * The loop around a select is how a goroutine does several things by turns.
 * With a ticker it is a monitor; a period that a tick was missed in is left out,
 * not made up for, and a context that is done ends it at the next turn:
 *
 *     struct rn_timer *ticker = rn_ticker_make(10 * RN_S);
 *     for (;;) {
 *         int64_t tick;
 *         struct check check;
 *         struct rn_case cases[] = {
 *             rn_case_recv(rn_timer_chan(ticker), &tick),
 *             rn_case_recv(checks, &check),
 *             rn_case_done(ctx),
 *         };
 *         int happened = rn_select(cases, 3);
 *         if (happened == 0)
 *             report(tick);
 *         else if (happened == 1 && cases[1].ok)
 *             run(&check);
 *         else
 *             break;
 *     }
 *     rn_timer_free(ticker);
 *
 * Ownership: the array and the places and values it points to are borrowed for
 * the call; an array may be used again for the next one.
 */
#ifndef RUNNEL_SELECT_H
#define RUNNEL_SELECT_H

#include <runnel/chan.h>

#ifdef __cplusplus
extern "C" {
#endif

enum rn_case_kind { RN_CASE_NONE, RN_CASE_SEND, RN_CASE_RECV, RN_CASE_DONE };

struct rn_case {
    enum rn_case_kind kind;
    bool ok; /* after a receive: false when the channel was closed */
    struct rn_channel *chan;
    void *value; /* send: read from; receive: written to, or NULL */
    struct rn_ctx *ctx;
};

/* Cases that one select takes; more panics. */
#define RN_CASES_MAX 64

/*
 * Parks until one case happened; returns its index. No case, or none that can
 * ever be ready, parks for ever.
 */
int rn_select(struct rn_case *cases, size_t count);

/* Does not park: an index, or RN_AGAIN when no case is ready (Go's default). */
int rn_try_select(struct rn_case *cases, size_t count);

/* Parks until the deadline at most: an index, or RN_TIMEOUT. */
int rn_select_until(int64_t deadline, struct rn_case *cases, size_t count);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
/*
 * All fields are named: were some left out, the compiler would clear an array of
 * cases as a whole first, by a slow instruction.
 */
#define RN_CASE_(what, channel, place, context) \
    ((struct rn_case){.kind = (what),           \
                      .ok = 0,                  \
                      .chan = (channel),        \
                      .value = (place),         \
                      .ctx = (context)})
/* A case that sends *value, a T that is read when the case happens. */
#define rn_case_send(channel, source)                                         \
    RN_CASE_(RN_CASE_SEND, RN_SENDING_(channel), RN_SOURCE_(channel, source), \
             (struct rn_ctx *)0)
/* A case that receives into *place (NULL drops the value). */
#define rn_case_recv(channel, place)                                          \
    RN_CASE_(RN_CASE_RECV, RN_RECEIVING_(channel), RN_PLACE_(channel, place), \
             (struct rn_ctx *)0)
/* A case that is ready when the context is done. */
#define rn_case_done(context) \
    RN_CASE_(RN_CASE_DONE, (struct rn_channel *)0, (void *)0, (context))
/* A case that never happens: switches one off in place. */
#define rn_case_none()                                        \
    RN_CASE_(RN_CASE_NONE, (struct rn_channel *)0, (void *)0, \
             (struct rn_ctx *)0)

#define RN_SOURCE_(chan, source)                                     \
    _Generic((source), rn_element(chan) *                            \
             : (void *)(uintptr_t)(source), const rn_element(chan) * \
             : (void *)(uintptr_t)(source))
#endif

#endif
