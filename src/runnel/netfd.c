/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netfd.c: turns, waits, deadlines and the end of an owned descriptor.
 *
 * All of it is protected by the lock of the descriptor's place in the poller's
 * table (poll.h), which outlives the descriptor: an edge, a turn, a close are
 * one step each.
 *
 *  1. `busy` is set from a begin to its end. An end hands the turn to the
 *     oldest that waits for it, so nobody overtakes.
 *  2. `users` counts those between begin and end, those who wait for a turn,
 *     and holds. The number is closed when it is 0 and `closed` is set, by
 *     whoever made that true; `gone` is set with it.
 *  3. A wait is listed while its memory lasts, and its claim decides who ends
 *     it. Its timer is put in and taken out under the lock, so a deadline can
 *     be moved under whoever waits. The timer's own firing does not have the
 *     lock: it takes it once before it wakes the task, because the lock is held
 *     until that task is off its stack.
 *
 * Edges are forgotten at begin, because the call that follows looks at the
 * descriptor itself; those that come after it are kept by the poller, so
 * nothing is lost between -EAGAIN and the wait.
 */
#include "netfd.h"

#include <errno.h>
#include <sys/socket.h>

#include <runnel/io.h>

#include "fatal.h"
#include "net_call.h"
#include "sched.h"

enum { BY_POLL = 1, BY_TOKEN, BY_TURN, BY_CLOSE, BY_DEADLINE };

struct netfd_wait {
    struct list node; /* in netfd_side.waits */
    struct wait wait;
    struct poll_wait poll;
    struct timer timer; /* the side's deadline */
    struct poll_desc *desc;
    struct netfd_wait *next;
};

static const int events_of[NETFD_SIDES] = {RN_READ, RN_WRITE};

int netfd_open(struct netfd *n, int fd)
{
    *n = (struct netfd){.fd = fd};
    for (int i = 0; i < NETFD_SIDES; i++) {
        n->sides[i].deadline = RN_NEVER;
        list_init(&n->sides[i].waits);
    }
    if (simfd_is(fd) && !simfd_is_open(fd))
        return -EBADF;
    int status = poll_own(fd, &n->desc);
    if (status == 0 && simfd_is(fd))
        simfd_own(fd);
    return status;
}

void netfd_abandon(struct netfd *n)
{
    poll_desc_lock(n->desc);
    poll_disown(n->desc, n->fd);
    poll_desc_unlock(n->desc);
}

/* ------------------------------------------------------------------- waits */

static void deadline_passed(struct timer *timer)
{
    struct netfd_wait *w = container_of(timer, struct netfd_wait, timer);
    poll_desc_lock(w->desc);
    poll_desc_unlock(w->desc);
    sched_ready(w->wait.task);
}

static void unlock(void *desc)
{
    poll_desc_unlock(desc);
}

/* Under the lock, which is free afterwards: parks; who ended the wait. */
static uint32_t park(struct netfd *n, int side, bool for_turn,
                     struct cancel_token *token)
{
    struct token_wait token_wait = {.token = token, .source = BY_TOKEN};
    struct netfd_wait w;
    wait_begin(&w.wait, RN_NEVER, &token_wait, token ? 1 : 0);
    w.desc = n->desc;
    w.timer = (struct timer){.when = n->sides[side].deadline,
                             .claim = &w.wait.claim,
                             .source = BY_DEADLINE,
                             .fire = deadline_passed};
    list_init(&w.node);
    list_append(&n->sides[side].waits, &w.node);
    w.poll = (struct poll_wait){.fd = n->fd,
                                .events = events_of[side],
                                .task = w.wait.task,
                                .claim = &w.wait.claim,
                                .source = BY_POLL};
    if (!for_turn)
        poll_list(n->desc, &w.poll);
    if (w.timer.when != RN_NEVER)
        sched_timer_add(&w.timer);
    uint32_t winner = wait_park(&w.wait, (struct wait_for){.reason = WAIT_FD},
                                unlock, n->desc);
    poll_desc_lock(n->desc);
    list_remove(&w.node);
    if (!for_turn)
        poll_unlist(n->desc, &w.poll);
    timerq_remove(&w.timer);
    poll_desc_unlock(n->desc);
    return winner;
}

/* What an end of a wait means to the waiter. */
static int status_of(uint32_t winner, const struct cancel_token *token)
{
    switch (winner) {
    case BY_CLOSE:
        return RN_CLOSED;
    case BY_DEADLINE:
        return RN_TIMEOUT;
    case BY_TOKEN:
        return token_status(token);
    }
    return 0;
}

/* Under the lock: ends a wait, if that can be won. */
static bool end_wait(struct netfd_wait *w, uint32_t source)
{
    list_remove(&w->node);
    return claim_take(&w->wait.claim, source);
}

/* Under the lock: who uses it is counted, and its number stays until then. */
static bool netfd_check(const struct netfd *n)
{
    uint32_t busy = 0;
    for (int i = 0; i < NETFD_SIDES; i++)
        busy += n->sides[i].busy;
    return busy <= n->users && (!n->gone || (n->closed && n->users == 0));
}

/* Under the lock: why a side cannot be used now; 0 when it can. */
static int refusal(const struct netfd *n, int side)
{
    int64_t deadline = n->sides[side].deadline;
    if (n->closed)
        return RN_CLOSED;
    return deadline != RN_NEVER && deadline <= seam_now() ? RN_TIMEOUT : 0;
}

/* ------------------------------------------------------------------- turns */

/* Under the lock: what is tried next finds out whatever these tell. */
static void forget_edges(struct netfd *n, int side)
{
    if (poll_take_edges(n->desc, events_of[side]) != 0)
        n->sides[side].drained = false;
}

/*
 * Parks until it is the caller's turn. On 0 it is, and the lock is held; on a
 * negative status neither.
 */
static int take_turn(struct netfd *n, int side)
{
    struct netfd_side *s = &n->sides[side];
    sched_point();
    poll_desc_lock(n->desc);
    int status = refusal(n, side);
    INVARIANT(netfd_check(n));
    if (status != 0) {
        poll_desc_unlock(n->desc);
        return status;
    }
    n->users++;
    if (s->busy) {
        uint32_t winner = park(n, side, true, NULL);
        if (winner != BY_TURN) {
            netfd_drop(n);
            return status_of(winner, NULL);
        }
        poll_desc_lock(n->desc);
        status = refusal(n, side);
        if (status != 0) {
            poll_desc_unlock(n->desc);
            netfd_end(n, side);
            return status;
        }
    }
    s->busy = true;
    forget_edges(n, side);
    return 0;
}

int netfd_begin(struct netfd *n, int side)
{
    int status = take_turn(n, side);
    if (status == 0)
        poll_desc_unlock(n->desc);
    return status;
}

int netfd_begin_ready(struct netfd *n, int side)
{
    int status = take_turn(n, side);
    if (status != 0)
        return status;
    if (!n->sides[side].drained) {
        poll_desc_unlock(n->desc);
        return 0;
    }
    n->sides[side].drained = false;
    status = status_of(park(n, side, false, NULL), NULL);
    if (status != 0)
        netfd_end(n, side);
    return status;
}

/* Under the lock: one user less; true when the caller must close. */
static bool leave(struct netfd *n)
{
    n->users--;
    if (n->users > 0 || !n->closed || n->lent || n->gone)
        return false;
    n->gone = true;
    poll_disown(n->desc, n->fd);
    return true;
}

static void end_turn(struct netfd *n, int side, bool drained)
{
    struct netfd_side *s = &n->sides[side];
    struct task *next = NULL;
    poll_desc_lock(n->desc);
    /* As in netfd_wait_drained; an edge is seen when the next turn begins. */
    s->drained = drained && (poll_take_edges(n->desc, 0) & POLL_HUNG) == 0;
    while (!next && !list_empty(&s->waits)) {
        struct netfd_wait *w =
            container_of(s->waits.next, struct netfd_wait, node);
        if (end_wait(w, BY_TURN))
            next = w->wait.task;
    }
    s->busy = next != NULL;
    int fd = n->fd; /* once unlocked, who sees the end may free it */
    bool last = leave(n);
    INVARIANT(netfd_check(n));
    poll_desc_unlock(n->desc);
    if (next)
        sched_ready(next);
    if (last)
        net_close(fd);
}

void netfd_end(struct netfd *n, int side)
{
    end_turn(n, side, false);
}

void netfd_end_drained(struct netfd *n, int side)
{
    end_turn(n, side, true);
}

int netfd_wait(struct netfd *n, int side, struct cancel_token *token)
{
    if (token && token_status(token) != 0)
        return token_status(token);
    poll_desc_lock(n->desc);
    int status = refusal(n, side);
    int edges = poll_take_edges(n->desc, events_of[side]);
    if (status != 0 || (edges & events_of[side])) {
        poll_desc_unlock(n->desc);
        return status;
    }
    return status_of(park(n, side, false, token), token);
}

int netfd_wait_drained(struct netfd *n, int side)
{
    poll_desc_lock(n->desc);
    int status = refusal(n, side);
    /* An end that was told of before may lie behind what was read. */
    if (status != 0 || poll_take_edges(n->desc, events_of[side]) != 0) {
        poll_desc_unlock(n->desc);
        return status;
    }
    return status_of(park(n, side, false, NULL), NULL);
}

bool netfd_hold(struct netfd *n)
{
    poll_desc_lock(n->desc);
    bool open = !n->closed;
    if (open)
        n->users++;
    poll_desc_unlock(n->desc);
    return open;
}

void netfd_drop(struct netfd *n)
{
    poll_desc_lock(n->desc);
    int fd = n->fd;
    bool last = leave(n);
    poll_desc_unlock(n->desc);
    if (last)
        net_close(fd);
}

/* --------------------------------------------------------------- deadlines */

/* Under the lock. A wait that has ended is left alone. */
static void move_timer(struct netfd_wait *w, int64_t deadline)
{
    timerq_remove(&w->timer);
    bool ended =
        atomic_load_explicit(&w->wait.claim, memory_order_relaxed) != 0;
    w->timer.when = deadline;
    if (!ended && deadline != RN_NEVER)
        sched_timer_add(&w->timer);
}

void netfd_set_deadline(struct netfd *n, int side, int64_t deadline)
{
    struct netfd_side *s = &n->sides[side];
    sched_point();
    poll_desc_lock(n->desc);
    s->deadline = deadline;
    for (struct list *at = s->waits.next; at != &s->waits; at = at->next)
        move_timer(container_of(at, struct netfd_wait, node), deadline);
    poll_desc_unlock(n->desc);
}

/* --------------------------------------------------------------------- end */

int netfd_lend(struct netfd *n)
{
    poll_desc_lock(n->desc);
    n->lent = true;
    poll_desc_unlock(n->desc);
    return n->fd;
}

/* Under the lock: adds those who wait on a side to the chain. */
static struct netfd_wait *end_waits(struct netfd_side *s,
                                    struct netfd_wait *chain)
{
    while (!list_empty(&s->waits)) {
        struct netfd_wait *w =
            container_of(s->waits.next, struct netfd_wait, node);
        if (end_wait(w, BY_CLOSE)) {
            w->next = chain;
            chain = w;
        }
    }
    return chain;
}

bool netfd_close(struct netfd *n)
{
    struct netfd_wait *chain = NULL;
    sched_point();
    poll_desc_lock(n->desc);
    bool first = !n->closed;
    n->closed = true;
    for (int i = 0; first && i < NETFD_SIDES; i++)
        chain = end_waits(&n->sides[i], chain);
    if (first && n->lent) /* the other side need not wait for netfd_free */
        net_shutdown(n->fd, SHUT_RDWR);
    n->users++;
    int fd = n->fd;
    bool last = leave(n);
    poll_desc_unlock(n->desc);
    if (last)
        net_close(fd);
    while (chain) {
        struct netfd_wait *next = chain->next; /* not ours once it is ready */
        sched_ready(chain->wait.task);
        chain = next;
    }
    return first;
}

void netfd_free(struct netfd *n)
{
    poll_desc_lock(n->desc);
    bool in_use = n->users > 0;
    n->lent = false; /* closed right now, without a shutdown */
    poll_desc_unlock(n->desc);
    if (in_use)
        fatal("a connection is freed while it is in use");
    netfd_close(n);
}
