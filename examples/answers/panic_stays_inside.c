/* SPDX-License-Identifier: Apache-2.0 */
/*
 * panic_stays_inside.c: a boundary stops the panic of one request.
 */
#include <stdio.h>

#include <runnel/runnel.h>

static const int prices[] = {250, 99, 120};

/* guide: try */
static void print_price(void *arg)
{
    const int *article = arg;
    if (*article > 2)
        rn_panic("article %d of 3", *article);
    printf("article %d costs %d\n", *article, prices[*article]);
}

static void serve(int *own)
{
    struct rn_panic panic;
    if (rn_try(print_price, own, &panic) == RN_PANICKED)
        printf("refused: %s\n", panic.text);
}
/* guide: end try */

static int start(void *arg)
{
    static const int articles[] = {0, 7, 2};
    (void)arg;
    for (int i = 0; i < 3; i++) {
        struct rn_waitgroup serving = {0};
        rn_waitgroup_go(&serving, serve, articles[i]);
        rn_waitgroup_wait(&serving);
    }
    return 0;
}

int main(void)
{
    setbuf(stdout, NULL);
    return rn_run(start, NULL);
}
