/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netfd.h: a descriptor that the runtime owns: one user at a time a side,
 * deadlines that move, a close that wakes everybody.
 *
 *     int status = netfd_begin(n, NETFD_READ);
 *     while (status == 0) {
 *         got = ... a call that does not block ...
 *         if (got != -EAGAIN)
 *             break;
 *         status = netfd_wait(n, NETFD_READ, NULL);
 *     }
 *     netfd_end(n, NETFD_READ);       (only after a netfd_begin that was 0)
 *
 * The number is closed only when nobody is between begin and end, so no call
 * ever meets a number that the system has given to something else.
 */
#ifndef RUNNEL_NETFD_H
#define RUNNEL_NETFD_H

#include "list.h"
#include "lock.h"
#include "poll.h"
#include "wait.h"

enum { NETFD_READ, NETFD_WRITE, NETFD_SIDES };

struct netfd_side {
    _Atomic(uint32_t) turn;    /* of netfd.c */
    bool drained;              /* nothing to be had until an edge; whose turn it
                                  is reads and writes it */
    _Atomic(int64_t) deadline; /* RN_NEVER: none; written under the lock,
                                  relaxed: it orders nothing */
    struct list waits;         /* of netfd.c: the one that waits to be ready, or
                                  those that wait for their turn, oldest first */
};

struct netfd {
    int fd;
    struct poll_desc *desc; /* its lock protects what follows */
    bool closed;            /* nobody may begin any more */
    bool lent;              /* the number is in other hands until free */
    bool gone;              /* the number is not ours any more */
    uint32_t users;         /* besides those whose turn it is */
    struct netfd_side sides[NETFD_SIDES];
};

/* Takes fd on 0; on a negative status it stays the caller's. */
int netfd_open(struct netfd *n, int fd);

/*
 * Parks until it is the caller's turn on this side. 0, RN_CLOSED, or RN_TIMEOUT
 * when the side's deadline has passed.
 */
int netfd_begin(struct netfd *n, int side);

/*
 * As netfd_begin, for a call that is then tried at once: parks as well while it
 * is known that the descriptor has nothing (netfd_end_drained). NETFD_TOLD when
 * that was known and an edge has come since; 0 when nothing is known.
 */
enum { NETFD_TOLD = 1 };
int netfd_begin_ready(struct netfd *n, int side);

void netfd_end(struct netfd *n, int side);
/*
 * As netfd_end, after the descriptor gave less than was asked for, of which it
 * is known that it then has no more until an edge (a TCP socket).
 */
void netfd_end_drained(struct netfd *n, int side);

/*
 * Between them, after the descriptor said -EAGAIN: parks until the side may be
 * ready. 0 (perhaps without reason), RN_CLOSED, RN_TIMEOUT, or the status of
 * the token (NULL: none).
 */
int netfd_wait(struct netfd *n, int side, struct cancel_token *token);

/*
 * Between them, after the descriptor gave less than was asked for, as above:
 * parks until it may have more. 0, RN_CLOSED, RN_TIMEOUT.
 */
int netfd_wait_drained(struct netfd *n, int side);

/* Keeps the number without a turn. False when it is closed. */
bool netfd_hold(struct netfd *n);
void netfd_drop(struct netfd *n);

/* Moves a side's deadline, also for those who wait. */
void netfd_set_deadline(struct netfd *n, int side, int64_t deadline);

/* Undoes netfd_open: the descriptor is the caller's again. */
void netfd_abandon(struct netfd *n);

/* From now on the number is kept until netfd_free. Returns it. */
int netfd_lend(struct netfd *n);

/* Wakes all with RN_CLOSED; the last user closes. True when this call did. */
bool netfd_close(struct netfd *n);

/* Closes; nobody uses it any more: that is checked. */
void netfd_free(struct netfd *n);

#endif
