/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of every size arrive whole: through the buffer, and from stack to
 * stack. The element's last byte counts as much as its first.
 */
#include "rn_check.h"

struct empty {
};
struct of_1 {
    unsigned char bytes[1];
};
struct of_8 {
    unsigned char bytes[8];
};
struct of_40 {
    unsigned char bytes[40];
};
struct of_4096 {
    unsigned char bytes[4096];
};
struct of_65536 {
    unsigned char bytes[65536];
};

/* Room for three of the largest and what else a function needs. */
static const struct rn_task_options roomy = {.name = "roomy",
                                             .stack_size = 512 * 1024};

static void stamp(unsigned char *bytes, size_t size, int number)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (unsigned char)((size_t)number * 31 + i * 7 + i / 251);
}

static bool bears_stamp(const unsigned char *bytes, size_t size, int number)
{
    for (size_t i = 0; i < size; i++) {
        if (bytes[i] != (unsigned char)((size_t)number * 31 + i * 7 + i / 251))
            return false;
    }
    return true;
}

/* For each size: a pair of goroutines, and what either does. */
#define SIZED(type)                                                           \
    struct job_##type {                                                       \
        rn_chan(struct type) chan;                                            \
        int count;                                                            \
        struct rn_waitgroup *all;                                             \
    };                                                                        \
    static void send_##type(struct job_##type *own)                           \
    {                                                                         \
        struct type value;                                                    \
        for (int i = 0; i < own->count; i++) {                                \
            stamp(value.bytes, sizeof(value), i);                             \
            rn_send(own->chan, value);                                        \
        }                                                                     \
        rn_close(own->chan);                                                  \
        rn_waitgroup_done(own->all);                                          \
    }                                                                         \
    static void receive_##type(struct job_##type *own)                        \
    {                                                                         \
        struct type value;                                                    \
        int got = 0;                                                          \
        while (rn_recv(own->chan, &value)) {                                  \
            CHECK(bears_stamp(value.bytes, sizeof(value), got));              \
            got++;                                                            \
        }                                                                     \
        CHECK_EQ_INT(got, own->count);                                        \
        for (size_t i = 0; i < sizeof(value); i++) {                          \
            if (!CHECK_EQ_INT(value.bytes[i], 0))                             \
                break;                                                        \
        }                                                                     \
        rn_waitgroup_done(own->all);                                          \
    }                                                                         \
    static void pass_##type(size_t capacity, bool sender_first)               \
    {                                                                         \
        struct rn_waitgroup all = {0};                                        \
        struct job_##type job = {.chan = rn_chan_make(struct type, capacity), \
                                 .count = rn_check_rounds(50) + 1,            \
                                 .all = &all};                                \
        rn_waitgroup_add(&all, 2);                                            \
        if (sender_first)                                                     \
            rn_go_with(&roomy, send_##type, job);                             \
        rn_check_settle();                                                    \
        rn_go_with(&roomy, receive_##type, job);                              \
        rn_check_settle();                                                    \
        if (!sender_first)                                                    \
            rn_go_with(&roomy, send_##type, job);                             \
        rn_waitgroup_wait(&all);                                              \
        rn_chan_free(job.chan);                                               \
    }

SIZED(of_1)
SIZED(of_8)
SIZED(of_40)
SIZED(of_4096)
SIZED(of_65536)

#define ALL_WAYS(type)                                          \
    static void values_##type##_arrive_whole(void)              \
    {                                                           \
        const size_t end = rn_check_simulated() ? 2 : 4;        \
        for (size_t capacity = 0; capacity < end; capacity++) { \
            pass_##type(capacity, true);                        \
            pass_##type(capacity, false);                       \
        }                                                       \
    }

/* Each: buffered and not, the sender or the receiver there first. */
/* values_of_1_arrive_whole: Values of 1 byte arrive whole, every way. */
/* values_of_8_arrive_whole: Values of 8 bytes arrive whole, every way. */
/* values_of_40_arrive_whole: Values of 40 bytes arrive whole, every way. */
/* values_of_4096_arrive_whole: Values of 4 KiB arrive whole, every way. */
/* values_of_65536_arrive_whole: Values of 64 KiB arrive whole, every way. */
ALL_WAYS(of_1)
ALL_WAYS(of_8)
ALL_WAYS(of_40)
ALL_WAYS(of_4096)
ALL_WAYS(of_65536)

/* The compiler accepts any value; a larger element is refused when made. */
static void largest_element_is_the_limit(void)
{
    CHECK_EQ_INT(sizeof(struct of_65536), RN_ELEMENT_MAX);
}

struct signals {
    rn_chan(struct empty) chan;
    int count;
};

static void send_signals(struct signals *own)
{
    for (int i = 0; i < own->count; i++)
        rn_send(own->chan, (struct empty){});
    rn_close(own->chan);
}

/* Values of no size: the capacity counts, and so does each value. */
static void values_of_no_size_count(void)
{
    rn_chan(struct empty) chan = rn_chan_make(struct empty, 3);
    struct empty got;
    int count = 0;

    for (int i = 0; i < 3; i++)
        CHECK_EQ_INT(rn_try_send(chan, (struct empty){}), RN_OK);
    CHECK_EQ_INT(rn_try_send(chan, (struct empty){}), RN_AGAIN);
    CHECK_EQ_INT(rn_chan_len(chan), 3);
    CHECK_EQ_INT(rn_chan_cap(chan), 3);
    CHECK(rn_recv(chan, &got));
    CHECK_EQ_INT(rn_chan_len(chan), 2);
    rn_close(chan);
    while (rn_recv(chan, NULL))
        count++;
    CHECK_EQ_INT(count, 2);
    rn_chan_free(chan);

    chan = rn_chan_make(struct empty, 0);
    rn_go(send_signals, (struct signals){chan, 10});
    count = 0;
    while (rn_recv(chan, &got))
        count++;
    CHECK_EQ_INT(count, 10);
    rn_chan_free(chan);
}

RN_CHECK_MAIN(values_of_1_arrive_whole, values_of_8_arrive_whole,
              values_of_40_arrive_whole, values_of_4096_arrive_whole,
              values_of_65536_arrive_whole, values_of_no_size_count,
              largest_element_is_the_limit)
