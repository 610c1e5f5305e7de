/* SPDX-License-Identifier: Apache-2.0 */
/*
 * broadcast.h: everything that is said, to everyone who listens now.
 *
 * A broadcast copies each value that is sent to every subscriber of that
 * moment. A subscriber has a channel of its own, and says at the start what
 * becomes of it when it does not keep up: so that a slow one need not hold up
 * the others.
 *
 *     rn_broadcast(struct line) room = rn_broadcast_make(struct line);
 *
 *     rn_receiver(struct line) lines = rn_subscribe(room, 64, RN_SLOW_LEAVES);
 *     rn_range (struct line, line, lines)
 *         write_to_client(&line);
 *     rn_unsubscribe(room, lines);
 *
 *     rn_broadcast_send(ctx, room, (struct line){...});  // anyone
 *     rn_broadcast_close(room);
 *
 * All subscribers see the values in the same order. Copies are flat: what a
 * value points to is shared by all.
 *
 * Ownership: a subscriber's channel is made by rn_subscribe and freed by
 * rn_unsubscribe; each subscriber unsubscribes, once, also after the close. A
 * broadcast is freed after all have.
 *
 * Threads: every call may come from any goroutine or thread.
 */
#ifndef RUNNEL_BROADCAST_H
#define RUNNEL_BROADCAST_H

#include <runnel/chan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What happens to a value, and a subscriber, whose channel is full. */
enum rn_slow {
    RN_SLOW_WAITS,  /* the sender waits for it */
    RN_SLOW_MISSES, /* it does not get this value */
    RN_SLOW_LEAVES, /* its channel is closed: it gets no more */
};

struct rn_broadcaster; /* what a handle points to */

/* Behind the macros. */
struct rn_broadcaster *rn_broadcast_make_(size_t size);
void rn_broadcast_free_(struct rn_broadcaster *broadcast);
int rn_broadcast_send_(struct rn_ctx *ctx, struct rn_broadcaster *broadcast,
                       const void *value);
void rn_broadcast_close_(struct rn_broadcaster *broadcast);
size_t rn_broadcast_count_(struct rn_broadcaster *broadcast);
struct rn_channel *rn_subscribe_(struct rn_broadcaster *broadcast,
                                 size_t capacity, enum rn_slow slow,
                                 const char *where);
void rn_unsubscribe_(struct rn_broadcaster *broadcast, struct rn_channel *chan);
uint64_t rn_missed_(struct rn_broadcaster *broadcast, struct rn_channel *chan);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
struct rn_broadcast_tag_;
/* A broadcast of values of type T. */
#define rn_broadcast(T) __typeof__(T(*)(struct rn_broadcast_tag_ *))

/*
 * Makes and frees one; freeing it with subscribers left panics, NULL is
 * allowed. Do not park.
 */
#define rn_broadcast_make(T) \
    ((rn_broadcast(T))(uintptr_t)rn_broadcast_make_(sizeof(T)))
#define rn_broadcast_free(broadcast) \
    rn_broadcast_free_(RN_BROADCASTER_(broadcast))

/*
 * rn_broadcast_send(ctx, broadcast, value): to every subscriber. Parks while
 * another sends, and for full subscribers that are waited for. RN_OK; RN_CLOSED
 * after the close; or why the context is done: the subscribers before the one
 * it waited for have got the value then, the others have not.
 */
#define rn_broadcast_send(ctx, broadcast, ...)                             \
    __extension__({                                                        \
        rn_element(broadcast) rn_value_ = __VA_ARGS__;                     \
        rn_broadcast_send_((ctx), RN_BROADCASTER_(broadcast), &rn_value_); \
    })

/*
 * Closes the channel of every subscriber; later ones get a closed channel.
 * Again: does nothing. Parks while somebody sends.
 */
#define rn_broadcast_close(broadcast) \
    rn_broadcast_close_(RN_BROADCASTER_(broadcast))

/* Subscribers now, with those whose channel is closed. Does not park for long. */
#define rn_broadcast_count(broadcast) \
    rn_broadcast_count_(RN_BROADCASTER_(broadcast))

/*
 * rn_subscribe(broadcast, capacity, slow): a receiver of T that gets what is
 * sent from now on, with so many places. Parks while somebody sends.
 */
#define rn_subscribe(broadcast, capacity, slow)                    \
    ((rn_receiver(rn_element(broadcast)))(uintptr_t)rn_subscribe_( \
        RN_BROADCASTER_(broadcast), (capacity), (slow), RN_HERE_))

/*
 * Ends a subscription and frees its channel, on which nobody may wait. A sender
 * that waits for it goes on. A receiver of another broadcast panics.
 */
#define rn_unsubscribe(broadcast, receiver)     \
    rn_unsubscribe_(RN_BROADCASTER_(broadcast), \
                    RN_SUBSCRIBED_(broadcast, receiver))

/* Values that a subscriber did not get because it was slow. */
#define rn_missed(broadcast, receiver) \
    rn_missed_(RN_BROADCASTER_(broadcast), RN_SUBSCRIBED_(broadcast, receiver))

#define RN_BROADCASTER_(broadcast)                            \
    _Generic((broadcast), rn_broadcast(rn_element(broadcast)) \
             : (struct rn_broadcaster *)(uintptr_t)(broadcast))
#define RN_SUBSCRIBED_(broadcast, receiver)                 \
    _Generic((receiver), rn_receiver(rn_element(broadcast)) \
             : RN_CORE_(receiver))
#endif

#endif
