/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip_write.h: write a zip archive front to back.
 *
 *     zip_write_open(&z, path);
 *     zip_write_begin(&z, "xl/workbook.xml");
 *     zip_write(&z, bytes, size);        any number of times
 *     zip_write_end(&z);
 *     zip_write_close(&z);
 *
 * Entries are deflated (level 6) as they come; their sizes and checksums are
 * put into the local header afterwards, as Excel does it, so the file must be
 * seekable. No zip64: the largest sheet that Excel's grid allows stays far
 * below 4 GB, and an archive that does not is refused. Every failure ends the
 * program with a message: this is a generator, not a library.
 */
#ifndef GEN_ZIP_WRITE_H
#define GEN_ZIP_WRITE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <zlib.h>

#define ZIP_WRITE_ENTRIES_MAX 16

struct zip_write_entry {
    const char *name; /* borrowed until zip_write_close */
    uint32_t offset;  /* of the local header */
    uint32_t crc;
    uint32_t packed;
    uint32_t size;
};

struct zip_write {
    FILE *file;
    const char *path;
    uint64_t position;
    z_stream deflate;
    size_t count;
    struct zip_write_entry entries[ZIP_WRITE_ENTRIES_MAX];
    uint64_t size; /* of the open entry, before and after deflate */
    uint64_t packed;
};

void zip_write_open(struct zip_write *z, const char *path);
void zip_write_begin(struct zip_write *z, const char *name);
void zip_write(struct zip_write *z, const void *bytes, size_t size);
void zip_write_end(struct zip_write *z);
void zip_write_close(struct zip_write *z);

/* Prints "gen_businesses: ..." and ends the program with status 1. */
_Noreturn void die(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

#endif
