/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guide_select.c: waiting for several things at once. In virtual time, so that
 * the seconds in it take no time and always come in the same order.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: first */
struct server {
    const char *answer;
    int64_t takes_ns;
    rn_sender(const char *) to;
};

static void serve(struct server *own)
{
    rn_sleep(own->takes_ns);
    rn_send(own->to, own->answer);
}

static void first_of_two(void)
{
    rn_chan(const char *) near = rn_chan_make(const char *, 1);
    rn_chan(const char *) far = rn_chan_make(const char *, 1);
    rn_go(serve, (struct server){"near", 20 * RN_MS, rn_send_end(near)});
    rn_go(serve, (struct server){"far", 90 * RN_MS, rn_send_end(far)});

    const char *answer;
    struct rn_case cases[] = {
        rn_case_recv(near, &answer),
        rn_case_recv(far, &answer),
    };
    int happened = rn_select(cases, 2);
    printf("case %d: %s\n", happened, answer);
    rn_sleep(RN_S); /* the other one ends, too: it had a place to send to */
    rn_chan_free(near);
    rn_chan_free(far);
}
/* guide: end first */

/* guide: timeout */
static void not_for_ever(rn_receiver(int) answers)
{
    int answer;
    int status = rn_recv_until(rn_deadline(2 * RN_S), answers, &answer);
    printf("%s\n", rn_status_text(status));

    struct rn_case cases[] = {rn_case_recv(answers, &answer)};
    status = rn_select_until(rn_deadline(2 * RN_S), cases, 1);
    printf("%s again\n", rn_status_text(status));
}
/* guide: end timeout */

/* guide: try */
static void not_at_all(rn_chan(int) numbers)
{
    int number;
    if (rn_try_recv(numbers, &number) == RN_AGAIN)
        printf("nothing there\n");
    rn_send(numbers, 1);
    if (rn_try_send(numbers, 2) == RN_AGAIN)
        printf("no room: dropped\n");

    struct rn_case cases[] = {rn_case_recv(numbers, &number)};
    if (rn_try_select(cases, 1) == 0)
        printf("there was a %d\n", number);
}
/* guide: end try */

/* guide: cancel */
struct counter {
    struct rn_ctx *ctx;
    rn_receiver(int) numbers;
    rn_receiver(const char *) errors;
    rn_sender(int) result;
};

static void count(struct counter *own)
{
    int sum = 0;
    for (bool going = true; going;) {
        int number;
        const char *error;
        struct rn_case cases[] = {
            rn_case_recv(own->numbers, &number),
            rn_case_recv(own->errors, &error),
            rn_case_done(own->ctx),
        };
        switch (rn_select(cases, 3)) {
        case 0:
            sum += number;
            break;
        case 1:
            printf("error: %s\n", error);
            break;
        default:
            going = false;
        }
    }
    rn_send(own->result, sum);
}
/* guide: end cancel */

static void several(void)
{
    rn_chan(int) numbers = rn_chan_make(int, 0);
    rn_chan(const char *) errors = rn_chan_make(const char *, 0);
    rn_chan(int) result = rn_chan_make(int, 0);
    struct rn_ctx *ctx = rn_ctx_with_cancel(rn_ctx_background());
    rn_go(count, (struct counter){ctx, rn_recv_end(numbers),
                                  rn_recv_end(errors), rn_send_end(result)});
    for (int i = 1; i <= 3; i++)
        rn_send(numbers, i);
    rn_send(errors, "the fourth is missing");
    rn_ctx_cancel(ctx);
    int sum;
    rn_recv(result, &sum);
    printf("canceled at %d\n", sum);
    rn_ctx_release(ctx);
    rn_chan_free(numbers);
    rn_chan_free(errors);
    rn_chan_free(result);
}

static int start(void *arg)
{
    (void)arg;
    rn_chan(int) numbers = rn_chan_make(int, 1);
    first_of_two();
    not_for_ever(rn_recv_end(numbers));
    not_at_all(numbers);
    several();
    rn_chan_free(numbers);
    return 0;
}

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    return rn_run_with(&options, start, NULL);
}
