/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary.c: the figures of an import as text and as JSON.
 */
#include "report/summary.h"

#include "report/figures.h"

static void print_count(FILE *out, const char *label, uint64_t count,
                        const char *after)
{
    char text[FIGURE_MAX];
    figure_count(count, text);
    fprintf(out, "  %-9s %12s%s\n", label, text, after);
}

void summary_print(FILE *out, const struct summary *s)
{
    char duration[FIGURE_MAX];
    char rate[FIGURE_MAX];
    figure_duration(s->duration, duration);
    figure_count(figure_rate(s->total, s->duration), rate);
    fprintf(out, "%s, sheet \"%s\" -> %s, table \"%s\"\n", s->file, s->sheet,
            s->target, s->table);
    print_count(out, "rows", s->total, "");
    print_count(out, "loaded", s->success, "");
    print_count(out, "rejected", s->errors, "");
    if (s->unsettled > 0)
        print_count(out, "not loaded", s->unsettled, "");
    if (s->unknown > 0)
        print_count(out, "unknown", s->unknown,
                    " (sent, but the database did not answer)");
    fprintf(out, "  %s by method %s, %s rows/s\n", duration, s->method, rate);
    if (s->rejects && s->errors > 0)
        fprintf(out, "  the rejected rows are in %s\n", s->rejects);
}

/* A JSON string; the bytes are UTF-8 already. */
static void put_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            fprintf(out, "\\u%04x", c);
        else
            fputc(c, out);
    }
    fputc('"', out);
}

static void put_count(FILE *out, const char *name, uint64_t count)
{
    fprintf(out, ",\"%s\":%llu", name, (unsigned long long)count);
}

static void put_text(FILE *out, const char *name, const char *text)
{
    fprintf(out, ",\"%s\":", name);
    put_string(out, text);
}

void summary_print_json(FILE *out, const struct summary *s)
{
    char duration[FIGURE_MAX];
    figure_duration(s->duration, duration);
    fprintf(out, "{\"total_records\":%llu", (unsigned long long)s->total);
    put_count(out, "success_count", s->success);
    put_count(out, "error_count", s->errors);
    put_text(out, "duration", duration);
    put_count(out, "records_per_second", figure_rate(s->total, s->duration));
    put_text(out, "method", s->method);
    put_text(out, "target", s->target);
    put_text(out, "table", s->table);
    if (s->error) {
        put_count(out, "unsettled_count", s->unsettled);
        put_count(out, "unknown_count", s->unknown);
        put_text(out, "error", s->error);
    }
    fputs("}\n", out);
}
