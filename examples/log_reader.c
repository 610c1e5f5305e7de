/* SPDX-License-Identifier: Apache-2.0 */
/* log_reader.c: opens, reads and leaves one file after the other. */
#include "log_reader.h"

#include "common/example.h"

/* Done with a file, for better or worse. */
static void leave_file(struct rn_ctx *ctx, struct log_reader *reader,
                       int status)
{
    if (reader->opened) {
        reader->bytes += reader->input.bytes;
        reader->too_long += reader->input.too_long;
        line_input_close(&reader->input);
    }
    reader->opened = false;
    if (status < 0 && rn_ctx_err(ctx) == RN_OK) {
        reader->failed++;
        example_error("%s: %s", *reader->paths,
                      status == -EBADMSG ? "broken or cut off gzip"
                                         : rn_status_text(status));
    }
    reader->paths++;
}

int log_reader_next(struct rn_ctx *ctx, struct log_reader *reader,
                    struct block **block)
{
    if (!*reader->paths)
        return RN_CLOSED;
    if (!reader->opened) {
        int status = line_input_open(&reader->input, *reader->paths);
        reader->opened = status == RN_OK;
        if (status != RN_OK) {
            leave_file(ctx, reader, status);
            return RN_SKIP;
        }
    }
    int more = rn_recv_ctx(ctx, reader->empty, block);
    if (more == RN_OK)
        more = line_input_lines(ctx, &reader->input, (*block)->lines,
                                &(*block)->size);
    if (more <= 0)
        leave_file(ctx, reader, more);
    return rn_ctx_err(ctx); /* also without a line: the block goes round */
}

void log_reader_close(struct rn_ctx *ctx, struct log_reader *reader)
{
    if (reader->opened) /* it was called off in the middle */
        leave_file(ctx, reader, RN_OK);
}
