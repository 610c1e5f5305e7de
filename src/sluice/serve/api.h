/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api.h: what programs and the page ask of jobs, over HTTP.
 *
 *     POST   /api/imports               a file and options: 202, Location
 *     GET    /api/imports               what is kept, newest first
 *     GET    /api/imports/{id}
 *     DELETE /api/imports/{id}          cancels; removes what has ended
 *     POST   /api/imports/{id}/retry    goes on where it ended
 *     GET    /api/imports/{id}/events   server-sent events
 *     GET    /api/imports/{id}/rejects  ?format=json|csv|xlsx
 *     GET    /api/events                the same for all imports
 *     POST   /api/previews              a file and options; writes nothing
 *     GET    /api/targets               where imports can go
 *     GET    /api/openapi.json          all of this, for programs
 *
 * and the page itself (page.h). The handlers' `app` is a struct jobs.
 */
#ifndef SLUICE_API_H
#define SLUICE_API_H

#include "serve/jobs.h"

extern const struct http_route api_routes[];
extern const size_t api_route_count;

#endif
