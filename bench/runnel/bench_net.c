/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_net.c: the system's side: connections, and calls that block.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench.h"

/* ------------------------------------------------------------------ echo */

/*
 * A goroutine in C has the page of its stack that it needs, and a buffer on it
 * would be a second one, for as long as the connection lasts. So each waits
 * until there is something to read, and has a buffer only while it answers: of
 * a cache, where the one that was used last is warm.
 */
enum { BUFFER = 4096, BUFFERS = 64 };

static struct rn_cache *buffers;

static void *make_buffer(void)
{
    return malloc(BUFFER);
}

/* Answers once; false at the end. */
static bool answer(struct rn_conn *conn)
{
    char *data = rn_cache_get(buffers);
    bench_check(data != NULL, "memory");
    int64_t got = rn_conn_read(conn, data, BUFFER);
    bool answered =
        got > 0 && rn_conn_write(conn, data, (size_t)got, NULL) == RN_OK;
    rn_cache_put(buffers, data);
    return answered;
}

static void echo(struct rn_conn **own)
{
    while (rn_conn_wait_readable(*own) == RN_OK && answer(*own))
        continue;
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
    buffers = rn_cache_make(BUFFERS, make_buffer, free);
    bench_check(rn_listen("127.0.0.1:0", NULL, &listener) == RN_OK, "listen");
    rn_go(accept_all, listener);
    printf("port %s\n", strrchr(rn_listener_address(listener), ':') + 1);
    fflush(stdout);
    rn_block(read_to_end, NULL);
    rn_listener_close(listener);
}

/* ----------------------------------------------------------------- block */

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
