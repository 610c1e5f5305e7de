/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bubble.h: tests of concurrent code that need no sleeping and no luck.
 *
 * A bubble is a simulated runtime (sim.h) of its own: time in it is virtual and
 * moves only when every goroutine waits; and a test can wait until all others
 * have come as far as they can.
 *
 *     static int cache_forgets_after_an_hour(void *arg)
 *     {
 *         struct cache *cache = cache_make(3600 * RN_S);   // starts goroutines
 *         cache_put(cache, "a", 1);
 *         rn_sleep(3600 * RN_S - 1);    // takes no time
 *         rn_bubble_wait();             // whatever was due has happened
 *         RN_SIM_CHECK(cache_has(cache, "a"));
 *         rn_sleep(1);
 *         rn_bubble_wait();
 *         RN_SIM_CHECK(!cache_has(cache, "a"));
 *         cache_free(cache);            // ends them
 *         return 0;
 *     }
 *
 *     int main(void)
 *     {
 *         return rn_bubble(cache_forgets_after_an_hour, NULL) != RN_OK;
 *     }
 *
 * To wait for whatever counts: a channel, also the nil one, a lock, a context,
 * a WaitGroup, a timer, a simulated descriptor. A goroutine that waits for a
 * real descriptor counts as well, although the world may wake it.
 *
 * Nothing comes into a bubble from outside, and it cannot be opened inside a
 * runtime. What was made in one (channels, timers, contexts) ends with it.
 */
#ifndef RUNNEL_BUBBLE_H
#define RUNNEL_BUBBLE_H

#include <runnel/sim.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Runs function(arg) as the first goroutine of a bubble, until every goroutine
 * has ended. Returns what it returned, or RN_DEADLOCK (all wait and no timer
 * runs: also when goroutines are left behind that nothing will end), RN_FAILED,
 * RN_ENDLESS, each printed with its reason; RN_INVALID inside a runtime.
 *
 * The order of what could go either way is drawn anew each time; a failure
 * prints the seed, and $RUNNEL_SEED replays it. Timers that are still to fire
 * when the last goroutine has ended do not.
 */
int rn_bubble(int (*function)(void *arg), void *arg);

/*
 * Parks until every other goroutine of the bubble waits (or waits here, too),
 * and all that is due has happened. Time does not move meanwhile. Works in
 * every simulated run; elsewhere it panics.
 */
void rn_bubble_wait(void);

#ifdef __cplusplus
}
#endif

#endif
