/* SPDX-License-Identifier: Apache-2.0 */
/*
 * strings.h: the shared strings of a workbook.
 *
 * Most texts of a sheet are numbers of entries in one table, which stays in
 * memory as long as the workbook: the bytes one after the other, and 8 bytes an
 * entry. The count that the part claims is not believed. An entry that holds
 * what no text may (NUL, a lone surrogate, more than LIMIT_CELL_BYTES) is kept
 * as bad, for the cells that use it.
 *
 * Once loaded, the table is read-only and may be read from any thread.
 */
#ifndef SLUICE_STRINGS_H
#define SLUICE_STRINGS_H

#include "issue.h"
#include "read/xml.h"
#include "read/zip.h"
#include "text.h"

struct strings {
    char *bytes;
    size_t bytes_used;
    size_t bytes_mapped;
    uint64_t *entries; /* offset, length and badness packed */
    size_t count;
    size_t entries_mapped; /* bytes */
    uint64_t bytes_max;    /* of both together */
};

int strings_read(struct strings *strings, const struct zip *zip,
                 const struct zip_entry *entry, struct issue *why);
/* Also for one that is all zeroes. */
void strings_clear(struct strings *strings);

#define STRINGS_OFFSET_BITS 40
#define STRINGS_LENGTH_BITS 21

/*
 * The text of an entry below `count`. *bad is ISSUE_NONE, or says what is wrong
 * with it; then the text is its start, for the report.
 */
static inline struct slice strings_get(const struct strings *strings,
                                       size_t index, enum issue_code *bad)
{
    static const uint8_t codes[] = {ISSUE_NONE, ISSUE_NUL, ISSUE_ENCODING,
                                    ISSUE_TEXT_TOO_LONG};
    uint64_t e = strings->entries[index];
    uint64_t offset = e & ((UINT64_C(1) << STRINGS_OFFSET_BITS) - 1);
    uint64_t len =
        e >> STRINGS_OFFSET_BITS & ((UINT64_C(1) << STRINGS_LENGTH_BITS) - 1);

    *bad = (enum issue_code)
        codes[e >> (STRINGS_OFFSET_BITS + STRINGS_LENGTH_BITS) & 3];
    return (struct slice){strings->bytes + offset, (size_t)len};
}

/*
 * After XML_OPEN of <si> or <is>: adds the item's text, the runs of rich text
 * joined and phonetic ones dropped, and goes on behind its end.
 */
int strings_read_item(struct xml *x, struct xml_text *text, struct issue *why);

/*
 * Finishes decoded text from offset `from` on: checks it and resolves _xHHHH_;
 * sets text->bad.
 */
void strings_finish_text(struct xml_text *text, size_t from);

#endif
