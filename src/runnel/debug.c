/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug.c: what a program may ask about itself.
 *
 * The work is done on a thread for blocking calls, so that the goroutine that
 * asks is parked like the others and its stack can be shown.
 */
#include <runnel/debug.h>
#include <runnel/io.h>

#include "block.h"
#include "leak.h"
#include "os.h"
#include "poll.h"
#include "report.h"
#include "spawn.h"
#include "worker.h"

struct dump {
    int fd;
    bool done;
};

static void dump(void *arg)
{
    struct dump *dump = arg;
    dump->done = report_all_to(dump->fd);
}

int rn_dump(int fd)
{
    struct dump order = {.fd = fd};
    int status = os_fd_check(fd);
    if (status < 0)
        return status;
    rn_block(dump, &order);
    return order.done ? RN_OK : RN_NOMEM;
}

size_t rn_leaks_check(void)
{
    return leaks_report(false);
}

static uint64_t load(_Atomic(uint64_t) *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

void rn_stats(struct rn_stats *stats)
{
    *stats = (struct rn_stats){
        .goroutines = spawn_alive(),
        .started = spawn_started(),
        .workers = workers_count(),
        .workers_idle =
            atomic_load_explicit(&workers.idlers, memory_order_relaxed),
        .blocking_threads = block_threads(),
        .waiting_fds = poll_waiting(),
        .stack_bytes = stack_mapped(),
    };
    for (unsigned i = 0; i < workers_made(); i++) {
        struct worker *w = &workers.all[i];
        stats->parks += load(&w->parks);
        stats->steals += load(&w->steals);
        stats->polls += load(&w->polls);
        stats->timers += timerq_count(&w->timers);
    }
}
