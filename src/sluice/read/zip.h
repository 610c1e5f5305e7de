/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip.h: the directory of a zip archive that lies in memory.
 *
 * An archive says everything twice: in the central directory at its end and in
 * a header before each entry. Readers that believe different copies see
 * different files, so whatever can be read in two ways is refused: copies that
 * differ, names that occur twice, entries that overlap, two ends. So are
 * encryption and methods other than stored and deflated. Names are keys, never
 * paths.
 */
#ifndef SLUICE_ZIP_H
#define SLUICE_ZIP_H

#include "issue.h"
#include "read/bytes.h"
#include "text.h"

enum { ZIP_STORED = 0, ZIP_DEFLATED = 8 };

struct zip_entry {
    struct slice name; /* in the archive's bytes */
    uint64_t header;   /* offset of the local header */
    uint64_t data;     /* offset of the packed bytes, all within the file */
    uint64_t packed;   /* packed bytes */
    uint64_t size;     /* bytes when unpacked: a claim */
    uint32_t crc;
    uint16_t method;
};

struct zip {
    const struct mapped_file *file; /* borrowed */
    struct zip_entry *entries;      /* by name */
    size_t count;
};

/* True if the file begins like an archive that holds something. */
bool zip_looks_like_one(struct slice start);

/* Reads and checks the directory. `file` is borrowed until zip_close. */
int zip_open(struct zip *zip, const struct mapped_file *file,
             struct issue *why);
void zip_close(struct zip *zip);

/*
 * The entry of a part name, without regard to case (as the packaging standard
 * has it), a leading slash, or which way slashes lean; NULL if there is none.
 */
const struct zip_entry *zip_find(const struct zip *zip, struct slice name);

#endif
