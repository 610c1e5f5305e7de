/* SPDX-License-Identifier: Apache-2.0 */
/* A flight's function takes the value it is given. */
#include <runnel/runnel.h>

int g(struct rn_ctx *ctx, int *own, long *result);
void f(struct rn_ctx *ctx, rn_flight(long) flight, rn_flight(int) other,
       long *right, int *wrong);
void f(struct rn_ctx *ctx, rn_flight(long) flight, rn_flight(int) other,
       long *right, int *wrong)
{
    (void)flight;
    (void)other;
    (void)right;
    (void)wrong;
#ifdef WRONG
    (void)rn_flight_do(ctx, flight, "k", g, right, 1L);
#else
    (void)rn_flight_do(ctx, flight, "k", g, right, 1);
#endif
}
