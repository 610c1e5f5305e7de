/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mailing.h: a list of addresses, and the letter to each.
 */
#ifndef MAILING_H
#define MAILING_H

#include <stdbool.h>
#include <stddef.h>

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

/*
 * Cuts a list up in place, a line ADDRESS or ADDRESS,NAME; how many are
 * addresses. Others are named on standard error and counted in *bad. A line has
 * two bytes or more, so half as many addresses as bytes are room enough.
 */
size_t mailing_read_list(char *list, struct address *addresses, int *bad);

/*
 * Headers and text, with line ends as mail has them; letter->bytes is the
 * caller's, for free.
 */
void mailing_write(const struct address *to, const char *from, const char *text,
                   struct letter *letter);

#endif
