/* SPDX-License-Identifier: Apache-2.0 */
/*
 * panic.c: raise, run what is deferred, go on at a boundary or end.
 *
 * A goroutine has three stacks of records, all in its own frames (struct unwind
 * in task_internal.h): boundaries, deferred calls, panics under way. A boundary
 * remembers how high the other two were when it was entered.
 *
 * Invariants:
 *  1. The deferred calls above the innermost boundary's mark are those to run
 *     when it stops a panic.
 *  2. A call is taken off before it runs, so it runs once, whatever it does.
 *  3. propagate runs on top of the stack that panicked: records below it are alive
 *     until the jump, and a report shows where it began.
 *
 * The jump is the C library's, because the sanitizers know it: they put their
 * own notion of the stack right (AddressSanitizer's poison, the race detector's
 * call stack). What a jump buffer holds is valid on any thread of the process,
 * so the goroutine may have moved in between.
 *
 * Rejected: a switch of our own to the boundary's stack pointer, which no
 * sanitizer sees; unwinding by the C++ ABI, for which all user code would have
 * to be compiled with -fexceptions.
 */
#include "panic_internal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include "fatal.h"
#include "frames.h"
#include "lock.h"
#include "sched.h"

struct boundary {
    struct boundary *outer;
    struct rn_defer *defers; /* newest when it was entered */
    struct raised *raised;   /* likewise */
    /* Gets the panic. */
    void (*stopped)(const struct rn_panic *panic, void *arg);
    void *arg;
    jmp_buf back;
};

/* A panic under way. */
struct raised {
    struct raised *older;
    const struct rn_panic *panic;
};

/* The oldest first, as they happened. */
static void print_chain(const struct raised *raised)
{
    if (raised->older)
        print_chain(raised->older);
    print_error(
        "%spanic: %s%s\n", raised->older ? "    " : "", raised->panic->text,
        raised->panic->raised_again ? " [recovered, raised again]" : "");
}

static void print_origin(const struct rn_panic *panic)
{
    if (panic->goroutine == 0)
        print_error("\nfirst raised by a foreign thread\n");
    else
        print_error("\nfirst raised by goroutine %llu%s%s\n    created at %s\n",
                    (unsigned long long)panic->goroutine,
                    panic->name ? ": " : "", panic->name ? panic->name : "",
                    panic->where ? panic->where : "?");
    if (fatal_frame_printer)
        fatal_frame_printer(panic->frames, panic->frame_count);
}

static void end_in_room(void *arg)
{
    const struct raised *raised = arg;
    fatal_begin();
    print_chain(raised);
    print_error("\n");
    if (fatal_reporter)
        fatal_reporter();
    for (; raised; raised = raised->older)
        if (raised->panic->raised_again)
            print_origin(raised->panic);
    fatal_exit();
}

static _Noreturn void end(struct raised *raised)
{
    fatal_in_room(end_in_room, raised);
    fatal_exit();
}

static struct unwind *unwind_self(void)
{
    return &task_self()->unwind;
}

static _Noreturn void propagate(const struct rn_panic *panic)
{
    CHECKED(lock_held() == 0);
    struct unwind *unwind = unwind_self();
    struct raised self = {unwind->raised, panic};
    unwind->raised = &self;
    struct boundary *boundary = unwind->boundary;
    struct rn_defer *last = boundary ? boundary->defers : NULL;
    while (unwind->defers != last) {
        struct rn_defer *call = unwind->defers;
        unwind->defers = call->older;
        call->function(call->arg);
    }
    if (!boundary)
        end(&self);
    unwind->raised = boundary->raised;
    unwind->boundary = boundary->outer;
    boundary->stopped(panic, boundary->arg);
    longjmp(boundary->back, 1);
}

/* What its frames are to begin with is left out: describe and the function that
 * was called to panic; and what led to more room for it. */
#define OWN_FRAMES  2
#define ROOM_FRAMES 6

struct description {
    struct rn_panic *panic;
    const char *format;
    va_list list;
};

static void describe_in_room(void *arg)
{
    struct description *d = arg;
    vsnprintf(d->panic->text, sizeof(d->panic->text), d->format, d->list);
    d->panic->frame_count =
        (unsigned)frames_here(d->panic->frames, RN_PANIC_FRAMES, ROOM_FRAMES);
}

static noinline void describe(struct rn_panic *panic, const char *format,
                              va_list list)
{
    const struct task *self = task_self();
    panic->goroutine = self->id;
    panic->name = self->name;
    panic->where = self->where;
    if (unlikely(sched_is_cramped())) {
        struct description d = {.panic = panic, .format = format};
        va_copy(d.list, list);
        sched_in_room(describe_in_room, &d);
        va_end(d.list);
        return;
    }
    vsnprintf(panic->text, sizeof(panic->text), format, list);
    panic->frame_count =
        (unsigned)frames_here(panic->frames, RN_PANIC_FRAMES, OWN_FRAMES);
}

noinline void rn_panic(const char *format, ...)
{
    struct rn_panic panic = {.value = NULL};
    va_list list;
    va_start(list, format);
    describe(&panic, format, list);
    va_end(list);
    propagate(&panic);
}

noinline void rn_panic_with(void *value, const char *format, ...)
{
    struct rn_panic panic = {.value = value};
    va_list list;
    va_start(list, format);
    describe(&panic, format, list);
    va_end(list);
    propagate(&panic);
}

noinline void misuse(const char *format, ...)
{
    struct rn_panic panic = {.misuse = true};
    va_list list;
    va_start(list, format);
    describe(&panic, format, list);
    va_end(list);
    propagate(&panic);
}

void rn_panic_again(const struct rn_panic *panic)
{
    struct rn_panic again = *panic;
    again.raised_again++;
    propagate(&again);
}

static void enter(struct boundary *boundary)
{
    struct unwind *unwind = unwind_self();
    boundary->outer = unwind->boundary;
    boundary->defers = unwind->defers;
    boundary->raised = unwind->raised;
    unwind->boundary = boundary;
}

static void leave(const struct boundary *boundary)
{
    struct unwind *unwind = unwind_self();
    if (unwind->boundary != boundary || unwind->defers != boundary->defers)
        fatal("the function of rn_try was left by a jump");
    unwind->boundary = boundary->outer;
}

/* Its locals are not changed after _setjmp: after the jump they are right. */
static int within(struct boundary *boundary, void (*function)(void *arg),
                  void *arg)
{
    enter(boundary);
    if (_setjmp(boundary->back) != 0)
        return RN_PANICKED; /* propagate has put everything back */
    function(arg);
    leave(boundary);
    return RN_OK;
}

int panic_stop(void (*function)(void *arg),
               void (*stopped)(const struct rn_panic *panic, void *arg),
               void *arg)
{
    struct boundary boundary = {.stopped = stopped, .arg = arg};
    return within(&boundary, function, arg);
}

static void keep(const struct rn_panic *panic, void *out)
{
    if (out)
        *(struct rn_panic *)out = *panic;
}

int rn_try(void (*function)(void *arg), void *arg, struct rn_panic *panic)
{
    struct boundary boundary = {.stopped = keep, .arg = panic};
    return within(&boundary, function, arg);
}

bool rn_panicking(void)
{
    return unwind_self()->raised != NULL;
}

struct rn_defer *rn_defer_push_(struct rn_defer *call,
                                void (*function)(void *arg),
                                const volatile void *arg)
{
    struct unwind *unwind = unwind_self();
    *call = (struct rn_defer){unwind->defers, function, (void *)(uintptr_t)arg};
    unwind->defers = call;
    return call;
}

void rn_defer_leave_(struct rn_defer **own)
{
    struct unwind *unwind = unwind_self();
    struct rn_defer *call = *own;
    if (unwind->defers != call)
        fatal("a block with deferred calls was left by a jump");
    unwind->defers = call->older;
    call->function(call->arg);
}
