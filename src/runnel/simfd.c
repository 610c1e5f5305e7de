/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simfd.c: simulated descriptors: streams in memory, with delays, and listeners.
 *
 * Two ends make a link. What is written to one arrives at the other later, in
 * order: `arriving` says how many bytes have come by when. An end holds what its
 * peer has written and the reader has not taken.
 *
 * There is one worker and no interruption in here, so there is no lock. One
 * goroutine at most waits for each direction of an end. A reader's wait ends at
 * the latest when the next bytes arrive; who wakes looks again.
 *
 * A connection's end (`owned`) has its waits in the poller's table, as a real
 * descriptor has: what changes here is told there as an edge, and what is to
 * arrive later by a timer, which is set while something is under way.
 *
 * A listener holds the ends that were dialed and not accepted, oldest first;
 * each arrives after a delay of its own, and any that has arrived may be next.
 */
#include "simfd.h"

#include <errno.h>
#include <string.h>

#include <runnel/io.h>
#include <runnel/sim.h>

#include "alloc.h"
#include "sched.h"

#define CAPACITY     4096
#define CAPACITY_MAX (1 << 20)
/* Writes under way at once; one more has to wait. */
#define WRITES       32
/* A delay is one of so many parts of the longest. */
#define DELAY_PARTS  5

enum { BY_PEER = 1, BY_TOKEN };

struct waiting {
    struct task *task;
    _Atomic(uint32_t) *claim;
};

struct end {
    bool open;
    bool owned; /* by a connection */
    bool reset;
    bool ending; /* the peer writes no more; the end arrives at `end_at` */
    int64_t end_at;
    struct end *peer; /* NULL: closed */
    struct rn_sim_link link;
    char *bytes; /* link.capacity, a ring */
    size_t first;
    size_t count; /* under way and arrived */
    struct {
        int64_t at;
        size_t size;
    } arriving[WRITES]; /* oldest first; of `count` */
    size_t writes;
    struct waiting *reader;
    struct waiting *writer; /* of this end, for room at its peer */
    struct timer arrival;   /* owned: when the next will have arrived */
    bool listens;
    char name[SIMFD_NAME_MAX];
    size_t backlog;
    struct end *dialed; /* first of those that wait to be accepted */
    struct end *next;   /* in that list, and when it arrives there */
    int64_t dialed_at;
};

/* What a connection is when nobody says. */
static struct rn_sim_link network;

static struct end ends[SIMFD_MAX];
static int used; /* ends above have never been open in this run */

void simfd_reset(void)
{
    for (int i = 0; i < used; i++)
        alloc_free(ends[i].bytes);
    race_ignore_begin();
    memset(ends, 0, (size_t)used * sizeof(ends[0]));
    race_ignore_end();
    used = 0;
    network = (struct rn_sim_link){0};
}

static struct end *find(int fd)
{
    if (!seam_simulated || !simfd_is(fd) || !ends[fd - SIMFD_FIRST].open)
        return NULL;
    return &ends[fd - SIMFD_FIRST];
}

bool simfd_is_open(int fd)
{
    return find(fd) != NULL;
}

/* ------------------------------------------------------------------- state */

static size_t arrived(const struct end *e)
{
    size_t bytes = 0;
    for (size_t i = 0; i < e->writes && e->arriving[i].at <= seam_now(); i++)
        bytes += e->arriving[i].size;
    return bytes;
}

/* When something is to arrive next; RN_NEVER: nothing is under way. */
static int64_t next_arrival(const struct end *e)
{
    for (size_t i = 0; i < e->writes; i++)
        if (e->arriving[i].at > seam_now())
            return e->arriving[i].at;
    int64_t dialed = RN_NEVER;
    for (const struct end *d = e->dialed; d; d = d->next)
        if (d->dialed_at > seam_now() && d->dialed_at < dialed)
            dialed = d->dialed_at;
    if (dialed != RN_NEVER)
        return dialed;
    return e->ending && e->end_at > seam_now() ? e->end_at : RN_NEVER;
}

static size_t room(const struct end *peer)
{
    return peer->writes < WRITES ? peer->link.capacity - peer->count : 0;
}

/* Of those that wait to be accepted, so many have arrived. */
static uint32_t dialed(const struct end *listener)
{
    uint32_t count = 0;
    for (const struct end *d = listener->dialed; d; d = d->next)
        count += d->dialed_at <= seam_now();
    return count;
}

static int ready(const struct end *e)
{
    if (e->listens)
        return dialed(e) > 0 ? RN_READ : 0;
    bool ended = e->ending && e->end_at <= seam_now();
    int events = arrived(e) > 0 || ended || e->reset ? RN_READ : 0;
    if (!e->peer || e->reset || e->peer->ending || room(e->peer) > 0)
        events |= RN_WRITE;
    return events;
}

static void wake(struct waiting **place)
{
    struct waiting *w = *place;
    *place = NULL;
    if (w && claim_take(w->claim, BY_PEER))
        sched_ready(w->task);
}

/* What a connection's end has become ready for, or may have. */
static void tell(struct end *e, int events)
{
    if (!e->owned)
        return;
    struct poll_wait *wait = poll_tell(SIMFD_FIRST + (int)(e - ends), events);
    while (wait) {
        struct poll_wait *next = wait->next; /* it is not ours once ready */
        sched_ready(wait->task);
        wait = next;
    }
}

static void on_arrival(struct timer *timer, int64_t now);

/* Something arrives at this end, now or later. */
static void expect(struct end *e)
{
    wake(&e->reader);
    if (!e->owned)
        return;
    timerq_remove(&e->arrival);
    if (ready(e) & RN_READ)
        tell(e, RN_READ);
    int64_t next = next_arrival(e);
    if (next == RN_NEVER)
        return;
    e->arrival = (struct timer){.when = next, .fire = on_arrival};
    sched_timer_add(&e->arrival);
}

static void on_arrival(struct timer *timer, int64_t now)
{
    (void)now;
    expect(container_of(timer, struct end, arrival));
}

/* There is room for this end to write, or nobody to write to. */
static void let_write(struct end *e)
{
    wake(&e->writer);
    tell(e, RN_WRITE);
}

/* Both ends learn of it at once; what was under way is lost. */
static void reset(struct end *e)
{
    struct end *both[] = {e, e->peer};
    for (int i = 0; i < 2; i++) {
        if (!both[i])
            continue;
        both[i]->reset = true;
        both[i]->count = 0;
        both[i]->writes = 0;
        wake(&both[i]->reader);
        let_write(both[i]);
        tell(both[i], RN_READ | POLL_HUNG);
    }
}

static int64_t after_delay(const struct rn_sim_link *link)
{
    return seam_now() + link->delay_ns / (DELAY_PARTS - 1) *
                            schedule_draw(DECIDE_NET, DELAY_PARTS);
}

int64_t simfd_network_arrival(void)
{
    return after_delay(&network);
}

static int64_t arrival(struct end *to)
{
    int64_t at = after_delay(&to->link);
    int64_t last = to->writes ? to->arriving[to->writes - 1].at : 0;
    return at > last ? at : last;
}

/* All of `size`, or some. */
static size_t some(const struct end *e, size_t size)
{
    if (!e->link.short_calls || size < 2 || schedule_draw(DECIDE_NET, 2) == 0)
        return size;
    return 1 + schedule_draw(DECIDE_NET, (uint32_t)size - 1);
}

/* -------------------------------------------------------------- life cycle */

static int take_place(void)
{
    for (int i = 0; i < SIMFD_MAX; i++)
        if (!ends[i].open) {
            used = i >= used ? i + 1 : used;
            return i;
        }
    return -EMFILE;
}

static int open_end(const struct rn_sim_link *link)
{
    int place = take_place();
    if (place < 0)
        return place;
    struct end *e = &ends[place];
    alloc_free(e->bytes);
    race_ignore_begin();
    *e = (struct end){.open = true, .link = *link};
    race_ignore_end();
    e->bytes = alloc_zeroed(link->capacity, 1);
    e->open = e->bytes != NULL;
    return e->open ? place : RN_NOMEM;
}

/* False when there can be no such link. */
static bool complete(struct rn_sim_link *link)
{
    if (link->capacity == 0)
        link->capacity = CAPACITY;
    return seam_simulated && link->capacity <= CAPACITY_MAX &&
           link->delay_ns >= 0;
}

static int open_pair(const struct rn_sim_link *link, struct end *pair[2])
{
    int one = open_end(link);
    int other = one < 0 ? one : open_end(link);
    if (other < 0) {
        if (one >= 0)
            ends[one].open = false;
        return other;
    }
    pair[0] = &ends[one];
    pair[1] = &ends[other];
    pair[0]->peer = pair[1];
    pair[1]->peer = pair[0];
    return RN_OK;
}

static int number_of(const struct end *e)
{
    return SIMFD_FIRST + (int)(e - ends);
}

int rn_sim_pair(const struct rn_sim_link *given, int fds[2])
{
    struct rn_sim_link link = given ? *given : (struct rn_sim_link){0};
    struct end *pair[2];
    int status = complete(&link) ? open_pair(&link, pair) : RN_INVALID;
    for (int i = 0; i < 2 && status == RN_OK; i++)
        fds[i] = number_of(pair[i]);
    return status;
}

int rn_sim_network(const struct rn_sim_link *given)
{
    struct rn_sim_link link = given ? *given : (struct rn_sim_link){0};
    if (!complete(&link))
        return RN_INVALID;
    network = link;
    return RN_OK;
}

void simfd_own(int fd)
{
    struct end *e = find(fd);
    e->owned = true;
    expect(e); /* what arrived before */
}

int simfd_ready(int fd, int events)
{
    const struct end *e = find(fd);
    return e ? ready(e) & events : -EBADF;
}

/* What was written still arrives, then the end. */
static void end_writing(struct end *e)
{
    struct end *peer = e->peer;
    if (!peer || peer->ending)
        return;
    peer->ending = true;
    peer->end_at = arrival(peer);
    expect(peer);
}

int simfd_shutdown(int fd)
{
    struct end *e = find(fd);
    if (!e)
        return -EBADF;
    end_writing(e);
    return RN_OK;
}

int rn_sim_shutdown(int fd)
{
    sched_point();
    return simfd_shutdown(fd);
}

/* Nobody will accept them. */
static void refuse_dialed(struct end *listener)
{
    while (listener->dialed) {
        struct end *e = listener->dialed;
        listener->dialed = e->next;
        reset(e);
        if (e->peer) /* or it has gone already */
            e->peer->peer = NULL;
        e->peer = NULL;
        e->open = false;
    }
}

int simfd_close(int fd)
{
    struct end *e = find(fd);
    if (!e)
        return -EBADF;
    refuse_dialed(e);
    end_writing(e);
    if (e->peer) {
        e->peer->peer = NULL;
        let_write(e->peer);
    }
    wake(&e->reader);
    wake(&e->writer);
    timerq_remove(&e->arrival);
    e->peer = NULL;
    e->open = false;
    return RN_OK;
}

int rn_sim_close(int fd)
{
    sched_point();
    return simfd_close(fd);
}

/* --------------------------------------------------------------- listeners */

static struct end *find_listener(const char *name)
{
    for (int i = 0; i < used; i++)
        if (ends[i].open && ends[i].listens && strcmp(ends[i].name, name) == 0)
            return &ends[i];
    return NULL;
}

int simfd_listen(const char *name, size_t backlog)
{
    size_t length = strlen(name);
    if (!seam_simulated || length == 0 || length >= SIMFD_NAME_MAX)
        return RN_INVALID;
    if (find_listener(name))
        return -EADDRINUSE;
    int place = open_end(&(struct rn_sim_link){.capacity = 1});
    if (place < 0)
        return place;
    struct end *e = &ends[place];
    e->listens = true;
    e->backlog = backlog;
    memcpy(e->name, name, length + 1);
    return number_of(e);
}

int simfd_dial(const char *name)
{
    struct end *listener = find_listener(name);
    struct end *pair[2];
    if (!listener || schedule_faults())
        return -ECONNREFUSED;
    struct end **last = &listener->dialed;
    size_t waiting = 0;
    for (; *last; last = &(*last)->next)
        waiting++;
    if (waiting >= listener->backlog)
        return RN_AGAIN;
    struct rn_sim_link link = network;
    int status = complete(&link) ? open_pair(&link, pair) : RN_INVALID;
    if (status < 0)
        return status;
    *last = pair[1];
    pair[1]->dialed_at = arrival(pair[1]);
    expect(listener);
    return number_of(pair[0]);
}

int simfd_accept(int fd)
{
    struct end *listener = find(fd);
    if (!listener)
        return -EBADF;
    uint32_t count = dialed(listener);
    if (count == 0)
        return RN_AGAIN;
    uint32_t which = schedule_draw(DECIDE_NET, count);
    struct end **at = &listener->dialed;
    while ((*at)->dialed_at > seam_now() || which-- > 0)
        at = &(*at)->next;
    struct end *e = *at;
    *at = e->next;
    e->next = NULL;
    if (!e->reset && schedule_faults())
        reset(e);
    if (!e->reset)
        return number_of(e);
    simfd_close(number_of(e));
    return -ECONNABORTED;
}

/* --------------------------------------------------------------- transfers */

/* So much of what is under way has been taken. */
static void settle(struct end *e, size_t size)
{
    race_ignore_begin();
    while (size > 0) {
        size_t part = size < e->arriving[0].size ? size : e->arriving[0].size;
        size -= part;
        e->arriving[0].size -= part;
        if (e->arriving[0].size == 0)
            memmove(e->arriving, e->arriving + 1,
                    --e->writes * sizeof(e->arriving[0]));
    }
    race_ignore_end();
}

/* Takes bytes off the front of what has arrived. */
static void take(struct end *e, char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        data[i] = e->bytes[(e->first + i) % e->link.capacity];
    e->first = (e->first + size) % e->link.capacity;
    e->count -= size;
    settle(e, size);
}

int64_t simfd_read(int fd, void *data, size_t size)
{
    struct end *e = find(fd);
    if (!e)
        return -EBADF;
    if (!e->reset && schedule_faults())
        reset(e);
    if (e->reset)
        return -ECONNRESET;
    size_t there = arrived(e);
    if (there == 0 && size > 0)
        return e->ending && e->end_at <= seam_now() && e->count == 0 ? 0
                                                                     : RN_AGAIN;
    size_t got = some(e, there < size ? there : size);
    take(e, data, got);
    race_acquire(e);
    if (e->peer)
        let_write(e->peer);
    return (int64_t)got;
}

int64_t rn_sim_read(int fd, void *data, size_t size)
{
    sched_point();
    return simfd_read(fd, data, size);
}

int64_t simfd_write(int fd, const void *data, size_t size)
{
    struct end *e = find(fd);
    if (!e)
        return -EBADF;
    if (!e->reset && schedule_faults())
        reset(e);
    struct end *peer = e->peer;
    if (e->reset)
        return -ECONNRESET;
    if (!peer || peer->ending)
        return -EPIPE;
    if (size == 0)
        return 0;
    size_t put = room(peer) < size ? room(peer) : size;
    if (put == 0)
        return RN_AGAIN;
    put = some(e, put);
    race_release(peer);
    for (size_t i = 0; i < put; i++)
        peer->bytes[(peer->first + peer->count + i) % peer->link.capacity] =
            ((const char *)data)[i];
    int64_t at = arrival(peer);
    peer->arriving[peer->writes].at = at;
    peer->arriving[peer->writes++].size = put;
    peer->count += put;
    expect(peer);
    return (int64_t)put;
}

int64_t rn_sim_write(int fd, const void *data, size_t size)
{
    sched_point();
    return simfd_write(fd, data, size);
}

/* ------------------------------------------------------------------- waits */

/* Parks until something changed, or may have, or `until`. */
static uint32_t park(struct end *e, int events, int64_t until,
                     struct cancel_token *token)
{
    struct wait wait;
    struct token_wait token_wait = {.token = token, .source = BY_TOKEN};
    wait_begin(&wait, until, &token_wait, token ? 1 : 0);
    struct waiting self = {wait.task, &wait.claim};
    if (events & RN_READ)
        e->reader = &self;
    if (events & RN_WRITE)
        e->writer = &self;
    uint32_t winner =
        wait_park(&wait, (struct wait_for){.reason = WAIT_FD}, NULL, NULL);
    if (e->reader == &self)
        e->reader = NULL;
    if (e->writer == &self)
        e->writer = NULL;
    return winner;
}

int simfd_wait(int fd, int events, int64_t deadline, struct cancel_token *token)
{
    for (;;) {
        struct end *e = find(fd);
        if (!e)
            return -EBADF;
        if (e->owned)
            return RN_INVALID;
        if (token && token_status(token) != 0)
            return token_status(token);
        if (ready(e) & events)
            return ready(e) & events;
        if (deadline <= seam_now())
            return RN_TIMEOUT;
        if (((events & RN_READ) && e->reader) ||
            ((events & RN_WRITE) && e->writer))
            return RN_INVALID;
        int64_t until = events & RN_READ ? next_arrival(e) : RN_NEVER;
        park(e, events, until < deadline ? until : deadline, token);
    }
}
