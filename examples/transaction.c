/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transaction.c: validate in four ways at once, then commit; none lost, none
 * doubled.
 *
 * Each transfer passes four checks at the same time (balance, fraud, limits,
 * regulatory) within three seconds, the first refusal cancels the others. Look
 * at store_all: one goroutine owns the database and commits whatever has come
 * together while it was busy with the commit before, so thousands a second need
 * few round trips, and each worker still waits until its own transfer is safe.
 * Transfers are numbered: kill the program at any moment and run it again, and
 * what had been committed is not done twice.
 *
 *     transaction --database sqlite:bank.sqlite
 *     transaction --database postgresql:///bank --count 100000
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "account_store.h"
#include "bank_checks.h"
#include "common/example.h"

#define FIRST_CENTS 10000000 /* what an account begins with */

static const char *database = "sqlite:bank.sqlite";
static int64_t count = 20000, accounts = 1000, workers = 1024;
static int64_t unit_us = 200, timeout_ms = 3000;

/* One that waits for its commit. */
struct entry {
    struct transfer *transfer; /* the worker's; `stored` is filled in */
    rn_sender(int) result;
};

struct desk {
    struct bank bank;
    struct store *store;
    rn_chan(struct transfer) queue;
    rn_chan(struct entry) entries;
    struct rn_waitgroup storing;
    struct tally tally;
};

struct commit {
    struct store *store;
    struct transfer *batch[STORE_BATCH_MAX];
    size_t size;
    int result;
};

static void commit_blocking(void *arg)
{
    struct commit *commit = arg;

    commit->result =
        commit->store->ops->commit(commit->store, commit->batch, commit->size);
}

/* The goroutine that owns the database. */
static void store_all(struct desk **own)
{
    struct desk *desk = *own;
    rn_sender(int) results[STORE_BATCH_MAX];
    struct commit commit = {.store = desk->store};

    rn_range (struct entry, entry, desk->entries) {
        commit.size = 0;
        do {
            results[commit.size] = entry.result;
            commit.batch[commit.size++] = entry.transfer;
        } while (commit.size < STORE_BATCH_MAX &&
                 rn_try_recv(desk->entries, &entry) == RN_OK);
        rn_block(commit_blocking, &commit);
        for (size_t i = 0; i < commit.size; i++)
            rn_send(results[i], commit.result);
    }
    rn_waitgroup_done(&desk->storing);
}

/* A worker has one transfer at a time, from the queue to its commit. */
static int process(struct rn_ctx *ctx, struct desk **own)
{
    struct desk *desk = *own;
    rn_chan(int) result = rn_chan_make(int, 1);
    struct transfer transfer;
    int status = RN_OK, stored = 0;

    while (stored == 0 && rn_recv_ctx(ctx, desk->queue, &transfer) == RN_OK) {
        status = bank_validate(ctx, &desk->bank, &transfer);
        if (rn_ctx_err(ctx) != RN_OK && status != RN_OK)
            break; /* called off, not refused */
        if (status == RN_OK) {
            rn_send(desk->entries, {&transfer, rn_send_end(result)});
            rn_recv(result, &stored);
            if (stored != 0)
                break;
            bank_settle(&desk->bank, &transfer, transfer.stored);
        }
        tally_count(&desk->tally, &transfer, status);
    }
    rn_chan_free(result);
    return stored; /* negative: the others stop too */
}

static int take_in(struct rn_ctx *ctx, struct desk **own)
{
    uint64_t state = 1;

    for (int64_t n = 1; n <= count; n++) {
        int64_t payer = (int64_t)(example_random(&state) % (uint64_t)accounts);
        int64_t payee = (int64_t)(example_random(&state) % (uint64_t)accounts);
        int64_t cents = 1 + (int64_t)(example_random(&state) %
                                      (LIMIT_CENTS + LIMIT_CENTS / 20));
        struct transfer transfer = {n, payer, payee, cents, false};
        if (rn_send_ctx(ctx, (*own)->queue, transfer) != RN_OK)
            break;
    }
    rn_close((*own)->queue);
    return RN_OK;
}

/* The database has what was counted, and no cent came or went. */
static int verify(struct desk *desk)
{
    int64_t transfers, cents;

    if (desk->store->ops->totals(desk->store, &transfers, &cents) != 0)
        return -1;
    printf("in the database: %lld transfers, %lld cents\n",
           (long long)transfers, (long long)cents);
    return transfers >= (int64_t)(desk->tally.committed +
                                  desk->tally.there_before) &&
                   cents == accounts * FIRST_CENTS
               ? 0
               : -1;
}

static void process_all(struct rn_ctx *ctx, struct desk *desk, int *status)
{
    struct rn_group *group = rn_group_make(ctx, 0);

    rn_waitgroup_add(&desk->storing, 1);
    rn_go(store_all, desk);
    rn_group_go(group, take_in, desk);
    for (int64_t i = 0; i < workers; i++)
        rn_group_go(group, process, desk);
    *status = rn_group_wait(group);
    rn_close(desk->entries); /* after its last sender */
    rn_waitgroup_wait(&desk->storing);
}

struct opening {
    struct desk *desk;
    char error[STORE_ERROR_MAX];
};

static void open_blocking(void *arg)
{
    struct opening *opening = arg;

    opening->desk->store =
        store_open(database, accounts, FIRST_CENTS,
                   opening->desk->bank.available, opening->error);
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    struct desk desk = {
        .bank = {.unit_ns = unit_us * RN_US, .timeout_ns = timeout_ms * RN_MS}};
    struct opening opening = {&desk, ""};
    int status = -1;

    desk.bank.available = calloc((size_t)accounts, sizeof(int64_t));
    if (desk.bank.available)
        rn_block(open_blocking, &opening);
    if (!desk.store) {
        example_error("%s: %s", database, opening.error);
        free(desk.bank.available);
        return 1;
    }
    desk.queue = rn_chan_make(struct transfer, 64);
    desk.entries = rn_chan_make(struct entry, STORE_BATCH_MAX);
    int64_t start = rn_now();
    process_all(ctx, &desk, &status);
    tally_print(&desk.tally, example_ms_since(start) / 1e3);
    if (status == RN_OK)
        status = verify(&desk);
    if (status != RN_OK)
        example_error("%s", desk.store->error[0] ? desk.store->error
                                                 : "the sums are wrong");
    rn_chan_free(desk.entries);
    rn_chan_free(desk.queue);
    desk.store->ops->close(desk.store);
    free(desk.bank.available);
    return status == RN_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"database", "WHERE", "sqlite:FILE or postgresql://...",
         .text = &database},
        {"count", "N", "transfers", .number = &count, 0, 1 << 30},
        {"accounts", "N", "accounts", .number = &accounts, 1, 1000000},
        {"workers", "N", "transfers under way at once", .number = &workers, 1,
         100000},
        {"unit-us", "US", "the fastest check; the slowest takes three",
         .number = &unit_us, 0, 10000000},
        {"timeout-ms", "MS", "for the checks of one transfer",
         .number = &timeout_ms, 1, 60000},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){
            .usage = "[--database WHERE] [--count N]",
            .about = "Validates transfers and commits them, each just once.",
            .options = options,
            .run = run});
}
