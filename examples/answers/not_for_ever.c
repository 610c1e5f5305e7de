/* SPDX-License-Identifier: Apache-2.0 */
/*
 * not_for_ever.c: three ways to wait for a channel no longer than a second.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: deadline */
static void by_deadline(rn_receiver(int) answers)
{
    int answer;
    int status = rn_recv_until(rn_deadline(RN_S), answers, &answer);
    printf("deadline: %s\n", rn_status_text(status));
}
/* guide: end deadline */

/* guide: timer */
static void by_timer(rn_receiver(int) answers)
{
    struct rn_timer *timer = rn_timer_make(RN_S);
    int64_t fired;
    int answer;
    struct rn_case cases[] = {
        rn_case_recv(answers, &answer),
        rn_case_recv(rn_timer_chan(timer), &fired),
    };
    if (rn_select(cases, 2) == 1)
        printf("timer: the second is over\n");
    rn_timer_free(timer);
}
/* guide: end timer */

/* guide: context */
static void by_context(rn_receiver(int) answers)
{
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_S);
    int answer;
    int status = rn_recv_ctx(ctx, answers, &answer);
    printf("context: %s\n", rn_status_text(status));
    rn_ctx_cancel(ctx);
    rn_ctx_release(ctx);
}
/* guide: end context */

static int start(void *arg)
{
    rn_chan(int) answers = rn_chan_make(int, 0); /* nobody ever sends */
    int64_t begin = rn_now();
    (void)arg;
    by_deadline(rn_recv_end(answers));
    by_timer(rn_recv_end(answers));
    by_context(rn_recv_end(answers));
    printf("%lld s in all\n", (long long)((rn_now() - begin) / RN_S));
    rn_chan_free(answers);
    return 0;
}

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
