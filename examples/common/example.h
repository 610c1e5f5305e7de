/* SPDX-License-Identifier: Apache-2.0 */
/*
 * example.h: what every example shares, so that each shows only its own idea:
 * options with --help, Ctrl-C, exit statuses.
 *
 *     static int64_t count = 5;
 *
 *     static int run(struct rn_ctx *ctx, int argc, char **argv);
 *
 *     int main(int argc, char **argv)
 *     {
 *         static const struct example_option options[] = {
 *             {"count", "N", "how many", .number = &count, 1, 9},
 *             {0},
 *         };
 *         return example_main(argc, argv, &(struct example){
 *             .usage = "[--count N]", .about = "Counts.",
 *             .options = options, .run = run});
 *     }
 *
 * Exit status: what run returns (0 good, 1 something failed), 2 for a wrong
 * command line, 130 after Ctrl-C. A goroutine that run leaves behind does not
 * go unseen: the program ends only when all have ended, and one that waits for
 * ever is reported as a deadlock.
 */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <runnel/runnel.h>

/*
 * One of number (with its least and its most), text and flag says where the
 * value goes.
 */
struct example_option {
    const char *name;  /* "count" for --count; NULL ends the list */
    const char *value; /* what its value is called; NULL for a flag */
    const char *help;
    int64_t *number;
    int64_t min, max; /* of number */
    const char **text;
    bool *flag;
};

struct example {
    const char *usage; /* after the program's name */
    const char *about; /* one or two lines */
    const struct example_option *options;
    int min_arguments, max_arguments; /* beside options; -1: any number */
    size_t stack_size;                /* of goroutines; 0: the usual */
    /*
     * The program, as the first goroutine. Ctrl-C cancels the context (a second
     * one ends the program at once); argv are the arguments beside options.
     */
    int (*run)(struct rn_ctx *ctx, int argc, char **argv);
    /*
     * A server: SIGTERM cancels the context as well, and to be stopped is its
     * regular end, so that the exit status is what run returns.
     */
    bool serves;
};

int example_main(int argc, char **argv, const struct example *program);

/* "NAME: message" and a line end on standard error. */
void example_error(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* Sleeps that long: RN_OK, or the context's status when it is done before. */
int example_sleep(struct rn_ctx *ctx, int64_t ns);

/* Milliseconds since `start`, a time of rn_now. */
double example_ms_since(int64_t start);

/* The next of a sequence that the same *state begins again. */
uint64_t example_random(uint64_t *state);

#endif
