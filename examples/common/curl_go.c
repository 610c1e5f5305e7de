/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl_go.c: libcurl's multi interface on runnel's poller.
 *
 * libcurl says which descriptors it waits for; they go into an epoll set of our
 * own, and the goroutine waits for that one descriptor: so it does not matter
 * how many there are (two when a name has two addresses, one more while it is
 * looked up), and none that libcurl closes is one that runnel waits for.
 */
#include "curl_go.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define EVENTS 8

struct curl_go {
    CURLM *multi;
    CURL *easy;
    int epoll;
    int64_t deadline; /* when libcurl wants to be called though nothing came */
};

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *arg,
                     void *of_socket)
{
    struct curl_go *own = arg;
    struct epoll_event event = {.data.fd = fd};
    (void)easy;
    (void)of_socket;

    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(own->epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    if (what != CURL_POLL_OUT)
        event.events |= EPOLLIN;
    if (what != CURL_POLL_IN)
        event.events |= EPOLLOUT;
    if (epoll_ctl(own->epoll, EPOLL_CTL_MOD, fd, &event) != 0)
        epoll_ctl(own->epoll, EPOLL_CTL_ADD, fd, &event);
    return 0;
}

static int on_timer(CURLM *multi, long ms, void *arg)
{
    struct curl_go *own = arg;
    (void)multi;

    own->deadline = ms < 0 ? RN_NEVER : rn_deadline(ms * RN_MS);
    return 0;
}

struct curl_go *curl_go_make(void)
{
    struct curl_go *own = calloc(1, sizeof(*own));

    if (!own)
        return NULL;
    own->deadline = RN_NEVER;
    own->epoll = epoll_create1(EPOLL_CLOEXEC);
    own->multi = curl_multi_init();
    own->easy = curl_easy_init();
    if (own->epoll < 0 || !own->multi || !own->easy) {
        curl_go_free(own);
        return NULL;
    }
    curl_multi_setopt(own->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(own->multi, CURLMOPT_SOCKETDATA, own);
    curl_multi_setopt(own->multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(own->multi, CURLMOPT_TIMERDATA, own);
    return own;
}

void curl_go_free(struct curl_go *own)
{
    if (!own)
        return;
    curl_easy_cleanup(own->easy);
    curl_multi_cleanup(own->multi);
    if (own->epoll >= 0)
        close(own->epoll);
    free(own);
}

CURL *curl_go_easy(struct curl_go *own)
{
    return own->easy;
}

/* Until libcurl has something to do: RN_OK, or what ended the wait. */
static int wait_for_work(struct rn_ctx *ctx, struct curl_go *own)
{
    struct rn_ctx *timer = rn_ctx_with_deadline(ctx, own->deadline);
    int status = rn_wait_fd_ctx(timer, own->epoll, RN_READ);

    rn_ctx_release(timer);
    if (rn_ctx_err(ctx) != RN_OK)
        return rn_ctx_err(ctx);
    return status > 0 || status == RN_TIMEOUT ? RN_OK : status;
}

static void do_work(struct curl_go *own, int *running)
{
    struct epoll_event events[EVENTS];
    int count = epoll_wait(own->epoll, events, EVENTS, 0);

    for (int i = 0; i < count; i++) {
        int mask =
            (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
            (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
            (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
        curl_multi_socket_action(own->multi, events[i].data.fd, mask, running);
    }
    if (rn_now() >= own->deadline) {
        own->deadline = RN_NEVER; /* on_timer sets the next */
        curl_multi_socket_action(own->multi, CURL_SOCKET_TIMEOUT, 0, running);
    }
}

int curl_go_perform(struct rn_ctx *ctx, struct curl_go *own, CURLcode *code)
{
    int status = rn_ctx_err(ctx);
    int running = 1, left;

    if (status != RN_OK)
        return status;
    curl_easy_setopt(own->easy, CURLOPT_NOSIGNAL, 1L);
    /* Not to wait for a name look-up, which cannot be broken off. */
    curl_easy_setopt(own->easy, CURLOPT_QUICK_EXIT, 1L);
    if (curl_multi_add_handle(own->multi, own->easy) != CURLM_OK)
        return RN_NOMEM;
    curl_multi_socket_action(own->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    while (running > 0 && status == RN_OK) {
        status = wait_for_work(ctx, own);
        if (status == RN_OK)
            do_work(own, &running);
    }
    const CURLMsg *message = curl_multi_info_read(own->multi, &left);
    if (message && message->msg == CURLMSG_DONE) {
        *code = message->data.result;
        status = RN_OK;
    } else if (status == RN_OK) {
        *code = CURLE_FAILED_INIT;
    }
    curl_multi_remove_handle(own->multi, own->easy);
    return status;
}

int curl_go_main(int argc, char **argv, const struct example *program)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int status = example_main(argc, argv, program);
    curl_global_cleanup();
    return status;
}
