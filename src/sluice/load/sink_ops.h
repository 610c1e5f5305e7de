/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink_ops.h: what a kind of database brings; sink.c calls it.
 *
 * A database's own sink and session begin with these records. The functions
 * keep the promises of sink.h; sink.c has checked what every one of them may
 * take for granted: at least one column in the plan, values of the kinds that
 * their columns ask for.
 */
#ifndef SLUICE_SINK_OPS_H
#define SLUICE_SINK_OPS_H

#include "load/sink.h"

struct sink_ops {
    void (*close)(struct sink *sink);
    int (*describe)(struct sink *sink, const char *name, struct table *table,
                    struct issue *why);
    int (*create)(struct sink *sink, const struct table *table,
                  struct issue *why);
    int (*finish)(struct sink *sink, const struct table *table,
                  struct issue *why);
    int (*count)(struct sink *sink, const char *table, uint64_t *rows,
                 struct issue *why);
    /* NULL: what is committed is durable. */
    int (*settle)(struct sink *sink, struct issue *why);
    /* NULL: keeps no ledger. */
    int (*ledger_open)(struct sink *sink, struct ledger *ledger,
                       struct issue *why);
    int (*ledger_drop)(struct sink *sink, const char *import,
                       struct issue *why);
    int (*session_open)(struct session **session, struct sink *sink,
                        const struct load_plan *plan, enum load_method method,
                        struct issue *why);
    void (*session_close)(struct session *session);
    int (*session_load)(struct session *session, const struct row *rows,
                        size_t count, struct load_outcome *outcome,
                        struct issue *why);
    bool blocks;
    bool discards;
    unsigned max_sessions;
    enum load_method auto_method;
};

struct sink {
    const struct sink_ops *ops;
    const char *import; /* what the ledger calls it; NULL: none is kept */
    char name[64];
    char label[512];
};

struct session {
    struct sink *sink;
    const struct load_plan *plan;
    enum load_method method;
    uint8_t *kinds; /* enum value_kind of each value of a row */
};

int sink_open_null(struct sink **sink, struct issue *why);
int sink_open_sqlite(struct sink **sink, const char *path, struct issue *why);
int sink_open_postgres(struct sink **sink, const char *target,
                       const struct sink_env *env, struct issue *why);
int sink_check_postgres(const char *target, struct issue *why);

/* The column that receives value `index` of each row. */
static inline const struct column *plan_column(const struct load_plan *plan,
                                               size_t index)
{
    return &plan->table->columns[plan->columns[index]];
}

/*
 * Appends a reject that says which value was refused: plan index `index`, or
 * none when it is not below plan->count. NULL when memory is out.
 */
struct issue *reject_value(struct load_outcome *outcome,
                           const struct load_plan *plan, const struct row *row,
                           size_t index);

/* Sets ISSUE_MEMORY; returns -1. */
int out_of_memory(struct issue *why);

#endif
