/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inflate.c: ISA-L does the work where the build found it, zlib otherwise.
 *
 * ISA-L unpacks a sheet nearly three times as fast as zlib, but takes a few
 * damaged streams for good ones, so nothing rests on its verdict: the CRC-32
 * and the size decide.
 */
#include "read/inflate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef SLUICE_ISAL
#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#else
#include <zlib.h>
#endif

#include "read/read.h"
#include "sluice_limits.h"

/* Packed bytes given to the unpacker at a time, and then forgotten. */
#define CHUNK ((size_t)256 * 1024)

struct inflate {
    const struct zip *zip;
    const struct zip_entry *entry;
    uint64_t given; /* packed bytes given to the unpacker */
    uint64_t made;  /* bytes unpacked */
    uint32_t crc;
    bool ended; /* the stream, or the stored bytes, came to their end */
#ifdef SLUICE_ISAL
    struct inflate_state state;
#else
    z_stream state;
#endif
};

static int at_entry(const struct inflate *in, struct issue *why)
{
    struct slice name = in->entry->name;

    snprintf(why->sheet, sizeof(why->sheet), "%.*s",
             (int)utf8_prefix(name, sizeof(why->sheet) - 1), name.ptr);
    return -1;
}

static int damaged(struct inflate *in, struct issue *why)
{
    issue_set(why, ISSUE_CHECKSUM,
              "is damaged: its packed data cannot be unpacked");
    return at_entry(in, why);
}

#ifdef SLUICE_ISAL

static bool unpacker_open(struct inflate *in)
{
    isal_inflate_init(&in->state);
    in->state.crc_flag = ISAL_DEFLATE;
    return true;
}

static void unpacker_close(struct inflate *in)
{
    (void)in;
}

static size_t unpacker_waiting(const struct inflate *in)
{
    return in->state.avail_in;
}

static void unpacker_feed(struct inflate *in, const char *bytes, size_t len)
{
    in->state.next_in = (uint8_t *)bytes;
    in->state.avail_in = (uint32_t)len;
}

/* Unpacks what was fed; the bytes made, or -1. Sets in->ended. */
static ssize_t unpacker_run(struct inflate *in, char *out, size_t room)
{
    in->state.next_out = (uint8_t *)out;
    in->state.avail_out = (uint32_t)room;
    if (isal_inflate(&in->state) < 0)
        return -1;
    in->ended = in->state.block_state == ISAL_BLOCK_FINISH;
    return (ssize_t)(room - in->state.avail_out);
}

static uint32_t crc_of(uint32_t crc, const char *bytes, size_t len)
{
    return crc32_gzip_refl(crc, (const unsigned char *)bytes, len);
}

#else

static bool unpacker_open(struct inflate *in)
{
    return inflateInit2(&in->state, -MAX_WBITS) == Z_OK;
}

static void unpacker_close(struct inflate *in)
{
    if (in->entry->method == ZIP_DEFLATED)
        inflateEnd(&in->state);
}

static size_t unpacker_waiting(const struct inflate *in)
{
    return in->state.avail_in;
}

static void unpacker_feed(struct inflate *in, const char *bytes, size_t len)
{
    in->state.next_in = (unsigned char *)(uintptr_t)bytes;
    in->state.avail_in = (unsigned)len;
}

static ssize_t unpacker_run(struct inflate *in, char *out, size_t room)
{
    int status;

    in->state.next_out = (unsigned char *)out;
    in->state.avail_out = (unsigned)room;
    status = inflate(&in->state, Z_NO_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
        return -1;
    in->ended = status == Z_STREAM_END;
    return (ssize_t)(room - in->state.avail_out);
}

static uint32_t crc_of(uint32_t crc, const char *bytes, size_t len)
{
    return (uint32_t)crc32(crc, (const unsigned char *)bytes, (unsigned)len);
}

#endif

int inflate_open(struct inflate **inflate, const struct zip *zip,
                 const struct zip_entry *entry, struct issue *why)
{
    struct inflate *in = calloc(1, sizeof(*in));

    if (!in)
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    in->zip = zip;
    in->entry = entry;
    if (entry->size > LIMIT_PART_BYTES) {
        issue_set(why, ISSUE_LIMIT,
                  "is larger than a part may be (%llu bytes, %llu allowed)",
                  (unsigned long long)entry->size,
                  (unsigned long long)LIMIT_PART_BYTES);
        at_entry(in, why);
        free(in);
        return -1;
    }
    if (entry->method == ZIP_DEFLATED && !unpacker_open(in)) {
        free(in);
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    }
    *inflate = in;
    return 0;
}

void inflate_close(struct inflate *in)
{
    if (!in)
        return;
    unpacker_close(in);
    free(in);
}

/* The next packed bytes; those before them are not needed any more. */
static size_t next_chunk(struct inflate *in, const char **bytes)
{
    const struct mapped_file *file = in->zip->file;
    uint64_t left = in->entry->packed - in->given;
    size_t len = left < CHUNK ? (size_t)left : CHUNK;
    size_t at = (size_t)(in->entry->data + in->given);

    if (in->given >= CHUNK)
        bytes_forget(file, at - CHUNK, at);
    *bytes = file->ptr + at;
    in->given += len;
    return len;
}

static ssize_t read_stored(struct inflate *in, char *out, size_t room)
{
    const struct mapped_file *file = in->zip->file;
    uint64_t left = in->entry->packed - in->made;
    size_t at = (size_t)(in->entry->data + in->made);
    size_t len = left < room ? (size_t)left : room;

    if (len > 0)
        memcpy(out, file->ptr + at, len);
    bytes_forget(file, at, at + len);
    in->ended = len == left;
    return (ssize_t)len;
}

static ssize_t read_deflated(struct inflate *in, char *out, size_t room,
                             struct issue *why)
{
    for (;;) {
        size_t waiting;
        ssize_t made;

        if (unpacker_waiting(in) == 0 && in->given < in->entry->packed) {
            const char *bytes;
            size_t len = next_chunk(in, &bytes);

            unpacker_feed(in, bytes, len);
        }
        waiting = unpacker_waiting(in);
        made = unpacker_run(in, out, room);
        if (made > 0 || (made == 0 && in->ended))
            return made;
        if (made < 0 || (waiting > 0 && unpacker_waiting(in) == waiting))
            return damaged(in, why);
        if (in->given == in->entry->packed && unpacker_waiting(in) == 0) {
            issue_set(why, ISSUE_TRUNCATED,
                      "is damaged: its packed data end too early");
            return at_entry(in, why);
        }
    }
}

ssize_t inflate_read(struct inflate *in, char *out, size_t room,
                     struct issue *why)
{
    /* The unpackers count in 32 bits. */
    const size_t room_max = (size_t)1 << 30;
    const struct read_bounds *bounds = in->zip->file->bounds;
    ssize_t made = 0;

    if (bounds && bounds->go_on && !bounds->go_on(bounds->arg))
        return issue_set(why, ISSUE_CANCELED, "canceled");
    if (room > room_max)
        room = room_max;
    if (!in->ended)
        made = in->entry->method == ZIP_STORED
                   ? read_stored(in, out, room)
                   : read_deflated(in, out, room, why);
    if (made < 0)
        return -1;
    in->crc = crc_of(in->crc, out, (size_t)made);
    in->made += (uint64_t)made;
    if (in->made > in->entry->size ||
        (in->ended && in->made != in->entry->size)) {
        issue_set(why, ISSUE_CHECKSUM,
                  "is damaged: its size is not what the archive says");
        return at_entry(in, why);
    }
    if (in->ended && in->crc != in->entry->crc) {
        issue_set(why, ISSUE_CHECKSUM,
                  "is damaged: its checksum does not match");
        return at_entry(in, why);
    }
    return made;
}

uint64_t inflate_position(const struct inflate *in)
{
    if (in->entry->method == ZIP_STORED)
        return in->made;
    return in->given - unpacker_waiting(in);
}

uint64_t inflate_size(const struct inflate *in)
{
    return in->entry->packed;
}
