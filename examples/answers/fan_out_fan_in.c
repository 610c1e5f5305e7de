/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fan_out_fan_in.c: several workers on one input, their outputs in one channel.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: fan */
struct worker {
    rn_receiver(int) in;
    rn_sender(int) out;
    struct rn_waitgroup *working;
};

static void keep_primes(struct worker *own)
{
    rn_range (int, n, own->in) {
        int divisor = 2;
        while (divisor * divisor <= n && n % divisor != 0)
            divisor++;
        if (divisor * divisor > n)
            rn_send(own->out, n);
    }
}

static void close_after(struct worker *own)
{
    rn_waitgroup_wait(own->working);
    rn_close(own->out);
}

static int start(void *arg)
{
    rn_chan(int) numbers = rn_chan_make(int, 1000);
    rn_chan(int) primes = rn_chan_make(int, 0);
    struct rn_waitgroup working = {0};
    struct worker worker = {rn_recv_end(numbers), rn_send_end(primes),
                            &working};
    struct rn_waitgroup closing = {0};
    int count = 0;
    (void)arg;
    for (int i = 0; i < 4; i++) /* out */
        rn_waitgroup_go(&working, keep_primes, worker);
    rn_waitgroup_go(&closing, close_after, worker);
    for (int n = 2; n <= 1000; n++)
        rn_send(numbers, n);
    rn_close(numbers);
    rn_range (int, prime, primes) /* in, in any order */
        count += prime > 0;
    printf("%d primes up to 1000\n", count);
    rn_waitgroup_wait(&closing);
    rn_chan_free(numbers);
    rn_chan_free(primes);
    return 0;
}
/* guide: end fan */

int main(void)
{
    return rn_run(start, NULL);
}
