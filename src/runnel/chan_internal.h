/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chan_internal.h: a channel's inside, for chan.c, select.c and timer.c.
 *
 * Invariants, under `lock`:
 *  1. A live receiver waits only when the buffer is empty and no live sender
 *     waits; a live sender only when the buffer is full and no live receiver
 *     waits. (Live: its wait can still be won. The rest are taken out when they
 *     are met.) The exception is one select that waits to send and to receive.
 *  2. count <= capacity; the values are at first .. first+count-1, modulo
 *     capacity.
 *  3. Once closed is set it stays, and nobody waits.
 */
#ifndef RUNNEL_CHAN_INTERNAL_H
#define RUNNEL_CHAN_INTERNAL_H

#include <runnel/chan.h>

#include "list.h"
#include "lock.h"
#include "task_internal.h"

struct rn_channel {
    lock_word lock;
    bool closed;
    bool freed;      /* kept for a while with -Dchecks=true */
    size_t size;     /* bytes of an element */
    size_t capacity; /* elements */
    size_t first;
    size_t count;
    struct list receivers; /* struct waiter, oldest first */
    struct list senders;
    const char *where;                   /* made here */
    void (*drop)(void *value);           /* for what nobody received, or NULL */
    _Alignas(max_align_t) char buffer[]; /* a drop is handed places of it */
};

/* One who waits at a channel, on its own stack. */
struct waiter {
    struct list node;
    struct task *task;
    _Atomic(uint32_t) *claim; /* NULL: only the channel ends the wait */
    uint32_t source;
    void *value; /* sender: read from; receiver: written to, or NULL */
    bool ok;     /* set by the other side; false: the channel was closed */
};

/*
 * rn_chan_make_ for a size that is known to be possible; NULL: no memory. What
 * the library makes for itself must not panic half way.
 */
struct rn_channel *chan_new(size_t element_size, size_t capacity,
                            const char *where);

/*
 * Under the lock: sends or receives if that can be done at once. RN_OK,
 * RN_AGAIN, or RN_CLOSED; *wake is a task to make ready after the lock is
 * released, or NULL.
 */
int chan_offer(struct rn_channel *chan, const void *value, struct task **wake);
int chan_take(struct rn_channel *chan, void *value, struct task **wake);

/*
 * Could chan_offer or chan_take succeed, or say closed? Exact under the lock;
 * without it a hint, which may be wrong by the time it is read. Without branches:
 * which case of a select is ready cannot be predicted.
 */
static inline bool chan_seems_to_send(const struct rn_channel *chan)
{
    const struct list *first =
        __atomic_load_n(&chan->receivers.next, __ATOMIC_RELAXED);
    unsigned closed = __atomic_load_n(&chan->closed, __ATOMIC_RELAXED);
    unsigned room =
        __atomic_load_n(&chan->count, __ATOMIC_RELAXED) < chan->capacity;
    unsigned waits = first != &chan->receivers;
    return (room | waits | closed) != 0;
}

static inline bool chan_seems_to_receive(const struct rn_channel *chan)
{
    const struct list *first =
        __atomic_load_n(&chan->senders.next, __ATOMIC_RELAXED);
    unsigned closed = __atomic_load_n(&chan->closed, __ATOMIC_RELAXED);
    uintptr_t waits = (uintptr_t)first ^ (uintptr_t)&chan->senders;
    return (__atomic_load_n(&chan->count, __ATOMIC_RELAXED) | waits | closed) !=
           0;
}

/* Under the lock: forgets what is buffered. */
void chan_drain(struct rn_channel *chan);

/* Before a waiter is put in a queue; for the race detector. */
static inline void chan_waits(struct waiter *waiter)
{
    race_release(waiter);
}

/* What a goroutine that waited learns from the waker; likewise. */
static inline void chan_resumed(struct rn_channel *chan, struct waiter *waiter)
{
    race_acquire(&waiter->value);
    if (!waiter->ok)
        race_acquire(&chan->closed);
}

/* At the end of the runtime: gives back the freed ones that were kept. */
void chan_forget_freed(void);

/* The panic of a send that met a closed channel. */
void chan_send_on_closed(void) __attribute__((noreturn));

#endif
