/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simfd.c: simulated descriptors: streams in memory, with delays.
 *
 * Two ends make a link. What is written to one arrives at the other later, in
 * order: `arriving` says how many bytes have come by when. An end holds what its
 * peer has written and the reader has not taken.
 *
 * There is one worker and no interruption in here, so there is no lock. One
 * goroutine at most waits for each direction of an end. A reader's wait ends at
 * the latest when the next bytes arrive; who wakes looks again.
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
};

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
}

static struct end *find(int fd)
{
    if (!seam_simulated || !simfd_is(fd) || !ends[fd - SIMFD_FIRST].open)
        return NULL;
    return &ends[fd - SIMFD_FIRST];
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
    return e->ending && e->end_at > seam_now() ? e->end_at : RN_NEVER;
}

static size_t room(const struct end *peer)
{
    return peer->writes < WRITES ? peer->link.capacity - peer->count : 0;
}

static int ready(const struct end *e)
{
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
        wake(&both[i]->writer);
    }
}

static int64_t arrival(struct end *to)
{
    int64_t at = seam_now() + to->link.delay_ns / (DELAY_PARTS - 1) *
                                  schedule_draw(DECIDE_NET, DELAY_PARTS);
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

int rn_sim_pair(const struct rn_sim_link *given, int fds[2])
{
    struct rn_sim_link link = given ? *given : (struct rn_sim_link){0};
    if (link.capacity == 0)
        link.capacity = CAPACITY;
    if (!seam_simulated || link.capacity > CAPACITY_MAX || link.delay_ns < 0)
        return RN_INVALID;
    int one = open_end(&link);
    int other = one < 0 ? one : open_end(&link);
    if (other < 0) {
        if (one >= 0)
            ends[one].open = false;
        return other;
    }
    ends[one].peer = &ends[other];
    ends[other].peer = &ends[one];
    fds[0] = SIMFD_FIRST + one;
    fds[1] = SIMFD_FIRST + other;
    return RN_OK;
}

/* What was written still arrives, then the end. */
static void end_writing(struct end *e)
{
    struct end *peer = e->peer;
    if (!peer || peer->ending)
        return;
    peer->ending = true;
    peer->end_at = arrival(peer);
    wake(&peer->reader);
}

int rn_sim_shutdown(int fd)
{
    struct end *e = find(fd);
    sched_point();
    if (!e)
        return -EBADF;
    end_writing(e);
    return RN_OK;
}

int rn_sim_close(int fd)
{
    struct end *e = find(fd);
    sched_point();
    if (!e)
        return -EBADF;
    end_writing(e);
    if (e->peer) {
        e->peer->peer = NULL;
        wake(&e->peer->writer);
    }
    wake(&e->reader);
    wake(&e->writer);
    e->peer = NULL;
    e->open = false;
    return RN_OK;
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

int64_t rn_sim_read(int fd, void *data, size_t size)
{
    sched_point();
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
        wake(&e->peer->writer);
    return (int64_t)got;
}

int64_t rn_sim_write(int fd, const void *data, size_t size)
{
    sched_point();
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
    wake(&peer->reader);
    return (int64_t)put;
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
