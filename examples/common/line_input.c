/* SPDX-License-Identifier: Apache-2.0 */
/* line_input.c: plain or gzip, file or pipe, by one function. */
#include "line_input.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RAW_SIZE    ((size_t)256 * 1024)
#define GZIP_WINDOW (15 + 16) /* zlib: the largest window, gzip framing */

struct call {
    int fd;
    void *data;
    size_t size;
    int64_t result;
};

/* Reads where it is called: on a thread for blocking, or when data is there. */
static void read_now(void *arg)
{
    struct call *call = arg;
    ssize_t got = read(call->fd, call->data, call->size);

    call->result = got >= 0 ? got : -errno;
}

static int64_t read_raw(struct rn_ctx *ctx, struct line_input *input,
                        void *data, size_t size)
{
    struct call call = {input->fd, data, size, 0};

    do {
        if (!input->polls) {
            int status = rn_ctx_err(ctx);
            if (status != RN_OK)
                return status;
            rn_block(read_now, &call);
            continue;
        }
        int ready = rn_wait_fd_ctx(ctx, input->fd, RN_READ);
        if (ready == -EPERM) {
            input->polls = false;
            call.result = RN_AGAIN;
        } else if (ready < 0) {
            return ready;
        } else {
            read_now(&call);
        }
    } while (call.result == RN_AGAIN || call.result == -EINTR);
    return call.result;
}

int line_input_open(struct line_input *input, const char *path)
{
    *input = (struct line_input){.polls = true};
    input->fd = strcmp(path, "-") == 0 ? dup(STDIN_FILENO)
                                       : open(path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0)
        return -errno;
    input->raw = malloc(RAW_SIZE);
    input->rest = malloc(LINE_INPUT_SIZE);
    if (!input->raw || !input->rest ||
        inflateInit2(&input->stream, GZIP_WINDOW) != Z_OK) {
        free(input->rest);
        free(input->raw);
        close(input->fd);
        return RN_NOMEM;
    }
    return RN_OK;
}

void line_input_close(struct line_input *input)
{
    inflateEnd(&input->stream);
    free(input->rest);
    free(input->raw);
    close(input->fd);
}

/* More raw bytes into the empty buffer: 1, 0 at the end, or a status. */
static int64_t refill(struct rn_ctx *ctx, struct line_input *input)
{
    int64_t got = read_raw(ctx, input, input->raw, RAW_SIZE);

    if (got > 0) {
        input->next = input->raw;
        input->held = (size_t)got;
    }
    return got > 0 ? 1 : got;
}

/* The first two bytes say whether it is gzip. */
static int64_t begin(struct rn_ctx *ctx, struct line_input *input)
{
    input->begun = true;
    input->next = input->raw;
    while (input->held < 2) {
        int64_t got = read_raw(ctx, input, input->raw + input->held,
                               RAW_SIZE - input->held);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        input->held += (size_t)got;
    }
    input->packed =
        input->held >= 2 && input->raw[0] == 0x1f && input->raw[1] == 0x8b;
    return RN_OK;
}

static int64_t unpack(struct rn_ctx *ctx, struct line_input *input, char *data,
                      size_t size)
{
    z_stream *stream = &input->stream;

    stream->next_out = (unsigned char *)data;
    stream->avail_out = (unsigned)size;
    while (stream->avail_out == size) { /* nothing came out yet */
        if (input->held == 0) {
            int64_t got = refill(ctx, input);
            if (got < 0)
                return got;
            if (got == 0)
                return input->inside ? -EBADMSG : 0;
        }
        if (!input->inside) {
            inflateReset(stream); /* gzip files may be put in a row */
            input->inside = true;
        }
        stream->next_in = input->next;
        stream->avail_in = (unsigned)input->held;
        int status = inflate(stream, Z_NO_FLUSH);
        if (status != Z_OK && status != Z_STREAM_END)
            return -EBADMSG;
        input->inside = status == Z_OK;
        input->next = stream->next_in;
        input->held = stream->avail_in;
    }
    return (int64_t)(size - stream->avail_out);
}

/* Up to `size` bytes; their number, 0 at the end, or a status. */
static int64_t read_bytes(struct rn_ctx *ctx, struct line_input *input,
                          char *data, size_t size)
{
    if (!input->begun) {
        int64_t status = begin(ctx, input);
        if (status < 0)
            return status;
    }
    if (input->packed)
        return unpack(ctx, input, data, size);
    if (input->held == 0) /* large reads need not pass through `raw` */
        return read_raw(ctx, input, data, size);
    size_t count = input->held < size ? input->held : size;
    memcpy(data, input->next, count);
    input->next += count;
    input->held -= count;
    return (int64_t)count;
}

/* Takes the rest of a line that is too long out of the lines. */
static size_t skip_line(struct line_input *input, char *lines, size_t size)
{
    char *line_end = memchr(lines, '\n', size);
    size_t skip = line_end ? (size_t)(line_end + 1 - lines) : size;

    memmove(lines, lines + skip, size - skip);
    input->skipping = !line_end;
    return size - skip;
}

int line_input_lines(struct rn_ctx *ctx, struct line_input *input, char *lines,
                     size_t *size)
{
    size_t held = input->rest_size;
    char *last = NULL;

    *size = 0;
    memcpy(lines, input->rest, held);
    input->rest_size = 0;
    while (!last) {
        if (held == LINE_INPUT_SIZE) {
            input->too_long++;
            input->skipping = true;
            held = 0;
        }
        int64_t got =
            read_bytes(ctx, input, lines + held, LINE_INPUT_SIZE - held);
        if (got < 0)
            return (int)got;
        if (got == 0) {
            if (held > 0)
                lines[held++] = '\n'; /* the last line may lack its end */
            *size = held;
            return 0;
        }
        input->bytes += (uint64_t)got;
        held += (size_t)got;
        if (input->skipping)
            held = skip_line(input, lines, held);
        last = memrchr(lines, '\n', held);
    }
    *size = (size_t)(last + 1 - lines);
    input->rest_size = held - *size;
    memcpy(input->rest, last + 1, input->rest_size);
    return 1;
}
