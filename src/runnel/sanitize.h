/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sanitize.h: what the sanitizers are told.
 *
 * ThreadSanitizer takes each goroutine for a thread ("fiber"). The runtime is
 * compiled without its instrumentation, and its switches order nothing
 * (no_sync): otherwise two goroutines that share a worker would seem ordered
 * and their races would stay hidden. The edges that a program may rely on are
 * said one by one, with race_release before race_acquire on the same address.
 *
 * AddressSanitizer is told which stack is entered, so that its fake stacks and
 * its no-return handling follow.
 */
#ifndef RUNNEL_SANITIZE_H
#define RUNNEL_SANITIZE_H

#include "base.h"

#if defined(__SANITIZE_ADDRESS__)
#define RN_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define RN_ASAN 1
#endif
#endif

#ifdef RN_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

#ifdef RN_TSAN /* defined by the build: the compiler does not tell here */
#include <sanitizer/tsan_interface.h>
#include <sanitizer/tsan_interface_atomic.h>

/* Of its runtime, in no header. */
void AnnotateIgnoreReadsBegin(const char *file, int line);
void AnnotateIgnoreReadsEnd(const char *file, int line);
void AnnotateIgnoreWritesBegin(const char *file, int line);
void AnnotateIgnoreWritesEnd(const char *file, int line);
void __tsan_read_range(void *address, unsigned long size);
void __tsan_write_range(void *address, unsigned long size);
void __tsan_read1(void *address);
void __tsan_write1(void *address);
void __tsan_func_entry(void *pc);
void __tsan_func_exit(void);

/* In a function that the user calls: names the caller in a report. */
#define RN_AS_CALLER_(access)                           \
    do {                                                \
        __tsan_func_entry(__builtin_return_address(0)); \
        access;                                         \
        __tsan_func_exit();                             \
    } while (0)
#else
#define RN_AS_CALLER_(access) ((void)0)
#endif

/* What a context (goroutine or worker thread) keeps for the sanitizers. */
struct sanitize {
#ifdef RN_TSAN
    void *fiber;
#endif
#ifdef RN_ASAN
    void *fake_stack;
#endif
    char unused;
};

/*
 * Between these, what the runtime asks of the C library is no access of the
 * goroutine it runs on: memory of its own is ordered by locks that the detector
 * does not see.
 */
static inline void race_ignore_begin(void)
{
#ifdef RN_TSAN
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
#endif
}

static inline void race_ignore_end(void)
{
#ifdef RN_TSAN
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
#endif
}

/*
 * What a system call did to the caller's memory, which no sanitizer sees when
 * it is called by syscall(2).
 */
static inline void memory_was_read(const void *data, size_t size)
{
#ifdef RN_TSAN
    __tsan_read_range((void *)(uintptr_t)data, size);
#endif
#ifdef RN_ASAN
    const volatile char *bad =
        __asan_region_is_poisoned((void *)(uintptr_t)data, size);
    if (bad)
        (void)*bad; /* reports it */
#endif
    (void)data;
    (void)size;
}

static inline void memory_was_written(void *data, size_t size)
{
#ifdef RN_TSAN
    __tsan_write_range(data, size);
#endif
#ifdef RN_ASAN
    volatile char *bad = __asan_region_is_poisoned(data, size);
    if (bad)
        *bad = 0; /* reports it */
#endif
    (void)data;
    (void)size;
}

/* Everything before it on this goroutine ... */
static inline void race_release(const volatile void *address)
{
#ifdef RN_TSAN
    __tsan_release((void *)(uintptr_t)address);
#else
    (void)address;
#endif
}

/* ... is seen by everything after this one, on the same address. */
static inline void race_acquire(const volatile void *address)
{
#ifdef RN_TSAN
    __tsan_acquire((void *)(uintptr_t)address);
#else
    (void)address;
#endif
}

/*
 * What the caller does to an object, for the race detector: two uses that
 * nothing orders are reported when one of them changes it for all (the close of
 * a channel that another sends on). An atomic use clashes with plain ones only.
 */
static put_in_line void race_uses(const volatile void *object)
{
    RN_AS_CALLER_(__tsan_read1((void *)(uintptr_t)object));
    (void)object;
}

static put_in_line void race_changes(const volatile void *object)
{
    RN_AS_CALLER_(__tsan_write1((void *)(uintptr_t)object));
    (void)object;
}

static put_in_line void race_uses_atomically(const volatile void *word)
{
    RN_AS_CALLER_((void)__tsan_atomic32_load(
        (const volatile __tsan_atomic32 *)word, __tsan_memory_order_relaxed));
    (void)word;
}

/*
 * Acquires and releases on behalf of a context that does not run: one that is
 * parked, and cannot be woken before this returns.
 */
static inline void race_pass_for(const struct sanitize *parked,
                                 const volatile void *address)
{
#ifdef RN_TSAN
    void *self = __tsan_get_current_fiber();
    __tsan_switch_to_fiber(parked->fiber, __tsan_switch_to_fiber_no_sync);
    race_acquire(address);
    race_release(address);
    __tsan_switch_to_fiber(self, __tsan_switch_to_fiber_no_sync);
#else
    (void)parked;
    (void)address;
#endif
}

/* For the calling thread, as it is. */
static inline void sanitize_thread(struct sanitize *s)
{
#ifdef RN_TSAN
    s->fiber = __tsan_get_current_fiber();
#endif
    s->unused = 0;
}

static inline void sanitize_create(struct sanitize *s)
{
#ifdef RN_TSAN
    s->fiber = __tsan_create_fiber(0);
#endif
#ifdef RN_ASAN
    s->fake_stack = NULL;
#endif
    s->unused = 0;
}

static inline void sanitize_destroy(struct sanitize *s)
{
#ifdef RN_TSAN
    __tsan_destroy_fiber(s->fiber);
#endif
    s->unused = 0;
}

/*
 * Right before the switch to a context whose stack is low..low+size. `from` is
 * NULL when the caller never comes back.
 */
static inline void sanitize_leave(struct sanitize *from, struct sanitize *to,
                                  const void *low, size_t size)
{
#ifdef RN_ASAN
    __sanitizer_start_switch_fiber(from ? &from->fake_stack : NULL, low, size);
#endif
#ifdef RN_TSAN
    __tsan_switch_to_fiber(to->fiber, __tsan_switch_to_fiber_no_sync);
#endif
    (void)from;
    (void)to;
    (void)low;
    (void)size;
}

/* Right after the switch, as the context that was entered. */
static inline void sanitize_enter(struct sanitize *self)
{
#ifdef RN_ASAN
    __sanitizer_finish_switch_fiber(self->fake_stack, NULL, NULL);
#endif
    (void)self;
}

/* A stack that is used again carries nothing over from its last owner. */
static inline void sanitize_stack_fresh(void *low, size_t size)
{
#ifdef RN_ASAN
    ASAN_UNPOISON_MEMORY_REGION(low, size);
#endif
    (void)low;
    (void)size;
}

#endif
