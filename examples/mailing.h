/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailing.h: a list of addresses, and the letter to each.
 */
#ifndef MAILING_H
#define MAILING_H

#include <stdbool.h>
#include <stddef.h>

#include "common/whole_file.h"

struct address {
    const char *mail, *name;
    bool sent; /* written by the sender that took it */
};

struct letter {
    char *bytes;
    size_t size, read;
};

/* Whether it can be an address: what SMTP takes between < and >. */
bool mailing_is_address(const char *mail);

struct mailing {
    struct address *addresses;
    size_t count;
    size_t bad;       /* lines of the list that are none */
    const char *text; /* its first line is the subject */
    struct whole_file list_, text_;
};

/*
 * Reads both files; parks. Lines of the list that are no address are named on
 * standard error. False after a message when there is no mailing.
 */
bool mailing_open(struct mailing *mailing, const char *list_path,
                  const char *text_path);
void mailing_close(struct mailing *mailing);

/*
 * Headers and text, with line ends as mail has them; letter->bytes is the
 * caller's, for free.
 */
void mailing_write(const struct address *to, const char *from, const char *text,
                   struct letter *letter);

/* A read function of libcurl; arg is the letter, from where it was read to. */
size_t mailing_read(char *to, size_t size, size_t count, void *arg);

#endif
