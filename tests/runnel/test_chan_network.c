/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole networks of channels: what comes out at the end is exact.
 */
#include "rn_check.h"

/* ----------------------------------------------- demand-driven power series */

struct ratio {
    int64_t top;
    int64_t bottom;
};

/* Who wants the next coefficient says where it is to go. */
typedef rn_chan(struct ratio) reply;
typedef rn_chan(reply) series;

static int64_t common(int64_t a, int64_t b)
{
    while (b != 0) {
        int64_t rest = a % b;

        a = b;
        b = rest;
    }
    return a < 0 ? -a : a;
}

static struct ratio reduce(int64_t top, int64_t bottom)
{
    int64_t divisor = common(top, bottom);

    return (struct ratio){top / divisor, bottom / divisor};
}

static struct ratio add(struct ratio a, struct ratio b)
{
    return reduce(a.top * b.bottom + b.top * a.bottom, a.bottom * b.bottom);
}

static struct ratio multiply(struct ratio a, struct ratio b)
{
    return reduce(a.top * b.top, a.bottom * b.bottom);
}

/* Asks for one coefficient, through a channel made for the answer. */
static struct ratio demand(series from)
{
    reply answer = rn_chan_make(struct ratio, 0);
    struct ratio got = {0};

    rn_send(from, answer);
    rn_recv(answer, &got);
    rn_chan_free(answer);
    return got;
}

#define TERMS_MAX 32

struct node {
    series out;
    series first; /* what it is made of, or nil */
    series second;
    int64_t sign; /* of exp(sign * x); 0: all ones */
};

/* 1 + x + x^2 + ..., or exp(x), or exp(-x), until nobody asks any more. */
static void generate(struct node *own)
{
    struct ratio term = {1, 1};
    int64_t n = 0;

    rn_range (reply, answer, own->out) {
        rn_send(answer, term);
        n++;
        if (own->sign != 0)
            term = multiply(term, reduce(own->sign, n));
    }
    rn_chan_free(own->out);
}

/* The product of two series, coefficient by coefficient. */
static void convolve(struct node *own)
{
    struct ratio a[TERMS_MAX];
    struct ratio b[TERMS_MAX];
    int n = 0;

    rn_range (reply, answer, own->out) {
        struct ratio sum = {0, 1};

        a[n] = demand(own->first);
        b[n] = demand(own->second);
        for (int i = 0; i <= n; i++)
            sum = add(sum, multiply(a[i], b[n - i]));
        n++;
        rn_send(answer, sum);
    }
    rn_close(own->first);
    rn_close(own->second);
    rn_chan_free(own->out);
}

static series start_series(int64_t sign)
{
    struct node node = {.out = rn_chan_make(reply, 0), .sign = sign};

    rn_go(generate, node);
    return node.out;
}

static series start_product(series first, series second)
{
    struct node node = {rn_chan_make(reply, 0), first, second, 0};

    rn_go(convolve, node);
    return node.out;
}

static void await_the_others(void)
{
    while (rn_task_count() > 1)
        rn_yield();
}

/* A demand-driven network multiplies power series: every term is exact. */
static void power_series_are_exact(void)
{
    const int terms = rn_check_simulated() ? 6 : 16;
    series fifth = start_series(0);
    series one = start_product(start_series(1), start_series(-1));
    int64_t expected = 1;

    for (int i = 0; i < 4; i++)
        fifth = start_product(fifth, start_series(0));
    for (int n = 0; n < terms; n++) {
        struct ratio got = demand(fifth); /* (n + 4) over 4 */

        CHECK_EQ_INT(got.top, expected);
        CHECK_EQ_INT(got.bottom, 1);
        expected = expected * (n + 5) / (n + 1);
    }
    for (int n = 0; n < terms && n < 12; n++)
        CHECK_EQ_INT(demand(one).top, n == 0); /* exp(x) exp(-x) = 1 */
    rn_close(fifth);
    rn_close(one);
    await_the_others();
}

/* ------------------------------------------------------ many channels mixed */

#define LINES 8

struct lines {
    rn_chan(int) chans[LINES];
    int count;
    bool select_sends;
};

/* Sends 0, 1, 2, ... on every line, whichever is ready. */
static void send_on_all(struct lines *own)
{
    struct rn_case cases[LINES];
    int next[LINES] = {0};

    for (int i = 0; i < LINES; i++)
        cases[i] = rn_case_send(own->chans[i], &next[i]);
    for (int left = LINES * own->count; left > 0; left--) {
        int chosen = rn_select(cases, LINES);

        if (++next[chosen] == own->count)
            cases[chosen] = rn_case_none();
    }
}

/* Receives from every line, whichever is ready, each in its order. */
static void receive_from_all(struct lines *own)
{
    struct rn_case cases[LINES];
    int got[LINES];
    int next[LINES] = {0};

    for (int i = 0; i < LINES; i++)
        cases[i] = rn_case_recv(own->chans[i], &got[i]);
    for (int left = LINES * own->count; left > 0; left--) {
        int chosen = rn_select(cases, LINES);

        CHECK_EQ_INT(got[chosen], next[chosen]++);
    }
}

/* One selects over 8 sends, one over 8 receives: each line keeps its order. */
static void many_lines_keep_their_order(void)
{
    for (size_t capacity = 0; capacity < 4; capacity += 3) {
        struct lines lines = {.count = rn_check_rounds(2000) + 5};

        for (int i = 0; i < LINES; i++)
            lines.chans[i] = rn_chan_make(int, i % 2 ? capacity : 0);
        rn_go(send_on_all, lines);
        receive_from_all(&lines);
        await_the_others();
        for (int i = 0; i < LINES; i++)
            rn_chan_free(lines.chans[i]);
    }
}

/* ------------------------------------------------------------- select sieve */

struct filter {
    rn_chan(int) in;
    rn_chan(int) out;
    int prime;
    struct rn_ctx *ctx;
};

static void count_up(struct filter *own)
{
    for (int i = 2;; i++) {
        struct rn_case cases[] = {rn_case_done(own->ctx),
                                  rn_case_send(own->out, &i)};

        if (rn_select(cases, 2) == 0)
            return;
    }
}

static void drop_multiples(struct filter *own)
{
    for (;;) {
        int number = 0;
        struct rn_case in[] = {rn_case_done(own->ctx),
                               rn_case_recv(own->in, &number)};
        struct rn_case out[] = {rn_case_done(own->ctx),
                                rn_case_send(own->out, &number)};

        if (rn_select(in, 2) == 0)
            return;
        if (number % own->prime != 0 && rn_select(out, 2) == 0)
            return;
    }
}

/* A sieve in which every step is a select gives the primes, then ends. */
static void sieve_by_select_gives_the_primes(void)
{
    static const int primes[] = {2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37};
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_chan(int) chans[13];
    int got = 0;

    chans[0] = rn_chan_make(int, 0);
    rn_go(count_up, (struct filter){.out = chans[0], .ctx = ctx});
    for (int i = 0; i < 12; i++) {
        rn_recv(chans[i], &got);
        CHECK_EQ_INT(got, primes[i]);
        chans[i + 1] = rn_chan_make(int, 0);
        rn_go(drop_multiples,
              (struct filter){chans[i], chans[i + 1], got, ctx});
    }
    rn_ctx_cancel(ctx);
    await_the_others();
    for (int i = 0; i <= 12; i++)
        rn_chan_free(chans[i]);
    rn_ctx_release(ctx);
}

/* ----------------------------------------------------- values on the stack */

struct block {
    unsigned char bytes[2000];
};

struct holder {
    rn_chan(struct block) chan;
    unsigned char stamp;
};

static void send_from_stack(struct holder *own)
{
    struct block block;

    memset(block.bytes, own->stamp, sizeof(block.bytes));
    rn_send(own->chan, block);
}

static void come_and_go(unsigned char *own)
{
    volatile unsigned char scratch[4000];

    for (size_t i = 0; i < sizeof(scratch); i += 100)
        scratch[i] = *own;
    (void)scratch[0];
}

/* A parked sender's value is whole, whoever uses stacks around it meanwhile. */
static void parked_value_is_untouched(void)
{
    rn_chan(struct block) chan = rn_chan_make(struct block, 0);
    bool seen[40] = {0};
    struct block got;

    for (int i = 0; i < 40; i++)
        rn_go(send_from_stack, (struct holder){chan, (unsigned char)i});
    rn_check_settle();
    for (int i = 0; i < rn_check_rounds(2000); i++) {
        rn_go(come_and_go, (unsigned char)0xff);
        if (i % 50 == 0)
            rn_yield();
    }
    for (int i = 0; i < 40; i++) {
        rn_recv(chan, &got);
        CHECK(got.bytes[0] < 40 && !seen[got.bytes[0]]);
        seen[got.bytes[0] % 40] = true;
        CHECK(memcmp(got.bytes, got.bytes + 1, sizeof(got) - 1) == 0);
    }
    await_the_others();
    rn_chan_free(chan);
}

/* ------------------------------------------------------------ element sizes */

struct sized {
    struct rn_channel *chan;
    size_t size;
    bool sends;
};

static void use_sized(struct sized *own)
{
    unsigned char value[1100];
    unsigned char expected[1100];

    for (int i = 0; i < 3; i++) {
        memset(expected, (int)own->size + i, sizeof(expected));
        memset(value, own->sends ? (int)own->size + i : 0xee, sizeof(value));
        if (own->sends) {
            rn_chan_send_(own->chan, value);
            continue;
        }
        CHECK(rn_chan_recv_(own->chan, value));
        CHECK(memcmp(value, expected, own->size) == 0);
        CHECK_EQ_INT(value[own->size], 0xee); /* and not a byte more */
    }
}

/* Every element size from 0 to 1,024 arrives whole, and no byte beyond it. */
static void every_small_size_arrives_whole(void)
{
    const size_t step = rn_check_simulated() ? 97 : RN_CHECK_TSAN ? 7 : 1;

    for (size_t size = 0; size <= 1024; size += step) {
        struct rn_channel *chan = rn_chan_make_(size, size % 3, "here");
        struct rn_waitgroup all = {0};

        rn_waitgroup_go(&all, use_sized, (struct sized){chan, size, size & 1});
        rn_waitgroup_go(&all, use_sized,
                        (struct sized){chan, size, !(size & 1)});
        rn_waitgroup_wait(&all);
        rn_chan_free_(chan);
    }
}

/* -------------------------------------------------------------------- order */

struct taker {
    rn_chan(int) chan;
    int number;
    int *got;
};

static void take_one(struct taker *own)
{
    rn_recv(own->chan, &own->got[own->number]);
}

/* Many parked receivers are served in the order in which they came. */
static void parked_receivers_are_served_in_order(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    const bool ordered = rn_procs() == 1 && !rn_check_simulated();
    int got[20];
    int sum = 0;

    for (int i = 0; i < 20; i++) {
        rn_go(take_one, (struct taker){chan, i, got});
        rn_check_settle();
    }
    for (int i = 0; i < 20; i++)
        rn_send(chan, i);
    await_the_others();
    for (int i = 0; i < 20; i++) {
        sum += got[i];
        if (ordered)
            CHECK_EQ_INT(got[i], i);
    }
    CHECK_EQ_INT(sum, 190);
    rn_chan_free(chan);
}

/* A value sent while receivers are parked is not left in the buffer. */
static void parked_receiver_goes_before_the_buffer(void)
{
    rn_chan(int) chan = rn_chan_make(int, 3);
    int got[1] = {0};

    rn_go(take_one, (struct taker){chan, 0, got});
    rn_check_settle();
    rn_send(chan, 7);
    await_the_others();
    CHECK_EQ_INT(got[0], 7);
    CHECK_EQ_INT(rn_chan_len(chan), 0);
    rn_chan_free(chan);
}

RN_CHECK_MAIN(power_series_are_exact, many_lines_keep_their_order,
              sieve_by_select_gives_the_primes, parked_value_is_untouched,
              every_small_size_arrives_whole,
              parked_receivers_are_served_in_order,
              parked_receiver_goes_before_the_buffer)
