/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poll.h: who waits for which descriptor. It never calls up: poll_collect
 * returns those whose wait has ended, and the scheduler wakes them.
 *
 * A back end supplies these functions. One goroutine at most waits for each
 * direction of a descriptor.
 *
 * A foreign descriptor, which another library may close at any time, is armed
 * anew for every wait: it may be closed and its number used again between two
 * waits without a word to us. An owned one is registered once, for both
 * directions, and tells only when something changes (an edge); edges that come
 * while nobody waits are kept. That saves a system call a wait, and its owner
 * must take it out before he closes it.
 */
#ifndef RUNNEL_POLL_H
#define RUNNEL_POLL_H

#include "list.h"
#include "task_internal.h"

/* Numbers from here on are none of the system's: see poll_tell. */
#define POLL_SIMULATED (1 << 24)

/* One wait, in the waiting task's memory. */
struct poll_wait {
    int fd;
    int events;               /* RN_READ | RN_WRITE wanted */
    int ready;                /* directions found ready */
    struct task *task;        /* to wake */
    _Atomic(uint32_t) *claim; /* or NULL: nothing else ends the wait */
    uint32_t source;
    struct list *node;      /* or NULL: taken out of its list, under the lock,
                               when the poller ends the wait */
    struct poll_wait *next; /* in a chain of ended waits */
};

/* 0 or a negative status. */
int poll_open(void);
void poll_close(void);
/* Nobody waits any more: the tasks that did are gone. */
void poll_forget(void);

/*
 * Enlists the wait and arms the descriptor. On 0 the descriptor's lock is held:
 * the caller parks and has poll_unlock called when it is off its stack. On a
 * negative status nothing is held: RN_INVALID (somebody waits for that
 * direction, or the descriptor is owned), -EBADF, -EPERM, RN_NOMEM.
 */
int poll_enlist(struct poll_wait *wait);
void poll_unlock(int fd);

/* After the wait ended in another way: nobody touches `wait` any more. */
void poll_withdraw(struct poll_wait *wait);

/*
 * What the poller knows of a descriptor number; its memory stays until
 * poll_close, whatever happens to the descriptor.
 */
struct poll_desc;

/*
 * Registers an open descriptor. 0 with *desc set, or a negative status: -EPERM
 * (a plain file), -EBADF, RN_NOMEM.
 */
int poll_own(int fd, struct poll_desc **desc);

/* Its lock, which the owner may use for what belongs to the descriptor. */
void poll_desc_lock(struct poll_desc *desc);
void poll_desc_unlock(struct poll_desc *desc);

/* Under the lock, by the owner; `fd` is the one that was given to poll_own. */
void poll_disown(struct poll_desc *desc, int fd);
/*
 * Forgets the edges of these directions; says which had come, and with
 * POLL_HUNG, for ever, that the other side has ended or sent urgent data, or an
 * error came: no more edges may follow, although there is something to read.
 */
#define POLL_HUNG 4
int poll_take_edges(struct poll_desc *desc, int events);
/* Lists the wait, as poll_enlist does, and takes it out again. */
void poll_list(struct poll_desc *desc, struct poll_wait *wait);
void poll_unlist(struct poll_desc *desc, struct poll_wait *wait);

/*
 * An owned descriptor that the system does not know has an edge in these
 * directions. Returns the chain of waits that ended, as poll_collect does; they
 * were not counted by poll_waiting, for nothing outside will end them.
 */
struct poll_wait *poll_tell(int fd, int events);

/*
 * Waits up to `timeout` (0: looks; negative: no limit) for descriptors, or for
 * poll_kick. Returns the chain of waits that ended, `ready` set.
 */
struct poll_wait *poll_collect(int64_t timeout);

/*
 * Makes the poll_collect that waits now, or the next one that would, return at
 * once. One that only looks (timeout 0) does not use the kick up.
 */
void poll_kick(void);

/*
 * Goroutines that wait for a descriptor. Those that poll_collect returned count
 * until poll_settle: who sees them gone also sees that they were made ready.
 */
uint32_t poll_waiting(void);
/* The same without services (spawn.h): who may yet wake somebody that counts. */
uint32_t poll_hopes(void);
void poll_settle(uint32_t count);

#endif
