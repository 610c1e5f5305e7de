/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_queue.c: a ring of clients, and a list of jobs for each.
 *
 * A client is where its first job is: the ring links the first jobs
 * (next_turn), each is the head of its client's list (next_waiting). So nothing
 * is allocated, and a job whose record is on the disk can always wait.
 */
#include "serve/job_queue.h"

#include <string.h>

/* Where the client's first job stands, or the end of the ring. */
static struct job **place_of(struct job_queue *queue, const char *client)
{
    struct job **at = &queue->turns;
    while (*at && strcmp((*at)->client, client) != 0)
        at = &(*at)->next_turn;
    return at;
}

void job_queue_add(struct job_queue *queue, struct job *job)
{
    struct job **at = place_of(queue, job->client);
    while (*at)
        at = &(*at)->next_waiting;
    *at = job;
    job->next_waiting = NULL;
    job->next_turn = NULL;
}

/* Out of the list of the client at this place, which keeps its turn. */
static void take_out(struct job **place, struct job *job)
{
    struct job *first = *place;
    if (first == job) {
        if (job->next_waiting)
            job->next_waiting->next_turn = job->next_turn;
        *place = job->next_waiting ? job->next_waiting : job->next_turn;
        return;
    }
    while (first->next_waiting != job)
        first = first->next_waiting;
    first->next_waiting = job->next_waiting;
}

/* The client at this place was served: it goes to the end. */
static void end_turn(struct job **at)
{
    struct job *first = *at;
    *at = first->next_turn;
    first->next_turn = NULL;
    while (*at)
        at = &(*at)->next_turn;
    *at = first;
}

void job_queue_remove(struct job_queue *queue, struct job *job)
{
    take_out(place_of(queue, job->client), job);
}

struct job *job_queue_take(struct job_queue *queue,
                           bool (*may_run)(void *arg, const struct job *job),
                           void *arg)
{
    for (struct job **at = &queue->turns; *at; at = &(*at)->next_turn) {
        struct job *job = *at;
        while (job && !may_run(arg, job))
            job = job->next_waiting;
        if (job) {
            bool more = (*at)->next_waiting != NULL;
            take_out(at, job);
            if (more)
                end_turn(at);
            return job;
        }
    }
    return NULL;
}
