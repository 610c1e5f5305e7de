/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.c: the lines of a ledger in memory; the databases keep them. */
#include "load/ledger.h"

#include <stdlib.h>
#include <string.h>

#include "issueline.h"
#include "load/outbuf.h"
#include "load/sink.h"

bool ledger_add(struct ledger *ledger, uint64_t first, uint64_t last,
                uint64_t loaded, const char *rejects)
{
    if (ledger->count == ledger->capacity) {
        size_t capacity = ledger->capacity ? 2 * ledger->capacity : 64;
        struct ledger_range *grown =
            reallocarray(ledger->ranges, capacity, sizeof(*grown));
        if (!grown)
            return false;
        ledger->ranges = grown;
        ledger->capacity = capacity;
    }
    char *copy = rejects && *rejects ? strdup(rejects) : NULL;
    if (!copy && rejects && *rejects)
        return false;
    ledger->ranges[ledger->count++] =
        (struct ledger_range){first, last, loaded, copy};
    return true;
}

void ledger_clear(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; i++)
        free(ledger->ranges[i].rejects);
    free(ledger->ranges);
    *ledger = (struct ledger){0};
}

bool ledger_covers(struct ledger_cursor *cursor, uint64_t row,
                   const struct ledger_range **entered)
{
    const struct ledger *ledger = cursor->ledger;
    *entered = NULL;
    if (!ledger)
        return false;
    while (cursor->at < ledger->count &&
           ledger->ranges[cursor->at].last < row) {
        cursor->at++;
        cursor->inside = false;
    }
    if (cursor->at == ledger->count || row < ledger->ranges[cursor->at].first)
        return false;
    if (!cursor->inside)
        *entered = &ledger->ranges[cursor->at];
    cursor->inside = true;
    return true;
}

bool ledger_recall(const struct ledger_range *range,
                   struct load_outcome *outcome)
{
    const char *line = range->rejects;
    outcome->committed += range->loaded;
    while (line && *line) {
        size_t len = strcspn(line, "\n");
        struct issue *reject = load_outcome_reject(outcome, 0);
        if (!reject || !issue_from_line((struct slice){line, len}, reject))
            return false;
        line += len + (line[len] == '\n');
    }
    return true;
}

void ledger_write_rejects(struct outbuf *out,
                          const struct load_outcome *outcome, uint64_t first,
                          uint64_t last)
{
    char line[ISSUE_LINE_MAX];
    for (size_t i = 0; i < outcome->reject_count; i++) {
        const struct issue *reject = &outcome->rejects[i];
        if (reject->row < first || reject->row > last)
            continue;
        outbuf_put(out, line, issue_to_line(reject, line));
        outbuf_put(out, "\n", 1);
    }
}
