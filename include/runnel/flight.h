/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flight.h: many ask, one goes, all get the answer.
 *
 * When a popular entry of a cache expires, everyone wants it at the same
 * moment. A flight makes one call for each key at a time: who asks while it is
 * on its way waits for its result instead of making another.
 *
 *     struct query {
 *         int64_t id;
 *     };
 *     static int load(struct rn_ctx *ctx, struct query *own, struct user *user);
 *
 *     rn_flight(struct user) users = rn_flight_make(struct user);
 *
 *     struct user user;
 *     int status = rn_flight_do(ctx, users, "user/17", load, &user,
 *                               (struct query){.id = 17});
 *     ...
 *     rn_flight_free(users);
 *
 * The call runs in a goroutine of its own with a copy of the value of whoever
 * asked first. Its context has the values of that one's, but not its end, which
 * would fail the others: it is canceled when the last who waits has left.
 *
 * Results are copied flat: what a result points to is shared by all who get it.
 * When nobody is left to get it, it is lost: let it hold nothing, or something
 * counted.
 *
 * Threads: every call may come from any goroutine or thread.
 */
#ifndef RUNNEL_FLIGHT_H
#define RUNNEL_FLIGHT_H

#include <runnel/chan.h>
#include <runnel/context.h>
#include <runnel/task.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_flights; /* what a handle points to */

struct rn_flights *rn_flight_make_(size_t size);
void rn_flight_free_(struct rn_flights *flights);
int rn_flight_do_(struct rn_ctx *ctx, struct rn_flights *flights,
                  const char *key,
                  int (*function)(struct rn_ctx *ctx, void *own, void *result),
                  void *result, const void *argument, size_t size,
                  const char *where);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
struct rn_flight_tag_;
/* Calls under way whose results are of type T; and none yet. Does not park. */
#define rn_flight(T)      __typeof__(T(*)(struct rn_flight_tag_ *))
#define rn_flight_make(T) ((rn_flight(T))(uintptr_t)rn_flight_make_(sizeof(T)))

/*
 * Waits for calls that have been left and not ended yet (they are canceled),
 * and frees. Nobody may wait in rn_flight_do. NULL is allowed. Parks.
 */
#define rn_flight_free(flight) rn_flight_free_(RN_FLIGHTS_(flight))

/*
 * rn_flight_do(ctx, flight, key, function, &result, value): the result of
 * `int function(struct rn_ctx *ctx, T *own, R *result)`, called now or already
 * on its way for an equal key (a string, copied). Returns what function
 * returned, result written when that is not negative; or why ctx is done: the
 * caller has left then. A panic of the function goes on in each who waits. Once
 * a call has ended, the next one who asks makes a new one. Parks.
 */
#define rn_flight_do(ctx, flight, key, function, result, ...)                 \
    __extension__({                                                           \
        RN_TYPE_OF_(__VA_ARGS__) rn_argument_ = __VA_ARGS__;                  \
        rn_element(flight) *rn_result_ = (result);                            \
        int (*rn_function_)(struct rn_ctx *, RN_TYPE_OF_(__VA_ARGS__) *,      \
                            rn_element(flight) *) =                           \
            _Generic((function),                                              \
                     int (*)(struct rn_ctx *, RN_TYPE_OF_(__VA_ARGS__) *,     \
                             rn_element(flight) *)                            \
                     : (function));                                           \
        rn_flight_do_((ctx), RN_FLIGHTS_(flight), (key),                      \
                      (int (*)(struct rn_ctx *, void *, void *))rn_function_, \
                      rn_result_, &rn_argument_, sizeof(rn_argument_),        \
                      RN_HERE_);                                              \
    })

#define RN_FLIGHTS_(flight)                          \
    _Generic((flight), rn_flight(rn_element(flight)) \
             : (struct rn_flights *)(uintptr_t)(flight))
#endif

#endif
