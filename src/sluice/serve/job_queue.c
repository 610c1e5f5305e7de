/* SPDX-License-Identifier: Apache-2.0 */
/* job_queue.c: a ring of clients, and a list of jobs for each. */
#include "serve/job_queue.h"

#include <stdlib.h>
#include <string.h>

struct job_client {
    char *name;
    struct job *first; /* oldest first */
    struct job *last;
    struct job_client *next; /* in the order of their turns */
};

/* Where the client stands, or the end of the ring. */
static struct job_client **place_of(struct job_queue *queue, const char *name)
{
    struct job_client **at = &queue->turns;
    while (*at && strcmp((*at)->name, name) != 0)
        at = &(*at)->next;
    return at;
}

static void free_client(struct job_client *client)
{
    free(client->name);
    free(client);
}

static struct job_client *make_client(const char *name)
{
    struct job_client *client = calloc(1, sizeof(*client));
    if (client)
        client->name = strdup(name);
    if (client && client->name)
        return client;
    free(client);
    return NULL;
}

bool job_queue_add(struct job_queue *queue, struct job *job)
{
    struct job_client **at = place_of(queue, job->client);
    if (!*at)
        *at = make_client(job->client);
    struct job_client *client = *at;
    if (!client)
        return false;
    job->next_waiting = NULL;
    if (client->last)
        client->last->next_waiting = job;
    else
        client->first = job;
    client->last = job;
    return true;
}

static void take_out(struct job_client *client, struct job *job)
{
    struct job *before = NULL;
    for (struct job *at = client->first; at != job; at = at->next_waiting)
        before = at;
    if (before)
        before->next_waiting = job->next_waiting;
    else
        client->first = job->next_waiting;
    if (client->last == job)
        client->last = before;
}

/* The client at this place was served, or has nothing left. */
static void end_turn(struct job_client **at)
{
    struct job_client *client = *at;
    *at = client->next;
    client->next = NULL;
    if (!client->first) {
        free_client(client);
        return;
    }
    while (*at)
        at = &(*at)->next;
    *at = client;
}

void job_queue_remove(struct job_queue *queue, struct job *job)
{
    struct job_client **at = place_of(queue, job->client);
    take_out(*at, job);
    if (!(*at)->first)
        end_turn(at);
}

struct job *job_queue_take(struct job_queue *queue,
                           bool (*may_run)(void *arg, const struct job *job),
                           void *arg)
{
    for (struct job_client **at = &queue->turns; *at; at = &(*at)->next) {
        struct job *job = (*at)->first;
        while (job && !may_run(arg, job))
            job = job->next_waiting;
        if (job) {
            take_out(*at, job);
            end_turn(at);
            return job;
        }
    }
    return NULL;
}

void job_queue_clear(struct job_queue *queue)
{
    while (queue->turns) {
        struct job_client *client = queue->turns;
        queue->turns = client->next;
        free_client(client);
    }
}
