/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage.c: the beginning of a pipeline; its other stages are pools (pool.c).
 */
#include <runnel/panic.h>
#include <runnel/stage.h>

#include "alloc.h"
#include "deliver.h"

struct source {
    struct rn_channel *out;
    int (*function)(struct rn_ctx *ctx, void *state, void *value);
    void *state;
    void *value;
};

static void leave(struct source *source)
{
    rn_chan_close_(source->out);
    alloc_free(source->value);
}

static int run_source(struct rn_ctx *ctx, void *own)
{
    struct source *source = own;
    rn_defer(leave, source); /* also when the function panics */
    int status = RN_OK;
    while (status >= 0) {
        status = source->function(ctx, source->state, source->value);
        if (status == RN_OK)
            status = deliver(ctx, source->out, source->value);
        else if (status > 0)
            status = rn_ctx_err(ctx);
    }
    return status == RN_CLOSED ? RN_OK : status;
}

void rn_source_start_(struct rn_group *group, struct rn_channel *out,
                      size_t size,
                      int (*function)(struct rn_ctx *ctx, void *state,
                                      void *value),
                      void *state, const char *where)
{
    struct source source = {out, function, state, alloc_or_die(1, size)};
    rn_group_go_(group, run_source, &source, sizeof(source), where);
}
