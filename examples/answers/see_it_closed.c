/* SPDX-License-Identifier: Apache-2.0 */
/*
 * see_it_closed.c: the ways to see that a channel is closed.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: closed */
static const char *told(bool open)
{
    return open ? "a value" : "closed";
}

static int start(void *arg)
{
    rn_chan(int) numbers = rn_chan_make(int, 2);
    int number;
    (void)arg;

    printf("rn_try_recv: %s\n", rn_status_text(rn_try_recv(numbers, &number)));

    rn_send(numbers, 0);
    rn_send(numbers, 7);
    rn_close(numbers);
    bool open = rn_recv(numbers, &number);
    printf("rn_recv: %d, %s\n", number, told(open));
    rn_range (int, rest, numbers)
        printf("rn_range: %d\n", rest);
    open = rn_recv(numbers, &number);
    printf("rn_recv: %d, %s\n", number, told(open));

    printf("rn_try_recv: %s\n", rn_status_text(rn_try_recv(numbers, &number)));
    struct rn_case cases[] = {rn_case_recv(numbers, &number)};
    rn_select(cases, 1);
    printf("rn_select: %d, %s\n", number, told(cases[0].ok));

    rn_chan_free(numbers);
    return 0;
}
/* guide: end closed */

int main(void)
{
    return rn_run(start, NULL);
}
