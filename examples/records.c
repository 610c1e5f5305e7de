/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records.c: confinement, or how to need no lock.
 *
 * Records are worked on by goroutines all at once, and their results stand in
 * one array, without a mutex: each goroutine is given the line and the place
 * that are its own and touches nothing else. Look at process: it writes
 * *own->result only; run reads the results after rn_waitgroup_wait, which makes
 * them visible. The race build sees every access and finds none that meets
 * another.
 *
 *     records FILE        lines of NAME,QUANTITY,PRICE
 *     records             a few built-in lines, two of them wrong
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/example.h"
#include "common/whole_file.h"

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
    const char *line;      /* a part of the text: nobody else's */
    struct result *result; /* one place of the array: nobody else's */
    struct rn_waitgroup *running;
};

static const char *work_out(const char *line, struct result *result)
{
    double quantity, price;
    char rest;

    if (strlen(line) >= LINE_MAX_BYTES)
        return "too long";
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

/* Starts a goroutine a line, cut out of the text; the number of lines. */
static size_t start_all(struct rn_ctx *ctx, const struct whole_file *text,
                        struct result *results, struct rn_waitgroup *running)
{
    char *line = (char *)text->data, *end = line + text->size;
    size_t count = 0;

    while (line < end && rn_ctx_err(ctx) == RN_OK) {
        char *line_end = memchr(line, '\n', (size_t)(end - line));
        line_end = line_end ? line_end : end; /* a NUL is there, too */
        *line_end = '\0';
        line[strcspn(line, "\r")] = '\0';
        rn_waitgroup_add(running, 1);
        rn_go(process, (struct job){line, &results[count++], running});
        line = line_end + 1;
    }
    return count;
}

/* An array that must not move is as long as it will be from the start. */
static size_t count_lines(const struct whole_file *text)
{
    size_t lines = 1;

    for (size_t i = 0; i < text->size; i++)
        lines += text->data[i] == '\n';
    return lines;
}

static int print(const struct result *results, size_t count)
{
    double sum = 0;
    int errors = 0;

    for (size_t i = 0; i < count; i++) {
        if (results[i].error) {
            example_error("line %zu: %s", i + 1, results[i].error);
            errors++;
            continue;
        }
        printf("%s %.2f\n", results[i].name, results[i].total);
        sum += results[i].total;
    }
    printf("%zu records, %d wrong, total %.2f\n", count, errors, sum);
    return errors > 0;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    struct whole_file text = {(unsigned char *)strdup(sample),
                              sizeof(sample) - 1};
    struct rn_waitgroup running = {0};
    struct result *results = NULL;
    size_t count = 0;
    int status = RN_OK;

    if (argc > 0) {
        free(text.data);
        text.data = NULL;
        status = whole_file_read(argv[0], &text);
    }
    if (status != RN_OK) {
        example_error("%s: %s", argv[0], rn_status_text(status));
        return 1;
    }
    if (text.data)
        results = calloc(count_lines(&text), sizeof(*results));
    if (results)
        count = start_all(ctx, &text, results, &running);
    rn_waitgroup_wait(&running);
    status = 1;
    if (!results)
        example_error("not enough memory");
    else if (rn_ctx_err(ctx) == RN_OK)
        status = print(results, count);
    free(results);
    free(text.data);
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
