/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sluice_limits.h: every limit, each with its reason.
 *
 * A file cannot raise one of these by what it claims; meeting one is an error
 * that names the limit and the place (ISSUE_LIMIT), or costs the row.
 */
#ifndef SLUICE_LIMITS_H
#define SLUICE_LIMITS_H

#include <stdint.h>

/* The grid that Excel itself can address; a reference beyond it is no cell. */
#define LIMIT_SHEET_ROWS    1048576u
#define LIMIT_SHEET_COLUMNS 16384u

/* Excel stops at 32,767 characters; generous writers exist, bombs too. */
#define LIMIT_CELL_BYTES (1u << 20)

/* PostgreSQL's own limit; SQLite's default is 2,000. */
#define LIMIT_TABLE_COLUMNS 1600u

/* What a zip directory without 64-bit records can list; workbooks have tens. */
#define LIMIT_ARCHIVE_ENTRIES 65535u

/*
 * One part of an archive, unpacked. The largest sheet that Excel's grid allows
 * with ordinary cells stays below; it is streamed, so this bounds time, not
 * memory.
 */
#define LIMIT_PART_BYTES (UINT64_C(8) << 30)

/*
 * A part that is held in memory while it is read (workbook, relationships,
 * styles): the largest honest style sheets, with 64,000 formats, have 20 MB.
 */
#define LIMIT_SMALL_PART_BYTES (UINT64_C(64) << 20)

/* The shared strings, which stay in memory: a million rows of 50 long texts. */
#define LIMIT_STRINGS_BYTES (UINT64_C(2) << 30)
#define LIMIT_STRINGS_COUNT (UINT32_C(1) << 27)

/* What one row of a sheet may hold in all, above 32,767 characters a column. */
#define LIMIT_ROW_BYTES (UINT64_C(64) << 20)

/*
 * XML: the deepest element of a workbook lies below 20; tags with a hundred
 * attributes are unheard of; the longest attribute (a formula, a name) stays
 * below 64 kB.
 */
#define LIMIT_XML_DEPTH      128u
#define LIMIT_XML_ATTRIBUTES 256u
#define LIMIT_XML_TAG_BYTES  (1u << 20)
#define LIMIT_XML_NAME_BYTES 1024u
#define LIMIT_XML_NAMESPACES 256u

/* Excel has no limit but memory; thousands are not made by people. */
#define LIMIT_SHEETS 4096u

/* Excel keeps 65,490 cell formats and 250 number formats. */
#define LIMIT_STYLES (1u << 20)

#endif
