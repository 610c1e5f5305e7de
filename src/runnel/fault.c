/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.c: tell a stack overflow from other faults.
 */
#include "fault.h"

#include <signal.h>

#include "fatal.h"
#include "os.h"
#include "report.h"
#include "sanitize.h"
#include "sched.h"

#define ALTERNATE_SIZE ((size_t)64 * 1024)

#ifndef RN_ASAN /* has a handler of its own, which knows guard pages too */

static struct sigaction old_segv;
static struct sigaction old_bus;

static void on_fault(int signal, siginfo_t *info, void *context)
{
    (void)context;
    struct stack *stack = stack_find_guard(info->si_addr);
    if (stack) {
        struct task *task = container_of(stack, struct task, stack);
        print_error("fatal error: stack overflow: goroutine %llu (%s) needs "
                    "more than its stack of %zu bytes\n    created at %s\n",
                    (unsigned long long)task->id,
                    task->name ? task->name : "no name",
                    stack_bytes(stack->class), task->where);
    }
    /* Back to where it faults, which then ends as it would have anyway. */
    sigaction(signal, signal == SIGSEGV ? &old_segv : &old_bus, NULL);
}

#endif

void fault_open(void)
{
#ifndef RN_ASAN
    struct sigaction action = {.sa_sigaction = on_fault,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &old_segv);
    sigaction(SIGBUS, &action, &old_bus);
#endif
}

void fault_close(void)
{
#ifndef RN_ASAN
    sigaction(SIGSEGV, &old_segv, NULL);
    sigaction(SIGBUS, &old_bus, NULL);
#endif
}

void fault_thread_begin(void)
{
#ifndef RN_ASAN
    stack_t alternate = {.ss_sp = os_map(ALTERNATE_SIZE),
                         .ss_size = ALTERNATE_SIZE};
    if (alternate.ss_sp)
        sigaltstack(&alternate, NULL);
#endif
}

void fault_thread_end(void)
{
#ifndef RN_ASAN
    stack_t none = {.ss_flags = SS_DISABLE};
    stack_t mine;
    if (sigaltstack(&none, &mine) == 0 && !(mine.ss_flags & SS_DISABLE))
        os_unmap(mine.ss_sp, mine.ss_size);
#endif
}
