/* SPDX-License-Identifier: Apache-2.0 */
/* window.c: a histogram whose classes grow with the values. */
#include "window.h"

#include <string.h>

void window_clear(struct window *window)
{
    memset(window, 0, sizeof(*window));
    window->least = INT64_MAX;
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

void window_add(struct window *window, int64_t value)
{
    window->count++;
    window->sum += (double)value;
    window->least = value < window->least ? value : window->least;
    window->most = value > window->most ? value : window->most;
    window->classes[class_of(value)]++;
}

int64_t window_percentile(const struct window *window, double percent)
{
    double exact = (double)window->count * percent / 100;
    uint64_t wanted = (uint64_t)exact, passed = 0;

    if (window->count == 0)
        return 0;
    wanted += (double)wanted < exact || wanted == 0; /* the nearest rank */
    for (unsigned i = 0; i < WINDOW_CLASSES; i++) {
        passed += window->classes[i];
        if (passed >= wanted)
            return top_of(i) < window->most ? top_of(i) : window->most;
    }
    return window->most;
}
