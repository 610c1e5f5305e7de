/* SPDX-License-Identifier: Apache-2.0 */
/* account_store.c: which database it is. */
#include "account_store.h"

#include <string.h>

struct store *store_open(const char *target, int64_t accounts, int64_t cents,
                         int64_t *balances, char error[STORE_ERROR_MAX])
{
    struct store *store =
        strncmp(target, "sqlite:", 7) == 0
            ? store_sqlite_open(target + 7, accounts, cents, error)
            : store_postgres_open(target, accounts, cents, error);

    if (store && store->ops->balances(store, balances, accounts) != 0) {
        memcpy(error, store->error, STORE_ERROR_MAX);
        store->ops->close(store);
        store = NULL;
    }
    return store;
}
