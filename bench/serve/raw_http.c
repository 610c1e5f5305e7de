/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw_http FILE: what the kernel alone takes for an answer.
 *
 * One thread, one epoll, one recv and one send for a request, which is neither
 * looked at nor checked: each gets the bytes of FILE. No server of one thread
 * can answer more; bench_http measures it beside those that read what they are
 * asked. Prints its address; ends when it is told to.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS      128
#define BACKLOG     4096
#define REQUEST_MAX 4096
#define ANSWER_MAX  4096

static char answer[ANSWER_MAX];
static size_t answer_size;

static int listen_somewhere(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 ||
        listen(fd, BACKLOG) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0)
        return -1;
    printf("listening on http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static int watch(int poll, int fd, unsigned events)
{
    struct epoll_event event = {.events = events, .data.fd = fd};
    return epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event);
}

static void accept_all(int poll, int listener)
{
    int one = 1;
    for (;;) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        if (fd < 0)
            return;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
        if (watch(poll, fd, EPOLLIN | EPOLLET) != 0)
            close(fd);
    }
}

static void reply(int fd)
{
    char request[REQUEST_MAX];
    if (recv(fd, request, sizeof(request), 0) <= 0 ||
        send(fd, answer, answer_size, MSG_NOSIGNAL) < 0)
        close(fd);
}

static int serve(int poll, int listener)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int count = epoll_wait(poll, events, EVENTS, -1);
        if (count < 0)
            return 1;
        for (int i = 0; i < count; i++) {
            if (events[i].data.fd == listener)
                accept_all(poll, listener);
            else
                reply(events[i].data.fd);
        }
    }
}

int main(int argc, char **argv)
{
    FILE *file = argc == 2 ? fopen(argv[1], "re") : NULL;
    answer_size = file ? fread(answer, 1, sizeof(answer), file) : 0;
    if (answer_size == 0) {
        fputs("usage: raw_http FILE (the answer's bytes)\n", stderr);
        return 2;
    }
    fclose(file);
    int poll = epoll_create1(0);
    int listener = listen_somewhere();
    if (poll < 0 || listener < 0 || watch(poll, listener, EPOLLIN) != 0) {
        perror("raw_http");
        return 1;
    }
    return serve(poll, listener);
}
