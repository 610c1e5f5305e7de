/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deliver.h: how a pattern passes a value on.
 */
#ifndef RUNNEL_DELIVER_H
#define RUNNEL_DELIVER_H

#include <runnel/chan.h>

/*
 * Sends until the context is done; a value that stays undelivered is dropped.
 * RN_OK, or why the context is done. Parks.
 */
static inline int deliver(struct rn_ctx *ctx, struct rn_channel *out,
                          void *value)
{
    int status = rn_chan_send_ctx_(ctx, out, value);
    if (status < 0)
        rn_chan_drop_(out, value);
    return status;
}

#endif
