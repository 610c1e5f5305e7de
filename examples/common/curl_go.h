/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curl_go.h: libcurl for goroutines: a transfer parks its goroutine and nothing
 * else, and ends when the context does.
 *
 *     struct curl_go *curl = curl_go_make();
 *     CURL *easy = curl_easy_init();
 *     curl_easy_setopt(easy, CURLOPT_URL, "https://example.com/");
 *     CURLcode code;
 *     if (curl_go_perform(ctx, curl, easy, &code) == RN_OK && code == CURLE_OK)
 *         ...
 *     curl_easy_cleanup(easy);
 *     curl_go_free(curl);
 *
 * One keeps its connections open for the next transfer. It is used by one
 * goroutine at a time. curl_global_init comes first, in main.
 */
#ifndef CURL_GO_H
#define CURL_GO_H

#include <curl/curl.h>
#include <runnel/runnel.h>

struct curl_go;

struct curl_go *curl_go_make(void); /* NULL: out of memory or descriptors */
void curl_go_free(struct curl_go *curl); /* NULL is allowed */

/*
 * Like curl_easy_perform; parks. RN_OK when the transfer has ended, *code then
 * says how; the context's status when that came first, the transfer is then
 * broken off; another negative status when it could not be waited for.
 */
int curl_go_perform(struct rn_ctx *ctx, struct curl_go *curl, CURL *easy,
                    CURLcode *code);

/* As curl_easy_perform's error: what the server said, or the code's text. */
const char *curl_go_text(int status, CURLcode code, const char *errors);

#endif
