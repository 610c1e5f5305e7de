/* SPDX-License-Identifier: Apache-2.0 */
/*
 * business.h: one invented business, as a public directory would list it.
 *
 * The same seed and row always give the same texts, whatever other rows were
 * made before, so a workbook and a CSV of the same rows can be made apart. The
 * texts are in twenty languages and eleven scripts, with emoji, quotes, commas
 * and line breaks where people write them. Every e-mail and website differs.
 */
#ifndef GEN_BUSINESS_H
#define GEN_BUSINESS_H

#include <stddef.h>
#include <stdint.h>

enum business_column {
    BUSINESS_NAME,
    BUSINESS_CATEGORY,
    BUSINESS_PHONE,
    BUSINESS_EMAIL,
    BUSINESS_ADDRESS,
    BUSINESS_CITY,
    BUSINESS_COUNTRY,
    BUSINESS_WEBSITE,
    BUSINESS_DESCRIPTION,
    BUSINESS_COLUMNS
};

struct business_text {
    const char *ptr;
    size_t len; /* 0: not known, the cell is empty */
};

struct business {
    struct business_text columns[BUSINESS_COLUMNS];
    size_t used;
    char bytes[2048]; /* what columns point into */
};

/* "name", "category", ...: the header. */
extern const char *const business_header[BUSINESS_COLUMNS];

/* The row's texts; name and description are never empty. */
void business_make(struct business *b, uint64_t seed, uint64_t row);

#endif
