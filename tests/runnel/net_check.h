/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_check.h: what tests of connections share.
 */
#ifndef NET_CHECK_H
#define NET_CHECK_H

#include "rn_check.h"

/* Two ends of one connection, and the listener that it came from. */
struct net_pair {
    struct rn_listener *listener;
    struct rn_conn *dialed;
    struct rn_conn *accepted;
};

/* Over loopback; what fails is counted, and the pair is then all NULL. */
static inline bool net_pair_at(struct net_pair *pair, const char *address)
{
    *pair = (struct net_pair){0};
    if (CHECK_EQ_INT(rn_listen(address, NULL, &pair->listener), RN_OK) &&
        CHECK_EQ_INT(rn_dial(rn_ctx_background(),
                             rn_listener_address(pair->listener),
                             &pair->dialed),
                     RN_OK) &&
        CHECK_EQ_INT(rn_accept(pair->listener, &pair->accepted), RN_OK))
        return true;
    rn_conn_free(pair->dialed);
    rn_listener_free(pair->listener);
    *pair = (struct net_pair){0};
    return false;
}

static inline bool net_pair_make(struct net_pair *pair)
{
    return net_pair_at(pair, "127.0.0.1:0");
}

static inline void net_pair_free(struct net_pair *pair)
{
    rn_conn_free(pair->dialed);
    rn_conn_free(pair->accepted);
    rn_listener_free(pair->listener);
}

/* The byte at a place of a stream that both sides know. */
static inline unsigned char net_byte(size_t at)
{
    return (unsigned char)(at * 31 + at / 251);
}

/* Writes that many bytes of the known stream. */
static inline int net_write_stream(struct rn_conn *conn, size_t size)
{
    unsigned char buffer[8192];

    for (size_t at = 0; at < size;) {
        size_t part = size - at < sizeof(buffer) ? size - at : sizeof(buffer);
        int status;

        for (size_t i = 0; i < part; i++)
            buffer[i] = net_byte(at + i);
        status = rn_conn_write(conn, buffer, part, NULL);
        if (status != RN_OK)
            return status;
        at += part;
    }
    return RN_OK;
}

/* Reads to the end; how many bytes came, all as known, or -1. */
static inline int64_t net_read_stream(struct rn_conn *conn)
{
    unsigned char buffer[5000];
    size_t at = 0;
    int64_t got;

    while ((got = rn_conn_read(conn, buffer, sizeof(buffer))) > 0) {
        for (size_t i = 0; i < (size_t)got; i++)
            if (buffer[i] != net_byte(at + i))
                return -1;
        at += (size_t)got;
    }
    return got < 0 ? got : (int64_t)at;
}

/* Waits until everybody else has ended. */
static inline void net_join_all(void)
{
    while (rn_task_count() > 1)
        rn_sleep(100 * RN_US);
}

#endif
