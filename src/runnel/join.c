/* SPDX-License-Identifier: Apache-2.0 */
/*
 * join.c: goroutines whose end is waited for.
 */
#include <runnel/sync.h>

#include "spawn.h"

/* What a counted goroutine's stack begins with; its argument follows. */
struct counted {
    _Alignas(CACHE_LINE) struct rn_waitgroup *group;
    void (*function)(void *own);
};

static void run_counted(void *own)
{
    struct counted *counted = own;
    counted->function(counted + 1);
    rn_waitgroup_done(counted->group);
}

void rn_waitgroup_go_(struct rn_waitgroup *group, void (*function)(void *own),
                      const void *argument, size_t size, const char *where)
{
    struct counted counted = {group, function};
    struct spawn_part parts[] = {{&counted, sizeof(counted)}, {argument, size}};
    rn_waitgroup_add(group, 1);
    spawn(NULL, run_counted, parts, 2, where);
}
