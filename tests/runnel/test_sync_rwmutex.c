/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RWMutex: readers together, a writer alone, neither starves the other.
 */
#include "rn_check.h"

struct reader {
    struct rn_rwmutex *rw;
    rn_sender(int) locked;
    rn_receiver(int) unlock;
    struct rn_waitgroup *all;
};

static void read_until_told(struct reader *own)
{
    rn_rwmutex_rlock(own->rw);
    rn_send(own->locked, 1);
    rn_recv(own->unlock, NULL);
    rn_rwmutex_runlock(own->rw);
    rn_waitgroup_done(own->all);
}

/* 2 to 10 readers hold it at the same time. */
static void readers_hold_it_together(void)
{
    for (int count = 2; count <= 10; count++) {
        struct rn_rwmutex rw = {0};
        rn_chan(int) locked = rn_chan_make(int, 0);
        rn_chan(int) unlock = rn_chan_make(int, 0);
        struct rn_waitgroup all = {0};

        rn_waitgroup_add(&all, count);
        for (int i = 0; i < count; i++)
            rn_go(read_until_told, (struct reader){&rw, rn_send_end(locked),
                                                   rn_recv_end(unlock), &all});
        for (int i = 0; i < count; i++)
            rn_recv(locked, NULL);
        CHECK(!rn_rwmutex_try_lock(&rw));
        CHECK(rn_rwmutex_try_rlock(&rw));
        rn_rwmutex_runlock(&rw);
        rn_close(unlock);
        rn_waitgroup_wait(&all);
        CHECK(rn_rwmutex_try_lock(&rw));
        rn_rwmutex_unlock(&rw);
        rn_chan_free(locked);
        rn_chan_free(unlock);
    }
}

/* What try_lock and try_rlock say when it is free, read-held, write-held. */
static void tries_tell_the_truth(void)
{
    struct rn_rwmutex rw = {0};

    CHECK(rn_rwmutex_try_lock(&rw));
    CHECK(!rn_rwmutex_try_lock(&rw));
    CHECK(!rn_rwmutex_try_rlock(&rw));
    rn_rwmutex_unlock(&rw);
    CHECK(rn_rwmutex_try_rlock(&rw));
    CHECK(rn_rwmutex_try_rlock(&rw));
    CHECK(!rn_rwmutex_try_lock(&rw));
    rn_rwmutex_runlock(&rw);
    CHECK(!rn_rwmutex_try_lock(&rw));
    rn_rwmutex_runlock(&rw);
    CHECK(rn_rwmutex_try_lock(&rw));
    rn_rwmutex_unlock(&rw);
}

/* Readers add 1, writers 10,000; anybody inside sees who else is. */
struct hammer {
    struct rn_rwmutex *rw;
    _Atomic(int) *activity;
    int64_t *written;
    int rounds;
    struct rn_waitgroup *all;
};

static void hammer_reader(struct hammer *own)
{
    for (int i = 0; i < own->rounds; i++) {
        int seen;

        rn_rwmutex_rlock(own->rw);
        seen = atomic_fetch_add(own->activity, 1) + 1;
        CHECK_MSG(seen >= 1 && seen < 10000, "a reader saw %d", seen);
        if (i % 5 == 0)
            rn_yield();
        atomic_fetch_sub(own->activity, 1);
        rn_rwmutex_runlock(own->rw);
    }
    rn_waitgroup_done(own->all);
}

static void hammer_writer(struct hammer *own)
{
    for (int i = 0; i < own->rounds; i++) {
        rn_rwmutex_lock(own->rw);
        CHECK_EQ_INT(atomic_fetch_add(own->activity, 10000), 0);
        (*own->written)++;
        if (i % 5 == 0)
            rn_yield();
        CHECK_EQ_INT(atomic_fetch_sub(own->activity, 10000), 10000);
        rn_rwmutex_unlock(own->rw);
    }
    rn_waitgroup_done(own->all);
}

/* Writers are alone, readers are never with a writer: 1 to 10 readers. */
static void writers_are_alone(void)
{
    static const int readers[] = {1, 3, 10};

    for (int r = 0; r < 3; r++) {
        struct rn_rwmutex rw = {0};
        struct rn_waitgroup all = {0};
        _Atomic(int) activity = 0;
        int64_t written = 0;
        struct hammer hammer = {&rw, &activity, &written,
                                rn_check_rounds(1000) + 5, &all};

        rn_waitgroup_add(&all, readers[r] + 2);
        rn_go(hammer_writer, hammer);
        for (int i = 0; i < readers[r]; i++)
            rn_go(hammer_reader, hammer);
        rn_go(hammer_writer, hammer);
        rn_waitgroup_wait(&all);
        CHECK_EQ_INT(written, 2 * hammer.rounds);
    }
}

struct order {
    struct rn_rwmutex *rw;
    _Atomic(int) *next;
    int place;
    struct rn_waitgroup *all;
};

static void write_once(struct order *own)
{
    rn_rwmutex_lock(own->rw);
    own->place = atomic_fetch_add(own->next, 1);
    CHECK_EQ_INT(own->place, 0);
    rn_rwmutex_unlock(own->rw);
    rn_waitgroup_done(own->all);
}

static void read_once(struct order *own)
{
    rn_rwmutex_rlock(own->rw);
    own->place = atomic_fetch_add(own->next, 1);
    CHECK(own->place > 0);
    rn_rwmutex_runlock(own->rw);
    rn_waitgroup_done(own->all);
}

/* A writer that waits goes before readers that come later. */
static void waiting_writer_keeps_readers_out(void)
{
    struct rn_rwmutex rw = {0};
    struct rn_waitgroup all = {0};
    _Atomic(int) next = 0;
    struct order order = {.rw = &rw, .next = &next, .all = &all};

    rn_waitgroup_add(&all, 6);
    rn_rwmutex_rlock(&rw);
    rn_go(write_once, order);
    while (rn_rwmutex_try_rlock(&rw)) {
        rn_rwmutex_runlock(&rw);
        rn_yield();
    }
    for (int i = 0; i < 5; i++)
        rn_go(read_once, order);
    rn_check_settle();
    CHECK_EQ_INT(atomic_load(&next), 0);
    rn_rwmutex_runlock(&rw);
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(atomic_load(&next), 6);
}

struct crowd {
    struct rn_rwmutex *rw;
    _Atomic(bool) *stop;
    _Atomic(int) *rounds;
    struct rn_waitgroup *all;
};

static void read_all_the_time(struct crowd *own)
{
    while (!atomic_load(own->stop)) {
        rn_rwmutex_rlock(own->rw);
        atomic_fetch_add(own->rounds, 1);
        rn_yield();
        rn_rwmutex_runlock(own->rw);
    }
    rn_waitgroup_done(own->all);
}

static void write_all_the_time(struct crowd *own)
{
    while (!atomic_load(own->stop)) {
        rn_rwmutex_lock(own->rw);
        atomic_fetch_add(own->rounds, 1);
        rn_yield();
        rn_rwmutex_unlock(own->rw);
    }
    rn_waitgroup_done(own->all);
}

/* Against readers that overlap without a gap, a writer gets through. */
static void writer_is_not_starved(void)
{
    struct rn_rwmutex rw = {0};
    struct rn_waitgroup all = {0};
    _Atomic(bool) stop = false;
    _Atomic(int) rounds = 0;

    rn_waitgroup_add(&all, 5);
    for (int i = 0; i < 5; i++)
        rn_go(read_all_the_time, (struct crowd){&rw, &stop, &rounds, &all});
    for (int i = 0; i < 20; i++) {
        rn_yield();
        rn_rwmutex_lock(&rw);
        rn_rwmutex_unlock(&rw);
    }
    atomic_store(&stop, true);
    rn_waitgroup_wait(&all);
}

/* Against writers that queue without a gap, a reader gets through. */
static void reader_is_not_starved(void)
{
    struct rn_rwmutex rw = {0};
    struct rn_waitgroup all = {0};
    _Atomic(bool) stop = false;
    _Atomic(int) rounds = 0;

    rn_waitgroup_add(&all, 5);
    for (int i = 0; i < 5; i++)
        rn_go(write_all_the_time, (struct crowd){&rw, &stop, &rounds, &all});
    for (int i = 0; i < 20; i++) {
        rn_yield();
        rn_rwmutex_rlock(&rw);
        rn_rwmutex_runlock(&rw);
    }
    atomic_store(&stop, true);
    rn_waitgroup_wait(&all);
}

/* Many locks, each new, and all come to each at about the same time. */
enum { NEW_LOCKS = 64, VISITS = 8 };

struct visitor {
    struct rn_rwmutex *locks; /* NEW_LOCKS */
    int *counts;
    int number;
    struct rn_waitgroup *all;
};

static void visit_each(struct visitor *own)
{
    for (int i = 0; i < NEW_LOCKS * VISITS; i++) {
        int at = i / VISITS;
        bool writes = (i + own->number) % 3 == 0;

        if (writes)
            rn_rwmutex_lock(&own->locks[at]);
        else
            rn_rwmutex_rlock(&own->locks[at]);
        if (writes)
            own->counts[at]++;
        if ((i + own->number) % 5 == 0)
            rn_yield(); /* the others queue */
        if (writes)
            rn_rwmutex_unlock(&own->locks[at]);
        else
            rn_rwmutex_runlock(&own->locks[at]);
    }
    rn_waitgroup_done(own->all);
}

/* The first to meet a holder who lets go lightly is not lost, nor counted so. */
static void new_locks_are_fought_over(void)
{
    for (int round = 0; round < rn_check_rounds(200); round++) {
        struct rn_rwmutex locks[NEW_LOCKS] = {0};
        int counts[NEW_LOCKS] = {0};
        struct rn_waitgroup all = {0};
        int written = 0;

        rn_waitgroup_add(&all, 3);
        for (int i = 0; i < 3; i++)
            rn_go(visit_each, (struct visitor){locks, counts, i, &all});
        rn_waitgroup_wait(&all);
        for (int i = 0; i < NEW_LOCKS; i++) {
            written += counts[i];
            CHECK(rn_rwmutex_try_lock(&locks[i]));
        }
        CHECK_EQ_INT(written, NEW_LOCKS * VISITS);
    }
}

RN_CHECK_MAIN(readers_hold_it_together, tries_tell_the_truth, writers_are_alone,
              waiting_writer_keeps_readers_out, writer_is_not_starved,
              reader_is_not_starved, new_locks_are_fought_over)
