/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_rig.h: what the tests of sinks share: rows by hand, one load, exactness.
 */
#ifndef SINK_RIG_H
#define SINK_RIG_H

#include <stdlib.h>

#include "check.h"
#include "load/sink.h"

#define RIG_COLUMNS_MAX 40

/* Values, as the converter would make them. */
#define NIL      ((struct value){.kind = VALUE_NULL})
#define TEXT(s)  ((struct value){.kind = VALUE_TEXT, .text = slice_of(s)})
#define INT(n)   ((struct value){.kind = VALUE_INTEGER, .integer = (n)})
#define REAL(n)  ((struct value){.kind = VALUE_REAL, .real = (n)})
#define TRUTH(b) ((struct value){.kind = VALUE_BOOLEAN, .truth = (b)})
#define DATE(n)  ((struct value){.kind = VALUE_DATE, .integer = (n)})
#define STAMP(n) ((struct value){.kind = VALUE_TIMESTAMP, .integer = (n)})
#define TIME(n)  ((struct value){.kind = VALUE_TIME, .integer = (n)})

static const char *const method_names[] = {"sequential", "concurrent", "batch",
                                           "copy"};
#define METHODS 4

/* One table being loaded: an open sink, a described table, a plan, a session.
 */
struct rig {
    struct sink *sink;
    struct table table;
    uint32_t columns[RIG_COLUMNS_MAX];
    struct load_plan plan;
    struct session *session;
    struct load_outcome outcome;
    struct issue why;
};

static inline void rig_close(struct rig *rig)
{
    session_close(rig->session);
    load_outcome_clear(&rig->outcome);
    table_clear(&rig->table);
    sink_close(rig->sink);
    *rig = (struct rig){0};
}

/* Opens everything; `names` are the columns to fill, with spaces between. */
static inline bool rig_open(struct rig *rig, const char *target,
                            const struct sink_env *env, const char *table,
                            const char *names, enum load_method method)
{
    *rig = (struct rig){0};
    if (!CHECK_MSG(sink_open(&rig->sink, target, env, &rig->why) == 0,
                   "open: %s", rig->why.text))
        return false;
    if (!CHECK_MSG(sink_describe(rig->sink, table, &rig->table, &rig->why) == 1,
                   "describe %s: %s", table, rig->why.text)) {
        rig_close(rig);
        return false;
    }
    rig->plan = (struct load_plan){&rig->table, rig->columns, 0};
    while (*names != '\0') {
        struct slice name = {names, strcspn(names, " ")};
        int found = table_find_column(&rig->table, name);
        CHECK_MSG(found >= 0, "no column %.*s", (int)name.len, name.ptr);
        rig->columns[rig->plan.count++] = (uint32_t)found;
        names += name.len;
        names += strspn(names, " ");
    }
    if (!CHECK_MSG(session_open(&rig->session, rig->sink, &rig->plan, method,
                                &rig->why) == 0,
                   "session: %s", rig->why.text)) {
        rig_close(rig);
        return false;
    }
    return true;
}

/* Loads `count` rows whose values lie one behind the other; rows from 2 on. */
static inline int rig_load(struct rig *rig, struct value *values, size_t count)
{
    struct row *rows = calloc(count ? count : 1, sizeof(*rows));
    for (size_t i = 0; i < count; i++) {
        rows[i].number = i + 2;
        rows[i].values = values + i * rig->plan.count;
    }
    int status =
        session_load(rig->session, rows, count, &rig->outcome, &rig->why);
    free(rows);
    return status;
}

/* The reject of a row, or NULL. */
static inline const struct issue *rig_reject(const struct rig *rig,
                                             uint64_t row)
{
    for (size_t i = 0; i < rig->outcome.reject_count; i++) {
        if (rig->outcome.rejects[i].row == row)
            return &rig->outcome.rejects[i];
    }
    return NULL;
}

/* Every row is in once or rejected once, and rejects come in order. */
static inline void rig_check_exact(const struct rig *rig, size_t rows,
                                   uint64_t in_table)
{
    CHECK_EQ_INT(rig->outcome.committed + rig->outcome.reject_count, rows);
    CHECK_EQ_INT(rig->outcome.unknown, 0);
    CHECK_EQ_INT(rig->outcome.committed, in_table);
    for (size_t i = 0; i < rig->outcome.reject_count; i++) {
        CHECK(issue_is_row(rig->outcome.rejects[i].code));
        CHECK(rig->outcome.rejects[i].text[0] != '\0');
        if (i > 0)
            CHECK(rig->outcome.rejects[i - 1].row <
                  rig->outcome.rejects[i].row);
    }
}

#endif
