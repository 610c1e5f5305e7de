/* SPDX-License-Identifier: Apache-2.0 */
/*
 * progress.c: numbers into a line.
 */
#include "report/progress.h"

#include <stdio.h>

#include "report/figures.h"

/* Below this part of the file a forecast is a guess. */
#define FORECAST_PERCENT 2

size_t progress_line(const struct progress *now, char out[PROGRESS_LINE_MAX])
{
    char rows[FIGURE_MAX];
    char rate[FIGURE_MAX];
    char rest[64] = "";
    figure_count(now->rows, rows);
    figure_count(figure_rate(now->rows, now->elapsed), rate);
    unsigned percent = 0;
    if (now->size > 0)
        percent = (unsigned)((double)now->position * 100 / (double)now->size);
    if (percent >= FORECAST_PERCENT && percent <= 100) {
        double left = (double)now->elapsed / 1e9 *
                      (double)(now->size - now->position) /
                      (double)now->position;
        snprintf(rest, sizeof(rest), ", %u %%, %.0f s left", percent, left);
    }
    char bad[64] = "";
    if (now->rejected > 0) {
        char count[FIGURE_MAX];
        figure_count(now->rejected, count);
        snprintf(bad, sizeof(bad), ", %s rejected", count);
    }
    int size = snprintf(out, PROGRESS_LINE_MAX, "%s rows%s, %s rows/s%s", rows,
                        bad, rate, rest);
    return size < PROGRESS_LINE_MAX ? (size_t)size : PROGRESS_LINE_MAX - 1;
}
