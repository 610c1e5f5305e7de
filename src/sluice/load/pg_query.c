/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_query.c: send, flush, wait, take results.
 */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "load/pg.h"

#define NSECS_PER_SECOND  INT64_C(1000000000)
#define NSECS_PER_MSECOND INT64_C(1000000)

int64_t pg_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NSECS_PER_SECOND + now.tv_nsec;
}

/* poll(2) as wait_fd; errno does not leave this function. */
__attribute__((noinline)) static int wait_by_poll(int fd, int events,
                                                  int64_t deadline_ns)
{
    struct pollfd polled = {.fd = fd};
    if (events & SINK_READ)
        polled.events |= POLLIN;
    if (events & SINK_WRITE)
        polled.events |= POLLOUT;
    for (;;) {
        int timeout_ms = -1;
        if (deadline_ns > 0) {
            int64_t left = deadline_ns - pg_now_ns();
            timeout_ms = left > 0 ? (int)(left / NSECS_PER_MSECOND) + 1 : 0;
        }
        int ready = poll(&polled, 1, timeout_ms);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            return 0;
        /* An error or a hang-up is for libpq to find by reading. */
        int bits = (polled.revents & POLLOUT) ? SINK_WRITE : 0;
        if (ready < 0 || (polled.revents & ~POLLOUT) != 0)
            bits |= SINK_READ;
        return bits;
    }
}

int pg_wait(struct pg *pg, int events)
{
    int fd = PQsocket(pg->conn);
    if (!pg->env)
        return wait_by_poll(fd, events, pg->deadline_ns);
    int64_t timeout_ns = -1;
    if (pg->deadline_ns > 0) {
        timeout_ns = pg->deadline_ns - pg_now_ns();
        if (timeout_ns < 0)
            timeout_ns = 0;
    }
    return pg->env->wait_fd(pg->env->context, fd, events, timeout_ns);
}

/* The connection is of no more use: says why. */
static int lose(struct pg *pg, struct pg_error *error)
{
    pg->lost = true;
    if (error->fault != PG_FINE) {
        /* What was said before the line went dead says more. */
        error->fault = PG_LOST;
        error->code = ISSUE_CONNECTION_LOST;
        return -1;
    }
    const char *text =
        pg->last_words[0] ? pg->last_words : PQerrorMessage(pg->conn);
    return pg_error_set(error, PG_LOST, ISSUE_CONNECTION_LOST, text);
}

static int wait_or_fail(struct pg *pg, int events, int *ready,
                        struct pg_error *error)
{
    *ready = pg_wait(pg, events);
    if (*ready < 0)
        return pg_error_set(error, PG_CANCELED, ISSUE_CANCELED, "canceled");
    if (*ready == 0) {
        pg->lost = true;
        return pg_error_set(error, PG_LOST, ISSUE_CONNECTION_LOST,
                            "the server did not answer in time");
    }
    return 0;
}

int pg_send_failed(struct pg *pg, struct pg_error *error)
{
    if (PQstatus(pg->conn) == CONNECTION_BAD)
        return lose(pg, error);
    return pg_error_set(error, PG_END, ISSUE_DATABASE,
                        PQerrorMessage(pg->conn));
}

/*
 * The server may be waiting for us to read before it reads on: both directions
 * are watched, or two full socket buffers would face each other for ever.
 */
int pg_flush(struct pg *pg, struct pg_error *error)
{
    for (;;) {
        int left = PQflush(pg->conn);
        if (left == 0)
            return 0;
        if (left < 0)
            return lose(pg, error);
        int ready;
        if (wait_or_fail(pg, SINK_READ | SINK_WRITE, &ready, error) < 0)
            return -1;
        if ((ready & SINK_READ) && !PQconsumeInput(pg->conn))
            return lose(pg, error);
    }
}

/* 1 and *result, 0 when there is no more, -1 with *error. */
static int next_result(struct pg *pg, PGresult **result, struct pg_error *error)
{
    while (PQisBusy(pg->conn)) {
        int ready;
        if (wait_or_fail(pg, SINK_READ, &ready, error) < 0)
            return -1;
        /*
         * A failed read is not yet the end: what was read before it may hold
         * the answer. PQisBusy then says no, and PQgetResult tells the rest.
         */
        if (!PQconsumeInput(pg->conn) && PQisBusy(pg->conn))
            return lose(pg, error);
    }
    *result = PQgetResult(pg->conn);
    return *result ? 1 : 0;
}

static uint64_t affected_rows(PGresult *result)
{
    return strtoull(PQcmdTuples(result), NULL, 10);
}

/* Takes what the result says, and the result. True for COPY's invitation. */
static bool take_result(PGresult *result, const char *relation,
                        struct pg_answer *answer, struct pg_error *error)
{
    bool copy_in = false;
    switch (PQresultStatus(result)) {
    case PGRES_COMMAND_OK:
        if (strcmp(PQcmdStatus(result), "COMMIT") == 0)
            answer->committed = true;
        if (PQcmdTuples(result)[0] != '\0')
            answer->affected = affected_rows(result);
        break;
    case PGRES_TUPLES_OK:
        PQclear(answer->tuples);
        answer->tuples = result;
        return false;
    case PGRES_COPY_IN:
        copy_in = true;
        break;
    default:
        if (error->fault == PG_FINE)
            pg_error_from_result(error, result, relation);
        break;
    }
    PQclear(result);
    return copy_in;
}

int pg_collect(struct pg *pg, const char *relation, struct pg_answer *answer,
               struct pg_error *error)
{
    for (;;) {
        PGresult *result = NULL;
        int got = next_result(pg, &result, error);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        if (take_result(result, relation, answer, error)) {
            answer->copy_in = true;
            return 0;
        }
    }
    if (PQstatus(pg->conn) == CONNECTION_BAD)
        return lose(pg, error);
    return error->fault == PG_FINE ? 0 : -1;
}

int pg_run(struct pg *pg, const char *sql, struct pg_answer *answer,
           struct pg_error *error)
{
    *error = (struct pg_error){.fault = PG_FINE};
    if (!PQsendQuery(pg->conn, sql))
        return pg_send_failed(pg, error);
    if (pg_flush(pg, error) < 0)
        return -1;
    return pg_collect(pg, NULL, answer, error);
}

int pg_run_params(struct pg *pg, const char *sql, int count,
                  const char *const *values, struct pg_answer *answer,
                  struct pg_error *error)
{
    *error = (struct pg_error){.fault = PG_FINE};
    if (!PQsendQueryParams(pg->conn, sql, count, NULL, values, NULL, NULL, 0))
        return pg_send_failed(pg, error);
    if (pg_flush(pg, error) < 0)
        return -1;
    return pg_collect(pg, NULL, answer, error);
}

/* Gives the rows of a result on; the others are taken as they are elsewhere. */
static int take_rows(struct pg *pg, pg_take_row *take, void *arg,
                     struct pg_error *error)
{
    struct pg_answer rest = {0};
    bool kept = true;
    PGresult *result;
    int got;
    while ((got = next_result(pg, &result, error)) > 0) {
        if (PQresultStatus(result) != PGRES_SINGLE_TUPLE) {
            (void)take_result(result, NULL, &rest, error);
            continue;
        }
        kept = kept && take(arg, result);
        PQclear(result);
    }
    pg_answer_clear(&rest);
    if (got < 0)
        return -1;
    if (PQstatus(pg->conn) == CONNECTION_BAD)
        return lose(pg, error);
    if (!kept)
        return pg_error_set(error, PG_END, ISSUE_MEMORY, "out of memory");
    return error->fault == PG_FINE ? 0 : -1;
}

int pg_run_rows(struct pg *pg, const char *sql, const char *value,
                pg_take_row *take, void *arg, struct pg_error *error)
{
    *error = (struct pg_error){.fault = PG_FINE};
    if (!PQsendQueryParams(pg->conn, sql, 1, NULL, &value, NULL, NULL, 0) ||
        !PQsetSingleRowMode(pg->conn))
        return pg_send_failed(pg, error);
    if (pg_flush(pg, error) < 0)
        return -1;
    return take_rows(pg, take, arg, error);
}

int pg_check_alive(struct pg *pg, struct pg_error *error)
{
    if (pg->lost)
        return lose(pg, error);
    /* The first read may bring a farewell, the second the end behind it. */
    for (int i = 0; i < 2; i++) {
        if (!PQconsumeInput(pg->conn))
            return lose(pg, error);
        /* Hands what came to the notice receiver. */
        (void)PQisBusy(pg->conn);
    }
    return 0;
}

void pg_answer_clear(struct pg_answer *answer)
{
    PQclear(answer->tuples);
    *answer = (struct pg_answer){0};
}
