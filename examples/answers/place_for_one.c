/* SPDX-License-Identifier: Apache-2.0 */
/*
 * place_for_one.c: a result that may be left lying: a buffer of one.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: place */
static void compute(rn_sender(int) *own)
{
    rn_sleep(2 * RN_S);
    rn_send(*own, 42); /* there is a place, whether anybody comes or not */
}

static int start(void *arg)
{
    rn_chan(int) result = rn_chan_make(int, 1);
    struct rn_waitgroup computing = {0};
    int number;
    (void)arg;
    rn_waitgroup_go(&computing, compute, rn_send_end(result));
    int status = rn_recv_until(rn_deadline(RN_S), result, &number);
    printf("%s\n", rn_status_text(status));

    rn_waitgroup_wait(&computing); /* C: who makes a channel frees it */
    rn_chan_free(result);
    printf("left behind: %zu\n", rn_leaks_check());
    return 0;
}
/* guide: end place */

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
