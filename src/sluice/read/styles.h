/* SPDX-License-Identifier: Apache-2.0 */
/*
 * styles.h: which cells are dates.
 *
 * A sheet stores a date as a number; only the number format of the cell's style
 * says that it is one.
 */
#ifndef SLUICE_STYLES_H
#define SLUICE_STYLES_H

#include "issue.h"
#include "read/zip.h"
#include "text.h"

enum number_class {
    NUMBER_PLAIN,
    NUMBER_DATE,    /* has a year, month, day or weekday */
    NUMBER_TIME,    /* hours, minutes, seconds only */
    NUMBER_DURATION /* [h], [m] or [s] */
};

struct styles {
    uint8_t *classes; /* enum number_class of each cell format */
    size_t count;
};

/* The class of a custom format code, read in one pass. */
enum number_class number_class_of_code(struct slice code);
/* The class of a built-in format id; NUMBER_PLAIN for those that are none. */
enum number_class number_class_of_id(uint32_t id);

int styles_read(struct styles *styles, const struct zip *zip,
                const struct zip_entry *entry, struct issue *why);
void styles_clear(struct styles *styles);

/* The class of a cell's style index; any index is allowed. */
static inline enum number_class styles_class(const struct styles *styles,
                                             uint64_t index)
{
    if (index >= styles->count)
        return NUMBER_PLAIN;
    return (enum number_class)styles->classes[index];
}

#endif
