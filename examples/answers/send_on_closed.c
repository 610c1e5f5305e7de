/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send_on_closed.c: what happens when a closed channel is sent to.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: send */
static int start(void *arg)
{
    (void)arg;
    rn_chan(int) numbers = rn_chan_make(int, 1);
    rn_send(numbers, 1);
    rn_close(numbers);

    int number;
    bool open = rn_recv(numbers, &number);
    printf("received %d, %s\n", number, open ? "open" : "closed");
    open = rn_recv(numbers, &number);
    printf("received %d, %s\n", number, open ? "open" : "closed");

    rn_send(numbers, 2);
    printf("never printed\n");
    return 0;
}
/* guide: end send */

int main(void)
{
    setbuf(stdout, NULL);
    return rn_run(start, NULL);
}
