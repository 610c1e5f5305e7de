/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table_locks.c: a lock for each table that somebody has or waits for.
 *
 * `users` is protected by the lock of the list; a table's own lock is waited
 * for without it. Who counts himself among the users keeps it in the list.
 */
#include "table_locks.h"

#include <stdlib.h>
#include <string.h>

struct table_lock {
    struct table_lock *next;
    struct rn_mutex lock;
    size_t users;
    char name[];
};

/* The name without schema, quotes and case; owned, NULL: memory is out. */
static struct table_lock *make(const char *table)
{
    const char *dot = strrchr(table, '.');
    const char *bare = dot ? dot + 1 : table;
    struct table_lock *made = calloc(1, sizeof(*made) + strlen(bare) + 1);
    size_t len = 0;
    for (; made && *bare; bare++) {
        char c = *bare;
        if (c != '"' && c != '`' && c != '[' && c != ']')
            made->name[len++] = c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
    }
    return made;
}

/* Under the list's lock: the entry, in which we are counted. Takes `made`. */
static struct table_lock *join(struct table_locks *locks,
                               struct table_lock *made)
{
    struct table_lock *at = locks->first;
    while (at && strcmp(at->name, made->name) != 0)
        at = at->next;
    if (at) {
        free(made);
    } else {
        made->next = locks->first;
        locks->first = at = made;
    }
    at->users++;
    return at;
}

static void leave(struct table_locks *locks, struct table_lock *entry)
{
    rn_mutex_lock(&locks->lock);
    if (--entry->users == 0) {
        struct table_lock **at = &locks->first;
        while (*at != entry)
            at = &(*at)->next;
        *at = entry->next;
        free(entry);
    }
    rn_mutex_unlock(&locks->lock);
}

int table_lock_take(struct rn_ctx *ctx, struct table_locks *locks,
                    const char *table, struct table_lock **held)
{
    struct table_lock *made = make(table);
    if (!made)
        return RN_NOMEM;
    rn_mutex_lock(&locks->lock);
    struct table_lock *entry = join(locks, made);
    rn_mutex_unlock(&locks->lock);
    int status = rn_mutex_lock_ctx(ctx, &entry->lock);
    if (status == RN_OK)
        *held = entry;
    else
        leave(locks, entry);
    return status;
}

void table_lock_give(struct table_locks *locks, struct table_lock *held)
{
    rn_mutex_unlock(&held->lock);
    leave(locks, held);
}
