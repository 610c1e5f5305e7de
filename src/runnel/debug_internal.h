/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug_internal.h: what the runtime asks of rn_debug_serve.
 */
#ifndef RUNNEL_DEBUG_INTERNAL_H
#define RUNNEL_DEBUG_INTERNAL_H

/* Stops every server that is left. In a goroutine; parks. */
void debug_serve_end(void);

/* Before anything runs: servers may be started. */
void debug_serve_begin(void);

#endif
