/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workbook.h: what an .xlsx file holds, before any sheet is read.
 *
 * The archive's parts are found by following relationships from the root, by
 * their types; no file name is taken for granted. Chart, dialog and macro
 * sheets hold no cells and are not listed.
 */
#ifndef SLUICE_WORKBOOK_H
#define SLUICE_WORKBOOK_H

#include "arena.h"
#include "issue.h"
#include "read/cell.h"
#include "read/strings.h"
#include "read/styles.h"
#include "read/zip.h"

struct xlsx_entry {
    const char *name;
    enum sheet_visibility visibility;
    const struct zip_entry *part; /* NULL: named, but not there */
};

struct xlsx {
    struct zip zip;
    struct arena arena; /* of names */
    struct xlsx_entry *sheets;
    size_t sheet_count;
    struct styles styles;
    bool epoch_1904;
    const struct zip_entry *strings_part; /* NULL if there are none */
    bool strings_loaded;
    struct strings strings;
};

/* `file` is borrowed until xlsx_close. */
int xlsx_open(struct xlsx *book, const struct mapped_file *file,
              struct issue *why);
/* Also for one that xlsx_open refused. */
void xlsx_close(struct xlsx *book);

/* Reads the shared strings, unless that was done. */
int xlsx_load_strings(struct xlsx *book, struct issue *why);

#endif
