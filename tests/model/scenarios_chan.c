/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scenarios_chan.c: channels.
 */
#include "scenarios.h"

struct line {
    rn_chan(int) chan;
    struct rn_waitgroup done;
    _Atomic(int) sum;
    _Atomic(int) count;
};

static void send_three(struct part *own)
{
    struct line *line = own->state;
    for (int i = 0; i < 3; i++)
        rn_send(line->chan, own->me * 10 + i);
    rn_waitgroup_done(&line->done);
}

static void expect_three(struct line *line, int first)
{
    for (int i = 0; i < 3; i++) {
        int value = -1;
        HOLDS(rn_recv(line->chan, &value));
        HOLDS(value == first + i);
    }
}

static int order_is_kept(size_t capacity)
{
    struct line line = {.chan = rn_chan_make(int, capacity)};
    rn_waitgroup_add(&line.done, 1);
    rn_go(send_three, (struct part){&line, 2});
    expect_three(&line, 20);
    rn_waitgroup_wait(&line.done);
    HOLDS(rn_chan_len(line.chan) == 0);
    rn_chan_free(line.chan);
    return 0;
}

static int unbuffered_keeps_order(void *arg)
{
    (void)arg;
    return order_is_kept(0);
}

static int buffered_keeps_order(void *arg)
{
    (void)arg;
    return order_is_kept(2);
}

/* Of each sender the order, of all together the number. */
static int two_senders(size_t capacity)
{
    struct line line = {.chan = rn_chan_make(int, capacity)};
    int next[2] = {0, 0};
    rn_waitgroup_add(&line.done, 2);
    rn_go(send_three, (struct part){&line, 0});
    rn_go(send_three, (struct part){&line, 1});
    for (int i = 0; i < 6; i++) {
        int value = -1;
        HOLDS(rn_recv(line.chan, &value));
        HOLDS(value >= 0 && value / 10 < 2);
        HOLDS(value % 10 == next[value / 10]++);
    }
    rn_waitgroup_wait(&line.done);
    HOLDS(rn_try_recv(line.chan, NULL) == RN_AGAIN);
    rn_chan_free(line.chan);
    return 0;
}

static int two_senders_meet_one_receiver(void *arg)
{
    (void)arg;
    return two_senders(0);
}

static int two_senders_share_a_buffer(void *arg)
{
    (void)arg;
    return two_senders(1);
}

static void receive_all(struct part *own)
{
    struct line *line = own->state;
    int value;
    while (rn_recv(line->chan, &value)) {
        atomic_fetch_add(&line->sum, 1 << (4 * value));
        atomic_fetch_add(&line->count, 1);
    }
    HOLDS(value == 0); /* zeroed at the end */
    rn_waitgroup_done(&line->done);
}

static int two_receivers(size_t capacity)
{
    struct line line = {.chan = rn_chan_make(int, capacity)};
    rn_waitgroup_add(&line.done, 2);
    rn_go(receive_all, (struct part){&line, 0});
    rn_go(receive_all, (struct part){&line, 1});
    for (int i = 0; i < 4; i++)
        rn_send(line.chan, i);
    rn_close(line.chan);
    rn_waitgroup_wait(&line.done);
    HOLDS(line.count == 4);
    HOLDS(line.sum == 0x1111); /* each value once */
    rn_chan_free(line.chan);
    return 0;
}

static int two_receivers_double_nothing(void *arg)
{
    (void)arg;
    return two_receivers(0);
}

static int two_receivers_drain_a_buffer(void *arg)
{
    (void)arg;
    return two_receivers(2);
}

static int close_wakes_every_receiver(void *arg)
{
    struct line line = {.chan = rn_chan_make(int, 1)};
    (void)arg;
    rn_waitgroup_add(&line.done, 3);
    for (int i = 0; i < 3; i++)
        rn_go(receive_all, (struct part){&line, i});
    rn_close(line.chan);
    rn_waitgroup_wait(&line.done);
    HOLDS(line.count == 0);
    rn_chan_free(line.chan);
    return 0;
}

static void fill_and_close(struct line **own)
{
    rn_send((*own)->chan, 7);
    rn_send((*own)->chan, 8);
    rn_close((*own)->chan);
    rn_waitgroup_done(&(*own)->done);
}

static int closed_channel_is_drained_first(void *arg)
{
    struct line line = {.chan = rn_chan_make(int, 2)};
    int value = 0;
    (void)arg;
    rn_waitgroup_add(&line.done, 1);
    rn_go(fill_and_close, &line);
    HOLDS(rn_recv(line.chan, &value) && value == 7);
    HOLDS(rn_recv(line.chan, &value) && value == 8);
    HOLDS(!rn_recv(line.chan, &value) && value == 0);
    HOLDS(rn_try_recv(line.chan, &value) == RN_CLOSED);
    rn_waitgroup_wait(&line.done);
    rn_chan_free(line.chan);
    return 0;
}

static void try_until_a_value(struct part *own)
{
    struct line *line = own->state;
    int value = 0;
    /* Closed, or about to be, with a value: never "not ready". */
    HOLDS(rn_try_recv(line->chan, &value) == RN_OK && value == 9);
    rn_waitgroup_done(&line->done);
}

static void close_it(struct line **own)
{
    rn_close((*own)->chan);
    rn_waitgroup_done(&(*own)->done);
}

static int closing_hides_no_value(void *arg)
{
    struct line line = {.chan = rn_chan_make(int, 1)};
    (void)arg;
    rn_send(line.chan, 9);
    rn_waitgroup_add(&line.done, 2);
    rn_go(close_it, &line);
    rn_go(try_until_a_value, (struct part){&line, 0});
    rn_waitgroup_wait(&line.done);
    HOLDS(!rn_recv(line.chan, NULL));
    rn_chan_free(line.chan);
    return 0;
}

static void send_me(struct part *own)
{
    struct line *line = own->state;
    rn_send(line->chan, own->me);
    rn_waitgroup_done(&line->done);
}

static int senders_go_first_come_first_served(void *arg)
{
    struct line line = {.chan = rn_chan_make(int, 1)};
    (void)arg;
    rn_waitgroup_add(&line.done, 4);
    for (int i = 0; i < 4; i++) {
        rn_go(send_me, (struct part){&line, i});
        settle();
    }
    for (int i = 0; i < 4; i++) {
        int value = -1;
        HOLDS(rn_recv(line.chan, &value) && value == i);
    }
    rn_waitgroup_wait(&line.done);
    rn_chan_free(line.chan);
    return 0;
}

static void receive_mine(struct part *own)
{
    struct line *line = own->state;
    int value = -1;
    HOLDS(rn_recv(line->chan, &value) && value == own->me);
    rn_waitgroup_done(&line->done);
}

static int receivers_go_first_come_first_served(void *arg)
{
    struct line line = {.chan = rn_chan_make(int, 0)};
    (void)arg;
    rn_waitgroup_add(&line.done, 3);
    for (int i = 0; i < 3; i++) {
        rn_go(receive_mine, (struct part){&line, i});
        settle();
    }
    for (int i = 0; i < 3; i++)
        rn_send(line.chan, i);
    rn_waitgroup_wait(&line.done);
    rn_chan_free(line.chan);
    return 0;
}

/* ------------------------------------------------------ within a limit */

struct meeting {
    rn_chan(int) chan;
    struct rn_waitgroup done;
    struct rn_ctx *ctx;
    int64_t deadline;
    _Atomic(int) sent;
    _Atomic(int) received;
};

static struct meeting meet(size_t capacity)
{
    return (struct meeting){.chan = rn_chan_make(int, capacity),
                            .deadline = rn_deadline(RN_MS)};
}

/* What was sent was received, and nothing else. */
static int met(struct meeting *m)
{
    rn_waitgroup_wait(&m->done);
    int left = 0;
    while (rn_try_recv(m->chan, NULL) == RN_OK)
        left++;
    HOLDS(m->sent == m->received + left);
    rn_chan_free(m->chan); /* panics when somebody still waits */
    if (m->ctx)
        rn_ctx_release(m->ctx);
    return 0;
}

static void try_to_send(struct meeting **own)
{
    struct meeting *m = *own;
    for (int i = 0; i < 3; i++)
        m->sent += rn_try_send(m->chan, 5) == RN_OK;
    rn_waitgroup_done(&m->done);
}

static void try_to_receive(struct meeting **own)
{
    struct meeting *m = *own;
    for (int i = 0; i < 3; i++) {
        int value = 5;
        m->received += rn_try_recv(m->chan, &value) == RN_OK;
        HOLDS(value == 5);
    }
    rn_waitgroup_done(&m->done);
}

static void send_in_time(struct meeting **own)
{
    struct meeting *m = *own;
    int status = rn_send_until(m->deadline, m->chan, 5);
    HOLDS(status == RN_OK || status == RN_TIMEOUT);
    HOLDS(status == RN_OK || rn_now() >= m->deadline);
    m->sent += status == RN_OK;
    rn_waitgroup_done(&m->done);
}

static void receive_in_time(struct meeting **own)
{
    struct meeting *m = *own;
    int value = -1;
    int status = rn_recv_until(m->deadline, m->chan, &value);
    HOLDS(status == RN_OK || status == RN_TIMEOUT);
    HOLDS(status == RN_OK ? value == 5 : value == -1);
    HOLDS(status == RN_OK || rn_now() >= m->deadline);
    m->received += status == RN_OK;
    rn_waitgroup_done(&m->done);
}

/* At the very moment at which the other gives up. */
static void send_at_last(struct meeting **own)
{
    rn_sleep_until((*own)->deadline);
    (*own)->sent += rn_try_send((*own)->chan, 5) == RN_OK;
    rn_waitgroup_done(&(*own)->done);
}

static void receive_at_last(struct meeting **own)
{
    rn_sleep_until((*own)->deadline);
    (*own)->received += rn_try_recv((*own)->chan, NULL) == RN_OK;
    rn_waitgroup_done(&(*own)->done);
}

#define MEETING(name, capacity, one, other) \
    static int name(void *arg)              \
    {                                       \
        struct meeting m = meet(capacity);  \
        (void)arg;                          \
        rn_waitgroup_add(&m.done, 3);       \
        rn_go(one, &m);                     \
        rn_go(other, &m);                   \
        rn_go(one, &m);                     \
        return met(&m);                     \
    }

MEETING(tries_meet_or_not, 0, try_to_send, try_to_receive)
MEETING(tries_share_a_buffer, 1, try_to_send, try_to_receive)
MEETING(late_receiver_meets_or_not, 0, send_in_time, receive_at_last)
MEETING(late_sender_meets_or_not, 0, receive_in_time, send_at_last)
MEETING(late_sender_finds_a_place, 1, send_at_last, receive_in_time)
MEETING(both_sides_give_up_at_once, 0, send_in_time, receive_in_time)
MEETING(full_buffer_gives_up, 1, send_in_time, receive_at_last)

static void send_unless_canceled(struct meeting **own)
{
    struct meeting *m = *own;
    int status = rn_send_ctx(m->ctx, m->chan, 5);
    HOLDS(status == RN_OK || status == RN_CANCELED);
    m->sent += status == RN_OK;
    rn_waitgroup_done(&m->done);
}

static void receive_unless_canceled(struct meeting **own)
{
    struct meeting *m = *own;
    int value = -1;
    int status = rn_recv_ctx(m->ctx, m->chan, &value);
    HOLDS(status == RN_OK || status == RN_CANCELED);
    HOLDS(status == RN_OK ? value == 5 : value == -1);
    m->received += status == RN_OK;
    rn_waitgroup_done(&m->done);
}

#define CALLED_OFF(name, one, other)                     \
    static int name(void *arg)                           \
    {                                                    \
        struct meeting m = meet(0);                      \
        (void)arg;                                       \
        m.ctx = rn_ctx_with_cancel(rn_ctx_background()); \
        rn_waitgroup_add(&m.done, 3);                    \
        rn_go(one, &m);                                  \
        rn_go(other, &m);                                \
        rn_go(one, &m);                                  \
        rn_ctx_cancel(m.ctx);                            \
        return met(&m);                                  \
    }

CALLED_OFF(canceled_sender_meets_or_not, send_unless_canceled, try_to_receive)
CALLED_OFF(canceled_receiver_meets_or_not, receive_unless_canceled, try_to_send)
CALLED_OFF(canceled_sides_meet_or_not, send_unless_canceled,
           receive_unless_canceled)

/* ------------------------------------------------------------- together */

struct ring {
    rn_chan(int) links[3];
    struct rn_waitgroup done;
};

static void pass_on(struct part *own)
{
    struct ring *ring = own->state;
    int token;
    while (rn_recv(ring->links[own->me], &token)) {
        HOLDS(token % 3 == own->me);
        if (token == 6) {
            for (int i = 0; i < 3; i++)
                rn_close(ring->links[i]);
            break;
        }
        rn_send(ring->links[(own->me + 1) % 3], token + 1);
    }
    rn_waitgroup_done(&ring->done);
}

static int token_goes_round(void *arg)
{
    struct ring ring = {0};
    (void)arg;
    rn_waitgroup_add(&ring.done, 3);
    for (int i = 0; i < 3; i++)
        ring.links[i] = rn_chan_make(int, 0);
    for (int i = 0; i < 3; i++)
        rn_go(pass_on, (struct part){&ring, i});
    rn_send(ring.links[0], 0);
    rn_waitgroup_wait(&ring.done);
    for (int i = 0; i < 3; i++)
        rn_chan_free(ring.links[i]);
    return 0;
}

struct stage {
    rn_receiver(int) in;
    rn_sender(int) out;
};

static void count_up(rn_sender(int) *own)
{
    for (int i = 1; i <= 3; i++)
        rn_send(*own, i);
    rn_close(*own);
}

static void square(struct stage *own)
{
    rn_range (int, n, own->in)
        rn_send(own->out, n * n);
    rn_close(own->out);
}

static int pipeline_ends_with_its_source(void *arg)
{
    rn_chan(int) numbers = rn_chan_make(int, 0);
    rn_chan(int) squares = rn_chan_make(int, 1);
    int sum = 0;
    (void)arg;
    rn_go(count_up, rn_send_end(numbers));
    rn_go(square, (struct stage){rn_recv_end(numbers), rn_send_end(squares)});
    rn_range (int, n, squares)
        sum += n;
    HOLDS(sum == 14);
    settle(); /* the stages are gone */
    rn_chan_free(numbers);
    rn_chan_free(squares);
    return 0;
}

struct gate {
    rn_chan(char) places;
    struct rn_waitgroup done;
    _Atomic(int) inside;
};

static void pass_gate(struct gate **own)
{
    struct gate *gate = *own;
    rn_send(gate->places, 0);
    HOLDS(++gate->inside <= 2);
    rn_yield();
    gate->inside--;
    rn_recv(gate->places, NULL);
    rn_waitgroup_done(&gate->done);
}

static int buffer_is_a_semaphore(void *arg)
{
    struct gate gate = {.places = rn_chan_make(char, 2)};
    (void)arg;
    rn_waitgroup_add(&gate.done, 4);
    for (int i = 0; i < 4; i++)
        rn_go(pass_gate, &gate);
    rn_waitgroup_wait(&gate.done);
    HOLDS(rn_chan_len(gate.places) == 0);
    rn_chan_free(gate.places);
    return 0;
}

static void watch_length(struct line **own)
{
    for (int i = 0; i < 3; i++) {
        HOLDS(rn_chan_len((*own)->chan) <= rn_chan_cap((*own)->chan));
        rn_yield();
    }
    rn_waitgroup_done(&(*own)->done);
}

static int length_stays_within_capacity(void *arg)
{
    struct line line = {.chan = rn_chan_make(int, 2)};
    (void)arg;
    rn_waitgroup_add(&line.done, 2);
    rn_go(watch_length, &line);
    rn_go(send_three, (struct part){&line, 1});
    expect_three(&line, 10);
    rn_waitgroup_wait(&line.done);
    rn_chan_free(line.chan);
    return 0;
}

const struct scenario chan_scenarios[] = {
    SCENARIO(unbuffered_keeps_order),
    SCENARIO(buffered_keeps_order),
    SCENARIO(two_senders_meet_one_receiver),
    SCENARIO(two_senders_share_a_buffer),
    SCENARIO(two_receivers_double_nothing),
    SCENARIO(two_receivers_drain_a_buffer),
    SCENARIO(close_wakes_every_receiver),
    SCENARIO(closed_channel_is_drained_first),
    SCENARIO(closing_hides_no_value),
    SCENARIO(senders_go_first_come_first_served),
    SCENARIO(receivers_go_first_come_first_served),
    SCENARIO(tries_meet_or_not),
    SCENARIO(tries_share_a_buffer),
    SCENARIO(late_receiver_meets_or_not),
    SCENARIO(late_sender_meets_or_not),
    SCENARIO(late_sender_finds_a_place),
    SCENARIO(both_sides_give_up_at_once),
    SCENARIO(full_buffer_gives_up),
    SCENARIO(canceled_sender_meets_or_not),
    SCENARIO(canceled_receiver_meets_or_not),
    SCENARIO(canceled_sides_meet_or_not),
    SCENARIO(token_goes_round),
    SCENARIO(pipeline_ends_with_its_source),
    SCENARIO(buffer_is_a_semaphore),
    SCENARIO(length_stays_within_capacity),
    SCENARIOS_END,
};
