/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commit_desk.h: many who want to commit, few commits.
 *
 * One goroutine owns the database and commits whatever has come together while
 * it was busy with the commit before: so thousands a second need few round
 * trips, and each still waits until its own transfer is safe.
 */
#ifndef COMMIT_DESK_H
#define COMMIT_DESK_H

#include <runnel/runnel.h>

#include "account_store.h"

/* One that waits for its commit. */
struct commit_entry {
    struct transfer *transfer; /* its caller's; `stored` is filled in */
    rn_sender(int) result;
};

struct commit_desk {
    struct store *store;
    rn_chan(struct commit_entry) entries;
};

/* A function for a group; ends when the entries are closed. */
int commit_desk_run(struct rn_ctx *ctx, struct commit_desk **own);

/* Parks until the transfer is stored: 0, or -1. Any number at once. */
int commit_desk_store(struct commit_desk *desk, struct transfer *transfer);

#endif
