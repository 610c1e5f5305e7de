/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue.c: jobs in PostgreSQL, for as many processes as one likes.
 *
 * Each worker has a connection and takes a job, does it and strikes it off in
 * one transaction (look at job_claim): whoever is killed in the middle has done
 * nothing, and the next one takes the job. Idle workers sleep until a
 * NOTIFY says that there is work, or until a job that failed is due again; a
 * consumer that was killed says nothing, so they also look now and then
 * (--poll-ms). A job that fails waits longer each time, and is put aside as a
 * dead letter after --tries.
 *
 *     printf 'open ann\npay ann 1250\n' | queue add
 *     queue work & queue work                  until Ctrl-C or SIGTERM
 *     queue work --drain                       until no job is left
 *     queue status; queue revive               dead letters, once more
 */
#include <stdio.h>
#include <string.h>

#include "common/example.h"
#include "job_consumer.h"
#include "job_input.h"

static struct consumer_options options = {.database = "postgresql:///postgres",
                                          .workers = 4,
                                          .tries = 5,
                                          .backoff_ms = 100,
                                          .poll_ms = 1000};

static int complain(const struct pg_go *pg)
{
    example_error("%s", pg->error);
    return -1;
}

static int work_command(struct rn_ctx *ctx, struct pg_go *pg)
{
    struct consumer consumer = {.options = options};
    (void)pg;

    printf("working with %lld connections\n", (long long)options.workers);
    fflush(stdout);
    int status = job_consume(ctx, &consumer);
    printf("%llu done, %llu to be tried again, %llu dead letters\n",
           (unsigned long long)consumer.done,
           (unsigned long long)consumer.again,
           (unsigned long long)consumer.dead);
    return status != 0;
}

static int add_command(struct rn_ctx *ctx, struct pg_go *pg)
{
    int64_t number, added;
    int status = job_add_input(ctx, pg, &number, &added);

    printf("%lld jobs added\n", (long long)added);
    return rn_ctx_err(ctx) != RN_OK ? 130 : status != 0 || added < number;
}

static int status_command(struct rn_ctx *ctx, struct pg_go *pg)
{
    struct job_counts counts;
    (void)ctx;

    if (job_count(pg, &counts) != 0)
        return complain(pg) != 0;
    printf("%lld waiting, %lld done, %lld dead letters\n",
           (long long)counts.waiting, (long long)counts.done,
           (long long)counts.dead);
    return 0;
}

static int revive_command(struct rn_ctx *ctx, struct pg_go *pg)
{
    int64_t revived;
    (void)ctx;

    if (job_revive(pg, &revived) != 0)
        return complain(pg) != 0;
    printf("%lld jobs are to be tried again\n", (long long)revived);
    return 0;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*function)(struct rn_ctx *ctx, struct pg_go *pg);
    } commands[] = {{"add", add_command},
                    {"work", work_command},
                    {"status", status_command},
                    {"revive", revive_command}};
    struct pg_go pg;
    int status = 1;
    (void)argc;

    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        if (strcmp(argv[0], commands[i].name) != 0)
            continue;
        if (pg_go_open(&pg, options.database) != 0 ||
            job_table_create(&pg) != 0)
            complain(&pg);
        else
            status = commands[i].function(ctx, &pg);
        pg_go_close(&pg);
        return status;
    }
    example_error("there are add, work, status and revive, not \"%s\"",
                  argv[0]);
    return 2;
}

int main(int argc, char **argv)
{
    static const struct example_option known[] = {
        {"database", "WHERE", "an address of libpq", .text = &options.database},
        {"workers", "N", "jobs at once", .number = &options.workers, 1, 1000},
        {"tries", "N", "before a job is a dead letter",
         .number = &options.tries, 1, 100},
        {"backoff-ms", "MS", "after the first failure; then twice that, ...",
         .number = &options.backoff_ms, 0, 3600000},
        {"poll-ms", "MS", "how often to look though nobody said anything",
         .number = &options.poll_ms, 1, 3600000},
        {"work-ms", "MS", "that a job takes besides",
         .number = &options.work_ms, 0, 3600000},
        {"drain", NULL, "end when no job is left", .flag = &options.drain},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){.usage = "[OPTION...] add|work|status|revive",
                          .about = "Jobs in PostgreSQL: add takes lines of "
                                   "\"open ACCOUNT\" or \"pay ACCOUNT CENTS\".",
                          .options = known,
                          .min_arguments = 1,
                          .max_arguments = 1,
                          .serves = true,
                          .run = run});
}
