/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identifier.h: names of tables and columns out of what people write.
 *
 * A name is lower case (A to Z; other letters stay as they are), holds letters,
 * digits and '_' only, does not begin with a digit, and fits PostgreSQL's 63
 * bytes without cutting a character.
 */
#ifndef SLUICE_IDENTIFIER_H
#define SLUICE_IDENTIFIER_H

#include "text.h"

#define IDENTIFIER_MAX 63

struct identifier {
    char name[IDENTIFIER_MAX + 1];
    uint32_t next; /* identifier_unique: the suffix to try when it is taken */
};

/*
 * Lower case, every run of what is neither letter nor digit as one '_', none at
 * the ends, at most IDENTIFIER_MAX bytes: two texts that fold to the same name
 * mean the same column. May be "". `out` has room for a terminator.
 */
void identifier_fold(struct slice text, char out[IDENTIFIER_MAX + 1]);

/* The folded text, '_' before a first digit; `fallback` when nothing is left. */
void identifier_make(struct slice text, const char *fallback,
                     struct identifier *out);

/*
 * Changes made[count] to the first of NAME, NAME_2, NAME_3, ... that is not
 * among made[0] to made[count - 1].
 */
void identifier_unique(struct identifier *made, size_t count);

/* A table's name from that of a file, without its folders and endings. */
void identifier_of_path(const char *path, struct identifier *out);

#endif
