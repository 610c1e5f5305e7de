/* SPDX-License-Identifier: Apache-2.0 */
/*
 * what_select_does.c: one case happens, chance decides among those that are ready.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: select */
static int start(void *arg)
{
    rn_chan(int) left = rn_chan_make(int, 1);
    rn_chan(int) right = rn_chan_make(int, 1);
    rn_chan(int) nil = NULL;
    int number;
    int times[3] = {0};
    (void)arg;

    struct rn_case cases[] = {
        rn_case_recv(left, &number),
        rn_case_recv(right, &number),
        rn_case_recv(nil, &number),
    };
    if (rn_try_select(cases, 3) == RN_AGAIN)
        printf("none is ready: rn_select would wait\n");

    rn_send(left, 1);
    printf("one is ready: case %d happens\n", rn_select(cases, 3));

    for (int i = 0; i < 1000; i++) {
        rn_try_send(left, 1); /* the one that happened is empty again */
        rn_try_send(right, 2);
        times[rn_select(cases, 3)]++;
    }
    if (times[0] > 300 && times[1] > 300)
        printf("two are ready: each happens about every other time\n");
    printf("a nil channel: happens %d times\n", times[2]);
    rn_chan_free(left);
    rn_chan_free(right);
    return 0;
}
/* guide: end select */

int main(void)
{
    return rn_run(start, NULL);
}
