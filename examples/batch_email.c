/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch_email.c: a mailing, with a WaitGroup.
 *
 * Senders take addresses from a channel and send by SMTP, each over a
 * connection of its own; a WaitGroup says when the last has ended, and then the
 * results are complete. Look at run: add before go, done in the goroutine, wait
 * before reading. What may work later (a 4xx answer, a connection that broke)
 * is tried again after a pause that doubles; what never will (5xx) is not.
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
#include <string.h>

#include "common/curl_go.h"
#include "common/example.h"
#include "common/whole_file.h"
#include "mailing.h"

static const char *server = "smtp://localhost:25", *from, *text_path;
static int64_t senders = 4, tries = 3, pause_ms = 500, timeout_ms = 10000;

struct sender {
    struct rn_ctx *ctx;
    rn_receiver(struct address *) addresses;
    const char *text;
    struct rn_waitgroup *running;
};

static size_t give_bytes(char *to, size_t size, size_t count, void *arg)
{
    struct letter *letter = arg;
    size_t part = letter->size - letter->read;

    part = part < size * count ? part : size * count;
    memcpy(to, letter->bytes + letter->read, part);
    letter->read += part;
    return part;
}

/* One try: RN_OK, a status worth another try, or RN_INVALID: never. */
static int try_to_send(struct rn_ctx *ctx, struct curl_go *curl, CURL *easy,
                       struct letter *letter, char why[CURL_ERROR_SIZE])
{
    CURLcode code = CURLE_OK;
    long answer = 0;

    letter->read = 0;
    why[0] = '\0';
    int status = curl_go_perform(ctx, curl, easy, &code);
    if (status != RN_OK || code == CURLE_OK)
        return status;
    if (!why[0])
        snprintf(why, CURL_ERROR_SIZE, "%s", curl_easy_strerror(code));
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &answer);
    return answer >= 500 || code == CURLE_URL_MALFORMAT ||
                   code == CURLE_UNSUPPORTED_PROTOCOL
               ? RN_INVALID
               : RN_AGAIN;
}

static bool send_letter(struct sender *own, struct curl_go *curl, CURL *easy,
                        const struct address *to)
{
    struct curl_slist *list = curl_slist_append(NULL, to->mail);
    struct letter letter = {0};
    char why[CURL_ERROR_SIZE];
    int status = RN_AGAIN;

    mailing_write(to, from, own->text, &letter);
    curl_easy_setopt(easy, CURLOPT_URL, server);
    curl_easy_setopt(easy, CURLOPT_MAIL_FROM, from);
    curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, list);
    curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_bytes);
    curl_easy_setopt(easy, CURLOPT_READDATA, &letter);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, why);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)timeout_ms);
    for (int64_t n = 1; n <= tries && status == RN_AGAIN; n++) {
        if (n > 1 && example_sleep(own->ctx, (pause_ms << (n - 2)) * RN_MS))
            break;
        status = try_to_send(own->ctx, curl, easy, &letter, why);
    }
    if (status == RN_OK)
        printf("sent: %s\n", to->mail);
    else if (rn_ctx_err(own->ctx) == RN_OK)
        printf("failed: %s: %s\n", to->mail, why);
    curl_easy_reset(easy);
    curl_slist_free_all(list);
    free(letter.bytes);
    return status == RN_OK;
}

static void send_all(struct sender *own)
{
    struct curl_go *curl = curl_go_make();
    CURL *easy = curl_easy_init();
    struct address *address;

    while (curl && easy &&
           rn_recv_ctx(own->ctx, own->addresses, &address) == RN_OK)
        address->sent = send_letter(own, curl, easy, address);
    curl_easy_cleanup(easy);
    curl_go_free(curl);
    rn_waitgroup_done(own->running);
}

static size_t send_mailing(struct rn_ctx *ctx, struct address *addresses,
                           size_t count, const char *text)
{
    rn_chan(struct address *) queue = rn_chan_make(struct address *, count);
    struct rn_waitgroup running = {0};
    size_t sent = 0;

    for (size_t i = 0; i < count; i++)
        rn_send(queue, &addresses[i]);
    rn_close(queue);
    rn_waitgroup_add(&running, (int)senders);
    for (int64_t i = 0; i < senders; i++)
        rn_go(send_all,
              (struct sender){ctx, rn_recv_end(queue), text, &running});
    rn_waitgroup_wait(&running);
    for (size_t i = 0; i < count; i++)
        sent += addresses[i].sent;
    rn_chan_free(queue);
    return sent;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    struct whole_file list, text;
    int bad = 0;

    if (!from || !mailing_is_address(from) || !text_path) {
        example_error("--from ADDRESS and --text FILE are needed");
        return 2;
    }
    int status = whole_file_read(argv[0], &list);
    if (status != RN_OK) {
        example_error("%s: %s", argv[0], rn_status_text(status));
        return 1;
    }
    status = whole_file_read(text_path, &text);
    if (status != RN_OK) {
        example_error("%s: %s", text_path, rn_status_text(status));
        free(list.data);
        return 1;
    }
    struct address *addresses = calloc(list.size / 2 + 1, sizeof(*addresses));
    if (addresses) {
        size_t count = mailing_read_list((char *)list.data, addresses, &bad);
        size_t sent =
            send_mailing(ctx, addresses, count, (const char *)text.data);
        printf("%zu of %zu letters sent\n", sent, count);
        status = sent == count && bad == 0 ? 0 : 1;
    } else {
        example_error("not enough memory");
        status = 1;
    }
    free(addresses);
    free(text.data);
    free(list.data);
    return status;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"server", "URL", "smtp://HOST:PORT", .text = &server},
        {"from", "ADDRESS", "who sends", .text = &from},
        {"text", "FILE", "subject in the first line, then the letter",
         .text = &text_path},
        {"senders", "N", "connections", .number = &senders, .min = 1,
         .max = 1000},
        {"tries", "N", "for a letter", .number = &tries, .min = 1, .max = 20},
        {"pause-ms", "MS", "before the second try; doubles",
         .number = &pause_ms, .max = 60000},
        {"timeout-ms", "MS", "for one try", .number = &timeout_ms, .min = 1,
         .max = 600000},
        {0},
    };
    curl_global_init(CURL_GLOBAL_DEFAULT);
    int status = example_main(
        argc, argv,
        &(struct example){
            .usage = "--server URL --from ADDRESS --text FILE LIST",
            .about = "Sends a letter to each address of a list, by SMTP.",
            .options = options,
            .min_arguments = 1,
            .max_arguments = 1,
            .run = run});
    curl_global_cleanup();
    return status;
}
