/* SPDX-License-Identifier: Apache-2.0 */
/*
 * closed_twice.c: two workers, and each closes what they share.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: twice */
static void look_for_answer(rn_sender(char) *found)
{
    rn_close(*found); /* tells everybody; but so does the other one */
}

static int start(void *arg)
{
    rn_chan(char) found = rn_chan_make(char, 0);
    struct rn_waitgroup looking = {0};
    (void)arg;
    rn_waitgroup_go(&looking, look_for_answer, rn_send_end(found));
    rn_waitgroup_go(&looking, look_for_answer, rn_send_end(found));
    rn_waitgroup_wait(&looking);
    printf("never printed\n");
    rn_chan_free(found);
    return 0;
}
/* guide: end twice */

int main(void)
{
    setbuf(stdout, NULL);
    return rn_run(start, NULL);
}
