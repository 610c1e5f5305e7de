/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chan.h: channels, typed by their element.
 *
 * A channel carries values of one type from senders to receivers, in order. An
 * unbuffered one (capacity 0) hands over when both sides meet; a buffered one
 * lets senders run ahead by its capacity. What a sender did before its send is
 * visible to the receiver after its receive.
 *
 *     rn_chan(int) squares = rn_chan_make(int, 8);
 *     rn_go(produce, rn_send_end(squares));  // produce(rn_sender(int) *own)
 *     int square;
 *     while (rn_recv(squares, &square))
 *         printf("%d\n", square);
 *     rn_chan_free(squares);
 *
 * Types: rn_chan(T) both sends and receives; rn_sender(T) and rn_receiver(T)
 * are its ends, made by rn_send_end and rn_recv_end. Two handles of the same T
 * have the same type wherever they are written: parameters, fields, typedefs.
 * A wrong element type, receiving from a sender or sending to a receiver does
 * not compile. T is any complete type whose name can be followed by a star
 * (give arrays and function pointers a typedef or a struct).
 *
 * A handle is a pointer: copying it copies no values, and the null handle is
 * the nil channel, on which sending and receiving park for ever.
 *
 *                 nil             open, not ready  closed
 *     send        parks for ever  parks            panics
 *     receive     parks for ever  parks            what is left, then false
 *     close       panics          closes           panics
 *
 * Ownership: whoever makes a channel frees it, once, when nobody can use it any
 * more. A value is copied in and copied out; what it points to is given away.
 *
 * Threads: every call may come from any goroutine, and from a foreign thread
 * (one that runnel did not start), which then waits as a thread.
 */
#ifndef RUNNEL_CHAN_H
#define RUNNEL_CHAN_H

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_channel; /* what a handle points to */
struct rn_ctx;     /* context.h */

/* Bytes of the largest value that a channel carries. */
#define RN_ELEMENT_MAX ((size_t)64 * 1024)

/* Behind the macros; *_until and *_ctx return a status. */
struct rn_channel *rn_chan_make_(size_t element_size, size_t capacity,
                                 const char *where);
void rn_chan_free_(struct rn_channel *chan);
void rn_chan_send_(struct rn_channel *chan, const void *value);
bool rn_chan_recv_(struct rn_channel *chan, void *value);
int rn_chan_try_send_(struct rn_channel *chan, const void *value);
int rn_chan_try_recv_(struct rn_channel *chan, void *value);
int rn_chan_send_until_(int64_t deadline, struct rn_channel *chan,
                        const void *value);
int rn_chan_recv_until_(int64_t deadline, struct rn_channel *chan, void *value);
int rn_chan_send_ctx_(struct rn_ctx *ctx, struct rn_channel *chan,
                      const void *value);
int rn_chan_recv_ctx_(struct rn_ctx *ctx, struct rn_channel *chan, void *value);
void rn_chan_close_(struct rn_channel *chan);
size_t rn_chan_len_(const struct rn_channel *chan);
size_t rn_chan_cap_(const struct rn_channel *chan);
void rn_chan_set_drop_(struct rn_channel *chan, void (*drop)(void *value));
void rn_chan_drop_(struct rn_channel *chan, void *value);
void (*rn_chan_get_drop_(const struct rn_channel *chan))(void *value);

#ifdef __cplusplus
}
#endif

/*
 * The typed face. C11 with GNU's typeof; from C++ use the functions above.
 *
 * A handle's type is a pointer to a function that returns T: C compares such
 * types by structure, so no declaration per T is needed, and T comes back as
 * the type of a call that is never made. The parameter's tag tells the ends
 * apart.
 */
#ifndef __cplusplus

struct rn_both_ends_;
struct rn_send_end_;
struct rn_recv_end_;

#define rn_chan(T)     __typeof__(T(*)(struct rn_both_ends_ *))
#define rn_sender(T)   __typeof__(T(*)(struct rn_send_end_ *))
#define rn_receiver(T) __typeof__(T(*)(struct rn_recv_end_ *))

/* The element type of a handle. */
#define rn_element(chan) __typeof__((chan)(0))

/*
 * rn_chan_make(T, capacity): a new channel for values of sizeof(T) bytes, at
 * most RN_ELEMENT_MAX. A capacity that memory cannot hold panics, as in Go.
 * Does not park.
 */
#define rn_chan_make(T, capacity) \
    ((rn_chan(T))(uintptr_t)rn_chan_make_(sizeof(T), (capacity), RN_HERE_))

/*
 * Frees the channel and the values still buffered in it (rn_chan_set_drop says
 * what becomes of what they hold). Freeing one that somebody waits on panics; a
 * select uses all of its channels until it returns, also those it did not
 * choose. Nil is allowed. Does not park.
 */
#define rn_chan_free(chan) rn_chan_free_(RN_ANY_END_(chan))

/* The sending or the receiving end of a channel (or of that same end). */
#define rn_send_end(chan) \
    ((rn_sender(rn_element(chan)))(uintptr_t)RN_SENDING_(chan))
#define rn_recv_end(chan) \
    ((rn_receiver(rn_element(chan)))(uintptr_t)RN_RECEIVING_(chan))

/*
 * rn_send(chan, value): sends; parks until a receiver or a free place takes the
 * value. Panics when the channel is or gets closed. `value` is an expression of
 * type T or an initialiser in braces.
 *
 * rn_recv(chan, &place): receives into place (or NULL: drops the value); parks
 * until there is one. True with a value; false when the channel is closed and
 * drained, place then zeroed.
 */
#define rn_send(chan, ...) RN_SEND_(rn_chan_send_, chan, __VA_ARGS__)
#define rn_recv(chan, place) \
    rn_chan_recv_(RN_RECEIVING_(chan), RN_PLACE_(chan, place))

/* Do not park: RN_OK or RN_AGAIN; rn_try_recv also RN_CLOSED. */
#define rn_try_send(chan, ...) RN_SEND_(rn_chan_try_send_, chan, __VA_ARGS__)
#define rn_try_recv(chan, place) \
    rn_chan_try_recv_(RN_RECEIVING_(chan), RN_PLACE_(chan, place))

/*
 * Park until the deadline at most: RN_OK, RN_TIMEOUT; rn_recv_until also
 * RN_CLOSED. A channel that is ready wins over a deadline that has passed.
 */
#define rn_send_until(deadline, chan, ...) \
    RN_SEND_AFTER_(rn_chan_send_until_, deadline, chan, __VA_ARGS__)
#define rn_recv_until(deadline, chan, place) \
    rn_chan_recv_until_((deadline), RN_RECEIVING_(chan), RN_PLACE_(chan, place))

/*
 * Park until the context is done at most: RN_OK, or what rn_ctx_err says
 * (RN_CANCELED, RN_TIMEOUT); rn_recv_ctx also RN_CLOSED. When both are ready,
 * the context wins: work that was called off is not started.
 */
#define rn_send_ctx(ctx, chan, ...) \
    RN_SEND_AFTER_(rn_chan_send_ctx_, ctx, chan, __VA_ARGS__)
#define rn_recv_ctx(ctx, chan, place) \
    rn_chan_recv_ctx_((ctx), RN_RECEIVING_(chan), RN_PLACE_(chan, place))

/*
 * Closes: receivers drain what is buffered, then get false; parked senders
 * panic. Only a sender closes, once: closing a closed or a nil channel panics.
 * Does not park.
 */
#define rn_close(chan) rn_chan_close_(RN_SENDING_(chan))

/* Values buffered now, and places; both 0 for nil. Do not park. */
#define rn_chan_len(chan) rn_chan_len_(RN_ANY_END_(chan))
#define rn_chan_cap(chan) rn_chan_cap_(RN_ANY_END_(chan))

/*
 * For values that hold something (memory, a descriptor): function(T *value) is
 * called for each value that nobody received: one still buffered when the
 * channel is freed, or one that could not be sent because work was called off
 * (stage.h, pool.h, fan.h). Set it before the channel is shared.
 *
 * rn_chan_drop(chan, &value) calls it; for who sends with a context:
 *
 *     if (rn_send_ctx(ctx, pages, page) < 0)
 *         rn_chan_drop(pages, &page);
 *
 * Neither parks unless function does.
 */
#define rn_chan_set_drop(chan, function)                                     \
    rn_chan_set_drop_(                                                       \
        RN_ANY_END_(chan),                                                   \
        (void (*)(void *)) _Generic((function), void (*)(rn_element(chan) *) \
                                    : (function)))
#define rn_chan_drop(chan, place) \
    rn_chan_drop_(RN_ANY_END_(chan), RN_PLACE_(chan, place))

/*
 * for each value until the channel is closed and drained; nothing but a `for`:
 *
 *     rn_range (int, n, numbers)
 *         printf("%d\n", n);
 *
 * rn_range_ctx ends also when the context is done (rn_ctx_err tells):
 *
 *     rn_range_ctx (int, n, ctx, numbers)
 *         printf("%d\n", n);
 */
#define rn_range(T, name, chan) for (T name; rn_recv((chan), &name);)
#define rn_range_ctx(T, name, ctx, chan) \
    for (T name; rn_recv_ctx((ctx), (chan), &name) == RN_OK;)

/* Details of the above. */
#define RN_CORE_(chan) ((struct rn_channel *)(uintptr_t)(chan))
#define RN_SENDING_(chan)                                  \
    _Generic((chan), rn_chan(rn_element(chan))             \
             : RN_CORE_(chan), rn_sender(rn_element(chan)) \
             : RN_CORE_(chan))
#define RN_RECEIVING_(chan)                                  \
    _Generic((chan), rn_chan(rn_element(chan))               \
             : RN_CORE_(chan), rn_receiver(rn_element(chan)) \
             : RN_CORE_(chan))
#define RN_ANY_END_(chan)                                    \
    _Generic((chan), rn_chan(rn_element(chan))               \
             : RN_CORE_(chan), rn_sender(rn_element(chan))   \
             : RN_CORE_(chan), rn_receiver(rn_element(chan)) \
             : RN_CORE_(chan))
#define RN_PLACE_(chan, place) \
    _Generic((place), rn_element(chan) * : (place), void * : (place))
#define RN_SEND_(operation, chan, ...)            \
    __extension__({                               \
        rn_element(chan) rn_value_ = __VA_ARGS__; \
        operation(RN_SENDING_(chan), &rn_value_); \
    })
#define RN_SEND_AFTER_(operation, limit, chan, ...)        \
    __extension__({                                        \
        rn_element(chan) rn_value_ = __VA_ARGS__;          \
        operation((limit), RN_SENDING_(chan), &rn_value_); \
    })

#endif

#endif
