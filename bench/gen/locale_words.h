/* SPDX-License-Identifier: Apache-2.0 */
/*
 * locale_words.h: the words that invented businesses are made of.
 *
 * Patterns are copied but for: '#' a digit, '@' a digit from 1 to 9, "$s" a
 * street, "$f" a family name, "$w" a word for shop signs, "$k" the kind of
 * business, "$c" the city, "$n" a number from 2 to 240, "$y" a year.
 */
#ifndef GEN_LOCALE_WORDS_H
#define GEN_LOCALE_WORDS_H

#include <stddef.h>

#define LOCALE_KINDS 10

struct locale_words {
    const char *country;
    const char *domain;
    const char *phone;
    const char *address;
    const char *cities[5];
    const char *streets[5];
    const char *families[6];
    const char *signs[6];
    const char *kinds[LOCALE_KINDS]; /* in the order of locale_categories */
    const char *names[3];
    const char *notes[3];
    unsigned weight; /* how often, relative to the others */
};

extern const char *const locale_categories[LOCALE_KINDS];
extern const struct locale_words locales[];
extern const size_t locale_count;

#endif
