/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guide_waiting.c: WaitGroup, done channel, for-select; and what the library
 * makes of them. In virtual time.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: waitgroup */
struct mail {
    const char *to;
    const char **error; /* its own place in the results; NULL: sent */
    struct rn_waitgroup *unsent;
};

static void send_mail(struct mail *own)
{
    rn_sleep(100 * RN_MS); /* speaks SMTP */
    *own->error = own->to[0] == '@' ? "no such mailbox" : NULL;
    rn_waitgroup_done(own->unsent);
}

static void send_all(void)
{
    static const char *const addresses[] = {"ada@a.example", "@nobody",
                                            "bob@b.example"};
    const char *errors[3];
    struct rn_waitgroup unsent = {0};
    rn_waitgroup_add(&unsent, 3); /* before they start, not in them */
    for (int i = 0; i < 3; i++)
        rn_go(send_mail, (struct mail){addresses[i], &errors[i], &unsent});
    rn_waitgroup_wait(&unsent);
    for (int i = 0; i < 3; i++)
        printf("%s: %s\n", addresses[i], errors[i] ? errors[i] : "sent");
}
/* guide: end waitgroup */

/* guide: group */
static int reserve(struct rn_ctx *ctx, const char **own)
{
    (void)ctx;
    rn_sleep(50 * RN_MS);
    printf("%s is out of stock\n", *own);
    return -5;
}

static int ship(struct rn_ctx *ctx, const char **own)
{
    int status = rn_ctx_wait(ctx); /* what takes long hears of the end */
    printf("shipping of %s: %s\n", *own, rn_status_text(status));
    return status;
}

static void check_out(void)
{
    struct rn_group *group = rn_group_make(rn_ctx_background(), 0);
    const char *article = "a kettle";
    rn_group_go(group, reserve, article);
    rn_group_go(group, ship, article);
    printf("checkout: status %d\n", rn_group_wait(group));
}
/* guide: end group */

/* guide: done */
struct worker {
    rn_receiver(int) jobs;
    rn_receiver(char) done; /* closed, never sent to */
    struct rn_waitgroup *working;
};

static void work(struct worker *own)
{
    int count = 0;
    struct rn_case cases[] = {
        rn_case_recv(own->jobs, NULL),
        rn_case_recv(own->done, NULL),
    };
    while (rn_select(cases, 2) == 0)
        count++;
    printf("stopped after %d jobs\n", count);
    rn_waitgroup_done(own->working);
}

static void stop_workers(void)
{
    rn_chan(int) jobs = rn_chan_make(int, 0);
    rn_chan(char) done = rn_chan_make(char, 0);
    struct rn_waitgroup working = {0};
    rn_waitgroup_add(&working, 1);
    rn_go(work,
          (struct worker){rn_recv_end(jobs), rn_recv_end(done), &working});
    for (int i = 0; i < 3; i++)
        rn_send(jobs, i);
    rn_close(done); /* all who listen hear it, however many they are */
    rn_waitgroup_wait(&working);
    rn_chan_free(jobs);
    rn_chan_free(done);
}
/* guide: end done */

/* guide: shutdown */
struct request {
    const char *path;
    int64_t takes_ns;
};

static void answer(struct rn_ctx *ctx, struct request *own)
{
    struct rn_case canceled = rn_case_done(ctx);
    bool cut = rn_select_until(rn_deadline(own->takes_ns), &canceled, 1) == 0;
    printf("%s %s\n", own->path, cut ? "is cut off" : "is answered");
}

static void shut_down(void)
{
    struct rn_shutdown *server = rn_shutdown_make(rn_ctx_background());
    rn_shutdown_go(server, answer, (struct request){"/fast", RN_S});
    rn_shutdown_go(server, answer, (struct request){"/slow", 60 * RN_S});
    int status = rn_shutdown_finish(server, 5 * RN_S);
    printf("shutdown: %s\n", rn_status_text(status));
}
/* guide: end shutdown */

/* guide: loop */
static void monitor(struct rn_ctx *ctx, rn_receiver(const char *) events)
{
    struct rn_timer *ticker = rn_ticker_make(10 * RN_S);
    for (bool going = true; going;) {
        int64_t tick;
        const char *event;
        struct rn_case cases[] = {
            rn_case_recv(rn_timer_chan(ticker), &tick),
            rn_case_recv(events, &event),
            rn_case_done(ctx),
        };
        switch (rn_select(cases, 3)) {
        case 0:
            printf("all is well\n");
            break;
        case 1:
            printf("event: %s\n", event);
            break;
        default:
            going = false;
        }
    }
    rn_timer_free(ticker);
}
/* guide: end loop */

static void report_fire(rn_sender(const char *) *own)
{
    rn_sleep(15 * RN_S);
    rn_send(*own, "fire");
}

static void watch(void)
{
    rn_chan(const char *) events = rn_chan_make(const char *, 0);
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), 25 * RN_S);
    rn_go(report_fire, rn_send_end(events));
    monitor(ctx, rn_recv_end(events));
    rn_ctx_release(ctx);
    rn_chan_free(events);
}

static int start(void *arg)
{
    (void)arg;
    send_all();
    check_out();
    stop_workers();
    shut_down();
    watch();
    return 0;
}

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
