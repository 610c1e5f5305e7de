/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_internal.h: the handlers of the API, as its table of routes knows them.
 *
 *     api.c          imports: made, listed, canceled, retried
 *     api_rejects.c  rejected rows, as JSON and as files
 *     events.c       what changes, as it changes
 *     preview.c      what an import would do
 */
#ifndef SLUICE_API_INTERNAL_H
#define SLUICE_API_INTERNAL_H

#include "serve/http.h"

void api_rejects(void *app, struct http_request *request,
                 struct http_response *response);
void api_job_events(void *app, struct http_request *request,
                    struct http_response *response);
void api_all_events(void *app, struct http_request *request,
                    struct http_response *response);
void api_preview(void *app, struct http_request *request,
                 struct http_response *response);

#endif
