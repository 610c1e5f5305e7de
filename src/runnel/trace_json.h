/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_json.h: what the rings hold, as JSON in Chrome's trace event format.
 *
 * Uses neither the heap nor any lock, and little stack: it is also called while
 * a program dies.
 */
#ifndef RUNNEL_TRACE_JSON_H
#define RUNNEL_TRACE_JSON_H

#include "trace_out.h"

/*
 * Writes the trace that trace_rings_end has ended; `alive` goroutines are left.
 * RN_OK, RN_NOMEM, or what the sink said.
 */
int trace_json(const struct trace_sink *sink, size_t alive);

#endif
