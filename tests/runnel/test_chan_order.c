/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Nothing is lost, doubled or overtaken on a channel, whoever stands at its
 * ends.
 */
#include "rn_check.h"

struct stream {
    rn_sender(int) out;
    int from;
    int count;
    struct rn_waitgroup *all;
};

static void produce(struct stream *own)
{
    for (int i = 0; i < own->count; i++)
        rn_send(own->out, own->from + i);
    if (own->all)
        rn_waitgroup_done(own->all);
}

static void produce_and_close(struct stream *own)
{
    produce(own);
    rn_close(own->out);
}

/* Values of one sender arrive in the order sent, at every capacity. */
static void one_sender_is_first_in_first_out(void)
{
    static const size_t capacities[] = {0, 1, 2, 7, 128};
    const int count = rn_check_rounds(20000) + 50;

    for (size_t c = 0; c < 5; c++) {
        rn_chan(int) chan = rn_chan_make(int, capacities[c]);
        int expected = 0;

        rn_go(produce_and_close,
              (struct stream){.out = rn_send_end(chan), .count = count});
        rn_range (int, got, chan) {
            if (!CHECK_EQ_INT(got, expected))
                break;
            expected++;
        }
        CHECK_EQ_INT(expected, count);
        rn_chan_free(chan);
    }
}

/* Many parked senders are served in the order in which they came. */
static void parked_senders_are_served_in_order(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    struct rn_waitgroup all = {0};
    const bool ordered = rn_procs() == 1 && !rn_check_simulated();
    int got;

    rn_waitgroup_add(&all, 20);
    for (int i = 0; i < 20; i++) {
        rn_go(produce, (struct stream){.out = rn_send_end(chan),
                                       .from = i,
                                       .count = 1,
                                       .all = &all});
        rn_check_settle();
    }
    for (int i = 0; i < 20; i++) {
        CHECK(rn_recv(chan, &got));
        if (ordered)
            CHECK_EQ_INT(got, i);
    }
    rn_waitgroup_wait(&all);
    rn_chan_free(chan);
}

struct sink {
    rn_receiver(int) in;
    _Atomic(int) *seen;
    struct rn_waitgroup *all;
};

static void count_values(struct sink *own)
{
    rn_range (int, value, own->in)
        atomic_fetch_add(&own->seen[value], 1);
    rn_waitgroup_done(own->all);
}

static void four_by_four(size_t capacity, int each)
{
    rn_chan(int) chan = rn_chan_make(int, capacity);
    struct rn_waitgroup senders = {0};
    struct rn_waitgroup receivers = {0};
    _Atomic(int) *seen = calloc((size_t)each * 4, sizeof(*seen));

    rn_waitgroup_add(&senders, 4);
    rn_waitgroup_add(&receivers, 4);
    for (int i = 0; i < 4; i++) {
        rn_go(count_values, (struct sink){.in = rn_recv_end(chan),
                                          .seen = seen,
                                          .all = &receivers});
        rn_go(produce, (struct stream){.out = rn_send_end(chan),
                                       .from = i * each,
                                       .count = each,
                                       .all = &senders});
    }
    rn_waitgroup_wait(&senders);
    rn_close(chan);
    rn_waitgroup_wait(&receivers);
    for (int i = 0; i < each * 4; i++) {
        if (!CHECK_EQ_INT(atomic_load(&seen[i]), 1))
            break;
    }
    free(seen);
    rn_chan_free(chan);
}

/* 4 senders, 4 receivers: what came is what was sent, each value once. */
static void four_by_four_lose_nothing(void)
{
    static const size_t capacities[] = {0, 1, 3, 64};

    for (size_t c = 0; c < 4; c++)
        four_by_four(capacities[c], rn_check_rounds(10000));
}

struct consumer {
    rn_receiver(int) jobs;
    rn_sender(int) results;
    struct rn_waitgroup *all;
};

static void triple(struct consumer *own)
{
    rn_range (int, job, own->jobs) {
        if (job % 3 == 0)
            rn_yield();
        rn_send(own->results, job * 3);
    }
    rn_waitgroup_done(own->all);
}

static void close_when_done(struct consumer *own)
{
    rn_waitgroup_wait(own->all);
    rn_close(own->results);
}

/* 23 consumers range over one queue; count and sum of results are exact. */
static void consumers_share_a_queue(void)
{
    const int count = rn_check_rounds(10000) + 30;
    rn_chan(int) jobs = rn_chan_make(int, 5);
    rn_chan(int) results = rn_chan_make(int, 2);
    struct rn_waitgroup workers = {0};
    struct consumer consumer = {.jobs = rn_recv_end(jobs),
                                .results = rn_send_end(results),
                                .all = &workers};
    int64_t sum = 0;
    int got = 0;

    rn_waitgroup_add(&workers, 23);
    for (int i = 0; i < 23; i++)
        rn_go(triple, consumer);
    rn_go(close_when_done, consumer);
    rn_go(produce_and_close,
          (struct stream){.out = rn_send_end(jobs), .count = count});
    rn_range (int, result, results) {
        sum += result;
        got++;
    }
    CHECK_EQ_INT(got, count);
    CHECK_EQ_INT(sum, (int64_t)3 * count * (count - 1) / 2);
    rn_chan_free(jobs);
    rn_chan_free(results);
}

struct filter {
    rn_receiver(int) in;
    rn_sender(int) out;
    int prime;
};

static void drop_multiples(struct filter *own)
{
    rn_range (int, n, own->in) {
        if (n % own->prime != 0)
            rn_send(own->out, n);
    }
    rn_close(own->out);
}

/* A prime sieve, a goroutine for each prime, gives exactly the primes. */
static void sieve_gives_the_primes(void)
{
    static const int primes[] = {2,  3,  5,  7,  11, 13, 17, 19, 23, 29, 31, 37,
                                 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83};
    rn_chan(int) chans[24];
    int prime;
    int got = 0;

    chans[0] = rn_chan_make(int, 0);
    rn_go(
        produce_and_close,
        (struct stream){.out = rn_send_end(chans[0]), .from = 2, .count = 82});
    for (int i = 0; i < 23; i++) {
        CHECK(rn_recv(chans[i], &prime));
        CHECK_EQ_INT(prime, primes[i]);
        chans[i + 1] = rn_chan_make(int, 0);
        rn_go(drop_multiples, (struct filter){.in = rn_recv_end(chans[i]),
                                              .out = rn_send_end(chans[i + 1]),
                                              .prime = prime});
        got++;
    }
    CHECK_EQ_INT(got, 23);
    CHECK(!rn_recv(chans[23], NULL));
    for (int i = 0; i < 24; i++)
        rn_chan_free(chans[i]);
}

struct link {
    rn_chan(int) left;
    rn_chan(int) right;
};

static void pass_on(struct link *own)
{
    int token;

    rn_recv(own->right, &token);
    rn_send(own->left, token + 1);
}

/* A token passes along a chain of 10,000 goroutines. */
static void chain_passes_a_token(void)
{
    const int length = rn_check_rounds(10000) + 10;
    rn_chan(int) *chans = calloc((size_t)length + 1, sizeof(*chans));
    int token = 0;

    chans[0] = rn_chan_make(int, 0);
    for (int i = 0; i < length; i++) {
        chans[i + 1] = rn_chan_make(int, 0);
        rn_go(pass_on, (struct link){.left = chans[i], .right = chans[i + 1]});
    }
    rn_send(chans[length], 0);
    CHECK(rn_recv(chans[0], &token));
    CHECK_EQ_INT(token, length);
    for (int i = 0; i <= length; i++)
        rn_chan_free(chans[i]);
    free(chans);
}

struct publisher {
    rn_sender(int *) out;
    int count;
};

static void publish(struct publisher *own)
{
    for (int i = 0; i < own->count; i++) {
        int *parcel = malloc(2 * sizeof(*parcel));

        parcel[0] = i;
        parcel[1] = ~i;
        rn_send(own->out, parcel);
    }
    rn_close(own->out);
}

/* What a pointer points to was written before it is received. */
static void pointers_publish_what_they_point_to(void)
{
    const int count = rn_check_rounds(20000);

    for (size_t capacity = 0; capacity < 10; capacity += 3) {
        rn_chan(int *) chan = rn_chan_make(int *, capacity);
        int expected = 0;

        rn_go(publish,
              (struct publisher){.out = rn_send_end(chan), .count = count});
        rn_range (int *, parcel, chan) {
            CHECK_EQ_INT(parcel[0], expected);
            CHECK_EQ_INT(parcel[1], ~expected);
            expected++;
            free(parcel);
        }
        CHECK_EQ_INT(expected, count);
        rn_chan_free(chan);
    }
}

struct racer {
    rn_chan(int) chan;
    rn_chan(int) done;
};

static void send_one_and_close(struct racer *own)
{
    rn_send(own->chan, 1);
    rn_close(own->chan);
    rn_send(own->done, 1);
}

/* A try on a channel that holds a value or is closed never says "not ready". */
static void racing_try_receive_sees_close(void)
{
    for (int i = 0; i < rn_check_rounds(5000); i++) {
        struct racer racer = {rn_chan_make(int, 1), rn_chan_make(int, 1)};
        int got = 0;

        rn_send(racer.chan, 7);
        CHECK(rn_recv(racer.chan, &got));
        rn_go(send_one_and_close, racer);
        CHECK(rn_recv(racer.chan, &got));
        CHECK_EQ_INT(got, 1);
        rn_recv(racer.done, NULL);
        CHECK_EQ_INT(rn_try_recv(racer.chan, &got), RN_CLOSED);
        rn_chan_free(racer.chan);
        rn_chan_free(racer.done);
    }
}

RN_CHECK_MAIN(one_sender_is_first_in_first_out,
              parked_senders_are_served_in_order, four_by_four_lose_nothing,
              consumers_share_a_queue, sieve_gives_the_primes,
              chain_passes_a_token, pointers_publish_what_they_point_to,
              racing_try_receive_sees_close)
