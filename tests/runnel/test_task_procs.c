/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rn_set_procs: more or fewer workers while goroutines run.
 */
#include "rn_check.h"

static void await_end(void)
{
    while (rn_task_count() > 1)
        rn_yield();
}

/* The number of workers can be changed, is told, and is 1 to 1,024. */
static void is_told(void)
{
    const unsigned before = rn_procs();

    CHECK_EQ_INT(rn_set_procs(3), RN_OK);
    CHECK_EQ_INT(rn_procs(), 3);
    CHECK_EQ_INT(rn_set_procs(1), RN_OK);
    CHECK_EQ_INT(rn_procs(), 1);
    CHECK_EQ_INT(rn_set_procs(0), RN_INVALID);
    CHECK_EQ_INT(rn_set_procs(1025), RN_INVALID);
    CHECK_EQ_INT(rn_procs(), 1);
    CHECK_EQ_INT(rn_set_procs(before), RN_OK);
}

static _Atomic(int) met;

/* Waits for another without parking: needs a worker of its own. */
static void meet(int *own)
{
    atomic_fetch_add(&met, 1);
    while (atomic_load_explicit(&met, memory_order_relaxed) < *own)
        continue;
}

/* With n workers n goroutines run at once. */
static void more_run_at_once(void)
{
    const unsigned before = rn_procs();

    for (int count = 2; count <= 6; count++) {
        CHECK_EQ_INT(rn_set_procs((unsigned)count), RN_OK);
        atomic_store(&met, 0);
        for (int i = 1; i < count; i++)
            rn_go(meet, count);
        meet(&count);
        await_end();
    }
    CHECK_EQ_INT(rn_set_procs(before), RN_OK);
}

struct ring {
    rn_chan(int) in;
    rn_chan(int) out;
};

static void pass(struct ring *own)
{
    int value;

    while (rn_recv(own->in, &value))
        rn_send(own->out, value + 1);
    rn_close(own->out);
}

/* A ring of goroutines loses nothing while the workers come and go. */
static void nothing_is_lost_meanwhile(void)
{
    enum { LENGTH = 20 };
    rn_chan(int) chans[LENGTH + 1];
    const unsigned before = rn_procs();
    int value;

    for (int i = 0; i <= LENGTH; i++)
        chans[i] = rn_chan_make(int, 0);
    for (int i = 0; i < LENGTH; i++)
        rn_go(pass, ((struct ring){chans[i], chans[i + 1]}));
    for (int i = 0; i < rn_check_rounds(1000); i++) {
        CHECK_EQ_INT(rn_set_procs(1 + (unsigned)i % 5), RN_OK);
        rn_send(chans[0], i);
        CHECK(rn_recv(chans[LENGTH], &value));
        CHECK_EQ_INT(value, i + LENGTH);
        if (i % 50 == 0)
            rn_sleep(RN_US); /* also while all are idle */
    }
    rn_close(chans[0]);
    CHECK(!rn_recv(chans[LENGTH], &value));
    CHECK_EQ_INT(rn_set_procs(before), RN_OK);
    await_end();
    for (int i = 0; i <= LENGTH; i++)
        rn_chan_free(chans[i]);
}

static void change(unsigned *own)
{
    for (int i = 0; i < 100; i++) {
        CHECK_EQ_INT(rn_set_procs(1 + (*own + (unsigned)i) % 4), RN_OK);
        rn_yield();
    }
}

/* Several may change it at once. */
static void changed_by_many(void)
{
    const unsigned before = rn_procs();

    for (unsigned i = 0; i < 8; i++)
        rn_go(change, i);
    await_end();
    CHECK_EQ_INT(rn_set_procs(before), RN_OK);
    CHECK_EQ_INT(rn_procs(), before);
}

RN_CHECK_MAIN(is_told, more_run_at_once, nothing_is_lost_meanwhile,
              changed_by_many)
