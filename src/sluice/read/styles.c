/* SPDX-License-Identifier: Apache-2.0 */
/*
 * styles.c: number formats.
 *
 * Two lists matter: numFmts (id -> code) and cellXfs (style index -> id). Both
 * are taken down as they come, because nothing promises their order, and joined
 * at the end.
 */
#include "read/styles.h"

#include <stdlib.h>
#include <string.h>

#include "read/part.h"
#include "sluice_limits.h"

struct custom {
    uint32_t id;
    uint8_t class;
};

struct reading {
    struct custom *customs;
    size_t custom_count;
    size_t custom_capacity;
    uint32_t *ids; /* of the cell formats */
    size_t id_count;
    size_t id_capacity;
    bool in_cell_formats;
};

static bool is_letter(char c, char lower)
{
    return (c | 0x20) == lower;
}

/* Is the code at `at` this word, whatever the case? */
static bool word_at(struct slice code, size_t at, struct slice word)
{
    return code.len - at >= word.len &&
           slice_equal_nocase((struct slice){code.ptr + at, word.len}, word);
}

/* What stands in brackets: elapsed time, or a colour, locale, condition. */
static bool is_elapsed(struct slice s)
{
    if (s.len == 0 || !(is_letter(*s.ptr, 'h') || is_letter(*s.ptr, 'm') ||
                        is_letter(*s.ptr, 's')))
        return false;
    for (size_t i = 1; i < s.len; i++) {
        if ((s.ptr[i] | 0x20) != (s.ptr[0] | 0x20))
            return false;
    }
    return true;
}

/* Kinds of fields that a code shows. */
struct fields {
    bool date;
    bool clock;
    bool month_or_minute;
    bool elapsed;
};

/* Takes the field at `i`; returns the offset behind it. */
static size_t take_field(struct slice code, size_t i, struct fields *f)
{
    char c = (char)(code.ptr[i] | 0x20);

    if (word_at(code, i, SLICE("general")))
        return i + 7;
    if (word_at(code, i, SLICE("am/pm"))) {
        f->clock = true;
        return i + 5;
    }
    if (word_at(code, i, SLICE("a/p"))) {
        f->clock = true;
        return i + 3;
    }
    if (c == 'e' && i + 1 < code.len &&
        (code.ptr[i + 1] == '+' || code.ptr[i + 1] == '-'))
        return i + 2; /* an exponent, not the year of an era */
    if (c == 'y' || c == 'd' || c == 'e' || c == 'g' ||
        word_at(code, i, SLICE("aaa")))
        f->date = true;
    else if (c == 'h' || c == 's')
        f->clock = true;
    else if (c == 'm')
        f->month_or_minute = true;
    return i + 1;
}

enum number_class number_class_of_code(struct slice code)
{
    struct fields f = {0};
    const char *close;

    /* The first section is that of positive numbers: dates are none other. */
    for (size_t i = 0; i < code.len && code.ptr[i] != ';';) {
        switch (code.ptr[i]) {
        case '"':
        case '[':
            close = memchr(code.ptr + i + 1, code.ptr[i] == '[' ? ']' : '"',
                           code.len - i - 1);
            if (!close) {
                i = code.len;
                break;
            }
            if (code.ptr[i] == '[' &&
                is_elapsed((struct slice){code.ptr + i + 1,
                                          (size_t)(close - code.ptr) - i - 1}))
                f.elapsed = true;
            i = (size_t)(close - code.ptr) + 1;
            break;
        case '\\':
        case '_':
        case '*':
            i += 2;
            break;
        default:
            i = take_field(code, i, &f);
        }
    }
    if (f.elapsed)
        return NUMBER_DURATION;
    if (f.date || (f.month_or_minute && !f.clock))
        return NUMBER_DATE;
    return f.clock ? NUMBER_TIME : NUMBER_PLAIN;
}

enum number_class number_class_of_id(uint32_t id)
{
    /* 27 to 36 and 50 to 58 are dates of East Asian versions. */
    if ((id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 31) ||
        id == 36 || (id >= 50 && id <= 58))
        return NUMBER_DATE;
    if ((id >= 18 && id <= 21) || (id >= 32 && id <= 35) || id == 45 ||
        id == 47)
        return NUMBER_TIME;
    return id == 46 ? NUMBER_DURATION : NUMBER_PLAIN;
}

/* Room for one more of `size` bytes; NULL when memory is out. */
static void *grow(void *items, size_t count, size_t *capacity, size_t size)
{
    size_t want = *capacity ? *capacity * 2 : 64;
    void *larger;

    if (count < *capacity)
        return items;
    larger = realloc(items, want * size);
    if (larger)
        *capacity = want;
    return larger;
}

static uint32_t attribute_number(const char **attributes, const char *name)
{
    const char *value = part_attribute(attributes, name);
    int64_t n = 0;

    if (!value || !integer_from_text(slice_trim(slice_of(value)), &n) ||
        n < 0 || n > UINT32_MAX)
        return 0;
    return (uint32_t)n;
}

static int too_many(struct issue *why)
{
    return issue_set(why, ISSUE_LIMIT, "holds more than %u formats",
                     LIMIT_STYLES);
}

static int add_custom(struct reading *r, const char **attributes,
                      struct issue *why)
{
    const char *code = part_attribute(attributes, "formatCode");
    struct custom *larger;

    if (r->custom_count == LIMIT_STYLES)
        return too_many(why);
    larger =
        grow(r->customs, r->custom_count, &r->custom_capacity, sizeof(*larger));
    if (!larger)
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    r->customs = larger;
    r->customs[r->custom_count++] = (struct custom){
        .id = attribute_number(attributes, "numFmtId"),
        .class = (uint8_t)(code ? number_class_of_code(slice_of(code))
                                : NUMBER_PLAIN)};
    return 0;
}

static int add_format(struct reading *r, const char **attributes,
                      struct issue *why)
{
    uint32_t *larger;

    if (r->id_count == LIMIT_STYLES)
        return too_many(why);
    larger = grow(r->ids, r->id_count, &r->id_capacity, sizeof(*larger));
    if (!larger)
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    r->ids = larger;
    r->ids[r->id_count++] = attribute_number(attributes, "numFmtId");
    return 0;
}

static int on_open(void *context, unsigned depth, const char *name,
                   const char *space, const char **attributes,
                   struct issue *why)
{
    struct reading *r = context;

    (void)space;
    if (depth == 1)
        r->in_cell_formats = strcmp(name, "cellXfs") == 0;
    if (depth != 2)
        return 0;
    if (strcmp(name, "numFmt") == 0)
        return add_custom(r, attributes, why);
    if (r->in_cell_formats && strcmp(name, "xf") == 0)
        return add_format(r, attributes, why);
    return 0;
}

static int by_id(const void *a, const void *b)
{
    const struct custom *x = a;
    const struct custom *y = b;

    return (x->id > y->id) - (x->id < y->id);
}

/* A custom code stands before the built-in one of the same id. */
static enum number_class resolve(const struct reading *r, uint32_t id)
{
    struct custom key = {.id = id};
    const struct custom *found = NULL;

    if (r->custom_count > 0)
        found = bsearch(&key, r->customs, r->custom_count, sizeof(key), by_id);
    return found ? (enum number_class)found->class : number_class_of_id(id);
}

int styles_read(struct styles *styles, const struct zip *zip,
                const struct zip_entry *entry, struct issue *why)
{
    struct reading r = {0};
    uint8_t *classes;
    int result = -1;

    if (part_read(zip, entry, on_open, &r, why) < 0)
        goto out;
    if (r.custom_count > 0)
        qsort(r.customs, r.custom_count, sizeof(*r.customs), by_id);
    classes = malloc(r.id_count + 1);
    if (!classes) {
        issue_set(why, ISSUE_MEMORY, "memory is out");
        goto out;
    }
    for (size_t i = 0; i < r.id_count; i++)
        classes[i] = (uint8_t)resolve(&r, r.ids[i]);
    *styles = (struct styles){classes, r.id_count};
    result = 0;
out:
    free(r.customs);
    free(r.ids);
    return result;
}

void styles_clear(struct styles *styles)
{
    free(styles->classes);
    *styles = (struct styles){0};
}
