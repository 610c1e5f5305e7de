/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate.h: the bytes of one archive entry, unpacked as they are asked for.
 *
 * Memory is one window, whatever the entry claims; more bytes than it claims
 * are refused as they appear, and the end is only reported after the CRC-32
 * and the size have been found right.
 */
#ifndef SLUICE_INFLATE_H
#define SLUICE_INFLATE_H

#include <sys/types.h>

#include "issue.h"
#include "read/zip.h"

struct inflate;

/* zip and entry are borrowed until inflate_close. */
int inflate_open(struct inflate **inflate, const struct zip *zip,
                 const struct zip_entry *entry, struct issue *why);
void inflate_close(struct inflate *inflate);

/*
 * Unpacks up to `room` (at least 1) bytes. Returns how many, 0 at the end, -1
 * with *why; why->sheet is the entry's name.
 */
ssize_t inflate_read(struct inflate *inflate, char *out, size_t room,
                     struct issue *why);

/* Packed bytes taken so far, and in all. */
uint64_t inflate_position(const struct inflate *inflate);
uint64_t inflate_size(const struct inflate *inflate);

#endif
