/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For test_pprof.py: computes, waits and contends, and is looked at over HTTP
 * until its standard input ends. Prints where it listens.
 */
#include <stdio.h>
#include <unistd.h>

#include <runnel/runnel.h>

static struct rn_mutex mutex;
static volatile uint64_t sink;

__attribute__((noinline)) static void compute(void)
{
    for (int i = 0; i < 100000; i++)
        sink = sink * 31 + (uint64_t)i;
    __asm__ volatile("" ::: "memory");
}

static void contender(void)
{
    rn_task_set_name("contender; with a name");
    for (;;) {
        rn_mutex_lock(&mutex);
        compute();
        rn_yield();
        rn_mutex_unlock(&mutex);
    }
}

static void waiter(rn_chan(int) *own)
{
    rn_recv(*own, NULL);
    __asm__ volatile("" ::: "memory"); /* no jump: its frame is to be seen */
}

static int start(void *arg)
{
    struct rn_debug_server *server;
    rn_chan(int) never = rn_chan_make(int, 0);
    char byte;

    (void)arg;
    for (int i = 0; i < 5; i++)
        rn_go(waiter, never);
    for (int i = 0; i < 3; i++)
        rn_go_void(contender);
    if (rn_debug_serve("127.0.0.1:0", NULL, &server) != RN_OK)
        return 1;
    printf("%s\n", rn_debug_address(server));
    fflush(stdout);
    while (rn_file_read(STDIN_FILENO, &byte, 1) > 0)
        continue;
    rn_debug_stop(server);
    return 0;
}

int main(void)
{
    return rn_run(start, NULL);
}
