/* SPDX-License-Identifier: Apache-2.0 */
/*
 * auth.c: who may ask for what.
 */
#include "serve/auth.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <runnel/errno.h>
#include <runnel/status.h>

/* A token is a secret that nobody should have to guess or type. */
#define TOKEN_MIN 16
#define TOKEN_MAX 1024

/* ------------------------------------------------------------------- host */

/* "name:80" -> "name", "[::1]:80" -> "::1"; false when it does not fit. */
static bool host_name(const char *host, char *name, size_t size)
{
    size_t len;
    if (*host == '[') {
        host++;
        len = strcspn(host, "]");
    } else {
        len = strcspn(host, ":");
    }
    if (len >= size)
        return false;
    memcpy(name, host, len);
    name[len] = '\0';
    return true;
}

static bool is_numeric(const char *name)
{
    unsigned char address[16];
    return inet_pton(AF_INET, name, address) == 1 ||
           inet_pton(AF_INET6, name, address) == 1;
}

bool auth_host_is_ours(const struct auth *auth, const char *host)
{
    char name[256];
    if (!host_name(host, name, sizeof(name)))
        return false;
    if (strcasecmp(name, "localhost") == 0 || is_numeric(name))
        return true;
    for (size_t i = 0; i < auth->host_count; i++) {
        if (strcasecmp(name, auth->hosts[i]) == 0)
            return true;
    }
    return false;
}

bool auth_is_local(const char *address)
{
    char name[256];
    unsigned char number[16];
    if (strncmp(address, "unix:", 5) == 0)
        return true;
    if (!host_name(address, name, sizeof(name)))
        return false;
    if (inet_pton(AF_INET, name, number) == 1)
        return number[0] == 127;
    return strcmp(name, "::1") == 0 || strcasecmp(name, "localhost") == 0;
}

/* ----------------------------------------------------------------- origin */

bool auth_origin_is_ours(const char *origin, const char *host)
{
    const char *name = strstr(origin, "://");
    return name && strcasecmp(name + 3, host) == 0;
}

/* Whether a page of another site is behind this request. */
static bool is_cross_site(const struct http_request *request)
{
    const char *origin = http_request_header(request, "Origin");
    const char *site = http_request_header(request, "Sec-Fetch-Site");
    const char *host = http_request_header(request, "Host");
    if (origin && !auth_origin_is_ours(origin, host ? host : ""))
        return true;
    return site && strcasecmp(site, "same-origin") != 0 &&
           strcasecmp(site, "none") != 0;
}

/* ------------------------------------------------------------------ token */

/*
 * The same work for every guess: neither the place of a difference nor the
 * token's length shows in the time.
 */
static bool is_token(const char *given, size_t size, const char *token)
{
    volatile unsigned char different = 0;
    size_t token_size = strlen(token);
    for (size_t i = 0; i < TOKEN_MAX; i++) {
        unsigned char a = i < size ? (unsigned char)given[i] : 0;
        unsigned char b = i < token_size ? (unsigned char)token[i] : 0;
        different = different | (unsigned char)(a ^ b);
    }
    return (different == 0) & (size == token_size);
}

static int base64_value(char c)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* The length of what was encoded, or -1. */
static int64_t base64_decode(const char *text, char *out, size_t size)
{
    uint32_t bits = 0;
    unsigned count = 0;
    size_t len = 0;
    for (; base64_value(*text) >= 0; text++) {
        bits = bits << 6 | (uint32_t)base64_value(*text);
        count += 6;
        if (count >= 8) {
            count -= 8;
            if (len == size)
                return -1;
            out[len++] = (char)(bits >> count & 0xff);
        }
    }
    return text[strspn(text, "=")] == '\0' ? (int64_t)len : -1;
}

bool auth_bears_token(const char *authorization, const char *token)
{
    char pair[TOKEN_MAX + 256];
    if (strncasecmp(authorization, "Bearer ", 7) == 0) {
        const char *given = authorization + 7;
        return is_token(given, strlen(given), token);
    }
    if (strncasecmp(authorization, "Basic ", 6) != 0)
        return false;
    int64_t len = base64_decode(authorization + 6, pair, sizeof(pair));
    char *colon = len > 0 ? memchr(pair, ':', (size_t)len) : NULL;
    return colon &&
           is_token(colon + 1, (size_t)(pair + len - colon - 1), token);
}

char *auth_read_token(const char *path, struct issue *why)
{
    char text[TOKEN_MAX + 2];
    FILE *file = fopen(path, "re");
    if (!file) {
        issue_set(why, ISSUE_IO, "the token file cannot be read: %s",
                  rn_status_text(-errno));
        return NULL;
    }
    size_t len = fread(text, 1, sizeof(text), file);
    fclose(file);
    struct slice token = slice_trim((struct slice){text, len});
    bool good = token.len >= TOKEN_MIN && token.len <= TOKEN_MAX;
    for (size_t i = 0; good && i < token.len; i++)
        good = token.ptr[i] > ' ' && token.ptr[i] < 0x7f;
    char *copy = good ? strndup(token.ptr, token.len) : NULL;
    if (!copy)
        issue_set(why, ISSUE_USAGE,
                  "the token file must hold one word of %d to %d visible "
                  "characters",
                  TOKEN_MIN, TOKEN_MAX);
    return copy;
}

/* -------------------------------------------------------------- all of it */

static bool changes_something(const struct http_request *request)
{
    return strcmp(request->method, "GET") != 0;
}

int auth_check(const struct auth *auth, const struct http_request *request,
               struct http_response *response, bool is_public)
{
    const char *host = http_request_header(request, "Host");
    if (!host || !auth_host_is_ours(auth, host)) {
        http_reply_error(response, 421,
                         "This server does not answer to that name");
        return RN_INVALID;
    }
    if (changes_something(request) && is_cross_site(request)) {
        http_reply_error(response, 403,
                         "A page of another site may not do this");
        return RN_INVALID;
    }
    if (!auth->token || is_public)
        return RN_OK;
    const char *given = http_request_header(request, "Authorization");
    if (given && auth_bears_token(given, auth->token))
        return RN_OK;
    http_header(response, "WWW-Authenticate",
                "Basic realm=\"sluice\", charset=\"UTF-8\"");
    http_reply_error(response, 401, "A token is needed");
    return RN_INVALID;
}
