/* SPDX-License-Identifier: Apache-2.0 */
/* event_windows.c: a ring of windows, of which the earliest is given away. */
#include "event_windows.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/histogram.h"

int64_t event_windows_count(int64_t width_ms, int64_t lateness_ms)
{
    return lateness_ms / width_ms + 2;
}

bool event_windows_open(struct event_windows *own, int64_t width_ms,
                        int64_t lateness_ms)
{
    *own = (struct event_windows){
        .width_ms = width_ms,
        .lateness_ms = lateness_ms,
        .count = event_windows_count(width_ms, lateness_ms)};
    own->ring = calloc((size_t)own->count, sizeof(*own->ring));
    for (int64_t i = 0; own->ring && i < own->count; i++)
        histogram_clear(&own->ring[i]);
    return own->ring != NULL;
}

void event_windows_close(struct event_windows *own)
{
    free(own->ring);
}

static struct histogram *window_at(struct event_windows *own, int64_t start_ms)
{
    return &own->ring[start_ms / own->width_ms % own->count];
}

/* Prints the earliest window, and makes its place that of a later one. */
static void finish_one(struct event_windows *own)
{
    struct histogram *w = window_at(own, own->next_start);

    if (w->count > 0) {
        printf("%lld count %llu mean %.1f least %lld p50 %lld p95 %lld "
               "p99 %lld most %lld\n",
               (long long)own->next_start, (unsigned long long)w->count,
               w->sum / (double)w->count, (long long)w->least,
               (long long)histogram_percentile(w, 50),
               (long long)histogram_percentile(w, 95),
               (long long)histogram_percentile(w, 99), (long long)w->most);
        fflush(stdout);
    }
    histogram_clear(w);
    own->next_start += own->width_ms;
}

/* Time has gone on: windows that nothing can be on its way to are finished. */
static void advance(struct event_windows *own)
{
    int64_t closed_ms = own->latest_ms - own->lateness_ms;

    for (int64_t i = 0; i < own->count; i++) {
        if (own->next_start + own->width_ms > closed_ms)
            return;
        finish_one(own);
    }
    /* All are empty now: a gap in time is passed over at once. */
    if (own->next_start + own->width_ms <= closed_ms)
        own->next_start = closed_ms - closed_ms % own->width_ms;
}

void event_windows_add(struct event_windows *own, const struct event *event)
{
    int64_t start = event->time_ms - event->time_ms % own->width_ms;

    if (own->events++ == 0) { /* what was before may still be on its way */
        int64_t first = event->time_ms - own->lateness_ms;
        own->next_start = first > 0 ? first - first % own->width_ms : 0;
    }
    if (start < own->next_start) {
        own->late++;
        return;
    }
    if (event->time_ms > own->latest_ms) {
        own->latest_ms = event->time_ms;
        advance(own);
    }
    histogram_add(window_at(own, start), event->value);
}

void event_windows_finish(struct event_windows *own)
{
    for (int64_t i = 0; i < own->count; i++)
        finish_one(own);
}
