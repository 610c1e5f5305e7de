/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nobody_receives.c: a goroutine whose result nobody comes to fetch.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: leak */
static void compute(rn_sender(int) *own)
{
    rn_sleep(2 * RN_S);
    rn_send(*own, 42); /* for ever: the other side has gone */
}

static void ask(void)
{
    rn_chan(int) result = rn_chan_make(int, 0);
    int number;
    rn_go(compute, rn_send_end(result));
    int status = rn_recv_until(rn_deadline(RN_S), result, &number);
    printf("%s\n", rn_status_text(status));
}
/* guide: end leak */

static int start(void *arg)
{
    (void)arg;
    ask();
    rn_sleep(3 * RN_S);
    return 0;
}

int main(void)
{
    setbuf(stdout, NULL);
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
