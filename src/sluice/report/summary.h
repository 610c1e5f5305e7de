/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary.h: the end of an import, for people and for programs.
 */
#ifndef SLUICE_SUMMARY_H
#define SLUICE_SUMMARY_H

#include <stdio.h>

#include "issue.h"

struct summary {
    const char *file;
    const char *sheet;
    const char *target; /* without a password */
    const char *table;
    const char *method;
    uint64_t total;      /* data rows read */
    uint64_t success;    /* in the table */
    uint64_t errors;     /* rejected */
    uint64_t unsettled;  /* read, but neither: the import ended before */
    uint64_t unknown;    /* of these, sent to be committed without an answer */
    int64_t duration;    /* nanoseconds */
    const char *rejects; /* path of the report, or NULL */
    const char *error;   /* why it ended early, or NULL */
};

/* A few lines. */
void summary_print(FILE *out, const struct summary *summary);

/*
 * Exactly one JSON object and a line feed: total_records, success_count,
 * error_count, duration, records_per_second, method, target, table; and when
 * the import ended early: unsettled_count, unknown_count, error.
 */
void summary_print_json(FILE *out, const struct summary *summary);

#endif
