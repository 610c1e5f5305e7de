/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes.h: a file as bytes in memory, and little-endian numbers in them.
 *
 * The file is mapped, not read: what is not touched costs nothing, and what
 * was touched is given back by bytes_forget, so that a large file never stands
 * in memory as a whole. A file that shrinks while it is mapped ends the program
 * (SIGBUS); files that others may cut must be copied first.
 */
#ifndef SLUICE_BYTES_H
#define SLUICE_BYTES_H

#include "issue.h"
#include "text.h"

struct read_bounds;

struct mapped_file {
    const char *ptr;
    size_t len;
    const struct read_bounds *bounds; /* read.h; NULL: none */
};

/* Maps a regular file for reading; an empty one gives len 0. -1 with *why. */
int bytes_map(struct mapped_file *file, const char *path, struct issue *why);
void bytes_unmap(struct mapped_file *file);

/*
 * Lets go of the memory behind [from, to), which is read from the file again
 * when it is touched again. Any range is allowed; part pages are kept.
 */
void bytes_forget(const struct mapped_file *file, size_t from, size_t to);

static inline uint16_t bytes_u16(const char *p)
{
    const unsigned char *b = (const unsigned char *)p;

    return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t bytes_u32(const char *p)
{
    return bytes_u16(p) | (uint32_t)bytes_u16(p + 2) << 16;
}

static inline uint64_t bytes_u64(const char *p)
{
    return bytes_u32(p) | (uint64_t)bytes_u32(p + 4) << 32;
}

#endif
