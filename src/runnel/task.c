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
#include "hooks.h"
#include "local.h"
#include "overflow.h"
#include "panic_internal.h"
#include "sched.h"
#include "spawn.h"
#include "stack.h"
#include "stack_small.h"
#include "switch.h"
#include "trace_ring.h"
#include "wait.h"
#include "worker.h"

/* The argument may fill this part of a stack. */
#define ARGUMENT_PART 4

/* Bytes of a record that are cleared at once. */
#define CLEARED 64

/* Words of an argument that are copied one by one. */
#define FEW_WORDS 4

/* A worker takes so many numbers at once. */
#define ID_BLOCK 64

static int default_class;
static _Atomic(uint64_t) last_id; /* of all blocks */
/* Started by foreign threads; what workers did, they count (sched_spawner). */
static _Atomic(uint64_t) foreign_started;
/* With on_last alone: it must be known at once who is the last. */
static _Atomic(size_t) alive;
static void (*on_last)(void);

void spawn_reset(size_t stack_size)
{
    default_class = stack_class(stack_size ? stack_size : RN_STACK_DEFAULT);
    atomic_store_explicit(&last_id, 0, memory_order_relaxed);
    atomic_store_explicit(&foreign_started, 0, memory_order_relaxed);
    atomic_store_explicit(&alive, 0, memory_order_relaxed);
    on_last = NULL;
}

/* The calling worker's; NULL on a foreign thread. */
static inline struct spawner *spawner_here(void)
{
    struct worker *w = worker_self();
    return likely(w) ? &w->spawner : NULL;
}

static uint64_t ended(void)
{
    uint64_t count = 0;
    struct spawner *s;
    for (unsigned i = 0; (s = sched_spawner_of(i)) != NULL; i++)
        count += atomic_load_explicit(&s->ended, memory_order_acquire);
    return count;
}

uint64_t spawn_started(void)
{
    uint64_t count =
        atomic_load_explicit(&foreign_started, memory_order_relaxed);
    struct spawner *s;
    for (unsigned i = 0; (s = sched_spawner_of(i)) != NULL; i++)
        count += atomic_load_explicit(&s->started, memory_order_relaxed);
    return count;
}

size_t spawn_alive(void)
{
    /* In this order: whose end is counted, its start is. */
    uint64_t gone = ended();
    race_acquire(&alive);
    return (size_t)(spawn_started() - gone);
}

static void enter(struct spawner *s)
{
    if (unlikely(on_last))
        atomic_fetch_add_explicit(&alive, 1, memory_order_relaxed);
    if (likely(s))
        count_one(&s->started);
    else
        atomic_fetch_add_explicit(&foreign_started, 1, memory_order_relaxed);
}

static uint64_t take_number(struct spawner *s)
{
    if (unlikely(!s))
        return atomic_fetch_add_explicit(&last_id, 1, memory_order_relaxed) + 1;
    if (unlikely(s->next_id == s->last_id)) {
        s->next_id =
            atomic_fetch_add_explicit(&last_id, ID_BLOCK, memory_order_relaxed);
        s->last_id = s->next_id + ID_BLOCK;
    }
    return ++s->next_id;
}

static void leave(void)
{
    struct spawner *s = spawner_here();
    race_release(&alive);
    uint64_t count = atomic_load_explicit(&s->ended, memory_order_relaxed);
    /* Release: who sees the count sees what the goroutine did. */
    atomic_store_explicit(&s->ended, count + 1, memory_order_release);
    if (unlikely(on_last) &&
        atomic_fetch_sub_explicit(&alive, 1, memory_order_acq_rel) == 1)
        on_last();
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
    stack_give(&spawner_here()->stacks, &task->stack);
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
        stack_each(abandon, &sched_spawner_of(0)->stacks);
}

static void end(struct task *task)
{
    locals_drop(task);
    if (stack_overrun(&task->stack)) {
        if (task->stack.class == STACK_SMALL)
            overflow_end(&task->stack);
        fatal("stack overflow in goroutine %llu (%s), seen at its end",
              (unsigned long long)task->id, task->name ? task->name : "-");
    }
    if (likely(!task->service))
        leave();
}

/* What every goroutine does. */
static void run(void *self)
{
    struct task *task = self;
    do {
        race_acquire(task);
        task->function(task->own);
        end(task);
    } while (unlikely(task->heir) && task->heir(task));
    sched_exit(bury);
}

/* At any address, part of whatever is there. */
typedef uint64_t __attribute__((may_alias, aligned(1))) any_word;

/*
 * A few words one by one: they have just been written so, and the processor
 * waits where it is to read two at once that are still on their way.
 */
static inline void copy_part(char *out, const struct spawn_part *part)
{
#ifdef RN_TSAN
    /* Not memcpy: the copy is the new goroutine's, not the caller's. */
    const volatile char *in = part->data;
    for (size_t at = 0; at < part->size; at++)
        ((volatile char *)out)[at] = in[at];
#else
    size_t words = part->size / sizeof(any_word);
    if (unlikely(part->size % sizeof(any_word) != 0 || words > FEW_WORDS)) {
        memcpy(out, part->data, part->size);
        return;
    }
    for (size_t i = 0; i < words; i++)
        ((volatile any_word *)out)[i] = ((const any_word *)part->data)[i];
#endif
}

/* Copies the parts below the record; the copy's address. */
static inline char *copy_argument(struct task *task,
                                  const struct spawn_part *parts, size_t count,
                                  size_t size)
{
    uintptr_t top = (uintptr_t)task - size;
    char *copy = (char *)(top & ~(uintptr_t)(CACHE_LINE - 1));
    copy_part(copy, &parts[0]);
    if (count > 1)
        copy_part(copy + parts[0].room, &parts[1]);
    return copy;
}

/*
 * All but the stack. In parts that the compiler does at once: for the whole it
 * would use an instruction (rep stos) that takes longer to start than this takes.
 */
static inline void clear_record(struct task *task)
{
    char *at = (char *)task + sizeof(task->stack);
    char *end = (char *)(task + 1);
    for (; end - at > CLEARED; at += CLEARED) {
        memset(at, 0, CLEARED);
        __asm__("" : "+r"(at));
    }
    memset(end - CLEARED, 0, CLEARED);
}

static int class_for(const struct rn_task_options *options)
{
    if (options->small_stack && options->stack_size)
        return -1;
    if (options->small_stack) {
        int class = stack_class_small();
        if (class == STACK_SMALL && !hooks_small())
            hooks_listen(HOOK_SMALL);
        return class;
    }
    return options->stack_size ? stack_class(options->stack_size)
                               : default_class;
}

static put_in_line int make(struct task **out, struct spawner *s,
                            const struct rn_task_options *options,
                            void (*function)(void *),
                            const struct spawn_part *parts, size_t count,
                            const char *where)
{
    if (unlikely(!sched_is_open()))
        fatal("goroutine started at %s while no runtime runs", where);
    int class = likely(!options) ? default_class : class_for(options);
    size_t size = parts[0].room + (count > 1 ? parts[1].room : 0);
    if (class < 0 || size > stack_bytes((uint32_t) class) / ARGUMENT_PART)
        return RN_INVALID;
    struct stack *stack = stack_take(s ? &s->stacks : NULL, (uint32_t) class);
    if (!stack)
        return RN_NOMEM;
    struct task *task = container_of(stack, struct task, stack);
    if (unlikely(class == STACK_SMALL))
        small_paint(stack);
    clear_record(task);
    task->id = take_number(s);
    task->name = options ? options->name : NULL;
    task->where = where;
    task->body = run;
    task->fresh = !seam_simulated;
    task->function = function;
    atomic_store_explicit(&task->state, TASK_RUNNABLE, memory_order_relaxed);
    task->own = copy_argument(task, parts, count, size);
    task->sp = switch_prepare(task->own, sched_begin, task);
    sanitize_create(&task->sanitize);
    race_release(task);
    *out = task;
    return RN_OK;
}

static put_in_line int make_counted(struct task **out,
                                    const struct rn_task_options *options,
                                    void (*function)(void *),
                                    const struct spawn_part *parts,
                                    size_t count, const char *where)
{
    struct spawner *s = spawner_here();
    int status = make(out, s, options, function, parts, count, where);
    if (likely(status == RN_OK))
        enter(s);
    return status;
}

int spawn_make(struct task **out, const struct rn_task_options *options,
               void (*function)(void *), const struct spawn_part *parts,
               size_t count, const char *where)
{
    return make_counted(out, options, function, parts, count, where);
}

void spawn_again(struct task *self, const void *data, size_t size)
{
    struct spawner *s = spawner_here();
    const struct task before = *self;
    clear_record(self);
    self->sp = before.sp;
    self->sanitize = before.sanitize;
    self->id = take_number(s);
    self->where = before.where;
    self->body = before.body;
    self->heir = before.heir;
    self->function = before.function;
    self->own = before.own;
    atomic_store_explicit(&self->state, TASK_RUNNING, memory_order_relaxed);
    memcpy(self->own, data, size);
    race_release(self);
    enter(s);
}

int spawn_service(const char *name, void (*function)(void *), const void *data,
                  size_t size)
{
    struct task *task;
    struct spawn_part part = {data, size, size};
    const struct rn_task_options options = {.name = name,
                                            .stack_size = RN_STACK_DEFAULT};
    int status =
        make(&task, spawner_here(), &options, function, &part, 1, name);
    if (status != RN_OK)
        return status;
    task->service = true;
    sched_start(task);
    return RN_OK;
}

static noinline void cannot_start(int status, const char *where)
{
    if (status == RN_INVALID)
        fatal("cannot start a goroutine at %s: its argument needs a larger "
              "stack, there are none so large, or it asks for a size and a "
              "small one",
              where);
    fatal("cannot start a goroutine at %s: %s", where, rn_status_text(status));
}

void spawn(const struct rn_task_options *options, void (*function)(void *),
           const struct spawn_part *parts, size_t count, const char *where)
{
    struct task *task;
    int status = make_counted(&task, options, function, parts, count, where);
    if (unlikely(status != RN_OK))
        cannot_start(status, where);
    sched_start(task);
}

void spawn_heir(void (*function)(void *), const void *data, size_t size,
                bool (*heir)(struct task *task), const char *where)
{
    struct task *task;
    struct spawn_part part = {data, size, size};
    int status = spawn_make(&task, NULL, function, &part, 1, where);
    if (status != RN_OK)
        fatal("cannot start a goroutine at %s: %s", where,
              rn_status_text(status));
    task->heir = heir;
    sched_start(task);
}

void rn_go_start_(const struct rn_task_options *options,
                  void (*function)(void *), const void *argument, size_t size,
                  const char *where)
{
    sched_point();
    need_function(function != NULL, where);
    spawn(options, function, &(struct spawn_part){argument, size, size}, 1,
          where);
}

int rn_go_try_(const struct rn_task_options *options, void (*function)(void *),
               const void *argument, size_t size, const char *where)
{
    struct task *task;
    struct spawn_part part = {argument, size, size};
    sched_point();
    need_function(function != NULL, where);
    if (schedule_call_fails())
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
    struct task *self = task_self();
    self->name = name;
    trace_renamed(self);
}

size_t rn_stack_unused(void)
{
    return small_unused(&task_self()->stack);
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
    if (!sched_is_open())
        fatal("rn_set_procs while no runtime runs");
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
