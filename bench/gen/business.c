/* SPDX-License-Identifier: Apache-2.0 */
/*
 * business.c: puts the words of a locale together.
 *
 * The random numbers of a row come from its seed and number alone (splitmix64),
 * so rows do not depend on each other.
 */
#include "business.h"

#include <stdbool.h>
#include <string.h>

#include "locale_words.h"
#include "zip_write.h"

const char *const business_header[BUSINESS_COLUMNS] = {
    "name", "category", "phone",   "email",       "address",
    "city", "country",  "website", "description",
};

/* Per 1,000 rows: cells that nobody filled in, and what people add to texts. */
#define NO_PHONE   15
#define NO_EMAIL   40
#define NO_WEBSITE 60
#define LONG_NOTE  80
#define EMOJI      30

struct maker {
    struct business *business;
    const struct locale_words *locale;
    const char *city;
    unsigned kind;
    uint64_t random;
};

static uint64_t next_random(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static unsigned below(struct maker *m, unsigned limit)
{
    return (unsigned)(next_random(&m->random) >> 32) % limit;
}

static bool one_in_thousand(struct maker *m, unsigned times)
{
    return below(m, 1000) < times;
}

static void put(struct maker *m, const char *text, size_t size)
{
    struct business *b = m->business;

    if (size > sizeof(b->bytes) - b->used)
        die("a row's texts do not fit %zu bytes", sizeof(b->bytes));
    memcpy(b->bytes + b->used, text, size);
    b->used += size;
}

static void put_text(struct maker *m, const char *text)
{
    put(m, text, strlen(text));
}

static void put_number(struct maker *m, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(m, digits + at, sizeof(digits) - at);
}

/* What "$x" in a pattern stands for. */
static void put_word(struct maker *m, char which)
{
    const struct locale_words *l = m->locale;

    switch (which) {
    case 's':
        put_text(m, l->streets[below(m, 5)]);
        break;
    case 'f':
        put_text(m, l->families[below(m, 6)]);
        break;
    case 'w':
        put_text(m, l->signs[below(m, 6)]);
        break;
    case 'k':
        put_text(m, l->kinds[m->kind]);
        break;
    case 'c':
        put_text(m, m->city);
        break;
    case 'n':
        put_number(m, 2 + below(m, 239));
        break;
    case 'y':
        put_number(m, 1890 + below(m, 134));
        break;
    default:
        die("a pattern of %s has \"$%c\"", l->country, which);
    }
}

static void put_pattern(struct maker *m, const char *pattern)
{
    for (; *pattern; pattern++) {
        size_t plain = strcspn(pattern, "#@$");

        put(m, pattern, plain);
        pattern += plain;
        if (*pattern == '\0')
            break;
        if (*pattern == '#')
            put_number(m, below(m, 10));
        else if (*pattern == '@')
            put_number(m, 1 + below(m, 9));
        else
            put_word(m, *++pattern);
    }
}

/* "casaluna48213": differs in every row, since the row's number ends it. */
static void put_host(struct maker *m, uint64_t row)
{
    static const char *const first[] = {"casa", "blue",  "nord",  "sun",
                                        "my",   "grand", "petit", "alpha"};
    static const char *const second[] = {"luna", "shop",  "haus", "star",
                                         "rio",  "point", "leaf", "bay"};

    put_text(m, first[row % 8]);
    put_text(m, second[row / 8 % 8]);
    put_number(m, row);
    put_text(m, ".");
    put_text(m, m->locale->domain);
}

static void put_email(struct maker *m, uint64_t row)
{
    static const char *const boxes[] = {"info", "hello", "contact", "office"};

    put_text(m, boxes[below(m, 4)]);
    put_text(m, "@");
    put_host(m, row);
}

static void put_website(struct maker *m, uint64_t row)
{
    put_text(m, below(m, 3) > 0 ? "https://" : "http://www.");
    put_host(m, row);
}

static void put_description(struct maker *m)
{
    static const char *const more[] = {
        " Reviewed $n times, rated 4.# of 5.",
        "\nWi-Fi, wheelchair access, cards; call first.",
        " (Ask for $f.)",
        " <New> opening hours from 1#:30 & late on Fridays.",
    };
    static const char *const emoji[] = {" ⭐", " 👍🏽", " 🎉",
                                        " 👨‍👩‍👧"};

    put_pattern(m, m->locale->notes[below(m, 3)]);
    if (one_in_thousand(m, LONG_NOTE))
        put_pattern(m, more[below(m, 4)]);
    if (one_in_thousand(m, EMOJI))
        put_text(m, emoji[below(m, 4)]);
}

static void put_column(struct maker *m, enum business_column column,
                       uint64_t row)
{
    switch (column) {
    case BUSINESS_NAME:
        put_pattern(m, m->locale->names[below(m, 3)]);
        break;
    case BUSINESS_CATEGORY:
        put_text(m, locale_categories[m->kind]);
        break;
    case BUSINESS_PHONE:
        if (!one_in_thousand(m, NO_PHONE))
            put_pattern(m, m->locale->phone);
        break;
    case BUSINESS_EMAIL:
        if (!one_in_thousand(m, NO_EMAIL))
            put_email(m, row);
        break;
    case BUSINESS_ADDRESS:
        put_pattern(m, m->locale->address);
        break;
    case BUSINESS_CITY:
        put_text(m, m->city);
        break;
    case BUSINESS_COUNTRY:
        put_text(m, m->locale->country);
        break;
    case BUSINESS_WEBSITE:
        if (!one_in_thousand(m, NO_WEBSITE))
            put_website(m, row);
        break;
    case BUSINESS_DESCRIPTION:
        put_description(m);
        break;
    case BUSINESS_COLUMNS:
        break;
    }
}

static const struct locale_words *choose_locale(struct maker *m)
{
    unsigned total = 0;
    unsigned at;
    size_t i = 0;

    for (size_t j = 0; j < locale_count; j++)
        total += locales[j].weight;
    at = below(m, total);
    while (at >= locales[i].weight)
        at -= locales[i++].weight;
    return &locales[i];
}

void business_make(struct business *b, uint64_t seed, uint64_t row)
{
    struct maker m = {.business = b, .random = seed};

    m.random = next_random(&m.random) + row * 0xd1342543de82ef95u;
    m.locale = choose_locale(&m);
    m.city = m.locale->cities[below(&m, 5)];
    m.kind = below(&m, LOCALE_KINDS);
    b->used = 0;
    for (int i = 0; i < BUSINESS_COLUMNS; i++) {
        size_t start = b->used;

        put_column(&m, (enum business_column)i, row);
        b->columns[i].ptr = b->bytes + start;
        b->columns[i].len = b->used - start;
    }
}
