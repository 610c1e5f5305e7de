/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_connect.c: make a connection without holding the thread.
 *
 * Each step of PQconnectPoll runs in the offload, and the waits between the
 * steps do not. A step may look up a host, read a password or service file,
 * or load certificates, and libpq offers none of that without blocking;
 * resolving the hosts ourselves would cover only the first of these, and only
 * for hosts that the target spells out. A hand-over costs microseconds, a
 * connection takes milliseconds.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "load/pg.h"

/* pg_current_xact_id and pg_xact_status; older releases are out of support. */
#define PG_VERSION_MIN 130000

#define NSECS_PER_SECOND INT64_C(1000000000)

void pg_offload(const struct sink_env *env, void (*fn)(void *), void *arg)
{
    if (env)
        env->offload(env->context, fn, arg);
    else
        fn(arg);
}

struct connect_step {
    const char *target;
    PGconn *conn;
    PostgresPollingStatusType polled;
};

static void connect_start(void *arg)
{
    struct connect_step *step = arg;
    /*
     * Later entries win: what the target says stands between our wishes and
     * our demands. GSS encryption would add a round trip, and its library
     * blocks.
     */
    const char *keys[] = {"fallback_application_name", "dbname",
                          "client_encoding", "gssencmode", NULL};
    const char *values[] = {"sluice", step->target, "UTF8", "disable", NULL};
    step->conn = PQconnectStartParams(keys, values, 1);
}

static void connect_poll(void *arg)
{
    struct connect_step *step = arg;
    step->polled = PQconnectPoll(step->conn);
}

/* libpq leaves connect_timeout to its callers once they poll. */
static int64_t timeout_seconds(PGconn *conn)
{
    int64_t seconds = PG_CONNECT_SECONDS;
    PQconninfoOption *options = PQconninfo(conn);
    for (PQconninfoOption *o = options; o && o->keyword; o++) {
        int64_t given;
        if (strcmp(o->keyword, "connect_timeout") == 0 && o->val &&
            integer_from_text(slice_of(o->val), &given) && given > 0 &&
            given < 86400)
            seconds = given;
    }
    PQconninfoFree(options);
    return seconds;
}

/* -------------------------------------------------------------- the target */

static const char *option(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o && o->keyword; o++) {
        if (strcmp(o->keyword, keyword) == 0 && o->val)
            return o->val;
    }
    return "";
}

/*
 * Whatever libpq says of a target that it cannot read repeats a piece of it,
 * and the piece may be one of the password.
 */
static int not_understood(struct issue *why)
{
    return issue_set(why, ISSUE_USAGE,
                     "the target cannot be understood; in a URI write %% @ / : "
                     "and spaces of a password as %%25 %%40 %%2F %%3A %%20");
}

/*
 * A password with an @ or a / that is not escaped still reads as a URI, of
 * another host or database. Those would be named in messages: no raw @ may
 * stand behind the user and password.
 */
static bool is_ambiguous(const char *target)
{
    const char *rest = strstr(target, "://");
    if (strncmp(target, "postgres", 8) != 0 || !rest)
        return false;
    rest += 3;
    size_t user = strcspn(rest, "@/");
    if (rest[user] == '@')
        rest += user + 1;
    return rest[strcspn(rest, "@?")] == '@';
}

/* "5432", or one for each host; an empty one is the default. */
static bool are_ports(const char *text)
{
    for (;; text++) {
        size_t len = strcspn(text, ",");
        struct slice port = slice_trim((struct slice){text, len});
        int64_t number;
        if (port.len > 0 &&
            (!integer_from_text(port, &number) || number < 1 || number > 65535))
            return false;
        text += len;
        if (*text == '\0')
            return true;
    }
}

int pg_check_target(const char *target, struct issue *why)
{
    char *reason = NULL;
    PQconninfoOption *options = PQconninfoParse(target, &reason);
    PQfreemem(reason);
    bool good =
        options && !is_ambiguous(target) && are_ports(option(options, "port"));
    PQconninfoFree(options);
    return good ? 0 : not_understood(why);
}

/* ---------------------------------------------------------- the connection */

static bool has_prefix(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

/* `tried`: libpq speaks of a server, no longer of what it was told. */
static int refuse(struct issue *why, PGconn *conn, bool tried)
{
    char text[ISSUE_TEXT_MAX];
    pg_one_line(text, sizeof(text), PQerrorMessage(conn));
    if (!tried && !has_prefix(text, "connection to server ") &&
        !has_prefix(text, "could not translate host name "))
        return not_understood(why);
    PQconninfoOption *options = PQconninfo(conn);
    const char *password = option(options, "password");
    if (password[0] && strstr(text, password))
        snprintf(text, sizeof(text), "the connection was refused");
    PQconninfoFree(options);
    return issue_set(why, ISSUE_CONNECT, "%s", text);
}

static int connect_steps(struct pg *pg, const char *target, struct issue *why)
{
    struct connect_step step = {.target = target,
                                .polled = PGRES_POLLING_WRITING};
    if (pg_check_target(target, why) < 0)
        return -1;
    pg_offload(pg->env, connect_start, &step);
    pg->conn = step.conn;
    if (!pg->conn)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    if (PQstatus(pg->conn) == CONNECTION_BAD)
        return refuse(why, pg->conn, false);

    int64_t seconds = timeout_seconds(pg->conn);
    pg->deadline_ns = pg_now_ns() + seconds * NSECS_PER_SECOND;
    while (step.polled != PGRES_POLLING_OK) {
        if (step.polled == PGRES_POLLING_FAILED)
            return refuse(why, pg->conn, true);
        bool reads = step.polled == PGRES_POLLING_READING;
        int ready = pg_wait(pg, reads ? SINK_READ : SINK_WRITE);
        if (ready < 0)
            return issue_set(why, ISSUE_CANCELED, "canceled");
        if (ready == 0)
            return issue_set(why, ISSUE_CONNECT,
                             "no answer from the server within %d seconds",
                             (int)seconds);
        pg_offload(pg->env, connect_poll, &step);
    }
    pg->deadline_ns = 0;
    return 0;
}

/* Keeps the last words of a server that ends the session between queries. */
static void receive_notice(void *arg, const PGresult *notice)
{
    struct pg *pg = arg;
    const char *severity =
        PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    if (severity && text && strcmp(severity, "FATAL") == 0)
        pg_one_line(pg->last_words, sizeof(pg->last_words), text);
}

int pg_open(struct pg **pg, const char *target, const struct sink_env *env,
            struct issue *why)
{
    struct pg *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    opened->env = env;
    if (connect_steps(opened, target, why) < 0)
        goto failed;
    if (PQserverVersion(opened->conn) < PG_VERSION_MIN) {
        issue_set(why, ISSUE_CONNECT,
                  "the server is PostgreSQL %s; 13 or newer is needed",
                  PQparameterStatus(opened->conn, "server_version"));
        goto failed;
    }
    if (PQsetnonblocking(opened->conn, 1) < 0) {
        issue_set(why, ISSUE_CONNECT, "the connection cannot be used");
        goto failed;
    }
    PQsetNoticeReceiver(opened->conn, receive_notice, opened);
    *pg = opened;
    return 0;

failed:
    pg_close(opened);
    return -1;
}

void pg_close(struct pg *pg)
{
    if (!pg)
        return;
    PQfinish(pg->conn);
    free(pg);
}

/* "user@" and the like: a piece and its separator, nothing for no piece. */
static void add_piece(char *label, size_t size, const char *before,
                      const char *piece, const char *after)
{
    size_t len = strlen(label);
    if (piece[0] != '\0')
        snprintf(label + len, size - len, "%s%s%s", before, piece, after);
}

void pg_label(const char *target, char *label, size_t size)
{
    snprintf(label, size, "postgresql://");
    char *reason = NULL;
    PQconninfoOption *options = PQconninfoParse(target, &reason);
    PQfreemem(reason);
    if (!options)
        return;
    const char *host = option(options, "host");
    if (host[0] == '\0')
        host = option(options, "hostaddr");
    add_piece(label, size, "", option(options, "user"), "@");
    add_piece(label, size, "", host, "");
    add_piece(label, size, ":", option(options, "port"), "");
    add_piece(label, size, "/", option(options, "dbname"), "");
    PQconninfoFree(options);
}
