/* SPDX-License-Identifier: Apache-2.0 */
/*
 * routes.h: the addresses that programs and watchers use.
 *
 *     POST /upload    an import in one request, answered when it has ended
 *     GET  /health    the process answers
 *     GET  /ready     the database answers as well
 *     GET  /metrics   figures for Prometheus
 */
#ifndef SLUICE_ROUTES_H
#define SLUICE_ROUTES_H

#include "issue.h"
#include "serve/jobs.h"
#include "serve/server.h"

struct routes;

/* Both are borrowed until routes_close. NULL: out of memory. */
struct routes *routes_open(struct jobs *jobs, const struct job_target *target);
void routes_close(struct routes *routes); /* NULL is allowed */

/* For server_options.tables. Borrowed. */
struct server_routes routes_table(struct routes *routes);

#endif
