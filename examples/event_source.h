/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event_source.h: where events come from: lines "TIME_MS VALUE" of standard
 * input, or of any number of TCP connections.
 */
#ifndef EVENT_SOURCE_H
#define EVENT_SOURCE_H

#include <runnel/runnel.h>

#include "event_windows.h"

#define EVENTS_A_BATCH 256

/* Events travel together: one by one they would cost more than the work. */
struct event_batch {
    size_t count;
    struct event events[EVENTS_A_BATCH];
    uint64_t bad; /* lines that are no event */
};

struct event_source {
    const char *address; /* to listen at; NULL: standard input */
    rn_sender(struct event_batch) batches;
};

/*
 * A function for a group: sends all that comes until the input or the context
 * ends, then closes the channel. With an address the end of the context is the
 * regular end. RN_OK, or a negative status after a message.
 */
int event_source_run(struct rn_ctx *ctx, struct event_source **own);

#endif
