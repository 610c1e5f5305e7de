/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_echo_client.c: asks an echo server as fast as it answers.
 *
 *     bench_echo_client PORT CONNECTIONS ACTIVE SECONDS
 *
 * Opens CONNECTIONS to 127.0.0.1:PORT, has each answered once, and prints
 * "connected". When a line comes on its standard input, ACTIVE of them send
 * MESSAGE bytes each, again whenever the answer is complete, for SECONDS; the
 * others are idle. Prints how many answers a second there were and how long
 * they took. One thread around epoll, without the library: the same for every
 * server that is measured.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MESSAGE = 64, EVENTS = 256 };
#define NS_PER_S 1000000000LL

struct connection {
    int fd;
    int received;
    int64_t sent_at;
};

/* How long each answer took, in ns; those beyond the room are only counted. */
struct answers {
    uint32_t *took;
    size_t room;
    size_t count;
};

static void fail(const char *what)
{
    fprintf(stderr, "bench_echo_client: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * NS_PER_S + time.tv_nsec;
}

static void allow_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        fail("getrlimit");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0)
        fail("setrlimit");
}

/* Closed by a reset, so that ten thousand leave no port behind. */
static int connect_to(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const struct linger reset = {.l_onoff = 1, .l_linger = 0};
    const int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fail("socket");
    if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    return fd;
}

static void ask(struct connection *conn)
{
    static const char message[MESSAGE];
    conn->received = 0;
    conn->sent_at = now();
    if (send(conn->fd, message, MESSAGE, MSG_NOSIGNAL) != MESSAGE)
        fail("send");
}

/* True when the answer is complete. */
static bool hear(struct connection *conn)
{
    char answer[MESSAGE];
    ssize_t got = recv(conn->fd, answer, (size_t)(MESSAGE - conn->received), 0);
    if (got <= 0)
        fail("recv");
    conn->received += (int)got;
    return conn->received == MESSAGE;
}

static struct connection *open_all(int port, int count)
{
    struct connection *all = calloc((size_t)count, sizeof(*all));
    if (!all)
        fail("memory");
    for (int i = 0; i < count; i++) {
        all[i].fd = connect_to(port);
        ask(&all[i]);
        while (!hear(&all[i]))
            ;
    }
    return all;
}

static void note(struct answers *answers, int64_t took)
{
    if (answers->count < answers->room)
        answers->took[answers->count] =
            took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
    answers->count++;
}

/* Returns how long it went on. */
static int64_t ask_until(int64_t end, struct connection *all, int active,
                         struct answers *answers)
{
    struct epoll_event events[EVENTS];
    int poll = epoll_create1(EPOLL_CLOEXEC);
    if (poll < 0)
        fail("epoll_create1");
    for (int i = 0; i < active; i++) {
        struct epoll_event event = {.events = EPOLLIN,
                                    .data = {.ptr = &all[i]}};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, all[i].fd, &event) < 0)
            fail("epoll_ctl");
    }
    int64_t begin = now();
    for (int i = 0; i < active; i++)
        ask(&all[i]);
    while (now() < end) {
        int ready = epoll_wait(poll, events, EVENTS, 1000);
        for (int i = 0; i < ready; i++) {
            struct connection *conn = events[i].data.ptr;
            if (!hear(conn))
                continue;
            note(answers, now() - conn->sent_at);
            ask(conn);
        }
    }
    return now() - begin;
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a;
    uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double us_at(const struct answers *sorted, double share)
{
    size_t kept = sorted->count < sorted->room ? sorted->count : sorted->room;
    if (!kept)
        return 0;
    return sorted->took[(size_t)((double)(kept - 1) * share)] / 1000.0;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: bench_echo_client PORT CONNECTIONS ACTIVE "
                        "SECONDS\n");
        return 2;
    }
    int count = atoi(argv[2]);
    int active = atoi(argv[3]);
    double seconds = atof(argv[4]);
    struct answers answers = {.room = 8000000};
    answers.took = malloc(answers.room * sizeof(*answers.took));
    if (count < 1 || active < 1 || active > count || !answers.took)
        return 2;
    allow_descriptors();
    struct connection *all = open_all(atoi(argv[1]), count);
    printf("connected\n");
    fflush(stdout);
    if (getchar() == EOF)
        return 0;
    int64_t end = now() + (int64_t)(seconds * NS_PER_S);
    int64_t took = ask_until(end, all, active, &answers);
    size_t kept = answers.count < answers.room ? answers.count : answers.room;
    qsort(answers.took, kept, sizeof(*answers.took), by_size);
    printf("{\"requests_per_s\": %.0f, \"p50_us\": %.1f, \"p99_us\": %.1f}\n",
           (double)answers.count * NS_PER_S / (double)took,
           us_at(&answers, 0.50), us_at(&answers, 0.99));
    free(answers.took);
    free(all);
    return 0;
}
