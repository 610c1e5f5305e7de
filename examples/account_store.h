/* SPDX-License-Identifier: Apache-2.0 */
/*
 * account_store.h: accounts and transfers in SQLite or PostgreSQL.
 *
 * A transfer has a number; storing one that is there already changes nothing,
 * so a batch whose commit was not answered can be stored again. All calls park,
 * and are made one at a time. They return 0, or -1 with the text in
 * store->error.
 */
#ifndef ACCOUNT_STORE_H
#define ACCOUNT_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_BATCH_MAX 1024
#define STORE_ERROR_MAX 256

struct transfer {
    int64_t number; /* from 1 */
    int64_t payer, payee;
    int64_t cents;
    bool stored; /* by store_commit: false when it was there before */
};

struct store;

/* What a kind of database does. */
struct store_ops {
    bool blocks; /* its functions do: they are called by rn_block */
    int (*open)(struct store *store, int64_t accounts, int64_t cents);
    int (*commit)(struct store *store, struct transfer **batch, size_t count);
    int (*balances)(struct store *store, int64_t *cents, int64_t accounts);
    int (*totals)(struct store *store, int64_t *transfers, int64_t *cents);
    void (*close)(struct store *store); /* frees it */
};

struct store {
    const struct store_ops *ops;
    const char *where; /* a file, or an address */
    char error[STORE_ERROR_MAX];
};

/*
 * Opens the tables, creating those that are not there, with accounts numbered
 * from 0 that begin with `cents` each; what each has is put into balances.
 * "sqlite:FILE", or an address of libpq. NULL with a text in `error`.
 */
struct store *store_open(const char *target, int64_t accounts, int64_t cents,
                         int64_t *balances, char error[STORE_ERROR_MAX]);
void store_close(struct store *store);

/* All or none; may change the order of the pointers. */
int store_commit(struct store *store, struct transfer **batch, size_t count);

/* How many transfers there are, and what all accounts have together. */
int store_totals(struct store *store, int64_t *transfers, int64_t *cents);

/* The two kinds: zeroed memory for store_open; NULL without. */
struct store *store_sqlite_make(void);
struct store *store_postgres_make(void);

#endif
