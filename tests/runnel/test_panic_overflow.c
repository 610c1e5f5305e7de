/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stack overflow is reported as one, with the goroutine's name; so is one by
 * a single large frame. Other faults stay faults.
 */
#include "rn_death.h"

__attribute__((noinline)) static int descend(volatile int *depth)
{
    volatile char room[512];
    int below;

    room[0] = (char)*depth;
    (*depth)++;
    below = *depth > 0 ? descend(depth) : 0;
    return below + room[0];
}

static void recurse(int *own)
{
    rn_task_set_name("the deep one");
    descend(own);
}

/* Recursion without an end, in a goroutine on a usual stack. */
static void recursion_overflows(void)
{
    rn_go(recurse, 1);
    rn_sleep(RN_S);
}

/* Recursion without an end in main is reported as a stack overflow too. */
static void recurse_in_main(void)
{
    int depth = 1;

    rn_task_set_name("the first");
    descend(&depth);
}

__attribute__((noinline)) static void fill_frame(size_t size)
{
    volatile char *room = __builtin_alloca(size);

    room[0] = 1;
    for (size_t i = 0; i < size; i += 512)
        room[i] = 1;
}

static void use_large_frame(size_t *own)
{
    rn_task_set_name("the wide one");
    fill_frame(*own);
}

/* A frame much larger than stack and guard: clash protection finds it. */
static void large_frame_overflows(void)
{
    rn_go(use_large_frame, (size_t)256 * 1024);
    rn_sleep(RN_S);
}

static void write_to_null(void)
{
    volatile int *volatile nowhere = NULL;

    *nowhere = 1;
}

/* A write through NULL is no stack overflow: it ends by the signal. */
static void null_is_written(void)
{
    rn_go_void(write_to_null);
    rn_sleep(RN_S);
}

/* AddressSanitizer, where it is, makes the report; it knows no goroutines. */
#if RN_CHECK_ASAN
#define REPORT(...)                        \
    {                                      \
        "AddressSanitizer: stack-overflow" \
    }
#else
#define REPORT(...)                   \
    {                                 \
        "stack overflow", __VA_ARGS__ \
    }
#endif

static const struct rn_death deaths[] = {
    {"recursion_overflows", recursion_overflows, RN_DEATH_ANY,
     REPORT("the deep one", "test_panic_overflow.c:")},
    {"recurse_in_main", recurse_in_main, RN_DEATH_ANY, REPORT("the first")},
    {"large_frame_overflows", large_frame_overflows, RN_DEATH_ANY,
     REPORT("the wide one")},
    {"null_is_written", null_is_written, RN_DEATH_ANY, {NULL}},
};

RN_DEATH_MAIN(deaths)
