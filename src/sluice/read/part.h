/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part.h: a small XML part, element by element, through expat.
 *
 * For the parts that describe a workbook: relationships, sheet list, styles.
 * Sheets and shared strings are too large for this and go through xml.h.
 * Anything but well-formed XML without a DOCTYPE is refused.
 */
#ifndef SLUICE_PART_H
#define SLUICE_PART_H

#include "issue.h"
#include "read/zip.h"

/*
 * An element opens: its name without prefix, the namespace it belongs to ("" if
 * none), and name/value pairs up to a NULL; an attribute's name is "URI name"
 * when it has a prefix. `depth` of the root is 0. Returns 0, or -1 with *why to
 * stop.
 */
typedef int part_open_fn(void *context, unsigned depth, const char *name,
                         const char *space, const char **attributes,
                         struct issue *why);

/* Reads the part to its end. -1 with *why, whose `sheet` is the part's name. */
int part_read(const struct zip *zip, const struct zip_entry *entry,
              part_open_fn *open, void *context, struct issue *why);

/* The value of an attribute by its name as part_open_fn has it, or NULL. */
const char *part_attribute(const char **attributes, const char *name);

#endif
