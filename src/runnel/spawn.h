/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn.h: make goroutines; the public side is rn_go in task.h.
 */
#ifndef RUNNEL_SPAWN_H
#define RUNNEL_SPAWN_H

#include <runnel/task.h>

#include "panic_internal.h"
#include "task_internal.h"

/* A piece of the argument, of two at most, which are copied one after another. */
struct spawn_part {
    const void *data;
    size_t size;
    size_t room; /* that it takes up: its size, or more */
};

/* As sizeof, but without what fills a struct up behind its last member. */
#define SIZE_UP_TO(type, last) \
    (offsetof(type, last) + sizeof(((type *)NULL)->last))

/*
 * A new task, not yet started, with a private copy of the parts. *task is set
 * on RN_OK; otherwise RN_NOMEM, or RN_INVALID for a stack size or an argument
 * that is too large.
 */
int spawn_make(struct task **task, const struct rn_task_options *options,
               void (*function)(void *), const struct spawn_part *parts,
               size_t count, const char *where);

/* The same, started; failure is fatal. */
void spawn(const struct rn_task_options *options, void (*function)(void *),
           const struct spawn_part *parts, size_t count, const char *where);

/*
 * Like spawn; and when that goroutine has ended, heir(task) is called on its
 * stack, which may make it another one by spawn_again, and return true: a new
 * goroutine, as anybody sees it, that takes over the stack. It has the function
 * of the one before, and `data`, of the same size, is copied for it.
 */
void spawn_heir(void (*function)(void *), const void *data, size_t size,
                bool (*heir)(struct task *task), const char *where);
void spawn_again(struct task *self, const void *data, size_t size);

/*
 * A goroutine of the runtime's own, started: it does not count as alive, keeps
 * no deadlock from being seen by waiting for descriptors, and is left out of
 * reports. RN_OK or RN_NOMEM. The name lasts.
 */
int spawn_service(const char *name, void (*function)(void *), const void *data,
                  size_t size);

/* A goroutine of no function is a mistake that is better seen where it is made.
 */
static inline void need_function(bool given, const char *where)
{
    if (unlikely(!given))
        misuse("goroutine without a function, started at %s", where);
}

/* For a new runtime: ids from 1, the stack size of those that name none. */
void spawn_reset(size_t stack_size);
/* Between two runs: those that are left are gone, their stacks free. */
void spawn_abandon(void);
/* Goroutines alive; acquire: what they did before they ended is seen. */
size_t spawn_alive(void);
/* Goroutines ever started in this runtime. */
uint64_t spawn_started(void);
/* Called in the goroutine that ends as the last one; NULL: nobody cares. */
void spawn_on_last(void (*last)(void));

#endif
