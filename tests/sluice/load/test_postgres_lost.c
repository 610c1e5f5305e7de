/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_postgres_lost.c: connections that die, and imports that are stopped,
 * at every wait of a load: what is counted is what the table holds.
 *
 * A sink_env of our own does the waiting. It counts, and at a given wait kills
 * the server's session or says that the import was canceled. For the answer to
 * COMMIT that never comes, a proxy between sink and server cuts the line.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pg_rig.h"

/* --- an environment that interferes
 * -------------------------------------------- */

struct meddler {
    int waits;
    int kill_at;   /* at this wait, from 1, the session is killed; 0: never */
    int cancel_at; /* from this wait on, the import is canceled; 0: never */
    int offloads;
};

static void kill_sessions(void)
{
    pg_ask("SELECT count(pg_terminate_backend(pid, 5000)) FROM"
           " pg_stat_activity WHERE application_name = 'sluice_test'");
}

static int meddling_wait(void *context, int fd, int events, int64_t timeout_ns)
{
    struct meddler *m = context;
    m->waits++;
    if (m->waits == m->kill_at)
        kill_sessions();
    if (m->cancel_at > 0 && m->waits >= m->cancel_at)
        return -1;
    struct pollfd polled = {.fd = fd};
    if (events & SINK_READ)
        polled.events |= POLLIN;
    if (events & SINK_WRITE)
        polled.events |= POLLOUT;
    int ms = timeout_ns < 0 ? -1 : (int)(timeout_ns / 1000000);
    int ready = poll(&polled, 1, ms);
    if (ready <= 0)
        return ready;
    int bits = polled.revents & ~POLLOUT ? SINK_READ : 0;
    return bits | (polled.revents & POLLOUT ? SINK_WRITE : 0);
}

static void meddling_offload(void *context, void (*fn)(void *), void *arg)
{
    ((struct meddler *)context)->offloads++;
    fn(arg);
}

static struct sink_env meddling_env(struct meddler *m)
{
    return (struct sink_env){m, meddling_wait, meddling_offload};
}

#define COUNT 24
#define FIRST 12 /* rows before the refused one */
static struct value values[COUNT * 2];

/* A batch with one refused row, so that every part of a load is gone through.
 */
static void make_values(void)
{
    for (int i = 0; i < COUNT; i++) {
        values[i * 2] = INT(i);
        values[i * 2 + 1] = INT(i == 15 ? -1 : 1);
    }
}

static bool make_table(void)
{
    if (!pg_fresh())
        return false;
    pg_ask("CREATE TABLE t (k int PRIMARY KEY, n int CHECK (n > 0))");
    make_values();
    return true;
}

/* The table holds `committed`, and of `unknown` any part. */
static void check_truth(const struct rig *rig, const char *what, int at)
{
    uint64_t rows = (uint64_t)pg_rows("t");
    const struct load_outcome *o = &rig->outcome;
    CHECK_MSG(rows >= o->committed && rows <= o->committed + o->unknown,
              "%s at wait %d: %d rows, %d committed, %d unknown", what, at,
              (int)rows, (int)o->committed, (int)o->unknown);
}

static void session_killed_at_every_wait(void)
{
    for (int m = 0; m < METHODS; m++) {
        for (int at = 1;; at++) {
            if (!make_table())
                return;
            struct meddler meddler = {0};
            struct sink_env env = meddling_env(&meddler);
            struct rig rig;
            if (!rig_open(&rig, pg_target, &env, "t", "k n",
                          (enum load_method)m))
                return;
            meddler.waits = 0;
            meddler.kill_at = at;
            int status = rig_load(&rig, values, COUNT);
            check_truth(&rig, method_names[m], at);
            /* One row of its own transaction is all that can be in doubt. */
            CHECK(rig.outcome.unknown <= (m < METHOD_BATCH));
            if (status < 0) {
                CHECK_EQ_INT(rig.why.code, ISSUE_CONNECTION_LOST);
                CHECK(strchr(rig.why.text, '\n') == NULL);
                CHECK(rig_load(&rig, values, COUNT) < 0);
                CHECK_EQ_INT(rig.why.code, ISSUE_CONNECTION_LOST);
                check_truth(&rig, "after the end", at);
            }
            rig_close(&rig);
            if (meddler.waits < at)
                break;
        }
    }
}

static void session_killed_between_batches(void)
{
    for (int m = 0; m < METHODS; m++) {
        if (!make_table())
            return;
        struct rig rig;
        if (!pg_rig_open(&rig, "t", "k n", (enum load_method)m))
            return;
        CHECK(rig_load(&rig, values, FIRST) == 0);
        kill_sessions();
        CHECK(rig_load(&rig, values, COUNT) < 0);
        CHECK_EQ_INT(rig.why.code, ISSUE_CONNECTION_LOST);
        CHECK_MSG(strstr(rig.why.text, "administrator command"), "%s",
                  rig.why.text);
        /* Nothing was sent, so nothing is in doubt. */
        CHECK_EQ_INT(rig.outcome.committed, FIRST);
        CHECK_EQ_INT(rig.outcome.unknown, 0);
        CHECK_EQ_INT(pg_rows("t"), FIRST);
        rig_close(&rig);
    }
}

static void canceled_at_every_wait(void)
{
    for (int m = 0; m < METHODS; m++) {
        for (int at = 1;; at++) {
            if (!make_table())
                return;
            struct meddler meddler = {0};
            struct sink_env env = meddling_env(&meddler);
            struct rig rig;
            if (!rig_open(&rig, pg_target, &env, "t", "k n",
                          (enum load_method)m))
                return;
            meddler.waits = 0;
            meddler.cancel_at = at;
            int status = rig_load(&rig, values, COUNT);
            meddler.cancel_at = 0;
            CHECK_EQ_INT(rig.outcome.unknown, 0);
            check_truth(&rig, method_names[m], at);
            if (status < 0) {
                CHECK_EQ_INT(rig.why.code, ISSUE_CANCELED);
                /* No transaction is left open, and the line is usable. */
                CHECK_EQ_INT(pg_ask_int("SELECT count(*) FROM pg_stat_activity"
                                        " WHERE application_name ="
                                        " 'sluice_test' AND state <> 'idle'"),
                             0);
                pg_ask("TRUNCATE t");
                load_outcome_clear(&rig.outcome);
                CHECK_MSG(rig_load(&rig, values, COUNT) == 0, "%s",
                          rig.why.text);
                rig_check_exact(&rig, COUNT, COUNT - 1);
            }
            rig_close(&rig);
            if (meddler.waits < at)
                break;
        }
    }
}

/* A statement that would wait for ever is canceled in the server too. */
static void canceled_behind_a_lock(void)
{
    if (!make_table())
        return;
    struct meddler meddler = {0};
    struct sink_env env = meddling_env(&meddler);
    struct rig rig;
    if (!rig_open(&rig, pg_target, &env, "t", "k n", METHOD_BATCH))
        return;
    pg_ask("BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE");
    meddler.waits = 0;
    meddler.cancel_at = 2; /* the INSERT's answer, which does not come */
    CHECK(rig_load(&rig, values, COUNT) < 0);
    CHECK_EQ_INT(rig.why.code, ISSUE_CANCELED);
    CHECK_EQ_INT(pg_ask_int("SELECT count(*) FROM pg_stat_activity WHERE"
                            " application_name = 'sluice_test' AND"
                            " state <> 'idle'"),
                 0);
    pg_ask("ROLLBACK");
    CHECK_EQ_INT(pg_rows("t"), 0);
    CHECK_EQ_INT(rig.outcome.committed + rig.outcome.unknown, 0);
    rig_close(&rig);
}

static void connecting_can_be_canceled(void)
{
    if (!pg_fresh())
        return;
    for (int at = 1;; at++) {
        struct meddler meddler = {.cancel_at = at};
        struct sink_env env = meddling_env(&meddler);
        struct sink *sink;
        struct issue why = {0};
        int status = sink_open(&sink, pg_target, &env, &why);
        if (status == 0) {
            sink_close(sink);
            CHECK(at > 1);
            CHECK(meddler.offloads > 1);
            return;
        }
        CHECK_EQ_INT(why.code, ISSUE_CANCELED);
    }
}

/* Two sessions that take the same keys in opposite order: one is retried. */
struct rival {
    struct rig rig;
    struct value *values;
    int status;
};

static void *load_rival(void *arg)
{
    struct rival *r = arg;
    r->status = rig_load(&r->rig, r->values, 400);
    return NULL;
}

static void deadlocks_are_retried(void)
{
    static struct value up[400 * 2];
    static struct value down[400 * 2];
    if (!make_table())
        return;
    pg_ask("ALTER TABLE t ADD COLUMN who text DEFAULT pg_backend_pid();"
           "CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
           " PERFORM pg_sleep(0.0005); RETURN NEW; END $$; CREATE TRIGGER slow"
           " BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION slow()");
    for (int i = 0; i < 400; i++) {
        up[i * 2] = INT(i);
        down[i * 2] = INT(399 - i);
        up[i * 2 + 1] = down[i * 2 + 1] = INT(1);
    }
    struct rival rivals[2] = {{.values = up}, {.values = down}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        if (!pg_rig_open(&rivals[i].rig, "t", "k n", METHOD_BATCH))
            return;
    }
    for (int i = 0; i < 2; i++)
        CHECK(pthread_create(&threads[i], NULL, load_rival, &rivals[i]) == 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    CHECK_EQ_INT(pg_rows("t"), 400);
    uint64_t committed = 0;
    for (int i = 0; i < 2; i++) {
        CHECK_MSG(rivals[i].status == 0, "%s", rivals[i].rig.why.text);
        committed += rivals[i].rig.outcome.committed;
        CHECK_EQ_INT(rivals[i].rig.outcome.committed +
                         rivals[i].rig.outcome.reject_count,
                     400);
        rig_close(&rivals[i].rig);
    }
    CHECK_EQ_INT(committed, 400);
}

/* --- a line that is cut
 * --------------------------------------------------------- */

enum cut {
    CUT_NEVER,
    CUT_BEFORE,  /* COMMIT does not reach the server */
    CUT_AFTER,   /* COMMIT does, its answer does not come back */
    CUT_FOR_GOOD /* the same, and nobody is let in any more */
};

struct proxy {
    char folder[64];
    struct sockaddr_un server;
    int listener;
    pthread_t thread;
    atomic_int cut;
    atomic_bool done; /* the line was cut */
};

static bool has_commit(const char *bytes, ssize_t len)
{
    return memmem(bytes, (size_t)len, "COMMIT", 6) != NULL;
}

static void write_all(int fd, const char *bytes, ssize_t len)
{
    while (len > 0) {
        ssize_t sent = send(fd, bytes, (size_t)len, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        bytes += sent;
        len -= sent;
    }
}

/* False when the line ends. */
static bool pass(struct proxy *p, int from, int to, bool client)
{
    char bytes[65536];
    ssize_t len = recv(from, bytes, sizeof(bytes), 0);
    if (len <= 0)
        return false;
    int cut = atomic_load(&p->cut);
    if (!client || cut == CUT_NEVER || !has_commit(bytes, len)) {
        write_all(to, bytes, len);
        return true;
    }
    if (cut != CUT_BEFORE) {
        write_all(to, bytes, len);
        /* The server has committed when it answers. */
        CHECK(recv(to, bytes, sizeof(bytes), 0) > 0);
    }
    atomic_store(&p->done, true);
    atomic_store(&p->cut, cut == CUT_FOR_GOOD ? CUT_FOR_GOOD : CUT_NEVER);
    return false;
}

struct line {
    struct proxy *proxy;
    int client;
};

static void *serve_line(void *arg)
{
    struct line line = *(struct line *)arg;
    struct proxy *p = line.proxy;
    free(arg);
    int server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool open =
        connect(server, (struct sockaddr *)&p->server, sizeof(p->server)) == 0;
    while (open) {
        struct pollfd ends[2] = {{line.client, POLLIN, 0}, {server, POLLIN, 0}};
        poll(ends, 2, -1);
        if (ends[0].revents)
            open = pass(p, line.client, server, true);
        if (open && ends[1].revents)
            open = pass(p, server, line.client, false);
    }
    close(server);
    close(line.client);
    return NULL;
}

static void *serve_proxy(void *arg)
{
    struct proxy *p = arg;
    for (;;) {
        int client = accept(p->listener, NULL, NULL);
        if (client < 0)
            return NULL;
        if (atomic_load(&p->cut) == CUT_FOR_GOOD && atomic_load(&p->done)) {
            close(client);
            continue;
        }
        struct line *line = malloc(sizeof(*line));
        *line = (struct line){p, client};
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, serve_line, line) == 0);
        pthread_detach(thread);
    }
}

static void proxy_start(struct proxy *p, char *target, size_t size)
{
    strcpy(p->folder, "/tmp/sluice-proxy-XXXXXX");
    CHECK(mkdtemp(p->folder) != NULL);
    p->server.sun_family = AF_UNIX;
    CHECK(snprintf(p->server.sun_path, sizeof(p->server.sun_path),
                   "%s/.s.PGSQL.%s", PQhost(pg_side),
                   PQport(pg_side)) < (int)sizeof(p->server.sun_path));
    struct sockaddr_un own = {.sun_family = AF_UNIX};
    snprintf(own.sun_path, sizeof(own.sun_path), "%s/.s.PGSQL.1", p->folder);
    p->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(bind(p->listener, (struct sockaddr *)&own, sizeof(own)) == 0);
    CHECK(listen(p->listener, 16) == 0);
    CHECK(pthread_create(&p->thread, NULL, serve_proxy, p) == 0);
    snprintf(target, size,
             "host=%s port=1 user=%s dbname=%s application_name=sluice_test"
             " options='-csearch_path=sluice_test'",
             p->folder, PQuser(pg_side), PQdb(pg_side));
}

static void proxy_stop(struct proxy *p)
{
    char path[120];
    shutdown(p->listener, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->listener);
    snprintf(path, sizeof(path), "%s/.s.PGSQL.1", p->folder);
    unlink(path);
    rmdir(p->folder);
}

static void lose_commit(enum cut cut, enum load_method method,
                        uint64_t committed, uint64_t unknown)
{
    if (!make_table())
        return;
    struct proxy proxy = {0};
    char target[400];
    struct rig rig;
    proxy_start(&proxy, target, sizeof(target));
    if (rig_open(&rig, target, NULL, "t", "k n", method)) {
        atomic_store(&proxy.cut, cut);
        CHECK(rig_load(&rig, values, COUNT) < 0);
        CHECK_EQ_INT(rig.why.code, ISSUE_CONNECTION_LOST);
        CHECK(atomic_load(&proxy.done));
        CHECK_EQ_INT(rig.outcome.committed, committed);
        CHECK_EQ_INT(rig.outcome.unknown, unknown);
        check_truth(&rig, method_names[method], cut);
        rig_close(&rig);
    }
    proxy_stop(&proxy);
}

static void a_lost_answer_to_commit_is_settled(void)
{
    for (int m = METHOD_BATCH; m < METHODS; m++) {
        lose_commit(CUT_BEFORE, (enum load_method)m, 0, 0);
        lose_commit(CUT_AFTER, (enum load_method)m, COUNT - 1, 0);
    }
}

static void what_cannot_be_settled_is_unknown(void)
{
    lose_commit(CUT_FOR_GOOD, METHOD_COPY, 0, COUNT - 1);
}

CHECK_MAIN(session_killed_at_every_wait, session_killed_between_batches,
           canceled_at_every_wait, canceled_behind_a_lock,
           connecting_can_be_canceled, deadlocks_are_retried,
           a_lost_answer_to_commit_is_settled,
           what_cannot_be_settled_is_unknown)
