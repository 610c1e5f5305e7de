/* SPDX-License-Identifier: Apache-2.0 */
/* commit_desk.c: takes all that is there, commits it, tells each. */
#include "commit_desk.h"

int commit_desk_run(struct rn_ctx *ctx, struct commit_desk **own)
{
    struct commit_desk *desk = *own;
    struct transfer *batch[STORE_BATCH_MAX];
    rn_sender(int) results[STORE_BATCH_MAX];
    (void)ctx; /* what was validated is also stored */

    rn_range (struct commit_entry, entry, desk->entries) {
        size_t size = 0;
        do {
            batch[size] = entry.transfer;
            results[size++] = entry.result;
        } while (size < STORE_BATCH_MAX &&
                 rn_try_recv(desk->entries, &entry) == RN_OK);
        int result = store_commit(desk->store, batch, size);
        for (size_t i = 0; i < size; i++)
            rn_send(results[i], result);
    }
    return RN_OK;
}

int commit_desk_store(struct commit_desk *desk, struct transfer *transfer)
{
    rn_chan(int) result = rn_chan_make(int, 1);
    int stored;

    rn_send(desk->entries, {transfer, rn_send_end(result)});
    rn_recv(result, &stored);
    rn_chan_free(result);
    return stored;
}
