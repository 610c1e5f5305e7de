/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a goroutine is given: a private copy of the argument, a number, a name,
 * a stack of the size asked for.
 */
#include "rn_check.h"

struct small {
    int number;
    rn_sender(int) out;
};

static void report(struct small *own)
{
    int before = own->number;

    own->number = -1;
    rn_yield();
    CHECK_EQ_INT(own->number, -1);
    rn_send(own->out, before);
}

/* Each goroutine has its own copy: changing the variable changes nothing. */
static void argument_is_a_private_copy(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct small small = {.out = rn_send_end(chan)};
    bool seen[10] = {false};
    int got = 0;

    for (int i = 0; i < 10; i++) {
        small.number = i;
        rn_go(report, small);
    }
    small.number = 77;
    for (int i = 0; i < 10; i++) {
        CHECK(rn_recv(chan, &got));
        if (CHECK(got >= 0 && got < 10))
            seen[got] = true;
    }
    for (int i = 0; i < 10; i++)
        CHECK(seen[i]);
    CHECK_EQ_INT(small.number, 77);
    rn_chan_free(chan);
}

struct big {
    unsigned char bytes[8192];
    rn_sender(bool) out;
};

static void check_big(struct big *own)
{
    bool right = true;

    for (size_t i = 0; i < sizeof(own->bytes); i++)
        right = right && own->bytes[i] == (unsigned char)(i * 13);
    rn_send(own->out, right);
}

/* A large argument is copied whole, and lies as its type asks. */
static void large_argument_is_copied_whole(void)
{
    static struct big big;
    rn_chan(bool) chan = rn_chan_make(bool, 0);
    bool right = false;

    for (size_t i = 0; i < sizeof(big.bytes); i++)
        big.bytes[i] = (unsigned char)(i * 13);
    big.out = rn_send_end(chan);
    rn_go(check_big, big);
    memset(big.bytes, 0, sizeof(big.bytes));
    CHECK(rn_recv(chan, &right));
    CHECK(right);
    rn_chan_free(chan);
}

struct aligned {
    _Alignas(16) long double value;
    rn_sender(bool) out;
};

static void check_alignment(struct aligned *own)
{
    rn_send(own->out, (uintptr_t)own % _Alignof(struct aligned) == 0 &&
                          own->value == 1.25L);
}

/* The copy of the argument is aligned as its type asks. */
static void argument_is_aligned(void)
{
    rn_chan(bool) chan = rn_chan_make(bool, 0);
    bool right = false;

    rn_go(check_alignment,
          (struct aligned){.value = 1.25L, .out = rn_send_end(chan)});
    CHECK(rn_recv(chan, &right));
    CHECK(right);
    rn_chan_free(chan);
}

static struct rn_waitgroup started;
static _Atomic(int) starts;

static void note_start(void)
{
    atomic_fetch_add(&starts, 1);
    rn_waitgroup_done(&started);
}

static void note_number(int *own)
{
    atomic_fetch_add(&starts, *own);
    rn_waitgroup_done(&started);
}

/* rn_go_void takes none; rn_try_go says RN_OK; a plain int is an argument. */
static void every_way_to_start(void)
{
    struct rn_task_options named = {.name = "named"};

    atomic_store(&starts, 0);
    rn_waitgroup_add(&started, 4);
    rn_go_void(note_start);
    rn_go(note_number, 10);
    rn_go_with(&named, note_number, 100);
    CHECK_EQ_INT(rn_try_go(note_number, 1000), RN_OK);
    rn_waitgroup_wait(&started);
    CHECK_EQ_INT(atomic_load(&starts), 1111);
}

struct deep {
    int depth;
    rn_sender(int) out;
};

/* Touches about 1 KiB of stack a level. */
__attribute__((noinline)) static int descend(int depth)
{
    volatile unsigned char room[1024];

    room[0] = (unsigned char)depth;
    room[1023] = room[0];
    return depth == 0 ? room[1023] : descend(depth - 1) + 1;
}

static void go_deep(struct deep *own)
{
    rn_send(own->out, descend(own->depth));
}

/* A goroutine gets the stack it asks for: 4 MiB hold 3,000 KiB of frames. */
static void stack_is_as_large_as_asked(void)
{
    struct rn_task_options roomy = {.stack_size = 4 * 1024 * 1024};
    rn_chan(int) chan = rn_chan_make(int, 0);
    int got = 0;

    rn_go_with(&roomy, go_deep,
               (struct deep){.depth = 1500, .out = rn_send_end(chan)});
    CHECK(rn_recv(chan, &got));
    CHECK_EQ_INT(got, 1500);
    rn_chan_free(chan);
}

static void print_into(struct small *own)
{
    char text[512];
    int length = snprintf(text, sizeof(text), "%d %s %.17g", own->number,
                          "a string", 1.0 / 3);

    rn_send(own->out, length);
}

/* The usual stack runs the C library's formatted output. */
static void usual_stack_runs_printf(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    int got = 0;

    rn_go(print_into, (struct small){123, rn_send_end(chan)});
    CHECK(rn_recv(chan, &got));
    CHECK_EQ_INT(got, (int)strlen("123 a string 0.33333333333333331"));
    rn_chan_free(chan);
}

static void send_id(rn_sender(uint64_t) *own)
{
    uint64_t id = rn_task_id();

    rn_task_set_name("with a number");
    rn_yield();
    CHECK_EQ_INT(rn_task_id(), id);
    rn_send(*own, id);
}

/* Main is number 1; the others have numbers of their own that stay. */
static void numbers_are_unique(void)
{
    rn_chan(uint64_t) chan = rn_chan_make(uint64_t, 0);
    uint64_t ids[20];

    CHECK_EQ_INT(rn_task_id(), 1);
    for (int i = 0; i < 20; i++)
        rn_go(send_id, rn_send_end(chan));
    for (int i = 0; i < 20; i++) {
        CHECK(rn_recv(chan, &ids[i]));
        CHECK(ids[i] > 1);
        for (int k = 0; k < i; k++)
            CHECK(ids[k] != ids[i]);
    }
    CHECK_EQ_INT(rn_task_id(), 1);
    rn_chan_free(chan);
}

RN_CHECK_MAIN(argument_is_a_private_copy, large_argument_is_copied_whole,
              argument_is_aligned, every_way_to_start,
              stack_is_as_large_as_asked, usual_stack_runs_printf,
              numbers_are_unique)
