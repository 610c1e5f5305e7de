/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transaction.c: validate in four ways at once, then commit; none lost, none
 * doubled.
 *
 * Each transfer passes four checks at the same time (balance, fraud, limits,
 * regulatory) within three seconds, the first refusal cancels the others
 * (bank_checks.h). Look at process: each worker of the pool waits until its own
 * transfer is safe, and one goroutine commits what has come together
 * (commit_desk.h), so thousands a second need few round trips.
 * Transfers are numbered: kill the program at any moment and run it again, and
 * what had been committed is not done twice.
 *
 *     transaction --database sqlite:bank.sqlite
 *     transaction --database postgresql:///bank --count 100000
 */
#include <stdio.h>
#include <stdlib.h>

#include "bank_checks.h"
#include "commit_desk.h"
#include "common/example.h"

#define FIRST_CENTS 10000000 /* what an account begins with */

static const char *database = "sqlite:bank.sqlite";
static int64_t count = 20000, accounts = 1000, workers = 1024;
static int64_t unit_us = 200, timeout_ms = 3000;

struct office {
    struct bank bank;
    struct commit_desk desk;
    struct tally tally;
    uint64_t chance;
    int64_t taken_in;
};

/* One transfer, to its commit; what fails there ends the others, too. */
static int process(struct rn_ctx *ctx, struct office *office,
                   struct transfer *transfer)
{
    int status = bank_validate(ctx, &office->bank, transfer);

    if (status != RN_OK && rn_ctx_err(ctx) != RN_OK)
        return rn_ctx_err(ctx); /* called off, not refused */
    if (status == RN_OK) {
        if (commit_desk_store(&office->desk, transfer) != 0)
            return -1;
        bank_settle(&office->bank, transfer, transfer->stored);
    }
    tally_count(&office->tally, transfer, status);
    return RN_OK;
}

static int64_t draw(struct office *office, int64_t below)
{
    return (int64_t)(example_random(&office->chance) % (uint64_t)below);
}

static int take_in(struct rn_ctx *ctx, struct office *office,
                   struct transfer *next)
{
    (void)ctx;
    if (office->taken_in == count)
        return RN_CLOSED;
    next->number = ++office->taken_in;
    next->payer = draw(office, accounts);
    next->payee = draw(office, accounts);
    next->cents = 1 + draw(office, LIMIT_CENTS + LIMIT_CENTS / 20);
    next->stored = false;
    return RN_OK;
}

static int process_all(struct rn_ctx *ctx, struct office *office)
{
    struct rn_group *storing = rn_group_make(ctx, 0);
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(struct transfer) queue = rn_group_chan(group, struct transfer, 64);

    office->desk.entries =
        rn_group_chan(storing, struct commit_entry, STORE_BATCH_MAX);
    rn_group_go(storing, commit_desk_run, &office->desk);
    rn_source(group, queue, take_in, office);
    rn_pool_each(group, (size_t)workers, queue, process, office);
    int status = rn_group_wait(group);
    rn_close(office->desk.entries); /* after its last sender */
    rn_group_wait(storing);
    return status;
}

/* The database has what was counted, and no cent came or went. */
static int verify(struct office *office)
{
    int64_t transfers, cents;

    if (store_totals(office->desk.store, &transfers, &cents) != 0)
        return -1;
    printf("in the database: %lld transfers, %lld cents\n",
           (long long)transfers, (long long)cents);
    return transfers >= (int64_t)(office->tally.committed +
                                  office->tally.there_before) &&
                   cents == accounts * FIRST_CENTS
               ? 0
               : -1;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    struct office office = {
        .bank = {.unit_ns = unit_us * RN_US, .timeout_ns = timeout_ms * RN_MS},
        .chance = 1};
    char error[STORE_ERROR_MAX] = "not enough memory";
    (void)argc;
    (void)argv;

    office.bank.available = calloc((size_t)accounts, sizeof(int64_t));
    if (office.bank.available)
        office.desk.store = store_open(database, accounts, FIRST_CENTS,
                                       office.bank.available, error);
    if (!office.desk.store) {
        example_error("%s: %s", database, error);
        free(office.bank.available);
        return 1;
    }
    int64_t start = rn_now();
    int status = process_all(ctx, &office);
    tally_print(&office.tally, example_ms_since(start) / 1e3);
    if (status == RN_OK)
        status = verify(&office);
    if (status != RN_OK && rn_ctx_err(ctx) == RN_OK)
        example_error("%s", office.desk.store->error[0]
                                ? office.desk.store->error
                                : "the sums are wrong");
    store_close(office.desk.store);
    free(office.bank.available);
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
