/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signal.c: from a handler to channels.
 *
 * A handler, which may run on any thread of the process at any moment, does two
 * things: it counts the signal in `arrived` and wakes the courier. The courier
 * is a thread of its own, from the first notify to the end of the runtime; it
 * takes the counts and sends to the channels, without waiting.
 *
 * `lock` protects the list of notices, and is held while the courier sends: so
 * when a stop returns, nothing is sent to that channel any more. It comes
 * before the locks of channels.
 *
 * The courier also takes the signals that are notified itself (its mask has all
 * others blocked), so that one that every other thread blocks still arrives.
 *
 * Rejected: signalfd and sigwait, which see only what every thread has blocked,
 * and nobody can block a signal in the threads of other libraries. A goroutine
 * that waits for a descriptor: it would count as alive, and as a hope that
 * keeps a deadlock from being reported, also when nobody receives.
 */
#include "signal_internal.h"

#include <errno.h>
#include <signal.h>

#include <runnel/signal.h>

#include "alloc.h"
#include "chan_internal.h"
#include "os.h"
#include "panic_internal.h"
#include "sched.h"

#define LOCK_CLASS LOCK_SIGNALS

#define SIGNALS     65 /* numbers 1 to 64 */
#define BIT(number) (UINT64_C(1) << ((number)-1))
/* Of the C library's own; it would refuse them, or worse, not. */
#define LIBC_FIRST  32
#define LIBC_LAST   33

/* One channel and what is sent to it. */
struct notice {
    struct notice *next;
    struct rn_channel *channel;
    uint64_t numbers; /* BIT(number) */
};

static struct {
    lock_word lock;
    struct notice *notices;
    uint64_t caught; /* numbers whose handler is ours */
    struct sigaction before[SIGNALS];
    bool running;
    pthread_t courier;
    _Atomic(bool) closing;
    /* Since the courier looked; added to by the handler. */
    _Atomic(uint32_t) arrived[SIGNALS];
    /* Futex: grows with every signal and every change of `caught`. */
    _Atomic(uint32_t) bell;
} signals;

static void ring(void)
{
    atomic_fetch_add_explicit(&signals.bell, 1, memory_order_release);
    os_futex_wake(&signals.bell, 1);
}

static void on_signal(int number)
{
    int saved = errno;
    atomic_fetch_add_explicit(&signals.arrived[number], 1,
                              memory_order_relaxed);
    ring();
    errno = saved;
}

/* ------------------------------------------------------------- the courier */

/* Under the lock: one signal to all that asked for it. */
static void send(int number)
{
    /* Who has stopped it may close the channel: the lock orders the two. */
    race_ignore_begin();
    for (struct notice *n = signals.notices; n; n = n->next)
        if (n->numbers & BIT(number))
            (void)rn_chan_try_send_(n->channel, &number); /* full: dropped */
    race_ignore_end();
}

static uint64_t deliver(void)
{
    lock_acquire(&signals.lock);
    for (int number = 1; number < SIGNALS; number++) {
        uint32_t count = atomic_exchange_explicit(&signals.arrived[number], 0,
                                                  memory_order_relaxed);
        for (; count > 0; count--)
            send(number);
    }
    uint64_t caught = signals.caught;
    lock_release(&signals.lock);
    return caught;
}

static void *carry(void *arg)
{
    (void)arg;
    while (!atomic_load_explicit(&signals.closing, memory_order_acquire)) {
        /* Acquire: the counts that were raised before the bell. */
        uint32_t seen =
            atomic_load_explicit(&signals.bell, memory_order_acquire);
        sched_outside_begin();
        uint64_t taken = deliver();
        sched_outside_end();
        os_signal_mask(taken);
        os_futex_wait(&signals.bell, seen, -1);
    }
    return NULL;
}

/* ------------------------------------------------------------------ asking */

static bool can_be_notified(int number)
{
    switch (number) {
    case SIGKILL:
    case SIGSTOP:
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
        return false;
    }
    return number >= 1 && number < SIGNALS &&
           (number < LIBC_FIRST || number > LIBC_LAST);
}

/* Under the lock: the channel's notice, made if need be; NULL: no memory. */
static struct notice *find_or_make(struct rn_channel *channel)
{
    struct notice *notice = signals.notices;
    while (notice && notice->channel != channel)
        notice = notice->next;
    if (notice)
        return notice;
    notice = schedule_alloc(1, sizeof(*notice));
    if (!notice)
        return NULL;
    notice->channel = channel;
    notice->next = signals.notices;
    signals.notices = notice;
    return notice;
}

/* Under the lock. */
static int catch (int number)
{
    if (signals.caught & BIT(number))
        return RN_OK;
    int status = os_signal_catch(number, on_signal, &signals.before[number]);
    if (status == RN_OK)
        signals.caught |= BIT(number);
    return status;
}

/* Under the lock: what nobody asks for any more does what it did before. */
static void release_unwanted(void)
{
    uint64_t wanted = 0;
    for (struct notice *n = signals.notices; n; n = n->next)
        wanted |= n->numbers;
    for (int number = 1; number < SIGNALS; number++)
        if (signals.caught & ~wanted & BIT(number))
            os_signal_restore(number, &signals.before[number]);
    signals.caught &= wanted;
}

/* Under the lock. */
static void forget(struct rn_channel *channel)
{
    struct notice **at = &signals.notices;
    while (*at && (*at)->channel != channel)
        at = &(*at)->next;
    struct notice *notice = *at;
    if (!notice)
        return;
    *at = notice->next;
    alloc_free(notice);
    release_unwanted();
}

/* Under the lock. */
static int start(void)
{
    if (signals.running)
        return RN_OK;
    atomic_store_explicit(&signals.closing, false, memory_order_relaxed);
    int status = os_thread_start(&signals.courier, carry, NULL);
    signals.running = status == RN_OK;
    return status;
}

int rn_signal_notify_(struct rn_channel *channel, int number)
{
    if (!sched_is_open())
        misuse("signal notify outside the runtime");
    if (!channel || !can_be_notified(number))
        return RN_INVALID;
    sched_point();
    lock_acquire(&signals.lock);
    int status = start();
    struct notice *notice = status == RN_OK ? find_or_make(channel) : NULL;
    if (status == RN_OK && !notice)
        status = RN_NOMEM;
    if (status == RN_OK)
        status = catch (number);
    if (status == RN_OK)
        notice->numbers |= BIT(number);
    else if (notice && notice->numbers == 0)
        forget(channel);
    lock_release(&signals.lock);
    ring(); /* the courier's mask follows */
    return status;
}

void rn_signal_stop_(struct rn_channel *channel)
{
    sched_point();
    lock_acquire(&signals.lock);
    forget(channel);
    lock_release(&signals.lock);
    ring();
}

/* ------------------------------------------------------- for the runtime */

unsigned signal_threads(void)
{
    lock_acquire(&signals.lock);
    unsigned threads = signals.running;
    lock_release(&signals.lock);
    return threads;
}

bool signal_awaited(void)
{
    bool awaited = false;
    lock_acquire(&signals.lock);
    for (struct notice *n = signals.notices; n && !awaited; n = n->next) {
        lock_acquire_as(LOCK_CHANNEL, &n->channel->lock);
        awaited = !list_empty(&n->channel->receivers);
        lock_release(&n->channel->lock);
    }
    lock_release(&signals.lock);
    return awaited;
}

void signal_close(void)
{
    if (!signals.running)
        return;
    lock_acquire(&signals.lock);
    while (signals.notices)
        forget(signals.notices->channel);
    lock_release(&signals.lock);
    atomic_store_explicit(&signals.closing, true, memory_order_release);
    ring();
    os_thread_join(signals.courier);
    signals.running = false;
    for (int number = 1; number < SIGNALS; number++)
        atomic_store_explicit(&signals.arrived[number], 0,
                              memory_order_relaxed);
}
