/* SPDX-License-Identifier: Apache-2.0 */
/*
 * channel_or_mutex.c: one account, kept by a Mutex and by a goroutine.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: mutex */
static struct rn_mutex lock;
static int locked_balance; /* under the lock */

static void pay_in(int *own)
{
    rn_mutex_lock(&lock);
    locked_balance += *own;
    rn_mutex_unlock(&lock);
}
/* guide: end mutex */

/* guide: channel */
struct clerk {
    rn_receiver(int) payments;
    rn_sender(int) closing;
};

static void keep_account(struct clerk *own)
{
    int balance = 0; /* nobody else ever sees it */
    rn_range (int, amount, own->payments)
        balance += amount;
    rn_send(own->closing, balance);
}

static void send_in(rn_sender(int) *own)
{
    rn_send(*own, 1);
}
/* guide: end channel */

static int by_mutex(void)
{
    struct rn_waitgroup paying = {0};
    for (int i = 0; i < 1000; i++)
        rn_waitgroup_go(&paying, pay_in, 1);
    rn_waitgroup_wait(&paying);
    return locked_balance;
}

static int by_channel(void)
{
    rn_chan(int) payments = rn_chan_make(int, 0);
    rn_chan(int) closing = rn_chan_make(int, 1);
    struct rn_waitgroup paying = {0};
    struct rn_waitgroup keeping = {0};
    int balance;
    rn_waitgroup_go(
        &keeping, keep_account,
        (struct clerk){rn_recv_end(payments), rn_send_end(closing)});
    for (int i = 0; i < 1000; i++)
        rn_waitgroup_go(&paying, send_in, rn_send_end(payments));
    rn_waitgroup_wait(&paying);
    rn_close(payments);
    rn_recv(closing, &balance);
    rn_waitgroup_wait(&keeping);
    rn_chan_free(payments);
    rn_chan_free(closing);
    return balance;
}

static int start(void *arg)
{
    (void)arg;
    printf("by Mutex %d\n", by_mutex());
    printf("by channel %d\n", by_channel());
    return 0;
}

int main(void)
{
    return rn_run(start, NULL);
}
