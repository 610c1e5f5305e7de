/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_locks.h: one import at a time changes what a table is.
 *
 * Imports of one program may look for the same table, make it, and build its
 * indexes: one after the other, and only those. Others of the same database,
 * into other tables, go on meanwhile; so does the loading of rows, and so does
 * reading a whole sheet to find its types.
 *
 *     struct table_lock *held;
 *     if (table_lock_take(ctx, locks, "public.list", &held) == RN_OK) {
 *         ...
 *         table_lock_give(locks, held);
 *     }
 *
 * Two spellings of one table must meet, so what counts is the name alone,
 * without schema, quotes and case: tables of that name in two schemas share a
 * lock, which costs time and nothing else.
 *
 * Goroutines of any worker may call these.
 */
#ifndef SLUICE_TABLE_LOCKS_H
#define SLUICE_TABLE_LOCKS_H

#include <runnel/context.h>
#include <runnel/sync.h>

struct table_lock;

/* Zeroed: no table is locked. One for each database. */
struct table_locks {
    struct rn_mutex lock;
    struct table_lock *first;
};

/*
 * RN_OK with *held, RN_NOMEM, or RN_CANCELED or RN_TIMEOUT of the context.
 * Parks while another import has the table.
 */
int table_lock_take(struct rn_ctx *ctx, struct table_locks *locks,
                    const char *table, struct table_lock **held);
void table_lock_give(struct table_locks *locks, struct table_lock *held);

#endif
