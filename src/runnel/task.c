/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task.c: start, name, count, sleep and end goroutines.
 *
 * A new stack is laid out from the top: the task's record, the copy of its
 * argument, then the frames.
 */
#include <string.h>

#include <runnel/errno.h>
#include <runnel/panic.h>
#include <runnel/task.h>

#include "fatal.h"
#include "local.h"
#include "panic_internal.h"
#include "sched.h"
#include "spawn.h"
#include "stack.h"
#include "switch.h"
#include "wait.h"

/* The argument may fill this part of a stack. */
#define ARGUMENT_PART 4

static size_t default_stack_size;
static _Atomic(uint64_t) last_id;
static _Atomic(size_t) alive;
static void (*on_last)(void);

void spawn_reset(size_t stack_size)
{
    default_stack_size = stack_size ? stack_size : RN_STACK_DEFAULT;
    atomic_store_explicit(&last_id, 0, memory_order_relaxed);
    atomic_store_explicit(&alive, 0, memory_order_relaxed);
    on_last = NULL;
}

size_t spawn_alive(void)
{
    size_t count = atomic_load_explicit(&alive, memory_order_acquire);
    race_acquire(&alive);
    return count;
}

uint64_t spawn_started(void)
{
    return atomic_load_explicit(&last_id, memory_order_relaxed);
}

void spawn_on_last(void (*last)(void))
{
    on_last = last;
}

/* Runs elsewhere, once nobody is on the task's stack. */
static void bury(void *arg)
{
    struct task *task = arg;
    sanitize_destroy(&task->sanitize);
    stack_give(sched_stacks(), &task->stack);
}

static void abandon(struct stack *stack, void *cache)
{
    struct task *task = container_of(stack, struct task, stack);
    sanitize_destroy(&task->sanitize);
    stack_give(cache, stack);
}

void spawn_abandon(void)
{
    if (spawn_alive() != 0)
        stack_each(abandon, sched_first_stacks());
}

/* What every goroutine does. */
static void run(struct task *task)
{
    race_acquire(task);
    task->function(task->own);
    locals_drop(task);
    if (stack_overrun(&task->stack))
        fatal("stack overflow in goroutine %llu (%s), seen at its end",
              (unsigned long long)task->id, task->name ? task->name : "-");
    race_release(&alive);
    /* Release: who sees the count fall sees what the goroutine did. */
    if (atomic_fetch_sub_explicit(&alive, 1, memory_order_acq_rel) == 1 &&
        on_last)
        on_last();
    sched_exit(bury);
}

/* Copies the parts below the record; the copy's address. */
static char *copy_argument(struct task *task, const struct spawn_part *parts,
                           size_t count, size_t size)
{
    uintptr_t top = (uintptr_t)task - size;
    char *copy = (char *)(top & ~(uintptr_t)(CACHE_LINE - 1));
    char *out = copy;
    for (size_t i = 0; i < count; i++) {
        const volatile char *in = parts[i].data;
#ifdef RN_TSAN
        /* Not memcpy: the copy is the new goroutine's, not the caller's. */
        for (size_t at = 0; at < parts[i].size; at++)
            ((volatile char *)out)[at] = in[at];
#else
        memcpy(out, (const void *)(uintptr_t)in, parts[i].size);
#endif
        out += parts[i].size;
    }
    return copy;
}

int spawn_make(struct task **out, const struct rn_task_options *options,
               void (*function)(void *), const struct spawn_part *parts,
               size_t count, const char *where)
{
    if (unlikely(!sched_is_open()))
        fatal("goroutine started at %s while no runtime runs", where);
    size_t stack_size = options && options->stack_size ? options->stack_size
                                                       : default_stack_size;
    int class = stack_class(stack_size);
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += parts[i].size;
    if (class < 0 || size > stack_bytes((uint32_t) class) / ARGUMENT_PART)
        return RN_INVALID;
    struct stack *stack = stack_take(sched_stacks(), (uint32_t) class);
    if (!stack)
        return RN_NOMEM;
    struct task *task = container_of(stack, struct task, stack);
    memset((char *)task + sizeof(*stack), 0, sizeof(*task) - sizeof(*stack));
    task->id = atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
    task->name = options ? options->name : NULL;
    task->where = where;
    task->body = run;
    task->function = function;
    task->own = copy_argument(task, parts, count, size);
    task->sp = switch_prepare(task->own, sched_begin, task);
    atomic_store_explicit(&task->state, TASK_RUNNABLE, memory_order_relaxed);
    sanitize_create(&task->sanitize);
    race_release(task);
    atomic_fetch_add_explicit(&alive, 1, memory_order_relaxed);
    *out = task;
    return RN_OK;
}

void spawn(const struct rn_task_options *options, void (*function)(void *),
           const struct spawn_part *parts, size_t count, const char *where)
{
    struct task *task;
    int status = spawn_make(&task, options, function, parts, count, where);
    if (status == RN_INVALID)
        fatal("cannot start a goroutine at %s: its argument needs a larger "
              "stack, or there are none so large",
              where);
    if (status != RN_OK)
        fatal("cannot start a goroutine at %s: %s", where,
              rn_status_text(status));
    sched_start(task);
}

void rn_go_start_(const struct rn_task_options *options,
                  void (*function)(void *), const void *argument, size_t size,
                  const char *where)
{
    sched_point();
    need_function(function != NULL, where);
    spawn(options, function, &(struct spawn_part){argument, size}, 1, where);
}

int rn_go_try_(const struct rn_task_options *options, void (*function)(void *),
               const void *argument, size_t size, const char *where)
{
    struct task *task;
    struct spawn_part part = {argument, size};
    sched_point();
    need_function(function != NULL, where);
    if (unlikely(seam_simulated) && schedule_faults())
        return RN_NOMEM; /* as if memory were out */
    int status = spawn_make(&task, options, function, &part, 1, where);
    if (status == RN_OK)
        sched_start(task);
    return status;
}

static void run_void(void *own)
{
    void (*function)(void);
    memcpy(&function, own, sizeof(function));
    function();
}

void rn_go_start_void_(const struct rn_task_options *options,
                       void (*function)(void), const char *where)
{
    need_function(function != NULL, where);
    rn_go_start_(options, run_void, &function, sizeof(function), where);
}

void rn_yield(void)
{
    sched_yield_now();
}

void rn_sleep_until(int64_t deadline)
{
    sched_point();
    if (deadline <= seam_now())
        return;
    struct wait wait;
    wait_begin(&wait, deadline, NULL, 0);
    wait_park(&wait, (struct wait_for){.reason = WAIT_SLEEP}, NULL, NULL);
}

void rn_sleep(int64_t ns)
{
    if (ns > 0)
        rn_sleep_until(rn_deadline(ns));
    else
        sched_point();
}

uint64_t rn_task_id(void)
{
    return task_self()->id;
}

void rn_task_set_name(const char *name)
{
    task_self()->name = name;
}

size_t rn_task_count(void)
{
    return spawn_alive();
}

unsigned rn_procs(void)
{
    return sched_procs();
}

int rn_set_procs(unsigned count)
{
    CHECKED(sched_is_open());
    return sched_set_procs(count);
}

int rn_lock_thread(void)
{
    return sched_pin();
}

void rn_unlock_thread(void)
{
    sched_unpin();
}

uint32_t rn_draw(uint32_t count)
{
    if (count == 0)
        misuse("draw of one of none");
    return sched_draw(count);
}

noinline int *rn_errno(void)
{
    int *address = __errno_location();
    /* The compiler may not know that this is the same each time: it is not. */
    __asm__ volatile("" : "+r"(address)::"memory");
    return address;
}
