/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main_does_not_wait.c: the end of the first goroutine is the end of all.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: letters */
static void write_letter(const char **own)
{
    printf("begins: %s\n", *own);
    rn_sleep(RN_S);
    printf("ends: %s\n", *own);
}

static int do_not_wait(void *arg)
{
    const char *letter = "nobody waits for this one";
    (void)arg;
    rn_go(write_letter, letter);
    rn_sleep(RN_MS);
    return 0;
}

static int do_wait(void *arg)
{
    struct rn_waitgroup letters = {0};
    const char *letter = "this one is waited for";
    (void)arg;
    rn_waitgroup_go(&letters, write_letter, letter);
    rn_waitgroup_wait(&letters);
    return 0;
}
/* guide: end letters */

int main(void)
{
    struct rn_options options = {.simulate = true, .seed = 1};
    int status = rn_run_with(&options, do_not_wait, NULL);
    printf("main has returned\n");
    if (status == 0)
        status = rn_run_with(&options, do_wait, NULL);
    printf("main has returned\n");
    return status;
}
