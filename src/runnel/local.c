/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local.c: a list a goroutine, newest value first. Few goroutines have locals
 * and those have few, so a list is as fast as a table; nobody else looks at it,
 * so it needs no lock.
 */
#include "local.h"

#include <runnel/task.h>

#include "alloc.h"
#include "panic_internal.h"
#include "sched.h"

struct local {
    struct local *next;
    rn_key_ key;
    void *value;
};

/* Where the key's entry hangs, or where the list ends. */
static struct local **find(struct task *task, rn_key_ key)
{
    struct local **at = &task->locals;
    while (*at && (*at)->key != key)
        at = &(*at)->next;
    return at;
}

static void drop(rn_key_ key, void *value)
{
    if (value && *key)
        (*key)(value);
}

/* Takes the entry out; what it held is dropped when nothing leads to it. */
static void remove_at(struct local **at)
{
    struct local *local = *at;
    rn_key_ key = local->key;
    void *value = local->value;
    *at = local->next;
    alloc_free(local);
    drop(key, value);
}

void rn_local_set_(rn_key_ key, void *value)
{
    struct task *task = task_self();
    if (task->foreign)
        misuse("rn_local_set on a thread that runs no goroutine");
    struct local **at = find(task, key);
    if (*at && (*at)->value == value)
        return;
    if (*at)
        remove_at(at);
    if (!value)
        return;
    struct local *local = alloc_or_die(1, sizeof(*local));
    local->key = key;
    local->value = value;
    local->next = task->locals;
    task->locals = local;
}

void *rn_local_get_(rn_key_ key)
{
    const struct local *local = *find(task_self(), key);
    return local ? local->value : NULL;
}

void locals_drop_all_(struct task *task)
{
    while (task->locals)
        remove_at(&task->locals);
}
