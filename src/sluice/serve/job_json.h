/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_json.h: jobs and issues as JSON, as openapi.json describes them.
 *
 * Nothing here parks. NULL, or an object that lacks something, when memory is
 * out.
 */
#ifndef SLUICE_JOB_JSON_H
#define SLUICE_JOB_JSON_H

#include <jansson.h>

#include "serve/job.h"

/* `whole`: with the first rejects. */
json_t *job_json(const struct job *job, bool whole);

/* {"sheet", "row", "column": "C", "header", "value", "code", "reason"} */
json_t *reject_json(const struct issue *reject);

/* Text of any bytes as a JSON string: what is not UTF-8 becomes '?'. */
json_t *json_text(struct slice text);

#endif
