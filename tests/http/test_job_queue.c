/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_job_queue.c: clients take turns, and each one's jobs keep their order.
 */
#include "check.h"
#include "serve/job_queue.h"

#define JOBS_MAX 64

static struct job jobs[JOBS_MAX];
static struct job_queue queue;
static size_t made;

static void begin(void)
{
    memset(jobs, 0, sizeof(jobs));
    made = 0;
}

/* Adds a job of the client: a letter is its whole name. */
static struct job *add(char client)
{
    static char names[128][2];
    names[(int)client][0] = client;
    struct job *job = &jobs[made++];
    job->client = names[(int)client];
    snprintf(job->id, sizeof(job->id), "%c%zu", client, made);
    job_queue_add(&queue, job);
    return job;
}

static void add_all(const char *clients)
{
    for (; *clients; clients++)
        add(*clients);
}

static bool any(void *arg, const struct job *job)
{
    (void)arg;
    (void)job;
    return true;
}

/* Only jobs for this target may run. */
static bool of_target(void *arg, const struct job *job)
{
    return job->target_index == *(const size_t *)arg;
}

/* The clients of all that can be taken, in their order. */
static const char *take_all(void)
{
    static char order[JOBS_MAX + 1];
    size_t len = 0;
    struct job *job;
    while ((job = job_queue_take(&queue, any, NULL)) != NULL)
        order[len++] = job->client[0];
    order[len] = '\0';
    return order;
}

static void clients_take_turns(void)
{
    begin();
    add_all("aaaaaabbc");
    CHECK_EQ_STR(take_all(), "abcabaaaa");
    CHECK(queue.turns == NULL);
}

static void a_newcomer_waits_one_round_at_most(void)
{
    begin();
    add_all("aaab");
    CHECK_EQ_STR(job_queue_take(&queue, any, NULL)->client, "a");
    add_all("c");
    CHECK_EQ_STR(take_all(), "baca");
}

static void a_clients_jobs_keep_their_order(void)
{
    begin();
    struct job *first = add('a');
    struct job *second = add('a');
    struct job *third = add('a');
    CHECK(job_queue_take(&queue, any, NULL) == first);
    CHECK(job_queue_take(&queue, any, NULL) == second);
    CHECK(job_queue_take(&queue, any, NULL) == third);
    CHECK(job_queue_take(&queue, any, NULL) == NULL);
}

static void what_may_not_run_holds_up_nobody(void)
{
    size_t target = 1;
    begin();
    struct job *blocked = add('a');
    struct job *behind = add('a');
    struct job *other = add('b');
    behind->target_index = target;
    other->target_index = target;
    CHECK(job_queue_take(&queue, of_target, &target) == behind);
    CHECK(job_queue_take(&queue, of_target, &target) == other);
    CHECK(job_queue_take(&queue, of_target, &target) == NULL);
    CHECK(job_queue_take(&queue, any, NULL) == blocked);
}

static void removed_from_anywhere(void)
{
    for (int at = 0; at < 3; at++) {
        struct job *own[3];
        begin();
        for (int i = 0; i < 3; i++)
            own[i] = add('a');
        add_all("b");
        job_queue_remove(&queue, own[at]);
        add_all("a");
        CHECK_EQ_STR(take_all(), "abaa");
    }
    begin();
    struct job *only = add('a');
    job_queue_remove(&queue, only);
    CHECK(queue.turns == NULL);
    CHECK_EQ_STR(take_all(), "");
}

static void removed_from_a_client_in_the_middle(void)
{
    begin();
    add('a');
    struct job *first = add('b');
    struct job *second = add('b');
    add_all("ca");
    job_queue_remove(&queue, first);
    CHECK_EQ_STR(job_queue_take(&queue, any, NULL)->client, "a");
    CHECK(job_queue_take(&queue, any, NULL) == second);
    CHECK_EQ_STR(take_all(), "ca");
    add_all("ab");
    job_queue_remove(&queue, queue.turns->next_turn);
    CHECK_EQ_STR(take_all(), "a");
}

CHECK_MAIN(clients_take_turns, a_newcomer_waits_one_round_at_most,
           a_clients_jobs_keep_their_order, what_may_not_run_holds_up_nobody,
           removed_from_anywhere, removed_from_a_client_in_the_middle)
