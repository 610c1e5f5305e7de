/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_chunks.h: a chunked body, taken apart as it comes.
 *
 * A pure state machine: any split of the bytes gives the same data. Extensions
 * and trailers are checked and dropped, and both are limited.
 */
#ifndef SLUICE_HTTP_CHUNKS_H
#define SLUICE_HTTP_CHUNKS_H

#include "text.h"

/* Nobody is known to send extensions; trailers are a checksum, if anything. */
#define HTTP_CHUNK_EXTENSION_MAX 256u
#define HTTP_TRAILERS_MAX        8192u

enum http_chunks_event {
    HTTP_CHUNKS_BAD = -1,
    HTTP_CHUNKS_MORE, /* all was taken; the body goes on */
    HTTP_CHUNKS_DATA, /* *data holds a piece of the body */
    HTTP_CHUNKS_END,  /* the body has ended */
};

struct http_chunks { /* zeroed: at the beginning */
    int state;
    unsigned digits;
    unsigned skipped;
    uint64_t left;
};

/*
 * Takes bytes until there is something to say. *used is how many were taken;
 * the data points into them. After BAD or END it must not be called again.
 */
enum http_chunks_event http_chunks_next(struct http_chunks *chunks,
                                        struct slice in, size_t *used,
                                        struct slice *data);

#endif
