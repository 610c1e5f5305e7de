/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netfd.c: turns, waits, deadlines and the end of an owned descriptor.
 *
 * All of it but a turn that nobody else wants is protected by the lock of the
 * descriptor's place in the poller's table (poll.h), which outlives the
 * descriptor: an edge, a change of turns, a close are one step each.
 *
 *  1. `turn` has TAKEN set from a begin to its end. An end hands the turn to the
 *     oldest that waits for it, so nobody overtakes.
 *  2. A turn that nobody else wants changes hands without the lock: from 0 to
 *     TAKEN, and back. Under the lock CROWDED is set before a wait for the turn
 *     is listed, and when the descriptor is closed; from then on both of those
 *     changes fail, and a begin or an end goes through the lock. CROWDED is
 *     unset by an end that leaves nobody waiting, unless it is closed.
 *  3. `users` counts those who wait for a turn, and holds. The number is closed
 *     when it is 0, nobody has a turn and `closed` is set, by whoever made that
 *     true; `gone` is set with it. (What is closed is CROWDED, so a turn that
 *     was seen free then stays free.)
 *  4. A wait is listed while its memory lasts, and its claim decides who ends
 *     it. Its timer is put in and taken out under the lock, so a deadline can
 *     be moved under whoever waits. The timer's own firing does not have the
 *     lock: it takes it once before it wakes the task, because the lock is held
 *     until that task is off its stack. A wait that the poller ends is taken
 *     out by the poller, under the lock: nobody else knows it then.
 *
 * Edges are forgotten at begin, when that has the lock, because the call that
 * follows looks at the descriptor itself; those that come after it are kept by
 * the poller, so nothing is lost between -EAGAIN and the wait. One that was not
 * forgotten ends a wait without reason, once.
 *
 * Who drained the descriptor says so to his successor (`drained`), who then
 * parks without a call, unless an edge has come since that successor's
 * predecessor began: an edge while the descriptor was read may be of what was
 * read or of what came after it, so it is tried. An end, an error or urgent data
 * may have no edge after it, and is kept for ever (POLL_HUNG). Whoever else reads
 * the descriptor (netfd_lend) makes it no less drained.
 */
#include "netfd.h"

#include <errno.h>
#include <sys/socket.h>

#include <runnel/io.h>

#include "fatal.h"
#include "net_call.h"
#include "sched.h"

enum { BY_POLL = 1, BY_TOKEN, BY_TURN, BY_CLOSE, BY_DEADLINE };
enum { TAKEN = 1, CROWDED = 2 }; /* of a turn */

struct netfd_wait {
    struct list node; /* in netfd_side.waits */
    struct poll_wait poll;
    struct wait wait;
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

static int64_t deadline_of(const struct netfd *n, int side)
{
    return atomic_load_explicit(&n->sides[side].deadline, memory_order_relaxed);
}

static void deadline_passed(struct timer *timer, int64_t now)
{
    (void)now;
    struct netfd_wait *w = container_of(timer, struct netfd_wait, timer);
    poll_desc_lock(w->desc);
    poll_desc_unlock(w->desc);
    sched_ready(w->wait.task);
}

static void unlock(void *desc)
{
    poll_desc_unlock(desc);
}

/*
 * Under the lock, which is free afterwards: parks; who ended the wait. Without
 * a token nothing is armed off the stack, so the record needs no guard.
 */
static uint32_t park(struct netfd *n, int side, bool for_turn,
                     struct cancel_token *token)
{
    struct token_wait token_wait;
    const struct wait_for what = {.reason = WAIT_FD};
    struct netfd_wait w;
    if (token) {
        token_wait = (struct token_wait){.token = token, .source = BY_TOKEN};
        wait_begin(&w.wait, RN_NEVER, &token_wait, 1);
    } else {
        atomic_init(&w.wait.claim, 0);
        w.wait.task = task_self();
    }
    w.desc = n->desc;
    w.timer = (struct timer){.when = deadline_of(n, side),
                             .claim = &w.wait.claim,
                             .source = BY_DEADLINE,
                             .fire = deadline_passed};
    list_init(&w.node);
    list_append(&n->sides[side].waits, &w.node);
    w.poll = (struct poll_wait){.fd = n->fd,
                                .events = events_of[side],
                                .task = w.wait.task,
                                .claim = &w.wait.claim,
                                .source = BY_POLL,
                                .node = &w.node};
    if (!for_turn)
        poll_list(n->desc, &w.poll);
    if (w.timer.when != RN_NEVER)
        sched_timer_add(&w.timer);
    if (token)
        wait_park(&w.wait, what, unlock, n->desc);
    else
        sched_park(what, unlock, n->desc);
    /* Acquire: pairs with the winner's claim. */
    uint32_t winner = atomic_load_explicit(&w.wait.claim, memory_order_acquire);
    if (winner == BY_POLL) { /* it is in no list, and no deadline moves it */
        INVARIANT(list_empty(&w.node));
        if (w.timer.home)
            timerq_remove(&w.timer);
        return winner;
    }
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

static uint32_t turn_of(const struct netfd *n, int side)
{
    return atomic_load_explicit(&n->sides[side].turn, memory_order_relaxed);
}

/* Under the lock: somebody is between begin and end, waits for that, or holds.
 * Of what is closed, none of them comes anew. */
static bool in_use(const struct netfd *n)
{
    return n->users > 0 || (turn_of(n, NETFD_READ) & TAKEN) ||
           (turn_of(n, NETFD_WRITE) & TAKEN);
}

/* Under the lock: the number stays while it is used, and 2. */
static bool netfd_check(const struct netfd *n)
{
    bool crowded = (turn_of(n, NETFD_READ) & CROWDED) &&
                   (turn_of(n, NETFD_WRITE) & CROWDED);
    return (!n->closed || crowded) && (!n->gone || (n->closed && !in_use(n)));
}

static bool is_late(const struct netfd *n, int side)
{
    int64_t deadline = deadline_of(n, side);
    return deadline != RN_NEVER && deadline <= seam_now();
}

/* Under the lock: why a side cannot be used now; 0 when it can. */
static int refusal(const struct netfd *n, int side)
{
    if (n->closed)
        return RN_CLOSED;
    return is_late(n, side) ? RN_TIMEOUT : 0;
}

/* ------------------------------------------------------------------- turns */

/* From one state to another, if nobody is in the way; without the lock. */
static inline bool turn_quickly(struct netfd *n, int side, uint32_t from,
                                uint32_t to)
{
    /* Acquire and release: each turn sees what the one before has done. */
    return atomic_compare_exchange_strong_explicit(&n->sides[side].turn, &from,
                                                   to, memory_order_acq_rel,
                                                   memory_order_relaxed);
}

/* Under the lock: true when it is the caller's; else it is crowded now. */
static bool turn_or_crowd(struct netfd *n, int side)
{
    /* Who is CROWDED stays so under the lock. */
    while (!turn_quickly(n, side, 0, TAKEN)) {
        if (turn_of(n, side) == (CROWDED | TAKEN) ||
            turn_quickly(n, side, TAKEN, CROWDED | TAKEN))
            return false;
    }
    return true;
}

/*
 * Parks until it is the caller's turn. On 0 it is, and the lock is held; on a
 * negative status neither.
 */
static int take_turn(struct netfd *n, int side)
{
    poll_desc_lock(n->desc);
    int status = refusal(n, side);
    INVARIANT(netfd_check(n));
    if (status != 0) {
        poll_desc_unlock(n->desc);
        return status;
    }
    if (!turn_or_crowd(n, side)) {
        n->users++;
        uint32_t winner = park(n, side, true, NULL);
        if (winner != BY_TURN) {
            netfd_drop(n);
            return status_of(winner, NULL);
        }
        poll_desc_lock(n->desc);
        n->users--;
        status = refusal(n, side);
        if (status != 0) {
            poll_desc_unlock(n->desc);
            netfd_end(n, side);
            return status;
        }
    }
    return 0;
}

int netfd_begin(struct netfd *n, int side)
{
    sched_point();
    /* An edge that came before may then end a wait without reason. */
    if (!is_late(n, side) && turn_quickly(n, side, 0, TAKEN))
        return 0;
    int status = take_turn(n, side);
    if (status == 0) {
        /* What is tried next finds out whatever these tell. */
        poll_take_edges(n->desc, events_of[side]);
        poll_desc_unlock(n->desc);
    }
    return status;
}

int netfd_begin_ready(struct netfd *n, int side)
{
    sched_point();
    int status = take_turn(n, side);
    if (status != 0)
        return status;
    bool drained = n->sides[side].drained;
    int edges = poll_take_edges(n->desc, events_of[side]);
    n->sides[side].drained = false;
    if (!drained || edges != 0) {
        poll_desc_unlock(n->desc);
        /* An end that was told of for ever is no news. */
        return drained && (edges & events_of[side]) ? NETFD_TOLD : 0;
    }
    status = status_of(park(n, side, false, NULL), NULL);
    if (status == 0)
        return NETFD_TOLD;
    netfd_end(n, side);
    return status;
}

/* Under the lock: true when the caller must close. */
static bool is_last(struct netfd *n)
{
    if (in_use(n) || !n->closed || n->lent || n->gone)
        return false;
    n->gone = true;
    poll_disown(n->desc, n->fd);
    return true;
}

static noinline void end_crowded_turn(struct netfd *n, int side)
{
    struct netfd_side *s = &n->sides[side];
    struct task *next = NULL;
    poll_desc_lock(n->desc);
    while (!next && !list_empty(&s->waits)) {
        struct netfd_wait *w =
            container_of(s->waits.next, struct netfd_wait, node);
        if (end_wait(w, BY_TURN))
            next = w->wait.task;
    }
    /* Release: as in turn_quickly. It is CROWDED, so nobody else changes it. */
    if (!next)
        atomic_store_explicit(&s->turn, n->closed ? CROWDED : 0,
                              memory_order_release);
    int fd = n->fd; /* once unlocked, who sees the end may free it */
    bool last = is_last(n);
    INVARIANT(netfd_check(n));
    poll_desc_unlock(n->desc);
    if (next)
        sched_ready(next);
    if (last)
        net_close(fd);
}

static inline void end_turn(struct netfd *n, int side, bool drained)
{
    n->sides[side].drained = drained;
    if (unlikely(!turn_quickly(n, side, TAKEN, 0)))
        end_crowded_turn(n, side);
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
    n->users--;
    int fd = n->fd;
    bool last = is_last(n);
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
    atomic_store_explicit(&s->deadline, deadline, memory_order_relaxed);
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
    for (int i = 0; first && i < NETFD_SIDES; i++) {
        /* From here on whoever begins or ends comes to the lock. */
        atomic_fetch_or_explicit(&n->sides[i].turn, CROWDED,
                                 memory_order_acq_rel);
        chain = end_waits(&n->sides[i], chain);
    }
    if (first && n->lent) /* the other side need not wait for netfd_free */
        net_shutdown(n->fd, SHUT_RDWR);
    int fd = n->fd;
    bool last = is_last(n);
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
    bool used = in_use(n);
    n->lent = false; /* closed right now, without a shutdown */
    poll_desc_unlock(n->desc);
    if (used)
        fatal("a connection is freed while it is in use");
    netfd_close(n);
}
