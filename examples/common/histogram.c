/* SPDX-License-Identifier: Apache-2.0 */
/* histogram.c: a histogram whose classes grow with the values. */
#include "histogram.h"

#include <string.h>

void histogram_clear(struct histogram *own)
{
    memset(own, 0, sizeof(*own));
    own->least = INT64_MAX;
}

/* 64 classes from each power of two, beginning with 128, to the next. */
static unsigned class_of(int64_t value)
{
    if (value < 128)
        return (unsigned)value;
    unsigned power = 63 - (unsigned)__builtin_clzll((uint64_t)value);
    unsigned place = (unsigned)(value >> (power - 6)) & 63;
    return 128 + (power - 7) * 64 + place;
}

/* The largest value of a class. */
static int64_t top_of(unsigned number)
{
    if (number < 128)
        return number;
    unsigned power = (number - 128) / 64 + 7;
    uint64_t place = (number - 128) % 64 + 64;
    return (int64_t)(((place + 1) << (power - 6)) - 1);
}

void histogram_add(struct histogram *own, int64_t value)
{
    own->count++;
    own->sum += (double)value;
    own->least = value < own->least ? value : own->least;
    own->most = value > own->most ? value : own->most;
    own->classes[class_of(value)]++;
}

int64_t histogram_percentile(const struct histogram *own, double percent)
{
    double exact = (double)own->count * percent / 100;
    uint64_t wanted = (uint64_t)exact, passed = 0;

    if (own->count == 0)
        return 0;
    wanted += (double)wanted < exact || wanted == 0; /* the nearest rank */
    for (unsigned i = 0; i < HISTOGRAM_CLASSES; i++) {
        passed += own->classes[i];
        if (passed >= wanted)
            return top_of(i) < own->most ? top_of(i) : own->most;
    }
    return own->most;
}
