/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault.c: say which goroutine a deadly signal met, and where.
 *
 * The handlers run on an alternate stack, for the fault may be that the own one
 * is used up. Afterwards each signal takes the course it would have taken
 * without us: the former action is put back, and the instruction faults again,
 * or the signal is sent again when it was sent by somebody.
 *
 * SIGQUIT is left alone when the program has its own action for it.
 */
#include "fault.h"

#include <signal.h>
#include <ucontext.h>

#include "fatal.h"
#include "os.h"
#include "overflow.h"
#include "report.h"
#include "sampler.h"
#include "sanitize.h"
#include "sched.h"
#include "stack_small.h"

#define ALTERNATE_SIZE ((size_t)128 * 1024)

/* AddressSanitizer has handlers of its own for these, which know guards too. */
#ifdef RN_ASAN
#define OURS 0
#else
#define OURS 1
#endif

static struct deadly {
    int number;
    bool faults; /* the processor sends it */
    const char *name;
    struct sigaction old;
    bool taken;
} signals[] = {
    {.number = SIGSEGV, .faults = true, .name = "SIGSEGV: segmentation fault"},
    {.number = SIGBUS, .faults = true, .name = "SIGBUS: bus error"},
    {.number = SIGFPE, .faults = true, .name = "SIGFPE: arithmetic exception"},
    {.number = SIGILL, .faults = true, .name = "SIGILL: illegal instruction"},
    {.number = SIGQUIT, .faults = false, .name = "SIGQUIT: quit"},
};

#define SIGNALS (sizeof(signals) / sizeof(signals[0]))

static uintptr_t pc_of(const ucontext_t *context)
{
#if defined(__x86_64__)
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#else
    return (uintptr_t)context->uc_mcontext.pc;
#endif
}

static struct deadly *find(int number)
{
    struct deadly *s = signals;
    while (s->number != number)
        s++;
    return s;
}

static void print_fault(const struct deadly *s, const siginfo_t *info)
{
    const struct stack *guard = stack_find_guard(info->si_addr);
    const struct stack *own = &task_self()->stack;
    /* It may have gone down all of its neighbour's. */
    if (guard && small_holds(own, guard->low))
        guard = own;
    if (guard && (s->number == SIGSEGV || s->number == SIGBUS)) {
        overflow_print(guard);
        print_error("\n");
        return;
    }
    print_error("fatal error: %s at address 0x%lx\n\n", s->name,
                (unsigned long)(uintptr_t)info->si_addr);
}

static void on_signal(int number, siginfo_t *info, void *context)
{
    struct deadly *s = find(number);
    /* Sent by a process, not by the processor: it does not come again. */
    bool sent = info->si_code <= 0;
    if (s->faults && !sent)
        sampler_escape();
    fatal_begin();
    if (s->faults && !sent) {
        print_fault(s, info);
        report_interrupted(pc_of(context));
    } else {
        print_error("%s\n\n", s->name);
        report_interrupted(pc_of(context));
    }
    if (number == SIGQUIT)
        report_others();
    if (fatal_flush)
        fatal_flush();
    sigaction(number, &s->old, NULL);
    if (sent)
        raise(number);
}

static bool wanted(const struct deadly *s)
{
    struct sigaction now;
    if (s->faults)
        return OURS;
    return sigaction(s->number, NULL, &now) == 0 && now.sa_handler == SIG_DFL;
}

void fault_open(void)
{
    struct sigaction action = {.sa_sigaction = on_signal,
                               .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    for (size_t i = 0; i < SIGNALS; i++)
        if (wanted(&signals[i]))
            signals[i].taken =
                sigaction(signals[i].number, &action, &signals[i].old) == 0;
}

void fault_close(void)
{
    for (size_t i = 0; i < SIGNALS; i++) {
        if (signals[i].taken)
            sigaction(signals[i].number, &signals[i].old, NULL);
        signals[i].taken = false;
    }
}

/* Of a worker's thread, on its own stack: no goroutine uses it. */
static _Thread_local void *own_alternate;

void fault_thread_begin(void)
{
    if (!OURS)
        return;
    stack_t alternate = {.ss_sp = os_map(ALTERNATE_SIZE),
                         .ss_size = ALTERNATE_SIZE};
    if (!alternate.ss_sp)
        return;
    if (sigaltstack(&alternate, NULL) == 0)
        own_alternate = alternate.ss_sp;
    else
        os_unmap(alternate.ss_sp, ALTERNATE_SIZE);
}

void fault_thread_end(void)
{
    stack_t none = {.ss_flags = SS_DISABLE};
    if (!own_alternate)
        return; /* what there may be is somebody else's: a sanitizer's */
    sigaltstack(&none, NULL);
    os_unmap(own_alternate, ALTERNATE_SIZE);
    own_alternate = NULL;
}
