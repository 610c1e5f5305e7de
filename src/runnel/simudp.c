/* SPDX-License-Identifier: Apache-2.0 */
/*
 * simudp.c: simulated sockets for datagrams, by name.
 *
 * A datagram is under way for as long as the network's delay is drawn, each for
 * its own time: so a later one may overtake it. It is dropped where nobody has
 * the name when it is sent, where QUEUE_MAX lie there already, and by a fault;
 * a fault may also let it arrive twice. The socket that it is sent to holds it
 * from the beginning, in the order of arrival.
 *
 * One worker, no interruption: no lock, as in simfd.c. Waits are in the poller's
 * table; a timer tells it when the next one has arrived.
 */
#include "simudp.h"

#include <errno.h>
#include <string.h>

#include <runnel/io.h>

#include "alloc.h"
#include "sched.h"

/* Datagrams that a socket holds, arrived or under way. */
#define QUEUE_MAX 64

struct datagram {
    struct datagram *next;
    int64_t at;
    size_t size;
    char from[SIMFD_NAME_MAX];
    char bytes[];
};

struct socket {
    bool open;
    char name[SIMFD_NAME_MAX];
    struct datagram
        *first; /* by `at`; sent earlier, earlier, where it is equal */
    size_t count;
    struct timer arrival;
};

static struct socket sockets[SIMUDP_MAX];

static void drop_all(struct socket *s)
{
    while (s->first) {
        struct datagram *d = s->first;
        s->first = d->next;
        alloc_free(d);
    }
    s->count = 0;
}

void simudp_reset(void)
{
    for (int i = 0; i < SIMUDP_MAX; i++) {
        drop_all(&sockets[i]);
        race_ignore_begin();
        sockets[i] = (struct socket){0};
        race_ignore_end();
    }
}

static struct socket *find(int fd)
{
    if (!seam_simulated || !simudp_is(fd) || !sockets[fd - SIMUDP_FIRST].open)
        return NULL;
    return &sockets[fd - SIMUDP_FIRST];
}

static struct socket *find_name(const char *name)
{
    struct socket *found = NULL;
    race_ignore_begin();
    for (int i = 0; i < SIMUDP_MAX && !found; i++)
        if (sockets[i].open && strcmp(sockets[i].name, name) == 0)
            found = &sockets[i];
    race_ignore_end();
    return found;
}

/* ---------------------------------------------------------------- arrivals */

static bool has_arrived(const struct socket *s)
{
    return s->first && s->first->at <= seam_now();
}

static void on_arrival(struct timer *timer, int64_t now);

/* Tells who waits that one has arrived, or sees to it that it will be told. */
static void expect(struct socket *s)
{
    timerq_remove(&s->arrival);
    struct poll_wait *wait = NULL;
    if (has_arrived(s))
        wait = poll_tell(SIMUDP_FIRST + (int)(s - sockets), RN_READ);
    while (wait) {
        struct poll_wait *next = wait->next; /* it is not ours once ready */
        sched_ready(wait->task);
        wait = next;
    }
    struct datagram *d = s->first;
    while (d && d->at <= seam_now())
        d = d->next;
    if (!d)
        return;
    s->arrival = (struct timer){.when = d->at, .fire = on_arrival};
    sched_timer_add(&s->arrival);
}

static void on_arrival(struct timer *timer, int64_t now)
{
    (void)now;
    expect(container_of(timer, struct socket, arrival));
}

/* ---------------------------------------------------------------- sockets */

int simudp_bind(const char *name)
{
    size_t length = strlen(name);
    if (!seam_simulated || length == 0 || length >= SIMFD_NAME_MAX)
        return RN_INVALID;
    if (find_name(name))
        return -EADDRINUSE;
    for (int i = 0; i < SIMUDP_MAX; i++) {
        struct socket *s = &sockets[i];
        if (s->open)
            continue;
        race_ignore_begin();
        *s = (struct socket){.open = true};
        memcpy(s->name, name, length + 1);
        race_ignore_end();
        return SIMUDP_FIRST + i;
    }
    return -EMFILE;
}

int simudp_close(int fd)
{
    struct socket *s = find(fd);
    if (!s)
        return -EBADF;
    timerq_remove(&s->arrival);
    drop_all(s);
    s->open = false;
    return RN_OK;
}

int simudp_ready(int fd, int events)
{
    const struct socket *s = find(fd);
    if (!s)
        return -EBADF;
    return (has_arrived(s) ? RN_READ | RN_WRITE : RN_WRITE) & events;
}

/* ---------------------------------------------------------------- transfers */

int64_t simudp_receive(int fd, void *data, size_t size,
                       char from[SIMFD_NAME_MAX])
{
    struct socket *s = find(fd);
    if (!s)
        return -EBADF;
    if (!has_arrived(s))
        return RN_AGAIN;
    struct datagram *d = s->first;
    size_t got = d->size < size ? d->size : size;
    s->first = d->next;
    s->count--;
    race_ignore_begin();
    if (got > 0)
        memcpy(data, d->bytes, got);
    memcpy(from, d->from, SIMFD_NAME_MAX);
    race_ignore_end();
    alloc_free(d);
    return (int64_t)got;
}

/* One copy; where memory is out it is lost on its way. */
static void put(struct socket *to, const struct socket *sender,
                const void *data, size_t size)
{
    struct datagram *d =
        to->count < QUEUE_MAX ? alloc_zeroed(1, sizeof(*d) + size) : NULL;
    if (!d)
        return;
    race_ignore_begin();
    d->size = size;
    if (size > 0)
        memcpy(d->bytes, data, size);
    memcpy(d->from, sender->name, SIMFD_NAME_MAX);
    race_ignore_end();
    d->at = simfd_network_arrival();
    struct datagram **place = &to->first;
    while (*place && (*place)->at <= d->at)
        place = &(*place)->next;
    d->next = *place;
    *place = d;
    to->count++;
    expect(to);
}

int simudp_send(int fd, const char *to, const void *data, size_t size)
{
    const struct socket *sender = find(fd);
    struct socket *receiver = find_name(to);
    if (!sender)
        return -EBADF;
    if (size > SIMUDP_BYTES)
        return -EMSGSIZE;
    /* A fault loses it, or doubles it. */
    int copies = 1;
    if (schedule_faults())
        copies = schedule_draw(DECIDE_NET, 2) == 0 ? 0 : 2;
    for (int i = 0; i < copies && receiver; i++)
        put(receiver, sender, data, size);
    return RN_OK;
}
