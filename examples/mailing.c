/* SPDX-License-Identifier: Apache-2.0 */
/* mailing.c: addresses are checked, so that none can add a header or command. */
#include "mailing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/example.h"

bool mailing_is_address(const char *mail)
{
    const char *at = strchr(mail, '@');

    if (!at || at == mail || !at[1] || strchr(at + 1, '@'))
        return false;
    for (; *mail; mail++) {
        if ((unsigned char)*mail <= ' ' || strchr("<>()\"\\;:", *mail))
            return false;
    }
    return true;
}

/* Cuts the list up in place. */
static void take_list(struct mailing *mailing, char *list)
{
    for (int number = 1; list && *list; number++) {
        char *line = strsep(&list, "\n");
        line[strcspn(line, "\r")] = '\0';
        char *mail = strsep(&line, ",");
        if (mailing_is_address(mail)) {
            mailing->addresses[mailing->count++] =
                (struct address){mail, line ? line : mail, false};
        } else if (*mail) {
            example_error("line %d: \"%.60s\" is no address", number, mail);
            mailing->bad++;
        }
    }
}

static bool read_file(const char *path, struct whole_file *file)
{
    int status = whole_file_read(path, file);

    if (status != RN_OK)
        example_error("%s: %s", path, rn_status_text(status));
    return status == RN_OK;
}

bool mailing_open(struct mailing *own, const char *list_path,
                  const char *text_path)
{
    *own = (struct mailing){0};
    if (!read_file(list_path, &own->list_) ||
        !read_file(text_path, &own->text_)) {
        mailing_close(own);
        return false;
    }
    own->text = (const char *)own->text_.data;
    /* A line has two bytes or more. */
    own->addresses = calloc(own->list_.size / 2 + 1, sizeof(*own->addresses));
    if (!own->addresses) {
        example_error("not enough memory");
        mailing_close(own);
        return false;
    }
    take_list(own, (char *)own->list_.data);
    return true;
}

void mailing_close(struct mailing *mailing)
{
    free(mailing->addresses);
    free(mailing->text_.data);
    free(mailing->list_.data);
}

void mailing_write(const struct address *to, const char *from, const char *text,
                   struct letter *letter)
{
    FILE *out = open_memstream(&letter->bytes, &letter->size);
    char date[64];
    time_t now = time(NULL);
    struct tm tm;

    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000",
             gmtime_r(&now, &tm));
    fprintf(out, "Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\nSubject: ", date, from,
            to->mail);
    for (bool first = true; *text; text++) {
        if (strncmp(text, "{name}", 6) == 0) {
            fputs(to->name, out);
            text += 5;
        } else if (*text == '\n') {
            fputs(first ? "\r\n\r\n" : "\r\n", out);
            first = false;
        } else if (*text != '\r') {
            fputc(*text, out);
        }
    }
    fputs("\r\n", out);
    fclose(out);
}

size_t mailing_read(char *to, size_t size, size_t count, void *arg)
{
    struct letter *letter = arg;
    size_t left = letter->size - letter->read;
    size_t part = left < size * count ? left : size * count;

    memcpy(to, letter->bytes + letter->read, part);
    letter->read += part;
    return part;
}
