/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_metrics.h: figures for Prometheus.
 *
 * Whoever has a figure declares it as a static variable and registers it once,
 * before the server starts. Adding is one atomic operation, from any thread.
 *
 *     static struct metric rejected = METRIC_COUNTER(
 *         "sluice_rows_rejected_total", "Rows that were rejected.");
 *
 *     metric_register(&rejected);
 *     metric_add(&rejected, 3);
 *
 * One figure with several values of a label is several metrics with the same
 * name and help, registered one after the other:
 *
 *     METRIC_LABELED(COUNTER, "sluice_imports_total", "...", "state=\"done\"")
 *
 * Nothing here parks.
 */
#ifndef SLUICE_HTTP_METRICS_H
#define SLUICE_HTTP_METRICS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum metric_kind { METRIC_KIND_COUNTER, METRIC_KIND_GAUGE };

struct metric {
    const char *name;
    const char *help;
    const char *labels; /* "state=\"done\"", or NULL */
    enum metric_kind kind;
    /* For a gauge that is asked for its value; NULL: `value` is it. */
    int64_t (*read)(void *arg);
    void *arg;
    _Atomic int64_t value; /* relaxed: a figure orders nothing */
    struct metric *next;
};

#define METRIC_LABELED(metric_kind_, name_, help_, labels_)    \
    {                                                          \
        .name = (name_), .help = (help_), .labels = (labels_), \
        .kind = METRIC_KIND_##metric_kind_                     \
    }
#define METRIC_COUNTER(name_, help_) METRIC_LABELED(COUNTER, name_, help_, NULL)
#define METRIC_GAUGE(name_, help_)   METRIC_LABELED(GAUGE, name_, help_, NULL)

void metric_register(struct metric *metric);

static inline void metric_add(struct metric *metric, int64_t amount)
{
    atomic_fetch_add_explicit(&metric->value, amount, memory_order_relaxed);
}

/* Whoever keeps figures of its own prints them in the same format. */
typedef void metric_source(void *arg, FILE *out);
void metric_source_register(metric_source *print, void *arg);
/* Forgets every metric and source: nobody uses them any more. */
void metrics_clear(void);

/* The two lines before a figure's values. */
void metric_print_head(FILE *out, const char *name, const char *kind,
                       const char *help);

/* Prometheus's text format, allocated; NULL: out of memory. */
char *metrics_print(size_t *size);

#endif
