/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For test_gdb.py: three goroutines that wait, and one that comes to
 * stop_here().
 */
#include <runnel/runnel.h>

#define FRAME      __attribute__((noinline)) static
#define AFTERWARDS __asm__ volatile("" ::: "memory")

static rn_chan(int) quiet;

FRAME void stop_here(void)
{
    AFTERWARDS;
}

FRAME void wait_in_vain(void)
{
    rn_recv(quiet, NULL);
    AFTERWARDS;
}

static void waiter(void)
{
    rn_task_set_name("a waiter");
    wait_in_vain();
    AFTERWARDS;
}

static void runner(void)
{
    struct rn_stats stats = {0};

    while (stats.parks < 4) {
        rn_yield();
        rn_stats(&stats);
    }
    stop_here();
    rn_close(quiet);
}

static int start(void *arg)
{
    (void)arg;
    quiet = rn_chan_make(int, 0);
    for (int i = 0; i < 3; i++)
        rn_go_void(waiter);
    rn_go_void(runner);
    rn_recv(quiet, NULL);
    return 0;
}

int main(void)
{
    return rn_run(start, NULL);
}
