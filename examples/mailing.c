/* SPDX-License-Identifier: Apache-2.0 */
/* mailing.c: addresses are checked, so that none can add a header or command. */
#include "mailing.h"

#include <stdio.h>
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

size_t mailing_read_list(char *list, struct address *addresses, int *bad)
{
    size_t count = 0;

    for (int number = 1; list && *list; number++) {
        char *line = strsep(&list, "\n");
        line[strcspn(line, "\r")] = '\0';
        char *mail = strsep(&line, ",");
        if (mailing_is_address(mail)) {
            addresses[count++] =
                (struct address){mail, line ? line : mail, false};
        } else if (*mail) {
            example_error("line %d: \"%.60s\" is no address", number, mail);
            (*bad)++;
        }
    }
    return count;
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
