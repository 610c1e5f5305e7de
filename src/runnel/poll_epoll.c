/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll_epoll.c: poll.h on epoll: one shot a wait for foreign descriptors, one
 * edge-triggered registration for owned ones.
 *
 * A table by descriptor number says who waits. `desc.lock` protects its fields;
 * it is held from the enlistment until the waiter is off its stack, so a waiter
 * is never woken before it sleeps.
 *
 * An event carries the round in which its descriptor was registered, or armed.
 * One that was fetched before the descriptor was closed, and is looked at after
 * its number was given to another, is of an earlier round and is dropped.
 * Nothing is lost by that: to arm asks epoll anew for all that anybody waits
 * for.
 *
 * Simulated descriptors (simfd.c) are owned too, and have a chunk of their own
 * at the end of the table. Their edges come from poll_tell.
 *
 * Rejected: edges for all descriptors. They need to be told of every close, and
 * runnel waits for descriptors that other libraries own and close.
 */
#include "poll.h"

#include <errno.h>

#include <runnel/io.h>

#include "alloc.h"
#include "fatal.h"
#include "lock.h"
#include "os.h"

#define LOCK_CLASS LOCK_DESCRIPTOR

#define CHUNK       1024 /* descriptors a chunk of the table */
#define CHUNKS      1024 /* so numbers below 1,048,576 */
#define EVENTS      128
#define KICK        UINT64_MAX
/* In a crowd each is in no near cache: fetched so far ahead, and of a waiting
 * task so many lines on both sides of its record. */
#define AHEAD       8
#define WAIT_LINES  4
/* Data of an event: the number, the round, and for an owned one this bit. */
#define OWNED       (UINT64_C(1) << 62)
#define ROUND_SHIFT 32
#define ROUND_MASK  ((UINT64_C(1) << (62 - ROUND_SHIFT)) - 1)

_Static_assert(POLL_HUNG == OS_HANGUP, "kept as it comes");

struct poll_desc {
    lock_word lock;
    bool owned;
    int edges;      /* owned: directions that came while nobody waited, and
                       POLL_HUNG, which is OS_HANGUP, since it came */
    uint64_t round; /* which registration or arming, up to ROUND_MASK */
    struct poll_wait *reader;
    struct poll_wait *writer;
};

static struct {
    int poll;
    int event; /* readable after a kick */
    /* Set once each by compare-and-swap, freed by poll_close. */
    _Atomic(struct poll_desc *) chunks[CHUNKS + 1];
    _Atomic(uint32_t) waiting; /* release and acquire: see poll_settle */
    /* Of them services, while listed; changed after `waiting` grew, before it
     * falls. */
    _Atomic(uint32_t) services;
} net = {.poll = -1, .event = -1};

int poll_open(void)
{
    net.poll = os_poll_open();
    if (net.poll < 0)
        return net.poll;
    net.event = os_event_open();
    int status =
        net.event < 0 ? net.event : os_poll_watch(net.poll, net.event, KICK);
    if (status < 0)
        poll_close();
    return status;
}

void poll_close(void)
{
    if (net.event >= 0)
        os_close(net.event);
    if (net.poll >= 0)
        os_close(net.poll);
    net.event = -1;
    net.poll = -1;
    for (int i = 0; i <= CHUNKS; i++) {
        alloc_free(net.chunks[i]);
        net.chunks[i] = NULL;
    }
    atomic_store_explicit(&net.waiting, 0, memory_order_relaxed);
    atomic_store_explicit(&net.services, 0, memory_order_relaxed);
}

void poll_forget(void)
{
    /* The table stays: what is still armed may yet be reported. */
    for (int i = 0; i <= CHUNKS; i++)
        for (int fd = 0; net.chunks[i] && fd < CHUNK; fd++)
            net.chunks[i][fd] =
                (struct poll_desc){.round = net.chunks[i][fd].round};
    atomic_store_explicit(&net.waiting, 0, memory_order_relaxed);
    atomic_store_explicit(&net.services, 0, memory_order_relaxed);
}

static bool is_simulated(int fd)
{
    return fd >= POLL_SIMULATED;
}

static bool has_place(int fd)
{
    return (fd >= 0 && fd < CHUNK * CHUNKS) ||
           (fd >= POLL_SIMULATED && fd < POLL_SIMULATED + CHUNK);
}

static int chunk_of(int fd)
{
    return is_simulated(fd) ? CHUNKS : fd / CHUNK;
}

static struct poll_desc *find(int fd)
{
    struct poll_desc *chunk =
        atomic_load_explicit(&net.chunks[chunk_of(fd)], memory_order_acquire);
    return chunk ? &chunk[fd % CHUNK] : NULL;
}

static struct poll_desc *find_or_make(int fd)
{
    struct poll_desc *known = find(fd);
    if (known)
        return known;
    struct poll_desc *chunk = alloc_zeroed(CHUNK, sizeof(*chunk));
    if (!chunk)
        return NULL;
    struct poll_desc *other = NULL;
    /* Release: the zeroes are seen with the pointer. */
    if (!atomic_compare_exchange_strong_explicit(
            &net.chunks[chunk_of(fd)], &other, chunk, memory_order_acq_rel,
            memory_order_acquire)) {
        alloc_free(chunk);
        chunk = other;
    }
    return &chunk[fd % CHUNK];
}

/* Under the lock: a new round; what its events carry, but for OWNED. */
static uint64_t begin_round(struct poll_desc *desc, int fd)
{
    desc->round = (desc->round + 1) & ROUND_MASK;
    return desc->round << ROUND_SHIFT | (uint64_t)fd;
}

/* Under the lock: arms for whoever waits. */
static int arm(struct poll_desc *desc, int fd)
{
    int events = (desc->reader ? RN_READ : 0) | (desc->writer ? RN_WRITE : 0);
    return events ? os_poll_arm(net.poll, fd, events, begin_round(desc, fd))
                  : 0;
}

/* Under the lock: true when it was listed. */
static bool unlist(struct poll_desc *desc, struct poll_wait *wait)
{
    bool listed = desc->reader == wait || desc->writer == wait;
    if (desc->reader == wait)
        desc->reader = NULL;
    if (desc->writer == wait)
        desc->writer = NULL;
    if (unlikely(listed && wait->task->service))
        atomic_fetch_sub_explicit(&net.services, 1, memory_order_release);
    return listed;
}

/* Under the lock: who is listed for a direction waits for it. */
static bool desc_check(const struct poll_desc *desc)
{
    return (!desc->reader || (desc->reader->events & RN_READ)) &&
           (!desc->writer || (desc->writer->events & RN_WRITE));
}

void poll_list(struct poll_desc *desc, struct poll_wait *wait)
{
    INVARIANT(!(wait->events & RN_READ) || !desc->reader);
    INVARIANT(!(wait->events & RN_WRITE) || !desc->writer);
    if (wait->events & RN_READ)
        desc->reader = wait;
    if (wait->events & RN_WRITE)
        desc->writer = wait;
    wait->ready = 0;
    if (!is_simulated(wait->fd))
        atomic_fetch_add_explicit(&net.waiting, 1, memory_order_relaxed);
    /* Release: who counts this one sees that it waits. */
    if (unlikely(wait->task->service))
        atomic_fetch_add_explicit(&net.services, 1, memory_order_release);
}

/* One that was listed is not any more. */
static void settle_one(const struct poll_wait *wait)
{
    if (!is_simulated(wait->fd))
        poll_settle(1);
}

void poll_unlist(struct poll_desc *desc, struct poll_wait *wait)
{
    if (unlist(desc, wait))
        settle_one(wait);
}

int poll_enlist(struct poll_wait *wait)
{
    if (wait->fd < 0 || wait->fd >= CHUNK * CHUNKS)
        return -EBADF;
    if (!(wait->events & (RN_READ | RN_WRITE)))
        return RN_INVALID;
    struct poll_desc *desc = find_or_make(wait->fd);
    if (!desc)
        return RN_NOMEM;
    lock_acquire(&desc->lock);
    bool taken = desc->owned || ((wait->events & RN_READ) && desc->reader) ||
                 ((wait->events & RN_WRITE) && desc->writer);
    if (taken) {
        lock_release(&desc->lock);
        return RN_INVALID;
    }
    poll_list(desc, wait);
    int status = arm(desc, wait->fd);
    if (status < 0) {
        poll_unlist(desc, wait);
        lock_release(&desc->lock);
    }
    return status;
}

void poll_unlock(int fd)
{
    lock_release(&find(fd)->lock);
}

void poll_withdraw(struct poll_wait *wait)
{
    struct poll_desc *desc = find(wait->fd);
    lock_acquire(&desc->lock);
    poll_unlist(desc, wait);
    lock_release(&desc->lock);
}

int poll_own(int fd, struct poll_desc **out)
{
    if (!has_place(fd))
        return -EBADF;
    struct poll_desc *desc = find_or_make(fd);
    if (!desc)
        return RN_NOMEM;
    lock_acquire(&desc->lock);
    desc->owned = true;
    desc->edges = 0;
    uint64_t data = OWNED | begin_round(desc, fd);
    int status = 0;
    if (is_simulated(fd)) /* who waited for it went with an earlier run */
        desc->reader = desc->writer = NULL;
    else
        status = os_poll_own(net.poll, fd, data);
    if (status < 0)
        desc->owned = false;
    lock_release(&desc->lock);
    if (status == 0)
        *out = desc;
    return status;
}

void poll_disown(struct poll_desc *desc, int fd)
{
    desc->owned = false;
    if (!is_simulated(fd))
        os_poll_forget(net.poll, fd);
}

void poll_desc_lock(struct poll_desc *desc)
{
    lock_acquire(&desc->lock);
}

void poll_desc_unlock(struct poll_desc *desc)
{
    lock_release(&desc->lock);
}

int poll_take_edges(struct poll_desc *desc, int events)
{
    int edges = desc->edges & (events | POLL_HUNG);
    desc->edges &= ~events;
    return edges;
}

/* Waits that have ended, in the order in which they did. */
struct ended {
    struct poll_wait *first;
    struct poll_wait **last;
};

/* Under the lock: ends the wait if it is for what is ready and can be won. */
static void end_wait(struct poll_desc *desc, struct poll_wait *wait, int ready,
                     struct ended *ended)
{
    if (!wait || !(wait->events & ready))
        return;
    int found = wait->events & ready;
    unlist(desc, wait);
    if (wait->claim && !claim_take(wait->claim, wait->source)) {
        settle_one(wait); /* its deadline or its context was first */
        return;
    }
    desc->edges &= ~found;
    if (wait->node)
        list_remove(wait->node);
    wait->ready = found;
    wait->next = NULL;
    *ended->last = wait;
    ended->last = &wait->next;
}

/* Under the lock: an edge of an owned one, or a shot for a foreign one. */
static void end_waits(struct poll_desc *desc, bool owned, int events,
                      struct ended *ended)
{
    struct poll_wait *reader = desc->reader;
    struct poll_wait *writer = desc->writer;
    /* Set first: who loses its claim here (to a deadline) looks again. */
    if (owned)
        desc->edges |= events;
    end_wait(desc, reader, events, ended);
    if (writer != reader)
        end_wait(desc, writer, events, ended);
}

struct poll_wait *poll_tell(int fd, int events)
{
    struct poll_desc *desc = find(fd);
    struct ended ended = {.last = &ended.first};
    lock_acquire(&desc->lock);
    if (desc->owned)
        end_waits(desc, true, events, &ended);
    lock_release(&desc->lock);
    return ended.first;
}

/* One event: the waits that it ends. */
static void deliver(const struct os_event *event, struct ended *ended)
{
    int fd = (int)(event->data & UINT32_MAX);
    bool owned = (event->data & OWNED) != 0;
    uint64_t round = event->data >> ROUND_SHIFT & ROUND_MASK;
    struct poll_desc *desc = find(fd);
    lock_acquire(&desc->lock);
    if (owned != desc->owned || desc->round != round) {
        lock_release(&desc->lock);
        return;
    }
    INVARIANT(desc_check(desc));
    end_waits(desc, owned, event->events, ended);
    /* One shot was for both directions; who is left needs another. */
    if (!owned)
        arm(desc, fd);
    lock_release(&desc->lock);
}

/* Of one to come: what is known of it, and of a sooner one who waits. */
static inline void prefetch(const struct os_event *later,
                            const struct os_event *sooner)
{
    if (later->data != KICK)
        __builtin_prefetch(find((int)(later->data & UINT32_MAX)));
    if (sooner->data == KICK)
        return;
    struct poll_desc *desc = find((int)(sooner->data & UINT32_MAX));
    /* Without the lock: it is only a hint where to look. */
    const char *wait = (char *)__atomic_load_n(&desc->reader, __ATOMIC_RELAXED);
    for (int line = -WAIT_LINES; wait && line < WAIT_LINES; line++)
        __builtin_prefetch(wait + line * CACHE_LINE);
}

struct poll_wait *poll_collect(int64_t timeout)
{
    struct os_event events[EVENTS];
    struct ended ended = {.last = &ended.first};
    int count = os_poll_wait(net.poll, events, EVENTS, timeout);
    for (int i = 0; i < count; i++) {
        if (i + AHEAD < count)
            prefetch(&events[i + AHEAD], &events[i + AHEAD / 2]);
        if (events[i].data != KICK)
            deliver(&events[i], &ended);
        else if (timeout != 0)
            /* Who only looks leaves the kick to the one it is for. */
            os_event_clear(net.event);
    }
    return ended.first;
}

void poll_kick(void)
{
    os_event_set(net.event);
}

uint32_t poll_waiting(void)
{
    return atomic_load_explicit(&net.waiting, memory_order_acquire);
}

uint32_t poll_hopes(void)
{
    /* Services first: one that is listed between the two looks then counts as a
     * hope. One that is taken out between them is made ready before `waiting`
     * falls, and is seen in its queue. */
    uint32_t services =
        atomic_load_explicit(&net.services, memory_order_acquire);
    return atomic_load_explicit(&net.waiting, memory_order_acquire) - services;
}

void poll_settle(uint32_t count)
{
    atomic_fetch_sub_explicit(&net.waiting, count, memory_order_release);
}
