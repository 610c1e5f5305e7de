/* SPDX-License-Identifier: Apache-2.0 */
/*
 * panic_ends_all.c: a panic in a goroutine ends the program, whoever waits.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: panic */
static const int prices[] = {250, 99, 120};

static void print_price(int *own)
{
    if (*own > 2)
        rn_panic("article %d of 3", *own);
    printf("article %d costs %d\n", *own, prices[*own]);
}

static int start(void *arg)
{
    struct rn_waitgroup printing = {0};
    (void)arg;
    rn_waitgroup_go(&printing, print_price, 7);
    rn_waitgroup_wait(&printing);
    printf("never printed\n");
    return 0;
}
/* guide: end panic */

int main(void)
{
    setbuf(stdout, NULL);
    return rn_run(start, NULL);
}
