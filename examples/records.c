/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records.c: confinement, or how to need no lock.
 *
 * Records are worked on by goroutines all at once, and their results stand in
 * one array, without a mutex: each goroutine is given the index that is its
 * own and touches nothing else. Look at process: it writes *own->result only;
 * run reads the results after rn_waitgroup_wait, which makes them visible. The
 * race build sees every access and finds none that meets another.
 *
 *     records FILE        lines of NAME,QUANTITY,PRICE
 *     records             a few built-in lines, two of them wrong
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <runnel/errno.h>

#include "common/example.h"

#define LINE_MAX_BYTES 256

static const char sample[] = "coffee,2,4.50\n"
                             "tea,1,3.20\n"
                             "cake,three,5.00\n"
                             "water,10,0.80\n"
                             "juice,2\n"
                             "bread,1,2.75\n";

struct result {
    const char *error; /* NULL: the total stands */
    double total;
    char name[64];
};

struct job {
    char line[LINE_MAX_BYTES]; /* a copy, so it is the goroutine's own */
    struct result *result;     /* one place of the array: nobody else's */
    struct rn_waitgroup *running;
};

static const char *work_out(const char *line, struct result *result)
{
    double quantity, price;
    char rest;

    if (sscanf(line, "%63[^,],%lf,%lf%c", result->name, &quantity, &price,
               &rest) != 3)
        return "not NAME,QUANTITY,PRICE";
    if (!(quantity > 0 && price >= 0 && quantity * price < 1e12))
        return "quantity or price out of range";
    result->total = quantity * price;
    return NULL;
}

static void process(struct job *own)
{
    own->result->error = work_out(own->line, own->result);
    rn_waitgroup_done(own->running);
}

/* Starts a goroutine a line; the number of lines. */
static long start_all(FILE *file, struct rn_ctx *ctx, struct result *results,
                      size_t capacity, struct rn_waitgroup *running)
{
    struct job job = {.running = running};
    size_t count = 0, room = 0;
    char *line = NULL;
    ssize_t length;

    while (count < capacity && rn_ctx_err(ctx) == RN_OK &&
           (length = getline(&line, &room, file)) >= 0) {
        line[strcspn(line, "\r\n")] = '\0';
        job.result = &results[count++];
        if ((size_t)length > sizeof(job.line)) {
            job.result->error = "too long";
            continue;
        }
        memcpy(job.line, line, strlen(line) + 1);
        rn_waitgroup_add(running, 1);
        rn_go(process, job);
    }
    free(line);
    return (long)count;
}

/* An array that must not move is as long as it will be from the start. */
static size_t count_lines(FILE *file)
{
    size_t lines = 1;

    for (int c; (c = getc(file)) != EOF;)
        lines += c == '\n';
    rewind(file);
    return lines;
}

static int print(const struct result *results, long count)
{
    double sum = 0;
    long errors = 0;

    for (long i = 0; i < count; i++) {
        if (results[i].error) {
            example_error("line %ld: %s", i + 1, results[i].error);
            errors++;
            continue;
        }
        printf("%s %.2f\n", results[i].name, results[i].total);
        sum += results[i].total;
    }
    printf("%ld records, %ld wrong, total %.2f\n", count, errors, sum);
    return errors > 0;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    FILE *file =
        argc > 0 ? fopen(argv[0], "r")
                 : fmemopen((void *)(uintptr_t)sample, sizeof(sample) - 1, "r");
    if (!file || fseek(file, 0, SEEK_END) != 0) {
        example_error("%s: cannot be read as a file", argc > 0 ? argv[0] : "");
        if (file)
            fclose(file);
        return 1;
    }
    rewind(file);
    struct rn_waitgroup running = {0};
    size_t lines = count_lines(file);
    struct result *results = calloc(lines, sizeof(*results));
    long count = results ? start_all(file, ctx, results, lines, &running) : 0;
    rn_waitgroup_wait(&running);

    int status = 1;
    if (!results)
        example_error("not enough memory");
    else if (ferror(file))
        example_error("%s: cannot be read to its end", argv[0]);
    else if (rn_ctx_err(ctx) == RN_OK)
        status = print(results, count);
    free(results);
    fclose(file);
    return status;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {{0}};
    return example_main(
        argc, argv,
        &(struct example){
            .usage = "[FILE]",
            .about = "Works out lines of NAME,QUANTITY,PRICE, all at once.",
            .options = options,
            .max_arguments = 1,
            .run = run});
}
