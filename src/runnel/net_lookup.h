/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_lookup.h: the addresses of a name.
 */
#ifndef RUNNEL_NET_LOOKUP_H
#define RUNNEL_NET_LOOKUP_H

#include "os_net.h"

#define LOOKUP_MAX 16

struct rn_ctx;

struct net_addresses {
    size_t count;
    struct net_address at[LOOKUP_MAX]; /* best first */
};

/*
 * Parks until the name's addresses are known or the context (NULL: none) is
 * done. 0 with at least one, RN_NOT_FOUND, RN_AGAIN (no name server answered),
 * RN_NOMEM, or the context's status.
 */
int lookup(struct rn_ctx *ctx, const char *name, uint16_t port,
           struct net_addresses *out);

#endif
