/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room_in_the_channel.c: how long a send takes, with a buffer and without one.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: room */
static void receive_later(rn_receiver(int) *own)
{
    rn_sleep(2 * RN_S);
    rn_range (int, number, *own)
        (void)number;
}

static void send_two(size_t capacity)
{
    rn_chan(int) numbers = rn_chan_make(int, capacity);
    struct rn_waitgroup receiving = {0};
    int64_t begin = rn_now();
    rn_waitgroup_go(&receiving, receive_later, rn_recv_end(numbers));
    rn_send(numbers, 1);
    rn_send(numbers, 2);
    printf("capacity %zu: both are sent after %lld s\n", capacity,
           (long long)((rn_now() - begin) / RN_S));
    rn_close(numbers);
    rn_waitgroup_wait(&receiving);
    rn_chan_free(numbers);
}
/* guide: end room */

static int start(void *arg)
{
    (void)arg;
    send_two(0);
    send_two(1);
    send_two(2);
    return 0;
}

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
