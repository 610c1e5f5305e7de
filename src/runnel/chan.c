/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chan.c: channels (see chan_internal.h for the invariants).
 *
 * A value goes straight to a receiver that waits, otherwise into the buffer,
 * otherwise the sender waits with it on its own stack and a later receiver
 * takes it from there. Whoever ends a wait copies the value and sets `ok` under
 * the channel's lock, releases the lock, and then makes the task ready.
 *
 * What the race detector is told (the edges of Go's memory model): a send
 * happens before its receive, the k-th receive before the send that reuses its
 * place, both ways when the sides meet, and a close before a receive that
 * reports it. Each edge goes through the address of one place or one waiter, so
 * that two senders are not ordered by sending on the same channel. A send is
 * also a use of the channel, and a close a change: nothing between them to order
 * the two is a mistake, though it went well this time.
 */
#include "chan_internal.h"

#include <string.h>

#include "alloc.h"
#include "fatal.h"
#include "mutant.h"
#include "panic_internal.h"
#include "sched.h"
#include "track.h"
#include "wait.h"

#define LOCK_CLASS LOCK_CHANNEL

struct rn_channel *chan_new(size_t element_size, size_t capacity,
                            const char *where)
{
    struct rn_channel *chan =
        alloc_zeroed(1, sizeof(*chan) + element_size * capacity);
    if (!chan)
        return NULL;
    chan->size = element_size;
    chan->capacity = capacity;
    chan->where = where;
    list_init(&chan->receivers);
    list_init(&chan->senders);
    track_add(TRACK_CHANNEL, chan, where);
    return chan;
}

struct rn_channel *rn_chan_make_(size_t element_size, size_t capacity,
                                 const char *where)
{
    size_t bytes;
    if (element_size > RN_ELEMENT_MAX ||
        __builtin_mul_overflow(element_size, capacity, &bytes) ||
        bytes > PTRDIFF_MAX - sizeof(struct rn_channel))
        misuse("channel of %zu elements of %zu bytes: too large", capacity,
               element_size);
    struct rn_channel *chan = chan_new(element_size, capacity, where);
    if (!chan)
        misuse("out of memory for a channel of %zu elements of %zu bytes",
               capacity, element_size);
    return chan;
}

#ifdef RN_CHECKS

/* Freed channels stay for a while, so that a late use is seen as one. */
#define KEPT 256

static struct {
    lock_word lock;
    struct rn_channel *freed[KEPT];
    size_t next;
} kept;

static void release(struct rn_channel *chan)
{
    chan->freed = true;
    lock_acquire_as(LOCK_LEAF, &kept.lock);
    struct rn_channel *oldest = kept.freed[kept.next % KEPT];
    kept.freed[kept.next++ % KEPT] = chan;
    lock_release(&kept.lock);
    alloc_free(oldest);
}

void chan_forget_freed(void)
{
    for (size_t i = 0; i < KEPT; i++) {
        alloc_free(kept.freed[i]);
        kept.freed[i] = NULL;
    }
}

static bool waits_live(const struct list *queue)
{
    for (const struct list *at = queue->next; at != queue; at = at->next) {
        const struct waiter *w = container_of(at, struct waiter, node);
        if (!w->claim ||
            atomic_load_explicit(w->claim, memory_order_relaxed) == 0)
            return true;
    }
    return false;
}

#else

static void release(struct rn_channel *chan)
{
    alloc_free(chan);
}

void chan_forget_freed(void)
{
}

#endif

/* Under the lock: the invariants of chan_internal.h. */
static void chan_check(const struct rn_channel *chan)
{
#ifdef RN_CHECKS
    if (chan->freed)
        fatal("use of a freed channel (made at %s)", chan->where);
    CHECKED(chan->count <= chan->capacity);
    CHECKED(chan->count == 0 || !waits_live(&chan->receivers));
    CHECKED(chan->count == chan->capacity || !waits_live(&chan->senders));
    CHECKED(!chan->closed ||
            (!waits_live(&chan->receivers) && !waits_live(&chan->senders)));
#endif
    (void)chan;
}

/* The place that is so many after the first; no division: it is slow. */
static inline size_t index_of(const struct rn_channel *chan, size_t after)
{
    size_t index = chan->first + after;
    return index < chan->capacity ? index : index - chan->capacity;
}

static inline char *place_at(struct rn_channel *chan, size_t index)
{
    return chan->buffer + index * chan->size;
}

/* Addresses for the race detector; elements may have size 0. */
static inline const void *edge_of(struct rn_channel *chan, size_t index)
{
    return chan->buffer + index;
}

static void drop_buffered(struct rn_channel *chan)
{
    for (size_t i = 0; chan->drop && i < chan->count; i++) {
        size_t index = index_of(chan, i);
        race_acquire(edge_of(chan, index));
        chan->drop(place_at(chan, index));
    }
    chan->count = 0;
}

void rn_chan_free_(struct rn_channel *chan)
{
    if (!chan)
        return;
    lock_acquire(&chan->lock);
    chan_check(chan);
    bool waited_on =
        !list_empty(&chan->receivers) || !list_empty(&chan->senders);
    lock_release(&chan->lock);
    if (waited_on)
        misuse("free of a channel that is waited on (made at %s)", chan->where);
    track_remove(chan);
    drop_buffered(chan);
    release(chan);
}

void rn_chan_set_drop_(struct rn_channel *chan, void (*drop)(void *value))
{
    if (!chan)
        misuse("drop for a nil channel");
    chan->drop = drop;
}

void (*rn_chan_get_drop_(const struct rn_channel *chan))(void *value)
{
    return chan ? chan->drop : NULL;
}

void rn_chan_drop_(struct rn_channel *chan, void *value)
{
    if (chan && chan->drop)
        chan->drop(value);
}

void chan_send_on_closed(void)
{
    misuse("send on closed channel");
}

/*
 * Copies an element. Not memcpy under ThreadSanitizer, which would take the
 * copy for an access of whoever happens to do it.
 */
static void copy(void *to, const void *from, size_t size)
{
#ifdef RN_TSAN
    volatile char *out = to;
    const volatile char *in = from;
    for (size_t i = 0; i < size; i++)
        out[i] = in[i];
#else
    if (size == sizeof(uint64_t))
        memcpy(to, from, sizeof(uint64_t));
    else if (size == sizeof(uint32_t))
        memcpy(to, from, sizeof(uint32_t));
    else
        memcpy(to, from, size);
#endif
}

static void clear(void *place, size_t size)
{
#ifdef RN_TSAN
    volatile char *out = place;
    for (size_t i = 0; i < size; i++)
        out[i] = 0;
#else
    memset(place, 0, size);
#endif
}

/* Both sides meet: each has seen what the other did before. */
static void meet(struct waiter *w)
{
    race_acquire(w);
    race_release(&w->value);
}

/* The caller uses a place of the buffer, after whoever used it before. */
static void pass(const void *edge)
{
    race_acquire(edge);
    race_release(edge);
}

/*
 * One who waited uses the place right after the caller. The two must not meet:
 * in a buffered channel a send is not ordered after its own receive, and it
 * would be, now and then, if the receiver happened to wait.
 */
static void pass_waiter(struct waiter *w, const void *edge)
{
    if (!w->task->foreign) {
        race_pass_for(&w->task->sanitize, edge);
        return;
    }
    meet(w); /* a thread's clock is its own: this orders too much */
    race_release(edge);
}

/* For the race detector, a value handed over directly takes up a place too. */
static void hand_through_place(struct rn_channel *chan, struct waiter *receiver)
{
#ifdef RN_TSAN
    const void *edge = edge_of(chan, chan->first);
    pass(edge);
    pass_waiter(receiver, edge);
    chan->first = index_of(chan, 1);
#else
    (void)chan;
    (void)receiver;
#endif
}

/* The first whose wait can be won; it is won then, and out of the queue. */
static struct waiter *win_first(struct list *queue)
{
    while (!list_empty(queue)) {
        struct waiter *w = container_of(queue->next, struct waiter, node);
        list_remove(&w->node);
        if (!w->claim || MUTANT(WIN_TWICE) || claim_take(w->claim, w->source))
            return w;
    }
    return NULL;
}

/* Inlined into what users call most; select calls the one below. */
static put_in_line int offer(struct rn_channel *chan, const void *value,
                             struct task **wake)
{
    *wake = NULL;
    chan_check(chan);
    if (unlikely(chan->closed))
        return RN_CLOSED;
    struct waiter *receiver = win_first(&chan->receivers);
    if (receiver) {
        if (receiver->value)
            copy(receiver->value, value, chan->size);
        receiver->ok = true;
        if (chan->capacity == 0) {
            meet(receiver);
        } else {
            hand_through_place(chan, receiver);
        }
        *wake = MUTANT(LOSE_RECEIVER) ? NULL : receiver->task;
        return RN_OK;
    }
    if (chan->count == chan->capacity)
        return RN_AGAIN;
    size_t index = index_of(chan, chan->count);
    pass(edge_of(chan, index));
    copy(place_at(chan, index), value, chan->size);
    chan->count++;
    return RN_OK;
}

int chan_offer(struct rn_channel *chan, const void *value, struct task **wake)
{
    return offer(chan, value, wake);
}

/* A sender that waited gets the place that a receive has freed; its task. */
static noinline struct task *admit_sender(struct rn_channel *chan)
{
    struct waiter *sender =
        MUTANT(FORGET_SENDER) ? NULL : win_first(&chan->senders);
    if (!sender)
        return NULL;
    size_t index = index_of(chan, chan->count);
    copy(place_at(chan, index), sender->value, chan->size);
    chan->count++;
    /* Its value is received from the place, later, by whoever takes it. */
    pass_waiter(sender, edge_of(chan, index));
    sender->ok = true;
    return sender->task;
}

static put_in_line int take(struct rn_channel *chan, void *value,
                            struct task **wake)
{
    *wake = NULL;
    chan_check(chan);
    if (chan->count > 0 && !(MUTANT(CLOSE_DROPS) && chan->closed)) {
        size_t index = chan->first;
        pass(edge_of(chan, index));
        if (value)
            copy(value, place_at(chan, index), chan->size);
        chan->first = index_of(chan, 1);
        chan->count -= !MUTANT(BUFFER_DOUBLES);
        if (unlikely(!list_empty(&chan->senders)))
            *wake = admit_sender(chan);
        return RN_OK;
    }
    struct waiter *sender = win_first(&chan->senders);
    if (sender) {
        if (value)
            copy(value, sender->value, chan->size);
        sender->ok = true;
        meet(sender);
        *wake = MUTANT(LOSE_SENDER) ? NULL : sender->task;
        return RN_OK;
    }
    if (!chan->closed)
        return RN_AGAIN;
    race_acquire(&chan->closed);
    if (value && !MUTANT(DIRTY_ZERO))
        clear(value, chan->size);
    return RN_CLOSED;
}

int chan_take(struct rn_channel *chan, void *value, struct task **wake)
{
    return take(chan, value, wake);
}

void chan_drain(struct rn_channel *chan)
{
    chan->first = 0;
    chan->count = 0;
}

static void unlock(void *chan)
{
    lock_release(&((struct rn_channel *)chan)->lock);
}

static void park_for_ever(enum wait_reason reason)
{
    for (;;)
        sched_park((struct wait_for){.reason = reason}, NULL, NULL);
}

/* Of a wait that the channel alone ends; who ends it sets `ok`. */
static inline void waiter_init(struct waiter *w, void *value)
{
    w->task = task_self();
    w->claim = NULL;
    w->value = value;
    chan_waits(w);
}

/* Under the lock, which it releases. Apart: it needs a frame, a send does not.
 */
static noinline void wait_to_send(struct rn_channel *chan, const void *value)
{
    struct waiter self;
    waiter_init(&self, (void *)(uintptr_t)value);
    list_append(&chan->senders, &self.node);
    sched_park((struct wait_for){WAIT_SEND, chan->where, chan, false}, unlock,
               chan);
    chan_resumed(chan, &self);
    if (!self.ok)
        chan_send_on_closed();
}

static noinline bool wait_to_receive(struct rn_channel *chan, void *value)
{
    struct waiter self;
    waiter_init(&self, value);
    list_append(&chan->receivers, &self.node);
    sched_park((struct wait_for){WAIT_RECV, chan->where, chan, false}, unlock,
               chan);
    chan_resumed(chan, &self);
    return self.ok;
}

void rn_chan_send_(struct rn_channel *chan, const void *value)
{
    sched_point();
    if (unlikely(!chan))
        park_for_ever(WAIT_SEND_NIL);
    struct task *wake;
    race_uses(chan);
    lock_acquire(&chan->lock);
    int status = offer(chan, value, &wake);
    if (status == RN_AGAIN) {
        wait_to_send(chan, value);
        return;
    }
    lock_release(&chan->lock);
    if (wake)
        sched_ready(wake);
    if (unlikely(status == RN_CLOSED))
        chan_send_on_closed();
}

bool rn_chan_recv_(struct rn_channel *chan, void *value)
{
    sched_point();
    if (unlikely(!chan))
        park_for_ever(WAIT_RECV_NIL);
    struct task *wake;
    lock_acquire(&chan->lock);
    int status = take(chan, value, &wake);
    if (status == RN_AGAIN)
        return wait_to_receive(chan, value);
    lock_release(&chan->lock);
    if (wake)
        sched_ready(wake);
    return status == RN_OK;
}

int rn_chan_try_send_(struct rn_channel *chan, const void *value)
{
    sched_point();
    if (!chan)
        return RN_AGAIN;
    struct task *wake;
    race_uses(chan);
    lock_acquire(&chan->lock);
    int status = chan_offer(chan, value, &wake);
    lock_release(&chan->lock);
    if (wake)
        sched_ready(wake);
    if (unlikely(status == RN_CLOSED))
        chan_send_on_closed();
    return status;
}

int rn_chan_try_recv_(struct rn_channel *chan, void *value)
{
    sched_point();
    if (!chan)
        return RN_AGAIN;
    struct task *wake;
    lock_acquire(&chan->lock);
    int status = chan_take(chan, value, &wake);
    lock_release(&chan->lock);
    if (wake)
        sched_ready(wake);
    return status;
}

enum { BY_CHANNEL = 1, BY_TOKEN };

/* What a limited wait may end by, besides its channel. */
struct limit {
    int64_t deadline;
    struct cancel_token *token; /* or NULL */
};

/*
 * Under the lock: waits in `queue`, within the limit; releases the lock.
 * RN_OK: the other side came (self->ok tells how).
 */
static int wait_at(struct rn_channel *chan, struct list *queue,
                   struct waiter *self, enum wait_reason reason,
                   struct limit limit)
{
    struct wait wait;
    struct token_wait token = {.token = limit.token, .source = BY_TOKEN};
    wait_begin(&wait, limit.deadline, &token, limit.token ? 1 : 0);
    self->task = wait.task;
    self->claim = &wait.claim;
    self->source = BY_CHANNEL;
    chan_waits(self);
    list_append(queue, &self->node);
    uint32_t winner =
        wait_park(&wait, (struct wait_for){reason, chan->where, chan, false},
                  unlock, chan);
    bool eaten = MUTANT(TIMEOUT_EATS) && seam_now() >= limit.deadline;
    if (winner == BY_CHANNEL && !eaten) {
        chan_resumed(chan, self);
        return RN_OK;
    }
    lock_acquire(&chan->lock);
    if (!MUTANT(LEAVE_WAITER))
        list_remove(&self->node);
    lock_release(&chan->lock);
    return winner == BY_TOKEN ? token_status(limit.token) : RN_TIMEOUT;
}

static int wait_nil(enum wait_reason reason, struct limit limit)
{
    struct wait wait;
    struct token_wait token = {.token = limit.token, .source = BY_TOKEN};
    wait_begin(&wait, limit.deadline, &token, limit.token ? 1 : 0);
    uint32_t winner =
        wait_park(&wait, (struct wait_for){.reason = reason}, NULL, NULL);
    return winner == BY_TOKEN ? token_status(limit.token) : RN_TIMEOUT;
}

static int send_within(struct limit limit, struct rn_channel *chan,
                       const void *value)
{
    sched_point();
    if (limit.token && token_status(limit.token) != 0)
        return token_status(limit.token);
    if (!chan)
        return wait_nil(WAIT_SEND_NIL, limit);
    struct task *wake;
    race_uses(chan);
    lock_acquire(&chan->lock);
    int status = chan_offer(chan, value, &wake);
    if (status == RN_AGAIN) {
        struct waiter self = {.value = (void *)(uintptr_t)value};
        status = wait_at(chan, &chan->senders, &self, WAIT_SEND, limit);
        if (status == RN_OK && !self.ok)
            chan_send_on_closed();
        return status;
    }
    lock_release(&chan->lock);
    if (wake)
        sched_ready(wake);
    if (unlikely(status == RN_CLOSED))
        chan_send_on_closed();
    return status;
}

static int recv_within(struct limit limit, struct rn_channel *chan, void *value)
{
    sched_point();
    if (limit.token && token_status(limit.token) != 0)
        return token_status(limit.token);
    if (!chan)
        return wait_nil(WAIT_RECV_NIL, limit);
    struct task *wake;
    lock_acquire(&chan->lock);
    int status = chan_take(chan, value, &wake);
    if (status == RN_AGAIN) {
        struct waiter self = {.value = value};
        status = wait_at(chan, &chan->receivers, &self, WAIT_RECV, limit);
        return status == RN_OK && !self.ok ? RN_CLOSED : status;
    }
    lock_release(&chan->lock);
    if (wake)
        sched_ready(wake);
    return status;
}

int rn_chan_send_until_(int64_t deadline, struct rn_channel *chan,
                        const void *value)
{
    return send_within((struct limit){.deadline = deadline}, chan, value);
}

int rn_chan_recv_until_(int64_t deadline, struct rn_channel *chan, void *value)
{
    return recv_within((struct limit){.deadline = deadline}, chan, value);
}

int rn_chan_send_ctx_(struct rn_ctx *ctx, struct rn_channel *chan,
                      const void *value)
{
    return send_within((struct limit){RN_NEVER, ctx_token(ctx)}, chan, value);
}

int rn_chan_recv_ctx_(struct rn_ctx *ctx, struct rn_channel *chan, void *value)
{
    return recv_within((struct limit){RN_NEVER, ctx_token(ctx)}, chan, value);
}

/* Ends every wait of the queue that can be won; adds the tasks to the chain. */
static struct task *dismiss(struct rn_channel *chan, struct list *queue,
                            bool receivers, struct task *chain)
{
    for (struct waiter *w = win_first(queue); w && !MUTANT(CLOSE_WAKES_NONE);
         w = MUTANT(CLOSE_WAKES_ONE) ? NULL : win_first(queue)) {
        if (receivers && w->value)
            clear(w->value, chan->size);
        w->ok = false;
        w->task->next = chain;
        chain = w->task;
    }
    return chain;
}

void rn_chan_close_(struct rn_channel *chan)
{
    sched_point();
    if (!chan)
        misuse("close of nil channel");
    race_changes(chan);
    lock_acquire(&chan->lock);
    chan_check(chan);
    if (chan->closed) {
        lock_release(&chan->lock);
        misuse("close of closed channel");
    }
    race_release(&chan->closed);
    chan->closed = true;
    struct task *chain = dismiss(chan, &chan->receivers, true, NULL);
    chain = dismiss(chan, &chan->senders, false, chain);
    lock_release(&chan->lock);
    while (chain) {
        struct task *next = chain->next; /* used by queues once it is ready */
        sched_ready(chain);
        chain = next;
    }
}

size_t rn_chan_len_(const struct rn_channel *chan)
{
    if (!chan)
        return 0;
    lock_word *lock = &((struct rn_channel *)(uintptr_t)chan)->lock;
    lock_acquire(lock);
    size_t count = chan->count;
    lock_release(lock);
    return count;
}

size_t rn_chan_cap_(const struct rn_channel *chan)
{
    return chan ? chan->capacity : 0;
}
