/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.c: prints without malloc and without locks, because the program is
 * about to end and may be in any state. The fields of other workers' tasks are
 * read racily: a report may be a step behind.
 */
#include "report.h"

#include <dlfcn.h>

#include "fatal.h"
#include "frames.h"
#include "sched.h"

#define FRAMES 32

static const char *const reasons[WAIT_REASONS] = {
    [WAIT_NONE] = "nothing",
    [WAIT_SEND] = "chan send",
    [WAIT_RECV] = "chan receive",
    [WAIT_SEND_NIL] = "chan send (nil chan)",
    [WAIT_RECV_NIL] = "chan receive (nil chan)",
    [WAIT_SELECT] = "select",
    [WAIT_SELECT_NONE] = "select (no cases)",
    [WAIT_MUTEX] = "mutex lock",
    [WAIT_RLOCK] = "rwmutex rlock",
    [WAIT_WLOCK] = "rwmutex lock",
    [WAIT_GROUP] = "waitgroup wait",
    [WAIT_COND] = "cond wait",
    [WAIT_SEMAPHORE] = "semaphore acquire",
    [WAIT_CONTEXT] = "context wait",
    [WAIT_SLEEP] = "sleep",
    [WAIT_FD] = "descriptor wait",
    [WAIT_BLOCK] = "blocking call",
    [WAIT_QUIET] = "bubble wait",
};

static void print_frame(uintptr_t pc)
{
    Dl_info info = {0};
    /* One byte back: the address is that of the return, not of the call. */
    if (dladdr((void *)(pc - 1), &info) && info.dli_sname)
        print_error("    %s+0x%lx\n", info.dli_sname,
                    (unsigned long)(pc - (uintptr_t)info.dli_saddr));
    else if (info.dli_fbase)
        print_error("    0x%lx\n",
                    (unsigned long)(pc - (uintptr_t)info.dli_fbase));
    else
        print_error("    0x%lx\n", (unsigned long)pc);
}

void report_frames(void *const *frames, size_t count)
{
    for (size_t i = 0; i < count; i++)
        print_frame((uintptr_t)frames[i]);
}

static void print_frames_at_rest(struct task *task)
{
    void *frames[FRAMES];
    report_frames(frames, frames_at_rest(task->sp, frames, FRAMES));
}

static void print_heading(struct task *task)
{
    int state = atomic_load_explicit(&task->state, memory_order_relaxed);
    print_error("goroutine %llu [", (unsigned long long)task->id);
    if (state == TASK_PARKED) {
        print_error("%s", reasons[task->waits.reason]);
        if (task->waits.made_at)
            print_error(", made at %s", task->waits.made_at);
    } else {
        print_error("%s", state == TASK_RUNNING ? "running" : "runnable");
    }
    print_error("]%s%s\n", task->name ? ": " : "",
                task->name ? task->name : "");
    print_error("    created at %s\n", task->where ? task->where : "?");
}

void report_task(struct task *task)
{
    print_heading(task);
    if (atomic_load_explicit(&task->state, memory_order_relaxed) == TASK_PARKED)
        print_frames_at_rest(task);
}

void report_caller(void)
{
    struct task *self = task_self();
    if (self->foreign)
        print_error("foreign thread\n");
    else
        print_heading(self);
    void *frames[FRAMES];
    report_frames(frames, frames_here(frames, FRAMES, 1));
}

static void visit(struct stack *stack, void *arg)
{
    (void)arg;
    print_error("\n");
    report_task(container_of(stack, struct task, stack));
}

void report_all(void)
{
    stack_each(visit, NULL);
}
