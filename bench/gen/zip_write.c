/* SPDX-License-Identifier: Apache-2.0 */
/* zip_write.c: local headers, deflated data, and the directory behind them. */
#include "zip_write.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* 1 January 1980, 0:00: what Excel writes, and the same in every run. */
#define DOS_TIME 0
#define DOS_DATE 0x21

#define SIGNATURE_LOCAL     0x04034b50u
#define SIGNATURE_DIRECTORY 0x02014b50u
#define SIGNATURE_END       0x06054b50u
#define VERSION_NEEDED      20
#define METHOD_DEFLATE      8

/* Where crc, packed and size stand in a local header. */
#define LOCAL_SUMS_OFFSET 14

void die(const char *format, ...)
{
    va_list args;

    fputs("gen_businesses: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(1);
}

static void put_bytes(struct zip_write *z, const void *bytes, size_t size)
{
    if (size > 0 && fwrite(bytes, 1, size, z->file) != size)
        die("%s: cannot write", z->path);
    z->position += size;
}

/* `width` bytes, least significant first. */
static void put_number(struct zip_write *z, uint32_t value, size_t width)
{
    unsigned char bytes[4];

    for (size_t i = 0; i < width; i++)
        bytes[i] = (unsigned char)(value >> (8 * i));
    put_bytes(z, bytes, width);
}

static uint32_t narrow(const struct zip_write *z, uint64_t value)
{
    if (value >= UINT32_MAX)
        die("%s: larger than a zip archive without zip64 can be", z->path);
    return (uint32_t)value;
}

void zip_write_open(struct zip_write *z, const char *path)
{
    memset(z, 0, sizeof(*z));
    z->path = path;
    z->file = fopen(path, "wb");
    if (!z->file)
        die("%s: cannot create", path);
    if (deflateInit2(&z->deflate, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) !=
        Z_OK)
        die("cannot start deflate");
}

/* What the local header and the directory say alike. */
static void put_common(struct zip_write *z, const struct zip_write_entry *e)
{
    put_number(z, VERSION_NEEDED, 2);
    put_number(z, 0, 2);
    put_number(z, METHOD_DEFLATE, 2);
    put_number(z, DOS_TIME, 2);
    put_number(z, DOS_DATE, 2);
    put_number(z, e->crc, 4);
    put_number(z, e->packed, 4);
    put_number(z, e->size, 4);
    put_number(z, (uint32_t)strlen(e->name), 2);
    put_number(z, 0, 2);
}

void zip_write_begin(struct zip_write *z, const char *name)
{
    struct zip_write_entry *e;

    if (z->count == ZIP_WRITE_ENTRIES_MAX)
        die("%s: too many entries", z->path);
    e = &z->entries[z->count];
    *e = (struct zip_write_entry){.name = name};
    e->offset = narrow(z, z->position);
    put_number(z, SIGNATURE_LOCAL, 4);
    put_common(z, e);
    put_bytes(z, name, strlen(name));
    z->size = 0;
    z->packed = 0;
    deflateReset(&z->deflate);
}

static void deflate_some(struct zip_write *z, int flush)
{
    unsigned char out[1 << 16];
    size_t made;
    int status;

    do {
        z->deflate.next_out = out;
        z->deflate.avail_out = sizeof(out);
        status = deflate(&z->deflate, flush);
        if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
            die("deflate failed with status %d", status);
        made = sizeof(out) - z->deflate.avail_out;
        put_bytes(z, out, made);
        z->packed += made;
    } while (z->deflate.avail_out == 0);
}

void zip_write(struct zip_write *z, const void *bytes, size_t size)
{
    struct zip_write_entry *e = &z->entries[z->count];

    e->crc = (uint32_t)crc32_z(e->crc, bytes, size);
    z->size += size;
    z->deflate.next_in = (unsigned char *)(uintptr_t)bytes;
    z->deflate.avail_in = (uInt)size;
    deflate_some(z, Z_NO_FLUSH);
}

void zip_write_end(struct zip_write *z)
{
    struct zip_write_entry *e = &z->entries[z->count];
    uint64_t end;

    deflate_some(z, Z_FINISH);
    e->packed = narrow(z, z->packed);
    e->size = narrow(z, z->size);
    end = z->position;
    if (fseeko(z->file, (off_t)(e->offset + LOCAL_SUMS_OFFSET), SEEK_SET) != 0)
        die("%s: cannot seek", z->path);
    put_number(z, e->crc, 4);
    put_number(z, e->packed, 4);
    put_number(z, e->size, 4);
    if (fseeko(z->file, 0, SEEK_END) != 0)
        die("%s: cannot seek", z->path);
    z->position = end;
    z->count++;
}

static void put_directory_entry(struct zip_write *z,
                                const struct zip_write_entry *e)
{
    put_number(z, SIGNATURE_DIRECTORY, 4);
    put_number(z, VERSION_NEEDED, 2);
    put_common(z, e);
    put_number(z, 0, 2); /* comment */
    put_number(z, 0, 2); /* disk */
    put_number(z, 0, 2); /* internal attributes */
    put_number(z, 0, 4); /* external attributes */
    put_number(z, e->offset, 4);
    put_bytes(z, e->name, strlen(e->name));
}

void zip_write_close(struct zip_write *z)
{
    uint32_t start = narrow(z, z->position);
    uint32_t size;

    for (size_t i = 0; i < z->count; i++)
        put_directory_entry(z, &z->entries[i]);
    size = narrow(z, z->position) - start;
    put_number(z, SIGNATURE_END, 4);
    put_number(z, 0, 2); /* this disk */
    put_number(z, 0, 2); /* disk of the directory */
    put_number(z, (uint32_t)z->count, 2);
    put_number(z, (uint32_t)z->count, 2);
    put_number(z, size, 4);
    put_number(z, start, 4);
    put_number(z, 0, 2); /* comment */
    deflateEnd(&z->deflate);
    if (fclose(z->file) != 0)
        die("%s: cannot write", z->path);
}
