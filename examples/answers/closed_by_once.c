/* SPDX-License-Identifier: Apache-2.0 */
/*
 * closed_by_once.c: whoever comes first closes, by a Once.
 */
#include <stdio.h>

#include <runnel/runnel.h>

/* guide: once */
struct search {
    rn_sender(char) found;
    struct rn_once *close;
};

static void close_found(void *arg)
{
    struct search *search = arg;
    rn_close(search->found);
}

static void look_for_answer(struct search *own)
{
    rn_once_do(own->close, close_found, own);
}
/* guide: end once */

static int start(void *arg)
{
    rn_chan(char) found = rn_chan_make(char, 0);
    struct rn_once close = {0};
    struct rn_waitgroup looking = {0};
    (void)arg;
    for (int i = 0; i < 2; i++)
        rn_waitgroup_go(&looking, look_for_answer,
                        (struct search){rn_send_end(found), &close});
    rn_waitgroup_wait(&looking);
    printf("closed: %s\n", rn_status_text(rn_try_recv(found, NULL)));
    rn_chan_free(found);
    return 0;
}

int main(void)
{
    setbuf(stdout, NULL);
    return rn_run(start, NULL);
}
