/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_metrics.c: figures for Prometheus.
 *
 * The lists grow before the server starts and are only read after that, so
 * they need no lock.
 */
#include "serve/http_metrics.h"

#include <stdlib.h>
#include <string.h>

#define SOURCES_MAX 8

static struct metric *first;
static struct metric **last = &first;

static struct source {
    metric_source *print;
    void *arg;
} sources[SOURCES_MAX];
static size_t source_count;

void metric_register(struct metric *metric)
{
    metric->next = NULL;
    *last = metric;
    last = &metric->next;
}

void metric_source_register(metric_source *print, void *arg)
{
    if (source_count < SOURCES_MAX)
        sources[source_count++] = (struct source){print, arg};
}

void metrics_clear(void)
{
    first = NULL;
    last = &first;
    source_count = 0;
}

void metric_print_head(FILE *out, const char *name, const char *kind,
                       const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void print_metric(FILE *out, const struct metric *metric)
{
    int64_t value = metric->read ? metric->read(metric->arg)
                                 : atomic_load_explicit(&metric->value,
                                                        memory_order_relaxed);
    fputs(metric->name, out);
    if (metric->labels)
        fprintf(out, "{%s}", metric->labels);
    fprintf(out, " %lld\n", (long long)value);
}

char *metrics_print(size_t *size)
{
    static const char *const kinds[] = {"counter", "gauge"};
    char *text = NULL;
    FILE *out = open_memstream(&text, size);
    if (!out)
        return NULL;
    const char *before = "";
    for (const struct metric *m = first; m; m = m->next) {
        if (strcmp(m->name, before) != 0)
            metric_print_head(out, m->name, kinds[m->kind], m->help);
        before = m->name;
        print_metric(out, m);
    }
    for (size_t i = 0; i < source_count; i++)
        sources[i].print(sources[i].arg, out);
    bool failed = ferror(out) != 0;
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
