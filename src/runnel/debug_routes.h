/* SPDX-License-Identifier: Apache-2.0 */
/*
 * debug_routes.h: what rn_debug_serve answers.
 */
#ifndef RUNNEL_DEBUG_ROUTES_H
#define RUNNEL_DEBUG_ROUTES_H

#include <runnel/net.h>

#include "debug_http.h"

/*
 * Writes the answer's body to the file and sets its type. The status of the
 * answer, or 0: whoever asked on the connection has gone, or it was closed.
 * Parks, for the seconds of the request.
 */
int debug_answer(const struct http_request *request, struct rn_conn *conn,
                 int file, const char **type);

#endif
