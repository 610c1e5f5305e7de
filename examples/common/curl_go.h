/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl_go.h: libcurl for goroutines: a transfer parks its goroutine and nothing
 * else, and ends when the context does.
 *
 *     struct curl_go *curl = curl_go_make();
 *     curl_easy_setopt(curl_go_easy(curl), CURLOPT_URL, "https://example.com/");
 *     CURLcode code;
 *     if (curl_go_perform(ctx, curl, &code) == RN_OK && code == CURLE_OK)
 *         ...
 *     curl_go_free(curl);
 *
 * One makes one transfer after another and keeps its connections open for the
 * next. It is used by one goroutine at a time. The program's main is
 * curl_go_main.
 */
#ifndef CURL_GO_H
#define CURL_GO_H

#include <curl/curl.h>

#include "example.h"

/* example_main between curl_global_init and its opposite. */
int curl_go_main(int argc, char **argv, const struct example *program);

struct curl_go;

struct curl_go *curl_go_make(void); /* NULL: out of memory or descriptors */
void curl_go_free(struct curl_go *curl); /* NULL is allowed */

/* To set the options of the next transfer; those of the last one stay. */
CURL *curl_go_easy(struct curl_go *curl);

/*
 * Like curl_easy_perform; parks. RN_OK when the transfer has ended, *code then
 * says how; the context's status when that came first, the transfer is then
 * broken off; another negative status when it could not be waited for.
 */
int curl_go_perform(struct rn_ctx *ctx, struct curl_go *curl, CURLcode *code);

#endif
