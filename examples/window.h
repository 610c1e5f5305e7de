/* SPDX-License-Identifier: Apache-2.0 */
/*
 * window.h: what came in a stretch of time, in a few kilobytes, however many
 * values there were.
 *
 * Values are counted in classes that are 1/64 of a value wide: below 128 each
 * value has its own, above a percentile is up to 1.6 % too high.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdint.h>

#define WINDOW_CLASSES (128 + 56 * 64)

struct window {
    uint64_t count;
    int64_t least, most;
    double sum;
    uint32_t classes[WINDOW_CLASSES];
};

void window_clear(struct window *window);
/* `value` is not negative. */
void window_add(struct window *window, int64_t value);
/* A value that so many percent are not above; 0 when there are none. */
int64_t window_percentile(const struct window *window, double percent);

#endif
