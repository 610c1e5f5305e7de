/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_windows.h: events gathered by the time they happened.
 *
 * A window is a stretch of event time. It is finished, and printed, when an
 * event has come that is so much later (the lateness) that nothing for the
 * window should be on its way; what comes later still is counted as late. Their
 * number is fixed: memory does not grow with the events.
 */
#ifndef EVENT_WINDOWS_H
#define EVENT_WINDOWS_H

#include <stdbool.h>
#include <stdint.h>

#define WINDOWS_MAX 1000

struct event {
    int64_t time_ms, value; /* neither is negative */
};

struct event_windows {
    int64_t width_ms, lateness_ms;
    uint64_t events, late;
    /* Internal. */
    struct histogram *ring; /* by start / width_ms */
    int64_t count;
    int64_t next_start; /* of the earliest window that is not finished */
    int64_t latest_ms;
};

/* The number that they need; more than WINDOWS_MAX are too many. */
int64_t event_windows_count(int64_t width_ms, int64_t lateness_ms);

/* False: out of memory. */
bool event_windows_open(struct event_windows *windows, int64_t width_ms,
                        int64_t lateness_ms);
void event_windows_add(struct event_windows *windows,
                       const struct event *event);
/* Finishes all that are left. */
void event_windows_finish(struct event_windows *windows);
void event_windows_close(struct event_windows *windows);

#endif
