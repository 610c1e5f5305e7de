/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Datagrams: one send is one receive; who sent; sizes; deadlines; close.
 */
#include "net_check.h"

/* A datagram arrives whole, with its sender's address, which can be answered.
 */
static void datagram_and_answer(void)
{
    struct rn_udp *server;
    struct rn_udp *client;
    char buffer[16] = "";
    char from[RN_ADDRESS_MAX] = "";

    CHECK_EQ_INT(rn_udp_bind("127.0.0.1:0", &server), RN_OK);
    CHECK_EQ_INT(rn_udp_bind("127.0.0.1:0", &client), RN_OK);
    CHECK_EQ_INT(rn_udp_send(client, rn_udp_address(server), "ask", 3), RN_OK);
    CHECK_EQ_INT(rn_udp_recv(server, buffer, sizeof(buffer), from), 3);
    CHECK_EQ_STR(buffer, "ask");
    CHECK_EQ_STR(from, rn_udp_address(client));
    CHECK_EQ_INT(rn_udp_send(server, from, "answer", 6), RN_OK);
    CHECK_EQ_INT(rn_udp_recv(client, buffer, sizeof(buffer), NULL), 6);
    CHECK_EQ_STR(buffer, "answer");
    rn_udp_free(server);
    rn_udp_free(client);
}

/* Each receive takes one datagram: an empty one, one that is too long. */
static void sizes_of_datagrams(void)
{
    static char big[70000];
    struct rn_udp *udp;
    char buffer[8] = "";

    CHECK_EQ_INT(rn_udp_bind("127.0.0.1:0", &udp), RN_OK);
    CHECK_EQ_INT(rn_udp_send(udp, rn_udp_address(udp), "", 0), RN_OK);
    CHECK_EQ_INT(rn_udp_send(udp, rn_udp_address(udp), "123456789", 9), RN_OK);
    CHECK_EQ_INT(rn_udp_send(udp, rn_udp_address(udp), "ab", 2), RN_OK);
    CHECK_EQ_INT(rn_udp_recv(udp, buffer, 4, NULL), 0);
    CHECK_EQ_INT(rn_udp_recv(udp, buffer, 4, NULL), 4);
    CHECK_EQ_STR(buffer, "1234");
    CHECK_EQ_INT(rn_udp_recv(udp, buffer, 4, NULL), 2);
    CHECK_EQ_INT(rn_udp_send(udp, rn_udp_address(udp), big, sizeof(big)),
                 -EMSGSIZE);
    rn_udp_free(udp);
}

/* A socket of any interface takes datagrams by IPv4 and answers them. */
static void any_interface(void)
{
    struct rn_udp *server;
    struct rn_udp *client;
    char to[RN_ADDRESS_MAX];
    char from[RN_ADDRESS_MAX] = "";
    char byte = 0;

    CHECK_EQ_INT(rn_udp_bind(":0", &server), RN_OK);
    CHECK_EQ_INT(rn_udp_bind("127.0.0.1:0", &client), RN_OK);
    snprintf(to, sizeof(to), "127.0.0.1%s",
             strrchr(rn_udp_address(server), ':'));
    CHECK_EQ_INT(rn_udp_send(client, to, "x", 1), RN_OK);
    CHECK_EQ_INT(rn_udp_recv(server, &byte, 1, from), 1);
    CHECK_EQ_STR(from, rn_udp_address(client));
    CHECK_EQ_INT(rn_udp_send(server, from, "y", 1), RN_OK);
    CHECK_EQ_INT(rn_udp_recv(client, &byte, 1, NULL), 1);
    CHECK_EQ_INT(byte, 'y');
    rn_udp_free(server);
    rn_udp_free(client);
}

/* Addresses that UDP cannot have are refused, and names are not looked up. */
static void wrong_addresses(void)
{
    struct rn_udp *udp = NULL;

    CHECK_EQ_INT(rn_udp_bind("nonsense", &udp), RN_INVALID);
    CHECK_EQ_INT(rn_udp_bind("unix:@nonsense", &udp), RN_INVALID);
    CHECK(!udp);
    CHECK_EQ_INT(rn_udp_bind("127.0.0.1:0", &udp), RN_OK);
    CHECK_EQ_INT(rn_udp_send(udp, "localhost:1", "x", 1), RN_INVALID);
    CHECK_EQ_INT(rn_udp_send(udp, "unix:@x", "x", 1), RN_INVALID);
    CHECK_EQ_INT(rn_udp_send(udp, "", "x", 1), RN_INVALID);
    rn_udp_free(udp);
    rn_udp_free(NULL);
}

struct receiver {
    struct rn_udp *udp;
    rn_chan(int64_t) result;
};

static void receive(struct receiver *own)
{
    char byte;

    rn_send(own->result, rn_udp_recv(own->udp, &byte, 1, NULL));
}

/* A deadline, and a close, end the wait for a datagram. */
static void deadline_and_close(void)
{
    rn_chan(int64_t) result = rn_chan_make(int64_t, 0);
    struct rn_udp *udp;
    int64_t got = 0;
    int64_t deadline;
    char byte;

    CHECK_EQ_INT(rn_udp_bind("127.0.0.1:0", &udp), RN_OK);
    deadline = rn_deadline(5 * RN_MS);
    rn_udp_set_deadline(udp, deadline);
    CHECK_EQ_INT(rn_udp_recv(udp, &byte, 1, NULL), RN_TIMEOUT);
    CHECK(rn_now() >= deadline);
    CHECK_EQ_INT(rn_udp_send(udp, rn_udp_address(udp), "x", 1), RN_TIMEOUT);
    rn_udp_set_deadline(udp, RN_NEVER);
    rn_go(receive, (struct receiver){udp, result});
    rn_go(receive, (struct receiver){udp, result});
    rn_check_settle();
    rn_udp_close(udp);
    for (int i = 0; i < 2; i++) {
        rn_recv(result, &got);
        CHECK_EQ_INT(got, RN_CLOSED);
    }
    CHECK_EQ_INT(rn_udp_send(udp, rn_udp_address(udp), "x", 1), RN_CLOSED);
    net_join_all();
    rn_udp_free(udp);
    rn_chan_free(result);
}

static void answer_all(struct receiver *own)
{
    char from[RN_ADDRESS_MAX];
    char byte;

    while (rn_udp_recv(own->udp, &byte, 1, from) == 1)
        CHECK_EQ_INT(rn_udp_send(own->udp, from, &byte, 1), RN_OK);
    rn_send(own->result, (int64_t)0);
}

/* A question and its answer, again and again, wake both sides each time. */
static void no_wake_up_is_lost(void)
{
    const int rounds = rn_check_rounds(3000);
    rn_chan(int64_t) result = rn_chan_make(int64_t, 1);
    struct rn_udp *server;
    struct rn_udp *client;

    CHECK_EQ_INT(rn_udp_bind("127.0.0.1:0", &server), RN_OK);
    CHECK_EQ_INT(rn_udp_bind("127.0.0.1:0", &client), RN_OK);
    rn_go(answer_all, (struct receiver){server, result});
    for (int i = 0; i < rounds; i++) {
        char byte = (char)i;

        CHECK_EQ_INT(rn_udp_send(client, rn_udp_address(server), &byte, 1),
                     RN_OK);
        CHECK_EQ_INT(rn_udp_recv(client, &byte, 1, NULL), 1);
        CHECK_EQ_INT(byte, (char)i);
    }
    rn_udp_close(server);
    rn_recv(result, NULL);
    net_join_all();
    rn_udp_free(server);
    rn_udp_free(client);
    rn_chan_free(result);
}

RN_CHECK_MAIN(datagram_and_answer, sizes_of_datagrams, any_interface,
              wrong_addresses, deadline_and_close, no_wake_up_is_lost)
