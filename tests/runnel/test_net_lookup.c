/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names: a lookup that takes its time holds up nobody, and can be left.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>

#include "net_check.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static int asking; /* lookups of "slow" under way */
static bool may_answer;

static struct addrinfo *loopback(void)
{
    struct addrinfo *found = calloc(1, sizeof(*found));
    struct sockaddr_in *in = calloc(1, sizeof(*in));

    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    found->ai_family = AF_INET;
    found->ai_addr = (struct sockaddr *)in;
    found->ai_addrlen = sizeof(*in);
    return found;
}

/* In place of the C library's: waits, for "slow", until it may answer. */
int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **out)
{
    (void)service;
    (void)hints;
    CHECK_EQ_INT(rn_task_id(), 0); /* a thread that may block */
    if (strcmp(name, "nowhere") == 0)
        return EAI_NONAME;
    if (strcmp(name, "later") == 0)
        return EAI_AGAIN;
    if (strcmp(name, "full") == 0)
        return EAI_MEMORY;
    pthread_mutex_lock(&lock);
    asking++;
    pthread_cond_broadcast(&changed);
    while (!may_answer)
        pthread_cond_wait(&changed, &lock);
    asking--;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
    *out = loopback();
    return 0;
}

void freeaddrinfo(struct addrinfo *list)
{
    free(list->ai_addr);
    free(list);
}

static int asking_now(void)
{
    int count;

    pthread_mutex_lock(&lock);
    count = asking;
    pthread_mutex_unlock(&lock);
    return count;
}

static void answer(void)
{
    pthread_mutex_lock(&lock);
    may_answer = true;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

struct dial {
    char address[RN_ADDRESS_MAX];
    struct rn_ctx *ctx;
    atomic_int status;
};

static void dial(struct dial **own)
{
    struct rn_conn *conn;

    (*own)->status = rn_dial((*own)->ctx, (*own)->address, &conn);
    if ((*own)->status == RN_OK)
        rn_conn_free(conn);
}

/* While a name is looked up, the worker runs others. */
static void lookup_holds_no_worker(void)
{
    struct dial own = {.status = 1};
    struct dial *to = &own;
    struct rn_listener *listener;

    may_answer = false;
    if (!CHECK_EQ_INT(rn_listen("127.0.0.1:0", NULL, &listener), RN_OK))
        return;
    snprintf(own.address, sizeof(own.address), "slow%s",
             strrchr(rn_listener_address(listener), ':'));
    rn_go(dial, to);
    while (asking_now() == 0)
        rn_yield();
    CHECK_EQ_INT(own.status, 1);
    answer();
    net_join_all();
    CHECK_EQ_INT(own.status, RN_OK);
    rn_listener_free(listener);
}

/* A dial ends with its context, though the lookup goes on. */
static void context_ends_a_lookup(void)
{
    struct dial own = {.address = "slow:1", .status = 1};
    struct dial *to = &own;

    may_answer = false;
    own.ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_go(dial, to);
    while (asking_now() == 0)
        rn_yield();
    rn_ctx_cancel(own.ctx);
    while (own.status == 1)
        rn_sleep(100 * RN_US);
    CHECK_EQ_INT(own.status, RN_CANCELED);
    CHECK_EQ_INT(asking_now(), 1);
    answer();
    net_join_all();
    rn_ctx_release(own.ctx);
}

/* What the resolver says becomes a status. */
static void failures_are_told_apart(void)
{
    struct rn_listener *listener;
    struct rn_conn *conn;

    CHECK_EQ_INT(rn_dial(NULL, "nowhere:1", &conn), RN_NOT_FOUND);
    CHECK_EQ_INT(rn_dial(NULL, "later:1", &conn), RN_AGAIN);
    CHECK_EQ_INT(rn_dial(NULL, "full:1", &conn), RN_NOMEM);
    CHECK_EQ_INT(rn_listen("nowhere:1", NULL, &listener), RN_NOT_FOUND);
}

RN_CHECK_MAIN(lookup_holds_no_worker, context_ends_a_lookup,
              failures_are_told_apart)
