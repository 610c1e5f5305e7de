/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_conn.h: a connection as its makers see it.
 */
#ifndef RUNNEL_NET_CONN_H
#define RUNNEL_NET_CONN_H

#include <runnel/net.h>

#include "netfd.h"
#include "os_net.h"

struct rn_conn {
    struct netfd fd;
    bool is_socket;
    bool is_tcp;      /* gives less than asked for only when it has no more */
    bool knows_local; /* under the descriptor's lock */
    char local[RN_ADDRESS_MAX];
    char remote[RN_ADDRESS_MAX];
};

/* Takes a non-blocking descriptor on 0; `remote` may be NULL. */
int conn_make(int fd, bool is_socket, const struct net_address *remote,
              struct rn_conn **out);

/* rn_accept until the token fires, too, or is NULL. */
int listener_accept(struct rn_listener *listener, struct cancel_token *token,
                    struct rn_conn **out);

/*
 * Where data leaves a goroutine for another one of this process, and arrives:
 * any write comes before any later read, as in Go.
 */
void net_edge_out(void);
void net_edge_in(void);

#endif
