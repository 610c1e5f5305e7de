/* SPDX-License-Identifier: Apache-2.0 */
/*
 * histogram.h: what came in a stretch of time, in a few kilobytes, however many
 * values there were.
 *
 * Values are counted in classes that are 1/64 of a value wide: below 128 each
 * value has its own, above a percentile is up to 1.6 % too high.
 */
#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_CLASSES (128 + 56 * 64)

struct histogram {
    uint64_t count;
    int64_t least, most;
    double sum;
    uint32_t classes[HISTOGRAM_CLASSES];
};

void histogram_clear(struct histogram *own);
/* `value` is not negative. */
void histogram_add(struct histogram *own, int64_t value);
/* A value that so many percent are not above; 0 when there are none. */
int64_t histogram_percentile(const struct histogram *own, double percent);

#endif
