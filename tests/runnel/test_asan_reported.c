/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AddressSanitizer sees into goroutines: what is wrong on their stacks and
 * across their switches is reported, what is right is not. Skipped without it.
 */
#include "rn_death.h"

/* Fake stacks as well: they are what a switch without annotation breaks. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_stack_use_after_return=1";
}

static rn_chan(char *) parcels;

static void free_parcel(void)
{
    char *parcel;

    rn_recv(parcels, &parcel);
    free(parcel);
}

/* Memory freed by another goroutine while this one was parked. */
static void heap_use_after_free(void)
{
    char *parcel = malloc(16);
    volatile char *seen = parcel;

    parcels = rn_chan_make(char *, 0);
    rn_go_void(free_parcel);
    rn_send(parcels, parcel);
    while (rn_task_count() > 1)
        rn_yield();
    seen[3] = 1;
}

__attribute__((noinline)) static void write_past(volatile char *room, int at)
{
    room[at] = 1;
}

static void overflow_local(int *own)
{
    char room[16];

    rn_yield();
    write_past(room, *own);
}

/* One byte past an array on a goroutine's stack, after a switch. */
static void stack_buffer_overflow(void)
{
    rn_go(overflow_local, 16);
    rn_sleep(100 * RN_MS);
}

static void past_heap(int *own)
{
    char *room = malloc(16);

    rn_yield();
    write_past(room, *own);
    free(room);
}

/* One byte past a heap block, written after a switch. */
static void heap_buffer_overflow(void)
{
    rn_go(past_heap, 16);
    rn_sleep(100 * RN_MS);
}

static volatile char *escaped;

__attribute__((noinline)) static void let_escape(void)
{
    volatile char room[32];

    room[0] = 1;
    escaped = room;
}

static void use_escaped(void)
{
    let_escape();
    rn_yield();
    escaped[0] = 2;
}

/* A local of a function that has returned (gcc; clang 14 does not see it). */
static void use_after_return(void)
{
    rn_go_void(use_escaped);
    rn_sleep(100 * RN_MS);
}

__attribute__((noinline)) static int nest(int depth)
{
    volatile char room[200];

    room[depth % 200] = (char)depth;
    if (depth % 7 == 0)
        rn_yield();
    return depth == 0 ? 0 : nest(depth - 1) + (room[depth % 200] == depth);
}

static void nest_and_count(int *own)
{
    CHECK_EQ_INT(nest(*own), *own);
}

/* Many that nest, switch and end on stacks used again: not a word. */
static void clean_program(void)
{
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 20; i++)
            rn_go(nest_and_count, i * 2 + 1);
        while (rn_task_count() > 1)
            rn_yield();
    }
}

static const struct rn_death deaths[] = {
    {"heap_use_after_free",
     heap_use_after_free,
     1,
     {"AddressSanitizer: heap-use-after-free", "free_parcel"}},
    {"stack_buffer_overflow",
     stack_buffer_overflow,
     1,
     {"AddressSanitizer: stack-buffer-overflow", "overflow_local"}},
    {"heap_buffer_overflow",
     heap_buffer_overflow,
     1,
     {"AddressSanitizer: heap-buffer-overflow", "past_heap"}},
    {"clean_program", clean_program, 0, {NULL}},
#ifndef __clang__
    {"use_after_return",
     use_after_return,
     1,
     {"AddressSanitizer: stack-use-after-return", "use_escaped"}},
#endif
};

int main(int argc, char **argv)
{
    (void)use_after_return;
    if (RN_CHECK_ASAN)
        return rn_death_main(argc, argv, deaths,
                             sizeof(deaths) / sizeof(deaths[0]));
    printf("1..0 # SKIP built without AddressSanitizer\n");
    return 0;
}
