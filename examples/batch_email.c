/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch_email.c: a mailing, with a WaitGroup.
 *
 * Senders take addresses from a channel and send by SMTP, each over a
 * connection of its own; a WaitGroup says when the last has ended, and then the
 * results are complete. Look at send_mailing: add before go, done in the
 * goroutine, wait before reading. What may work later (a 4xx answer, a
 * connection that broke) is tried again after a pause that doubles; what never
 * will (5xx) is not.
 *
 *     batch_email --server smtp://localhost:25 --from me@example.org \
 *                 --text letter.txt list.csv
 *
 * A line of the list is ADDRESS or ADDRESS,NAME. In the text, whose first line
 * is the subject, {name} becomes the name. A server that took a letter and did
 * not say so gets it again: SMTP knows no better.
 */
#include <stdio.h>
#include <stdlib.h>

#include "common/curl_go.h"
#include "mailing.h"

static const char *server = "smtp://localhost:25", *from, *text_path;
static int64_t senders = 4, tries = 3, pause_ms = 500, timeout_ms = 10000;

struct sender {
    struct rn_ctx *ctx;
    rn_receiver(struct address *) addresses;
    const char *text;
    struct rn_waitgroup *running;
    /* Of the letter that it sends: */
    struct curl_go *curl;
    struct letter letter;
    char why[CURL_ERROR_SIZE];
};

/* RN_OK, RN_AGAIN for another try, RN_INVALID for never, or called off. */
static int try_to_send(struct rn_ctx *ctx, struct sender *own)
{
    CURLcode code = CURLE_OK;
    long answer = 0;

    own->letter.read = 0;
    own->why[0] = '\0';
    int status = curl_go_perform(ctx, own->curl, &code);
    if (status != RN_OK || code == CURLE_OK)
        return status;
    if (!own->why[0])
        snprintf(own->why, sizeof(own->why), "%s", curl_easy_strerror(code));
    curl_easy_getinfo(curl_go_easy(own->curl), CURLINFO_RESPONSE_CODE, &answer);
    return answer >= 500 || code == CURLE_URL_MALFORMAT ||
                   code == CURLE_UNSUPPORTED_PROTOCOL
               ? RN_INVALID
               : RN_AGAIN;
}

static bool may_work_later(int status)
{
    return status == RN_AGAIN;
}

static bool send_letter(struct sender *own, const struct address *to)
{
    const struct rn_backoff backoff = {.attempts = (unsigned)tries,
                                       .first_ns = pause_ms * RN_MS,
                                       .again = may_work_later};
    struct curl_slist *list = curl_slist_append(NULL, to->mail);
    CURL *easy = curl_go_easy(own->curl);

    mailing_write(to, from, own->text, &own->letter);
    curl_easy_setopt(easy, CURLOPT_URL, server);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, list);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, mailing_read);
    curl_easy_setopt(easy, CURLOPT_READDATA, &own->letter);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, own->why);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    int status = rn_retry(own->ctx, &backoff, try_to_send, own);
    if (status == RN_OK)
        printf("sent: %s\n", to->mail);
    else if (rn_ctx_err(own->ctx) == RN_OK)
        printf("failed: %s: %s\n", to->mail, own->why);
    curl_easy_reset(easy);
    curl_slist_free_all(list);
    free(own->letter.bytes);
    return status == RN_OK;
}

static void send_all(struct sender *own)
{
    struct address *address;

    own->curl = curl_go_make();
    while (own->curl &&
           rn_recv_ctx(own->ctx, own->addresses, &address) == RN_OK)
        address->sent = send_letter(own, address);
    curl_go_free(own->curl);
    rn_waitgroup_done(own->running);
}

static size_t send_mailing(struct rn_ctx *ctx, struct mailing *mailing)
{
    rn_chan(struct address *) queue =
        rn_chan_make(struct address *, mailing->count);
    struct rn_waitgroup running = {0};
    struct sender sender = {
        ctx, rn_recv_end(queue), mailing->text, &running, NULL, {0}, ""};
    size_t sent = 0;

    for (size_t i = 0; i < mailing->count; i++)
        rn_send(queue, &mailing->addresses[i]);
    rn_close(queue);
    rn_waitgroup_add(&running, (int)senders);
    for (int64_t i = 0; i < senders; i++)
        rn_go(send_all, sender);
    rn_waitgroup_wait(&running);
    for (size_t i = 0; i < mailing->count; i++)
        sent += mailing->addresses[i].sent;
    rn_chan_free(queue);
    return sent;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    struct mailing mailing;
    (void)argc;

    if (!from || !mailing_is_address(from) || !text_path) {
        example_error("--from ADDRESS and --text FILE are needed");
        return 2;
    }
    if (!mailing_open(&mailing, argv[0], text_path))
        return 1;
    size_t sent = send_mailing(ctx, &mailing);
    printf("%zu of %zu letters sent\n", sent, mailing.count);
    mailing_close(&mailing);
    return sent == mailing.count && mailing.bad == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"server", "URL", "smtp://HOST:PORT", .text = &server},
        {"from", "ADDRESS", "who sends", .text = &from},
        {"text", "FILE", "subject in the first line, then the letter",
         .text = &text_path},
        {"senders", "N", "connections", .number = &senders, 1, 1000},
        {"tries", "N", "for a letter", .number = &tries, 1, 20},
        {"pause-ms", "MS", "before the second try; doubles",
         .number = &pause_ms, 0, 60000},
        {"timeout-ms", "MS", "for one try", .number = &timeout_ms, 1, 600000},
        {0},
    };
    return curl_go_main(
        argc, argv,
        &(struct example){
            .usage = "--server URL --from ADDRESS --text FILE LIST",
            .about = "Sends a letter to each address of a list, by SMTP.",
            .options = options,
            .min_arguments = 1,
            .max_arguments = 1,
            .run = run});
}
