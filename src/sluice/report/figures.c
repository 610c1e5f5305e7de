/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures.c: counts, rates and times as text.
 */
#include "report/figures.h"

#include <stdio.h>
#include <string.h>

void figure_count(uint64_t count, char out[FIGURE_MAX])
{
    char digits[24];
    int size =
        snprintf(digits, sizeof(digits), "%llu", (unsigned long long)count);
    char *to = out;
    for (int i = 0; i < size; i++) {
        if (i > 0 && (size - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
}

void figure_duration(int64_t ns, char out[FIGURE_MAX])
{
    double seconds = (double)ns / 1e9;
    snprintf(out, FIGURE_MAX, seconds < 1 ? "%.3fs" : "%.1fs", seconds);
}

uint64_t figure_rate(uint64_t rows, int64_t ns)
{
    return ns > 0 ? (uint64_t)((double)rows * 1e9 / (double)ns + 0.5) : 0;
}
