/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_echo_raw.c: the least that an echo server can be: one thread around
 * epoll, nothing for a connection but its descriptor.
 *
 * Prints its port and serves until its standard input ends, as `bench_runnel
 * echo` does. It is the limit that a goroutine for each connection is held to.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS = 256 };

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static void watch(int poll, int fd)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = fd}};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) < 0)
        fail("epoll_ctl");
}

static int listen_anywhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
        listen(fd, 1024) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0)
        fail("listen");
    printf("port %d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void accept_all(int poll, int listener)
{
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0)
            return;
        watch(poll, fd);
    }
}

static void echo(int fd)
{
    char data[4096];
    ssize_t got = recv(fd, data, sizeof(data), 0);
    if (got <= 0 || send(fd, data, (size_t)got, MSG_NOSIGNAL) != got)
        close(fd);
}

int main(void)
{
    struct epoll_event events[EVENTS];
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    int poll = epoll_create1(EPOLL_CLOEXEC);
    int listener = listen_anywhere();
    watch(poll, listener);
    watch(poll, STDIN_FILENO);
    for (;;) {
        int ready = epoll_wait(poll, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == STDIN_FILENO)
                return 0;
            if (fd == listener)
                accept_all(poll, listener);
            else
                echo(fd);
        }
    }
}
