/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dump says of goroutines that wait for a channel whether anybody is left who
 * could wake them, as far as that can be known.
 */
#include <sys/mman.h>

#include "rn_check.h"

#if RN_CHECK_ASAN
/* What leaks here is meant to. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}
#endif

#define FRAME      __attribute__((noinline)) static
#define AFTERWARDS __asm__ volatile("" ::: "memory")

static char text[262144];
static rn_chan(int) known;

/* Dumps into `text`; false where nothing is judged. */
static bool dump(void)
{
    int fd = memfd_create("dump", MFD_CLOEXEC);
    ssize_t got;

    if (RN_CHECK_ASAN || RN_CHECK_TSAN) {
        CHECK_SKIP("shadow memory is too large to search");
        return false;
    }
    if (!CHECK(fd >= 0))
        return false;
    CHECK_EQ_INT(rn_dump(fd), RN_OK);
    got = pread(fd, text, sizeof(text) - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    close(fd);
    return CHECK(got > 0);
}

/* The heading of a goroutine by its name says that nobody can wake it. */
static bool is_told_stuck(const char *name)
{
    char *end = strstr(text, name);
    char *begin = end;

    if (!CHECK_MSG(end, "there is no %s in:\n%s", name, text))
        return false;
    while (begin > text && begin[-1] != '\n')
        begin--;
    return memmem(begin, (size_t)(end - begin), "nobody can wake it", 18);
}

/* Until that many waits have begun. */
static void until_parked(uint64_t count)
{
    struct rn_stats stats;

    do {
        rn_yield();
        rn_stats(&stats);
    } while (stats.parks < count);
}

static void answer_too_late(rn_chan(int) *own)
{
    rn_task_set_name("the late one");
    rn_send(*own, 1);
    AFTERWARDS;
}

/* Makes the channel, and leaves before the answer. */
FRAME void ask_and_leave(void)
{
    rn_chan(int) answers = rn_chan_make(int, 0);

    rn_go(answer_too_late, answers);
    AFTERWARDS;
}

/* Covers what calls have left on the stack: no use, but it looks like one. */
FRAME void wipe_stack(void)
{
    volatile char room[8192];

    for (size_t i = 0; i < sizeof(room); i++)
        room[i] = 0;
}

/*
 * A dump by a goroutine that holds nothing by accident: the first one has the
 * linker find its functions, which saves registers on the stack.
 */
static bool dump_cleanly(void)
{
    bool judged = dump();

    wipe_stack();
    return judged && dump();
}

/* Calls it far enough down for all that it leaves to be wiped. */
FRAME void call_below(void (*function)(void))
{
    __attribute__((unused)) volatile char room[512];

    room[0] = 1;
    function();
    AFTERWARDS;
}

/* Who sends to a channel that everybody has left is told. */
static void a_forgotten_sender_is_told(void)
{
    rn_go_void(ask_and_leave);
    until_parked(1);
    while (rn_task_count() > 2)
        rn_yield();
    if (dump_cleanly())
        CHECK_MSG(is_told_stuck("the late one"), "not told:\n%s", text);
}

struct pair {
    rn_chan(int) from;
    rn_chan(int) to;
    const char *name;
};

static void pass_on(struct pair *own)
{
    int value;

    rn_task_set_name(own->name);
    rn_recv(own->from, &value);
    rn_send(own->to, value);
}

FRAME void start_circle(void)
{
    rn_chan(int) a = rn_chan_make(int, 0);
    rn_chan(int) b = rn_chan_make(int, 0);

    rn_go(pass_on, (struct pair){a, b, "the first"});
    rn_go(pass_on, (struct pair){b, a, "the second"});
    AFTERWARDS;
}

/* Those who wait for each other, and for nobody else, are told. */
static void a_circle_is_told(void)
{
    call_below(start_circle);
    until_parked(2);
    if (!dump_cleanly())
        return;
    CHECK_MSG(is_told_stuck("the first"), "not told:\n%s", text);
    CHECK_MSG(is_told_stuck("the second"), "not told:\n%s", text);
}

static void receive_known(void)
{
    rn_task_set_name("the patient");
    rn_recv(known, NULL);
    AFTERWARDS;
}

/* Who waits for a channel that somebody knows is not told. */
static void one_that_can_be_woken_is_not_told(void)
{
    known = rn_chan_make(int, 0);
    rn_go_void(receive_known);
    until_parked(1);
    if (dump())
        CHECK(!is_told_stuck("the patient"));
    rn_close(known);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(known);
}

/* A channel on the stack of a goroutine that may go on is known, too. */
static void a_handle_on_a_stack_is_enough(void)
{
    struct pair pair = {rn_chan_make(int, 0), rn_chan_make(int, 0), "the one"};

    rn_go(pass_on, pair);
    until_parked(1);
    if (dump())
        CHECK(!is_told_stuck("the one"));
    rn_send(pair.from, 1);
    rn_recv(pair.to, NULL);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(pair.from);
    rn_chan_free(pair.to);
}

static void receive_for_a_while(rn_chan(int) *own)
{
    rn_task_set_name("the limited");
    rn_recv_until(rn_deadline(3600 * RN_S), *own, NULL);
    AFTERWARDS;
}

FRAME void start_limited(void)
{
    rn_go(receive_for_a_while, rn_chan_make(int, 0));
    AFTERWARDS;
}

/* A wait that a deadline ends is not told. */
static void a_limited_wait_is_not_told(void)
{
    call_below(start_limited);
    until_parked(1);
    if (dump_cleanly())
        CHECK(!is_told_stuck("the limited"));
}

static void receive_nil(void)
{
    rn_chan(int) nil = NULL;

    rn_task_set_name("the one at nil");
    rn_recv(nil, NULL);
    AFTERWARDS;
}

/* Who waits for a nil channel is told. */
static void a_wait_for_nil_is_told(void)
{
    rn_go_void(receive_nil);
    until_parked(1);
    if (dump())
        CHECK_MSG(is_told_stuck("the one at nil"), "not told:\n%s", text);
}

RN_CHECK_MAIN(a_forgotten_sender_is_told, a_circle_is_told,
              one_that_can_be_woken_is_not_told, a_handle_on_a_stack_is_enough,
              a_limited_wait_is_not_told, a_wait_for_nil_is_told)
