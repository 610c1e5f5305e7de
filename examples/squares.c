/* SPDX-License-Identifier: Apache-2.0 */
/*
 * squares.c: three workers square the numbers that one goroutine sends.
 *
 *     squares [COUNT]
 */
#include <stdio.h>
#include <stdlib.h>

#include <runnel/runnel.h>

struct worker {
    rn_receiver(int) numbers;
    rn_sender(long) squares;
    struct rn_waitgroup *running;
};

static void square(struct worker *own)
{
    rn_range (int, number, own->numbers)
        rn_send(own->squares, (long)number * number);
    rn_waitgroup_done(own->running);
}

struct source {
    rn_sender(int) numbers;
    int count;
};

static void count_up(struct source *own)
{
    for (int number = 1; number <= own->count; number++)
        rn_send(own->numbers, number);
    rn_close(own->numbers);
}

struct ending {
    struct rn_waitgroup *running;
    rn_sender(long) squares;
};

/* The results end when every worker has. */
static void close_when_done(struct ending *own)
{
    rn_waitgroup_wait(own->running);
    rn_close(own->squares);
}

static int start(void *arg)
{
    int count = *(int *)arg;
    rn_chan(int) numbers = rn_chan_make(int, 0);
    rn_chan(long) squares = rn_chan_make(long, 16);
    struct rn_waitgroup running = {0};

    rn_go(count_up, (struct source){rn_send_end(numbers), count});
    rn_waitgroup_add(&running, 3);
    for (int i = 0; i < 3; i++)
        rn_go(square, (struct worker){rn_recv_end(numbers),
                                      rn_send_end(squares), &running});
    rn_go(close_when_done, (struct ending){&running, rn_send_end(squares)});

    long sum = 0;
    rn_range (long, value, squares)
        sum += value;
    printf("the squares of 1 to %d add up to %ld\n", count, sum);
    rn_chan_free(squares);
    rn_chan_free(numbers);
    return 0;
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? atoi(argv[1]) : 10;
    return rn_run(start, &count);
}
