/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_sink.c: what loading alone costs.
 *
 *     bench_sink TARGET METHOD ROWS [BATCH [TABLE]]
 *     bench_sink csv ROWS                 the same rows as CSV, for psql \copy
 *
 * Loads made-up rows of the preset's table from memory, one session, and prints
 * the seconds of each part. With TABLE given, the table is there already;
 * otherwise it is created as "bench_sink", and its indexes after the load.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load/sink.h"

#define COLUMNS 9

static const char *const names[COLUMNS] = {
    "name", "category", "phone",   "email",       "address",
    "city", "country",  "website", "description",
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The nine texts of row `i`, one behind the other; returns their lengths. */
static void make_row(unsigned i, char *out, size_t size, size_t len[COLUMNS])
{
    static const char *const category[] = {"Restaurant", "Hotel",  "Retail",
                                           "Automotive", "Health", "Law"};
    static const char *const city[] = {"Lisbon",  "Oslo",  "Quito",
                                       "Nairobi", "Osaka", "Perth"};
    static const char *const country[] = {"Portugal", "Norway", "Ecuador",
                                          "Kenya",    "Japan",  "Australia"};
    unsigned mix = i * 2654435761u;
    size_t at = 0;
#define PUT(index, ...) \
    at += len[index] = (size_t)snprintf(out + at, size - at, __VA_ARGS__)
    PUT(0, "Company %u of %s", i, city[mix % 6]);
    PUT(1, "%s", category[mix / 7 % 6]);
    PUT(2, "+%u-%03u-%07u", mix % 90 + 1, mix % 1000, i);
    PUT(3, "info%u@company%u.example", mix % 10000, i);
    PUT(4, "%u %s Street", mix % 900 + 1, category[mix / 3 % 6]);
    PUT(5, "%s", city[mix % 6]);
    PUT(6, "%s", country[mix % 6]);
    PUT(7, "https://www.company%u.example", i);
    PUT(8, "A %s business in %s that has served its customers since %u.",
        category[mix / 7 % 6], city[mix % 6], 1900 + mix % 120);
#undef PUT
}

static void print_csv(unsigned rows)
{
    char text[1024];
    size_t len[COLUMNS];
    for (unsigned i = 0; i < rows; i++) {
        make_row(i, text, sizeof(text), len);
        const char *at = text;
        for (int c = 0; c < COLUMNS; c++) {
            printf("%.*s%c", (int)len[c], at, c < COLUMNS - 1 ? ',' : '\n');
            at += len[c];
        }
    }
}

/* Rows of one batch, made anew for each so that memory stays small. */
struct batch {
    struct row *rows;
    struct value *values;
    char *text;
};

static void fill(struct batch *b, unsigned first, unsigned count)
{
    char *at = b->text;
    for (unsigned i = 0; i < count; i++) {
        size_t len[COLUMNS];
        make_row(first + i, at, 1024, len);
        b->rows[i].number = first + i + 2;
        b->rows[i].values = b->values + (size_t)i * COLUMNS;
        for (int c = 0; c < COLUMNS; c++) {
            b->rows[i].values[c] =
                (struct value){.kind = VALUE_TEXT, .text = {at, len[c]}};
            at += len[c];
        }
    }
}

static int die(const struct issue *why)
{
    fprintf(stderr, "bench_sink: %s\n", why->text);
    return EXIT_FAILURE;
}

static enum load_method method_of(const char *name)
{
    static const char *const methods[] = {"sequential", "concurrent", "batch",
                                          "copy"};
    for (int i = 0; i < 4; i++) {
        if (strcmp(methods[i], name) == 0)
            return (enum load_method)i;
    }
    fprintf(stderr, "bench_sink: no method %s\n", name);
    exit(2);
}

static int load(struct session *session, unsigned rows, unsigned size,
                double *filling, struct issue *why)
{
    struct batch batch = {
        .rows = calloc(size, sizeof(struct row)),
        .values = calloc((size_t)size * COLUMNS, sizeof(struct value)),
        .text = malloc((size_t)size * 1024),
    };
    struct load_outcome outcome = {0};
    int status = 0;
    for (unsigned i = 0; i < rows && status == 0; i += size) {
        unsigned count = rows - i < size ? rows - i : size;
        double start = now();
        fill(&batch, i, count);
        *filling += now() - start;
        status = session_load(session, batch.rows, count, &outcome, why);
    }
    if (status == 0 && outcome.committed != rows) {
        fprintf(stderr, "bench_sink: %llu of %u rows\n",
                (unsigned long long)outcome.committed, rows);
        status = -1;
    }
    load_outcome_clear(&outcome);
    free(batch.rows);
    free(batch.values);
    free(batch.text);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "csv") == 0) {
        print_csv((unsigned)atoi(argv[2]));
        return 0;
    }
    if (argc < 4) {
        fprintf(stderr, "usage: bench_sink TARGET METHOD ROWS [BATCH [TABLE]]\n"
                        "       bench_sink csv ROWS\n");
        return 2;
    }
    enum load_method method = method_of(argv[2]);
    unsigned rows = (unsigned)atoi(argv[3]);
    unsigned size = argc > 4 ? (unsigned)atoi(argv[4]) : 10000;
    struct issue why = {0};
    struct sink *sink;
    struct table table = {0};
    struct session *session;

    double start = now();
    if (sink_open(&sink, argv[1], NULL, &why) < 0)
        return die(&why);
    if (argc > 5) {
        if (sink_describe(sink, argv[5], &table, &why) != 1)
            return die(&why);
    } else {
        if (table_preset(&table, "businesses", &why) < 0)
            return die(&why);
        free(table.name);
        table.name = strdup("bench_sink");
        if (sink_create(sink, &table, &why) < 0)
            return die(&why);
    }
    uint32_t columns[COLUMNS];
    for (int c = 0; c < COLUMNS; c++)
        columns[c] = (uint32_t)table_find_column(&table, slice_of(names[c]));
    struct load_plan plan = {&table, columns, COLUMNS};
    if (session_open(&session, sink, &plan, method, &why) < 0)
        return die(&why);
    double opened = now();
    double filling = 0;
    if (load(session, rows, size, &filling, &why) < 0)
        return die(&why);
    session_close(session);
    double loaded = now();
    if (argc <= 5 && sink_finish(sink, &table, &why) < 0)
        return die(&why);
    double finished = now();
    printf("%-10s open %.3f load %.3f index %.3f total %.3f s, %.0f rows/s"
           " (making rows %.3f)\n",
           argv[2], opened - start, loaded - opened - filling,
           finished - loaded, finished - start - filling,
           rows / (finished - start - filling), filling);
    table_clear(&table);
    sink_close(sink);
    return 0;
}
