/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_lookup.c: getaddrinfo on a thread where it may block.
 *
 * It cannot be interrupted, but a caller whose context is done must not wait
 * for it. So a goroutine of its own waits for the thread, and both share a
 * query with two references: who is last frees it.
 */
#include "net_lookup.h"

#include <netdb.h>
#include <string.h>

#include <runnel/chan.h>
#include <runnel/io.h>
#include <runnel/task.h>

#include "alloc.h"
#include "chan_internal.h"
#include "net_address.h"
#include "sanitize.h"
#include "schedule.h"

struct query {
    _Atomic(uint32_t) references;
    rn_chan(int) done; /* its status; room for it, so nobody waits to send */
    char name[HOST_MAX];
    uint16_t port;
    int status;
    struct net_addresses found;
};

static int status_of(int error)
{
    switch (error) {
    case 0:
        return 0;
    case EAI_AGAIN:
        return RN_AGAIN;
    case EAI_MEMORY:
        return RN_NOMEM;
    }
    return RN_NOT_FOUND;
}

/* On a thread where it may block. */
static void resolve(void *arg)
{
    struct query *query = arg;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *list = NULL;
    query->status = status_of(getaddrinfo(query->name, NULL, &hints, &list));
    if (query->status != 0)
        return;
    for (struct addrinfo *at = list; at; at = at->ai_next) {
        struct net_address *to = &query->found.at[query->found.count];
        if (query->found.count == LOOKUP_MAX ||
            at->ai_addrlen > sizeof(struct sockaddr_in6))
            continue;
        memcpy(&to->any, at->ai_addr, at->ai_addrlen);
        to->size = at->ai_addrlen;
        if (to->any.sa_family == AF_INET)
            to->in.sin_port = htons(query->port);
        else if (to->any.sa_family == AF_INET6)
            to->in6.sin6_port = htons(query->port);
        else
            continue;
        query->found.count++;
    }
    freeaddrinfo(list);
    if (query->found.count == 0)
        query->status = RN_NOT_FOUND;
}

static void release(struct query *query)
{
    race_release(query);
    if (atomic_fetch_sub_explicit(&query->references, 1,
                                  memory_order_acq_rel) != 1)
        return;
    race_acquire(query);
    rn_chan_free(query->done);
    alloc_free(query);
}

static void ask(struct query **own)
{
    struct query *query = *own;
    rn_block(resolve, query);
    rn_send(query->done, query->status);
    release(query);
}

int lookup(struct rn_ctx *ctx, const char *name, uint16_t port,
           struct net_addresses *out)
{
    struct query *query = schedule_alloc(1, sizeof(*query));
    if (!query)
        return RN_NOMEM;
    atomic_init(&query->references, 2);
    query->done = (rn_chan(int))(uintptr_t)chan_new(sizeof(int), 1, RN_HERE_);
    if (!query->done) {
        alloc_free(query);
        return RN_NOMEM;
    }
    query->port = port;
    strncpy(query->name, name, sizeof(query->name) - 1);
    rn_go(ask, query);
    int status = 0;
    int waited = 0;
    if (ctx)
        waited = rn_recv_ctx(ctx, query->done, &status);
    else
        rn_recv(query->done, &status);
    if (waited == 0 && status == 0)
        *out = query->found;
    release(query);
    return waited != 0 ? waited : status;
}
