/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll_epoll.c: poll.h on epoll, one shot a wait.
 *
 * A table by descriptor number says who waits. `desc.lock` protects its two
 * places; it is held from the enlistment until the waiter is off its stack, so
 * a waiter is never woken before it sleeps.
 *
 * Rejected: one edge-triggered registration a descriptor, which saves a system
 * call a wait but needs to be told of every close; runnel waits for descriptors
 * that other libraries own and close.
 */
#include "poll.h"

#include <errno.h>

#include <runnel/io.h>

#include "alloc.h"
#include "lock.h"
#include "os.h"

#define CHUNK  1024 /* descriptors a chunk of the table */
#define CHUNKS 1024 /* so numbers below 1,048,576 */
#define EVENTS 128
#define KICK   UINT64_MAX

struct desc {
    lock_word lock;
    struct poll_wait *reader;
    struct poll_wait *writer;
};

static struct {
    int poll;
    int event; /* readable after a kick */
    /* Set once each by compare-and-swap, freed by poll_close. */
    _Atomic(struct desc *) chunks[CHUNKS];
    _Atomic(uint32_t) waiting; /* release and acquire: see poll_settle */
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
    for (int i = 0; i < CHUNKS; i++) {
        alloc_free(net.chunks[i]);
        net.chunks[i] = NULL;
    }
    atomic_store_explicit(&net.waiting, 0, memory_order_relaxed);
}

static struct desc *find(int fd)
{
    struct desc *chunk =
        atomic_load_explicit(&net.chunks[fd / CHUNK], memory_order_acquire);
    return chunk ? &chunk[fd % CHUNK] : NULL;
}

static struct desc *find_or_make(int fd)
{
    struct desc *known = find(fd);
    if (known)
        return known;
    struct desc *chunk = alloc_zeroed(CHUNK, sizeof(*chunk));
    if (!chunk)
        return NULL;
    struct desc *other = NULL;
    /* Release: the zeroes are seen with the pointer. */
    if (!atomic_compare_exchange_strong_explicit(
            &net.chunks[fd / CHUNK], &other, chunk, memory_order_acq_rel,
            memory_order_acquire)) {
        alloc_free(chunk);
        chunk = other;
    }
    return &chunk[fd % CHUNK];
}

/* Under the lock: arms for whoever waits. */
static int arm(struct desc *desc, int fd)
{
    int events = (desc->reader ? RN_READ : 0) | (desc->writer ? RN_WRITE : 0);
    return events ? os_poll_arm(net.poll, fd, events, (uint64_t)fd) : 0;
}

/* Under the lock: true when it was listed. */
static bool unlist(struct desc *desc, struct poll_wait *wait)
{
    bool listed = desc->reader == wait || desc->writer == wait;
    if (desc->reader == wait)
        desc->reader = NULL;
    if (desc->writer == wait)
        desc->writer = NULL;
    return listed;
}

int poll_enlist(struct poll_wait *wait)
{
    if (wait->fd < 0 || wait->fd >= CHUNK * CHUNKS)
        return -EBADF;
    if (!(wait->events & (RN_READ | RN_WRITE)))
        return RN_INVALID;
    struct desc *desc = find_or_make(wait->fd);
    if (!desc)
        return RN_NOMEM;
    lock_acquire(&desc->lock);
    bool taken = ((wait->events & RN_READ) && desc->reader) ||
                 ((wait->events & RN_WRITE) && desc->writer);
    if (taken) {
        lock_release(&desc->lock);
        return RN_INVALID;
    }
    if (wait->events & RN_READ)
        desc->reader = wait;
    if (wait->events & RN_WRITE)
        desc->writer = wait;
    wait->ready = 0;
    atomic_fetch_add_explicit(&net.waiting, 1, memory_order_relaxed);
    int status = arm(desc, wait->fd);
    if (status < 0) {
        unlist(desc, wait);
        poll_settle(1);
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
    struct desc *desc = find(wait->fd);
    lock_acquire(&desc->lock);
    if (unlist(desc, wait))
        poll_settle(1);
    lock_release(&desc->lock);
}

/* Under the lock: ends the wait if it is for what is ready and it can be won.
 */
static struct poll_wait *end_wait(struct desc *desc, struct poll_wait *wait,
                                  int ready, struct poll_wait *chain)
{
    if (!wait || !(wait->events & ready))
        return chain;
    int found = wait->events & ready;
    unlist(desc, wait);
    if (wait->claim && !claim_take(wait->claim, wait->source)) {
        poll_settle(1); /* its deadline or its context was first */
        return chain;
    }
    wait->ready = found;
    wait->next = chain;
    return wait;
}

struct poll_wait *poll_collect(int64_t timeout)
{
    struct os_event events[EVENTS];
    struct poll_wait *chain = NULL;
    int count = os_poll_wait(net.poll, events, EVENTS, timeout);
    for (int i = 0; i < count; i++) {
        if (events[i].data == KICK) {
            /* Who only looks leaves the kick to the one it is for. */
            if (timeout != 0)
                os_event_clear(net.event);
            continue;
        }
        int fd = (int)events[i].data;
        struct desc *desc = find(fd);
        lock_acquire(&desc->lock);
        chain = end_wait(desc, desc->reader, events[i].events, chain);
        chain = end_wait(desc, desc->writer, events[i].events, chain);
        /* One shot was for both directions; who is left needs another. */
        arm(desc, fd);
        lock_release(&desc->lock);
    }
    return chain;
}

void poll_kick(void)
{
    os_event_set(net.event);
}

uint32_t poll_waiting(void)
{
    return atomic_load_explicit(&net.waiting, memory_order_acquire);
}

void poll_settle(uint32_t count)
{
    atomic_fetch_sub_explicit(&net.waiting, count, memory_order_release);
}
