/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.h: who may ask for what.
 *
 * Three questions, in this order; every request answers them before its handler
 * is called.
 *
 * 1. Host: is it for us? A page of another site can have its name point to this
 *    machine (DNS rebinding), but then the Host field bears that name. Numeric
 *    addresses, "localhost" and the names that the user gave are ours.
 * 2. Origin: does one of our pages ask? A request that changes something and
 *    comes from a page of another site is refused.
 * 3. Token: when there is one, every request but the public ones must bear it,
 *    as "Authorization: Bearer TOKEN" or as the password of "Basic", for which
 *    a browser asks by itself. It is compared in constant time.
 */
#ifndef SLUICE_AUTH_H
#define SLUICE_AUTH_H

#include "issue.h"
#include "serve/http.h"

struct auth {
    const char *token; /* NULL: none is asked for */
    const char *const *hosts;
    size_t host_count;
};

/* RN_OK, or RN_INVALID after the refusal (421, 403, 401) was answered. */
int auth_check(const struct auth *auth, const struct http_request *request,
               struct http_response *response, bool is_public);

/* The pure parts: is this Host (with or without port) ours, ... */
bool auth_host_is_ours(const struct auth *auth, const char *host);
/* ... may a page of this origin change something at this Host, ... */
bool auth_origin_is_ours(const char *origin, const char *host);
/* ... does this Authorization bear the token? */
bool auth_bears_token(const char *authorization, const char *token);

/* Only this machine can reach an address: loopback, or a Unix socket. */
bool auth_is_local(const char *address);

/*
 * The token in a file, without white space around it: at least 16 visible
 * characters. Allocated; NULL with *why.
 */
char *auth_read_token(const char *path, struct issue *why);

#endif
