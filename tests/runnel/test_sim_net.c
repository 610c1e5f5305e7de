/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections over simulated streams: a whole server and its clients under
 * many seeds, with delays, short calls and resets.
 */
#include <errno.h>
#include <stdlib.h>

#include <runnel/runnel.h>

#include "check.h"

#if defined(__SANITIZE_ADDRESS__)
#define SEEDS 50
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define SEEDS 50
#endif
#endif
#ifndef SEEDS
#define SEEDS 1000
#endif

#define CLIENTS 3
#define LINES   4
#define ADDRESS "sim:server"

static const struct rn_sim_link slow = {
    .delay_ns = 4 * RN_MS, .capacity = 16, .short_calls = true};

static void explored(int (*program)(void *arg), unsigned fault_one_in)
{
    static const char *const schedules[] = {"uniform", "pct:2"};

    for (int i = 0; i < 2; i++) {
        const struct rn_sim_options options = {
            .seed = 1, .schedule = schedules[i], .fault_one_in = fault_one_in};
        struct rn_sim_result result = {0};
        int status = rn_sim_explore(&options, SEEDS, program, NULL, &result);

        CHECK_MSG(status == RN_OK, "%s, seed %" PRIu64 ": %s %s", schedules[i],
                  result.seed, rn_status_text(status), result.message);
    }
}

/* ------------------------------------------------------- a server, clients */

/* What a run did, for a comparison. */
struct journal {
    struct rn_mutex lock;
    uint64_t hash;
    int served;
    int answered;
};

static void note(struct journal *journal, int *counter, int64_t what)
{
    rn_mutex_lock(&journal->lock);
    journal->hash = (journal->hash ^ (uint64_t)what) * 0x100000001b3u;
    journal->hash = (journal->hash ^ (uint64_t)rn_now()) * 0x100000001b3u;
    (*counter)++;
    rn_mutex_unlock(&journal->lock);
}

/* A status that an injected failure may lead to. */
static bool is_failure(int64_t status)
{
    return status == -ECONNRESET || status == -ECONNREFUSED ||
           status == RN_CLOSED || status == RN_NOMEM;
}

struct session {
    struct rn_conn *conn;
    struct journal *journal;
    struct rn_waitgroup *all;
};

/* Sends back each line of 20 bytes, until the client says no more. */
static void serve(struct session *own)
{
    char line[20];
    int64_t got;
    int status = RN_OK;

    while (status == RN_OK &&
           (got = rn_conn_read_full(own->conn, line, sizeof(line))) ==
               (int64_t)sizeof(line)) {
        struct iovec pieces[] = {{line, 3}, {line + 3, sizeof(line) - 3}};

        note(own->journal, &own->journal->served, line[0]);
        status = rn_conn_write_pieces(own->conn, pieces, 2, NULL);
    }
    RN_SIM_CHECK(status == RN_OK || is_failure(status));
    rn_conn_free(own->conn);
    rn_waitgroup_done(own->all);
}

struct server {
    struct rn_listener *listener;
    struct journal *journal;
    struct rn_waitgroup *all;
};

static void accept_all(struct server *own)
{
    struct rn_conn *conn;
    int status;

    while ((status = rn_accept(own->listener, &conn)) != RN_CLOSED) {
        RN_SIM_CHECK(status == RN_OK || status == RN_NOMEM);
        if (status != RN_OK)
            continue;
        RN_SIM_CHECK(strcmp(rn_conn_local(conn), ADDRESS) == 0);
        rn_waitgroup_add(own->all, 1);
        rn_go(serve, (struct session){conn, own->journal, own->all});
    }
    rn_waitgroup_done(own->all);
}

static int talk(struct rn_conn *conn, int me, struct journal *journal)
{
    for (int i = 0; i < LINES; i++) {
        char line[20];
        char back[20];
        int64_t got;
        int status;

        memset(line, 'a' + me * LINES + i, sizeof(line));
        status = rn_conn_write(conn, line, sizeof(line), NULL);
        if (status != RN_OK)
            return status;
        got = rn_conn_read_full(conn, back, sizeof(back));
        if (got != (int64_t)sizeof(back))
            return got < 0 ? (int)got : -ECONNRESET;
        RN_SIM_CHECK(memcmp(line, back, sizeof(line)) == 0);
        note(journal, &journal->answered, back[0]);
    }
    return rn_conn_close_write(conn);
}

struct client {
    int number;
    struct journal *journal;
    struct rn_waitgroup *all;
};

static void be_client(struct client *own)
{
    struct rn_conn *conn;
    char byte;
    int status = rn_dial(rn_ctx_background(), ADDRESS, &conn);

    if (status == RN_OK) {
        RN_SIM_CHECK(strcmp(rn_conn_remote(conn), ADDRESS) == 0);
        status = talk(conn, own->number, own->journal);
        if (status == RN_OK)
            status = (int)rn_conn_read(conn, &byte, 1); /* the server's end */
        rn_conn_free(conn);
    }
    RN_SIM_CHECK(status == RN_OK || is_failure(status));
    rn_waitgroup_done(own->all);
}

static int serve_clients(void *arg)
{
    struct rn_waitgroup clients = {0};
    struct rn_waitgroup server = {0};
    struct journal journal = {0};
    struct rn_listener *listener;
    int status;

    RN_SIM_CHECK(rn_sim_network(&slow) == RN_OK);
    do {
        status = rn_listen(ADDRESS, NULL, &listener);
    } while (status == RN_NOMEM);
    RN_SIM_CHECK(status == RN_OK);
    rn_waitgroup_add(&server, 1);
    rn_go(accept_all, (struct server){listener, &journal, &server});
    for (int i = 0; i < CLIENTS; i++) {
        rn_waitgroup_add(&clients, 1);
        rn_go(be_client, (struct client){i, &journal, &clients});
    }
    rn_waitgroup_wait(&clients);
    rn_listener_close(listener);
    rn_waitgroup_wait(&server);
    rn_listener_free(listener);
    if (arg)
        *(struct journal *)arg = journal;
    return 0;
}

static int serve_them_all(void *arg)
{
    struct journal journal;

    (void)arg;
    serve_clients(&journal);
    RN_SIM_CHECK(journal.served == CLIENTS * LINES);
    RN_SIM_CHECK(journal.answered == CLIENTS * LINES);
    return 0;
}

/* Every line comes back, whatever the delays, the parts and the schedule. */
static void server_answers_every_client(void)
{
    explored(serve_them_all, 0);
}

/* Refused, reset before and after the accept: nobody hangs, both sides know. */
static void failures_reach_both_sides(void)
{
    explored(serve_clients, 10);
}

/* The same seed gives the same run, to the byte and the moment. */
static void seed_decides_the_whole_exchange(void)
{
    struct journal first;
    struct rn_sim_result once;
    struct rn_sim_result again;
    int different = 0;

    for (uint64_t seed = 1; seed <= 20; seed++) {
        const struct rn_sim_options options = {.seed = seed,
                                               .fault_one_in = 40};
        struct journal journal[2];

        for (int i = 0; i < 2; i++) {
            CHECK_EQ_INT(rn_sim_run(&options, serve_clients, &journal[i]),
                         RN_OK);
            rn_sim_last(i == 0 ? &once : &again);
        }
        CHECK(journal[0].hash == journal[1].hash);
        CHECK(once.hash == again.hash && once.steps == again.steps);
        different += seed > 1 && journal[0].hash != first.hash;
        first = journal[0];
    }
    CHECK(different > 10);
}

/* -------------------------------------------------------- order of arrival */

static int seen; /* bit n: client n was accepted first in some run */

static void dial_and_say(int *own)
{
    struct rn_conn *conn;
    char me = (char)*own;

    RN_SIM_CHECK(rn_dial(NULL, ADDRESS, &conn) == RN_OK);
    RN_SIM_CHECK(rn_conn_write(conn, &me, 1, NULL) == RN_OK);
    RN_SIM_CHECK(rn_conn_read(conn, &me, 1) == 0);
    rn_conn_free(conn);
}

static int accept_in_some_order(void *arg)
{
    struct rn_listener *listener;
    struct rn_conn *conn;
    char who;

    (void)arg;
    RN_SIM_CHECK(rn_listen(ADDRESS, NULL, &listener) == RN_OK);
    for (int i = 0; i < CLIENTS; i++)
        rn_go(dial_and_say, i);
    for (int i = 0; i < CLIENTS; i++) {
        RN_SIM_CHECK(rn_accept(listener, &conn) == RN_OK);
        RN_SIM_CHECK(rn_conn_read(conn, &who, 1) == 1);
        if (i == 0)
            seen |= 1 << who;
        rn_conn_free(conn);
    }
    rn_listener_free(listener);
    return 0;
}

/* Any client may be the first that is accepted. */
static void accept_order_is_left_to_the_seed(void)
{
    seen = 0;
    for (uint64_t seed = 1; seed <= 50; seed++) {
        const struct rn_sim_options options = {.seed = seed};

        CHECK_EQ_INT(rn_sim_run(&options, accept_in_some_order, NULL), RN_OK);
    }
    CHECK_EQ_INT(seen, (1 << CLIENTS) - 1);
}

/* ------------------------------------------------------ deadlines and close */

/* A connection and its other side. */
static void connect_both(struct rn_conn *conns[2])
{
    int fds[2];

    RN_SIM_CHECK(rn_sim_pair(NULL, fds) == RN_OK);
    for (int i = 0; i < 2; i++)
        RN_SIM_CHECK(rn_conn_take(fds[i], &conns[i]) == RN_OK);
}

static void shorten_deadline(struct rn_conn **own)
{
    rn_sleep(RN_MS);
    rn_conn_set_read_deadline(*own, rn_deadline(RN_MS));
}

static void close_later(struct rn_conn **own)
{
    rn_sleep(RN_MS);
    rn_conn_close(*own);
}

static int end_waits(void *arg)
{
    int64_t start = rn_now();
    struct rn_conn *conns[2];
    char bytes[4096] = {0};
    char byte;

    (void)arg;
    connect_both(conns);
    rn_conn_set_read_deadline(conns[0], rn_deadline(RN_S));
    rn_go(shorten_deadline, conns[0]);
    RN_SIM_CHECK(rn_conn_read(conns[0], &byte, 1) == RN_TIMEOUT);
    RN_SIM_CHECK(rn_now() == start + 2 * RN_MS);
    rn_conn_set_read_deadline(conns[0], RN_NEVER);
    RN_SIM_CHECK(rn_conn_wait_writable(conns[0]) == RN_OK);
    RN_SIM_CHECK(rn_conn_write(conns[0], bytes, sizeof(bytes), NULL) == RN_OK);
    rn_conn_set_write_deadline(conns[0], rn_deadline(RN_MS));
    RN_SIM_CHECK(rn_conn_write(conns[0], bytes, 1, NULL) == RN_TIMEOUT);
    RN_SIM_CHECK(rn_conn_wait_readable(conns[1]) == RN_OK);
    RN_SIM_CHECK(rn_conn_read_full(conns[1], bytes, sizeof(bytes)) ==
                 (int64_t)sizeof(bytes));
    rn_go(close_later, conns[1]);
    RN_SIM_CHECK(rn_conn_read(conns[1], &byte, 1) == RN_CLOSED);
    RN_SIM_CHECK(rn_conn_read(conns[0], &byte, 1) == 0);
    rn_conn_set_write_deadline(conns[0], RN_NEVER);
    RN_SIM_CHECK(rn_conn_write(conns[0], bytes, 1, NULL) == RN_CLOSED);
    rn_conn_free(conns[0]);
    rn_conn_free(conns[1]);
    return 0;
}

/* A wait ends at a moved deadline, by its own close and by the other side's. */
static void waits_end_as_over_tcp(void)
{
    explored(end_waits, 0);
}

/* ------------------------------------------------------------------ bounds */

static void dial_twice(struct rn_listener **own)
{
    struct rn_conn *conn;
    struct rn_ctx *soon = rn_ctx_with_timeout(rn_ctx_background(), RN_S);

    RN_SIM_CHECK(rn_dial(soon, ADDRESS, &conn) == RN_TIMEOUT);
    rn_ctx_release(soon);
    rn_listener_close(*own);
}

static int refuse(void *arg)
{
    const struct rn_listen_options options = {.backlog = 1};
    char name[100] = "sim:";
    struct rn_listener *listener;
    struct rn_listener *other;
    struct rn_conn *accepted;
    struct rn_conn *conn;
    struct rn_udp *udp;
    char byte;

    (void)arg;
    memset(name + 4, 'x', 64);
    RN_SIM_CHECK(rn_listen("sim:", NULL, &listener) == RN_INVALID);
    RN_SIM_CHECK(rn_listen(name, NULL, &listener) == RN_INVALID);
    RN_SIM_CHECK(rn_udp_bind(name, &udp) == RN_INVALID);
    RN_SIM_CHECK(rn_dial(NULL, ADDRESS, &conn) == -ECONNREFUSED);
    RN_SIM_CHECK(rn_sim_network(&(struct rn_sim_link){.delay_ns = -1}) ==
                 RN_INVALID);
    RN_SIM_CHECK(rn_listen(ADDRESS, &options, &listener) == RN_OK);
    RN_SIM_CHECK(rn_listen(ADDRESS, NULL, &other) == -EADDRINUSE);
    RN_SIM_CHECK(rn_dial(NULL, ADDRESS, &conn) == RN_OK);
    rn_go(dial_twice, listener);
    /* The close refuses the one that nobody accepted. */
    RN_SIM_CHECK(rn_conn_read(conn, &byte, 1) == -ECONNRESET);
    RN_SIM_CHECK(rn_accept(listener, &accepted) == RN_CLOSED);
    rn_conn_free(conn);
    rn_listener_free(listener);
    RN_SIM_CHECK(rn_dial(NULL, ADDRESS, &conn) == -ECONNREFUSED);
    return 0;
}

/* No listener, a full queue, a taken name, a name too long: each is told. */
static void what_cannot_be_is_refused(void)
{
    explored(refuse, 0);
}

static int read_for_ever(void *arg)
{
    static struct rn_conn *conns[2]; /* nobody frees them */
    char byte;

    (void)arg;
    connect_both(conns);
    return (int)rn_conn_read(conns[0], &byte, 1);
}

/* Reading what nobody will write is a deadlock, and the next run is clean. */
static void waiting_for_nobody_is_a_deadlock(void)
{
    const struct rn_sim_options options = {.quiet = true};

    CHECK_EQ_INT(rn_sim_run(&options, read_for_ever, NULL), RN_DEADLOCK);
    CHECK_EQ_INT(rn_sim_run(&options, serve_them_all, NULL), RN_OK);
}

/* --------------------------------------------------------------- datagrams */

#define DATAGRAMS 10

static int overtaken; /* in all runs */

static void send_numbers(rn_chan(bool) *start)
{
    struct rn_udp *udp;

    rn_recv(*start, NULL);
    RN_SIM_CHECK(rn_udp_bind("sim:sender", &udp) == RN_OK);
    for (char i = 0; i < DATAGRAMS; i++)
        RN_SIM_CHECK(rn_udp_send(udp, "sim:here", &i, 1) == RN_OK);
    rn_udp_free(udp);
}

static int count_numbers(void *arg)
{
    rn_chan(bool) start = rn_chan_make(bool, 1);
    char from[RN_ADDRESS_MAX] = "";
    bool seen_before[DATAGRAMS] = {0};
    struct rn_udp *udp;
    int8_t last = -1;
    int8_t number;

    (void)arg;
    RN_SIM_CHECK(rn_sim_network(&slow) == RN_OK);
    rn_go(send_numbers, start);
    RN_SIM_CHECK(rn_udp_bind("sim:here", &udp) == RN_OK);
    rn_send(start, true);
    for (int i = 0; i < DATAGRAMS; i++) {
        RN_SIM_CHECK(rn_udp_recv(udp, &number, 1, from) == 1);
        RN_SIM_CHECK(strcmp(from, "sim:sender") == 0);
        RN_SIM_CHECK(number >= 0 && number < DATAGRAMS);
        RN_SIM_CHECK(!seen_before[(int)number]);
        seen_before[(int)number] = true;
        overtaken += number < last;
        last = number;
    }
    rn_udp_set_deadline(udp, rn_deadline(RN_S));
    RN_SIM_CHECK(rn_udp_recv(udp, &number, 1, NULL) == RN_TIMEOUT);
    rn_udp_free(udp);
    rn_chan_free(start);
    return 0;
}

/* Each datagram comes once and whole, and may overtake others. */
static void datagrams_arrive_in_some_order(void)
{
    explored(count_numbers, 0);
    for (uint64_t seed = 1; seed <= 20; seed++) {
        const struct rn_sim_options options = {.seed = seed};

        CHECK_EQ_INT(rn_sim_run(&options, count_numbers, NULL), RN_OK);
    }
    CHECK(overtaken > 0);
}

static int copies[3]; /* runs in which it came so often */

static struct rn_udp *bind_surely(const char *address)
{
    struct rn_udp *udp;
    int status;

    do {
        status = rn_udp_bind(address, &udp);
    } while (status == RN_NOMEM);
    RN_SIM_CHECK(status == RN_OK);
    return udp;
}

static int count_copies(void *arg)
{
    struct rn_udp *from = bind_surely("sim:one");
    struct rn_udp *to = bind_surely("sim:two");
    int count = 0;
    char byte = 0;

    (void)arg;
    RN_SIM_CHECK(rn_udp_send(from, "sim:two", "x", 1) == RN_OK);
    rn_udp_set_deadline(to, rn_deadline(RN_S));
    while (rn_udp_recv(to, &byte, 1, NULL) == 1 && byte == 'x')
        count++;
    RN_SIM_CHECK(count <= 2);
    copies[count]++;
    rn_udp_free(from);
    rn_udp_free(to);
    return 0;
}

/* A fault loses a datagram, or lets it come twice. */
static void faults_lose_and_double_datagrams(void)
{
    for (uint64_t seed = 1; seed <= 60; seed++) {
        const struct rn_sim_options options = {.seed = seed, .fault_one_in = 2};

        CHECK_EQ_INT(rn_sim_run(&options, count_copies, NULL), RN_OK);
    }
    CHECK(copies[0] > 0);
    CHECK(copies[1] > 0);
    CHECK(copies[2] > 0);
}

static void close_it(struct rn_udp **own)
{
    rn_udp_close(*own);
}

static int misuse_datagrams(void *arg)
{
    static char big[65508];
    struct rn_udp *udp;
    struct rn_udp *other = NULL;
    char bytes[4] = "";

    (void)arg;
    RN_SIM_CHECK(rn_udp_bind("sim:", &other) == RN_INVALID);
    RN_SIM_CHECK(rn_udp_bind("sim:me", &udp) == RN_OK);
    RN_SIM_CHECK(strcmp(rn_udp_address(udp), "sim:me") == 0);
    RN_SIM_CHECK(rn_udp_bind("sim:me", &other) == -EADDRINUSE);
    RN_SIM_CHECK(rn_udp_send(udp, "sim:nobody", "x", 1) == RN_OK);
    RN_SIM_CHECK(rn_udp_send(udp, "127.0.0.1:9", "x", 1) == RN_INVALID);
    RN_SIM_CHECK(rn_udp_send(udp, "sim:me", big, sizeof(big)) == -EMSGSIZE);
    RN_SIM_CHECK(rn_udp_send(udp, "sim:me", "", 0) == RN_OK);
    RN_SIM_CHECK(rn_udp_recv(udp, bytes, 2, NULL) == 0);
    RN_SIM_CHECK(rn_udp_send(udp, "sim:me", "abc", 3) == RN_OK);
    RN_SIM_CHECK(rn_udp_recv(udp, bytes, 2, NULL) == 2 && bytes[2] == 0);
    RN_SIM_CHECK(rn_udp_bind("127.0.0.1:0", &other) == RN_OK);
    RN_SIM_CHECK(rn_udp_send(other, "sim:me", "x", 1) == RN_INVALID);
    rn_udp_free(other);
    rn_go(close_it, udp);
    RN_SIM_CHECK(rn_udp_recv(udp, bytes, 2, NULL) == RN_CLOSED);
    RN_SIM_CHECK(rn_udp_send(udp, "sim:me", "x", 1) == RN_CLOSED);
    rn_yield();
    rn_udp_free(udp);
    /* Closed, the name is free again. */
    RN_SIM_CHECK(rn_udp_bind("sim:me", &udp) == RN_OK);
    rn_udp_free(udp);
    return 0;
}

/* What datagrams cannot do has the statuses of net.h. */
static void datagrams_have_the_usual_statuses(void)
{
    const struct rn_sim_options options = {.seed = 3};

    CHECK_EQ_INT(rn_sim_run(&options, misuse_datagrams, NULL), RN_OK);
}

static int wait_for_datagram(void *arg)
{
    static struct rn_udp *udp; /* nobody comes back to free it */
    char byte;

    (void)arg;
    RN_SIM_CHECK(rn_udp_bind("sim:me", &udp) == RN_OK);
    return (int)rn_udp_recv(udp, &byte, 1, NULL);
}

/* Waiting for a datagram that nobody sends is a deadlock. */
static void waiting_for_no_datagram_is_a_deadlock(void)
{
    const struct rn_sim_options options = {.quiet = true};

    CHECK_EQ_INT(rn_sim_run(&options, wait_for_datagram, NULL), RN_DEADLOCK);
    CHECK_EQ_INT(rn_sim_run(&options, count_copies, NULL), RN_OK);
}

static int listen_really(void *arg)
{
    struct rn_listener *listener;

    (void)arg;
    return rn_listen(ADDRESS, NULL, &listener);
}

/* Outside a simulated run there are no such addresses. */
static void real_runs_have_no_simulated_addresses(void)
{
    CHECK_EQ_INT(rn_run(listen_really, NULL), RN_INVALID);
    CHECK_EQ_INT(rn_sim_network(NULL), RN_INVALID);
}

CHECK_MAIN(server_answers_every_client, failures_reach_both_sides,
           seed_decides_the_whole_exchange, accept_order_is_left_to_the_seed,
           waits_end_as_over_tcp, what_cannot_be_is_refused,
           waiting_for_nobody_is_a_deadlock, datagrams_arrive_in_some_order,
           faults_lose_and_double_datagrams, datagrams_have_the_usual_statuses,
           waiting_for_no_datagram_is_a_deadlock,
           real_runs_have_no_simulated_addresses)
