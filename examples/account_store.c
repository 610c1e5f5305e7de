/* SPDX-License-Identifier: Apache-2.0 */
/* account_store.c: which database it is, and where its functions run. */
#include "account_store.h"

#include <stdio.h>
#include <string.h>

#include <runnel/runnel.h>

struct call {
    struct store *store;
    int status;
    struct transfer **batch;
    size_t count;
    int64_t accounts, cents, *numbers, *total_cents;
};

/* Runs a step of the call where it may run. */
static int run(void (*step)(void *arg), struct call *call)
{
    if (call->store->ops->blocks)
        rn_block(step, call);
    else
        step(call);
    return call->status;
}

static void open_step(void *arg)
{
    struct call *call = arg;
    struct store *store = call->store;

    call->status = store->ops->open(store, call->accounts, call->cents);
    if (call->status == 0)
        call->status =
            store->ops->balances(store, call->numbers, call->accounts);
}

static void commit_step(void *arg)
{
    struct call *call = arg;

    call->status =
        call->store->ops->commit(call->store, call->batch, call->count);
}

static void totals_step(void *arg)
{
    struct call *call = arg;

    call->status =
        call->store->ops->totals(call->store, call->numbers, call->total_cents);
}

struct store *store_open(const char *target, int64_t accounts, int64_t cents,
                         int64_t *balances, char error[STORE_ERROR_MAX])
{
    bool is_file = strncmp(target, "sqlite:", 7) == 0;
    struct store *store = is_file ? store_sqlite_make() : store_postgres_make();

    if (!store) {
        snprintf(error, STORE_ERROR_MAX, "not enough memory");
        return NULL;
    }
    store->where = is_file ? target + 7 : target;
    if (run(open_step, &(struct call){.store = store,
                                      .accounts = accounts,
                                      .cents = cents,
                                      .numbers = balances}) != 0) {
        memcpy(error, store->error, STORE_ERROR_MAX);
        store_close(store);
        return NULL;
    }
    return store;
}

void store_close(struct store *store)
{
    store->ops->close(store);
}

int store_commit(struct store *store, struct transfer **batch, size_t count)
{
    return run(commit_step,
               &(struct call){.store = store, .batch = batch, .count = count});
}

int store_totals(struct store *store, int64_t *transfers, int64_t *cents)
{
    return run(totals_step, &(struct call){.store = store,
                                           .numbers = transfers,
                                           .total_cents = cents});
}
