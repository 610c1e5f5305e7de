/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_net.c: the system's side: connections, and calls that block.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

static void echo(struct rn_conn **own)
{
    char data[4096];
    for (;;) {
        int64_t got = rn_conn_read(*own, data, sizeof(data));
        if (got <= 0 || rn_conn_write(*own, data, (size_t)got, NULL) != RN_OK)
            break;
    }
    rn_conn_free(*own);
}

static void accept_all(struct rn_listener **own)
{
    struct rn_conn *conn;
    while (rn_accept(*own, &conn) == RN_OK)
        rn_go(echo, conn);
}

static void read_to_end(void *arg)
{
    char byte;
    (void)arg;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
}

/*
 * Serves until its standard input ends: one goroutine a connection gives back
 * what it is sent. Prints the port; bench_echo_client measures.
 */
void line_echo(void)
{
    struct rn_listener *listener;
    bench_check(rn_listen("127.0.0.1:0", NULL, &listener) == RN_OK, "listen");
    rn_go(accept_all, listener);
    printf("port %s\n", strrchr(rn_listener_address(listener), ':') + 1);
    fflush(stdout);
    rn_block(read_to_end, NULL);
    rn_listener_close(listener);
}

static void add_one(void *arg)
{
    (*(long *)arg)++;
}

/* A call on a thread where it may block; ns for the round trip. */
void line_block(void)
{
    long count = bench_count(50000);
    long called = 0;
    int64_t begin = rn_now();
    for (long i = 0; i < count; i++)
        rn_block(add_one, &called);
    bench_report_each("block", begin, count);
    bench_check(called == count, "block: one was not called");
}
