/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_ops.c: what every database's sink needs: outcomes and rejects.
 */
#include "load/sink_ops.h"

#include <stdlib.h>
#include <string.h>

#include "load/valuetext.h"

int out_of_memory(struct issue *why)
{
    return issue_set(why, ISSUE_MEMORY, "out of memory");
}

void load_outcome_clear(struct load_outcome *outcome)
{
    free(outcome->rejects);
    *outcome = (struct load_outcome){0};
}

struct issue *load_outcome_reject(struct load_outcome *outcome,
                                  uint64_t row_number)
{
    if (outcome->reject_count == outcome->reject_capacity) {
        size_t capacity = outcome->reject_capacity;
        capacity = capacity > 0 ? capacity * 2 : 8;
        struct issue *rejects =
            reallocarray(outcome->rejects, capacity, sizeof(*rejects));
        if (!rejects)
            return NULL;
        outcome->rejects = rejects;
        outcome->reject_capacity = capacity;
    }
    struct issue *issue = &outcome->rejects[outcome->reject_count++];
    memset(issue, 0, sizeof(*issue));
    issue->row = row_number;
    return issue;
}

struct issue *reject_value(struct load_outcome *outcome,
                           const struct load_plan *plan, const struct row *row,
                           size_t index)
{
    struct issue *issue = load_outcome_reject(outcome, row->number);
    if (!issue || index >= plan->count)
        return issue;
    char room[VALUE_TEXT_MAX];
    struct slice name = slice_of(plan_column(plan, index)->name);
    size_t len = utf8_prefix(name, sizeof(issue->header) - 1);
    memcpy(issue->header, name.ptr, len);
    issue->header[len] = '\0';
    issue->column = (uint32_t)index + 1;
    issue_value(issue, value_text(&row->values[index], room));
    return issue;
}
