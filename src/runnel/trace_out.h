/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_out.h: JSON, piece by piece, through a buffer.
 *
 * The first failure of the sink stays; what follows it goes nowhere.
 */
#ifndef RUNNEL_TRACE_OUT_H
#define RUNNEL_TRACE_OUT_H

#include "base.h"

#define TRACE_OUT_BYTES ((size_t)64 * 1024)

/* Takes all of the piece: 0, or a negative status. */
struct trace_sink {
    int (*write)(void *arg, const char *data, size_t size);
    void *arg;
};

struct trace_out {
    const struct trace_sink *sink;
    char *buffer; /* TRACE_OUT_BYTES */
    size_t used;
    int status;
};

void out_text(struct trace_out *out, const char *text);
void out_number(struct trace_out *out, uint64_t number);
void out_signed(struct trace_out *out, int64_t number);
/* Nanoseconds as microseconds with three digits. */
void out_time(struct trace_out *out, uint64_t ns);
/*
 * A string in quotes; what is no UTF-8 becomes U+FFFD. Before the text, `prefix`
 * as it is.
 */
void out_string(struct trace_out *out, const char *prefix, const char *text);
void out_flush(struct trace_out *out);

#endif
