/* SPDX-License-Identifier: Apache-2.0 */
/* csv_sniff.h: what kind of text a file is, from its start. */
#ifndef SLUICE_CSV_SNIFF_H
#define SLUICE_CSV_SNIFF_H

#include "issue.h"
#include "text.h"

/* Bytes that are looked at. */
#define CSV_SNIFF_BYTES ((size_t)65536)

/* Refuses what is not text, or not in UTF-8. -1 with *why. */
int csv_sniff_text(struct slice start, struct issue *why);

/* LF, or CR if the first line ends with a CR that no LF follows. */
char csv_sniff_line_end(struct slice start);

/* One of , ; TAB |: the one that cuts the records into like numbers of fields. */
char csv_sniff_separator(struct slice start, char line_end);

#endif
