/* SPDX-License-Identifier: Apache-2.0 */
/*
 * figures.h: counts, rates and times as reports write them.
 */
#ifndef SLUICE_FIGURES_H
#define SLUICE_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#define FIGURE_MAX 32

/* "1,234,567", terminated. */
void figure_count(uint64_t count, char out[FIGURE_MAX]);
/* "3.1s"; below a second "0.131s". */
void figure_duration(int64_t ns, char out[FIGURE_MAX]);
/* Rows a second, rounded; 0 when no time has passed. */
uint64_t figure_rate(uint64_t rows, int64_t ns);

#endif
