/* SPDX-License-Identifier: Apache-2.0 */
/*
 * zip.c: finds the end record, walks the central directory, and holds each of
 * its entries against the entry's own header.
 *
 * Every offset and length is checked against the bytes that are there before
 * it is used; sums are done in 64 bits on values of at most 2^63, which
 * `inside` makes sure of. Entries are allocated by the bytes of the directory
 * that were seen (at least 46 an entry), not by the count that it claims.
 */
#include "read/zip.h"

#include <stdlib.h>
#include <string.h>

#include "sluice_limits.h"

#define LOCAL_SIZE     30
#define CENTRAL_SIZE   46
#define END_SIZE       22
#define LOCATOR_SIZE   20
#define END64_SIZE     56
#define COMMENT_MAX    65535
#define EXTRA_ZIP64    1
#define SATURATED_16   0xffffu
#define SATURATED_32   0xffffffffu
#define FLAG_ENCRYPTED 0x0001u
#define FLAG_LATE      0x0008u /* sizes and CRC follow the data */
#define FLAG_STRONG    0x0040u
#define FLAG_HIDDEN    0x2000u /* directory encrypted, headers masked */

static const char local_signature[4] = {'P', 'K', 3, 4};
static const char central_signature[4] = {'P', 'K', 1, 2};
static const char end_signature[4] = {'P', 'K', 5, 6};
static const char locator_signature[4] = {'P', 'K', 6, 7};
static const char end64_signature[4] = {'P', 'K', 6, 6};

/* Where the central directory lies. */
struct directory {
    uint64_t offset;
    uint64_t size;
    uint64_t count;
    uint64_t limit; /* offset of what follows it */
};

static bool inside(uint64_t offset, uint64_t size, uint64_t limit)
{
    return offset <= limit && size <= limit - offset;
}

static bool signed_as(const char *p, const char signature[4])
{
    return memcmp(p, signature, 4) == 0;
}

bool zip_looks_like_one(struct slice start)
{
    return start.len >= 4 && (signed_as(start.ptr, local_signature) ||
                              signed_as(start.ptr, end_signature));
}

static int broken(struct issue *why, const char *what)
{
    return issue_set(why, ISSUE_FORMAT, "is a broken archive: %s", what);
}

static int ambiguous(struct issue *why, const char *what)
{
    return issue_set(why, ISSUE_AMBIGUOUS, "is refused: %s", what);
}

/* What an end record at `at` is good for. */
enum end_kind {
    END_NONE,
    END_FOLLOWED, /* other bytes follow it: padding, or an older archive */
    END_EXACT     /* the file ends with it and its comment */
};

static enum end_kind end_at(const struct mapped_file *file, uint64_t at)
{
    const char *p = file->ptr + at;
    uint64_t behind;
    uint64_t size;
    uint64_t offset;

    if (*p != 'P' || !signed_as(p, end_signature))
        return END_NONE;
    behind = at + END_SIZE + bytes_u16(p + 20);
    if (behind == file->len)
        return END_EXACT;
    size = bytes_u32(p + 12);
    offset = bytes_u32(p + 16);
    return behind < file->len && offset + size == at ? END_FOLLOWED : END_NONE;
}

/*
 * Finds the end record: the one that the file ends with, else the one that
 * stands right behind its directory (some writers leave a block of padding).
 * Two of a kind would be two archives to two readers.
 */
static int find_end(const struct mapped_file *file, uint64_t *end,
                    struct issue *why)
{
    uint64_t last = file->len < END_SIZE ? 0 : file->len - END_SIZE;
    uint64_t first = last > COMMENT_MAX ? last - COMMENT_MAX : 0;
    enum end_kind best = END_NONE;
    unsigned count = 0;

    for (uint64_t i = first; file->len >= END_SIZE && i <= last; i++) {
        enum end_kind kind = end_at(file, i);

        if (kind == END_NONE || kind < best)
            continue;
        count = kind > best ? 1 : count + 1;
        best = kind;
        *end = i;
    }
    if (count > 1)
        return ambiguous(why, "the archive has two ends");
    if (count == 0)
        return issue_set(why, ISSUE_TRUNCATED,
                         "ends before its end: it was cut while it was copied "
                         "or sent; fetch it again");
    return 0;
}

/* True if a field of the plain record says the same, or "see the other". */
static bool agrees(uint64_t plain, uint64_t saturated, uint64_t wide)
{
    return plain == saturated || plain == wide;
}

/* Takes the 64-bit end record, if there is one; it has to agree. */
static int read_end64(const struct mapped_file *file, uint64_t end,
                      struct directory *d, struct issue *why)
{
    const char *p;
    uint64_t at;
    struct directory wide;

    if (end < LOCATOR_SIZE ||
        !signed_as(file->ptr + end - LOCATOR_SIZE, locator_signature)) {
        if (d->offset == SATURATED_32 || d->size == SATURATED_32 ||
            d->count == SATURATED_16)
            return broken(why, "its 64-bit directory is missing");
        return 0;
    }
    p = file->ptr + end - LOCATOR_SIZE;
    at = bytes_u64(p + 8);
    if (bytes_u32(p + 4) != 0 || bytes_u32(p + 16) > 1)
        return issue_set(why, ISSUE_UNSUPPORTED,
                         "is an archive in several volumes");
    if (!inside(at, END64_SIZE, end - LOCATOR_SIZE))
        return broken(why, "its 64-bit directory lies outside of it");
    p = file->ptr + at;
    if (!signed_as(p, end64_signature))
        return broken(why, "its 64-bit directory is missing");
    wide = (struct directory){.count = bytes_u64(p + 32),
                              .size = bytes_u64(p + 40),
                              .offset = bytes_u64(p + 48),
                              .limit = at};
    if (!agrees(d->count, SATURATED_16, wide.count) ||
        !agrees(d->size, SATURATED_32, wide.size) ||
        !agrees(d->offset, SATURATED_32, wide.offset))
        return ambiguous(why, "the archive's two end records differ");
    *d = wide;
    return 0;
}

static int find_directory(const struct mapped_file *file, struct directory *d,
                          struct issue *why)
{
    uint64_t end = 0;
    const char *p;

    if (find_end(file, &end, why) < 0)
        return -1;
    p = file->ptr + end;
    if ((bytes_u16(p + 4) != 0 && bytes_u16(p + 4) != SATURATED_16) ||
        (bytes_u16(p + 6) != 0 && bytes_u16(p + 6) != SATURATED_16))
        return issue_set(why, ISSUE_UNSUPPORTED,
                         "is an archive in several volumes");
    *d = (struct directory){.count = bytes_u16(p + 10),
                            .size = bytes_u32(p + 12),
                            .offset = bytes_u32(p + 16),
                            .limit = end};
    if (read_end64(file, end, d, why) < 0)
        return -1;
    if (!inside(d->offset, d->size, d->limit))
        return broken(why, "its directory lies outside of it");
    if (d->count > LIMIT_ARCHIVE_ENTRIES)
        return issue_set(why, ISSUE_LIMIT,
                         "is an archive of %llu entries, %u are the limit",
                         (unsigned long long)d->count, LIMIT_ARCHIVE_ENTRIES);
    return 0;
}

/* Numbers that may stand in the 64-bit extra field instead. */
struct wide_fields {
    uint64_t size;
    uint64_t packed;
    uint64_t offset; /* 0 in local headers, which have none */
};

/*
 * Replaces saturated fields by those of the extra field, in its fixed order.
 * False when the extra field is malformed or holds too few.
 */
static bool read_extra64(const char *extra, size_t len, struct wide_fields *f)
{
    uint64_t *fields[] = {&f->size, &f->packed, &f->offset};
    const char *p = NULL;
    size_t left = 0;

    for (size_t i = 0; i + 4 <= len;) {
        size_t size = bytes_u16(extra + i + 2);

        if (!inside(i + 4, size, len))
            break;
        if (bytes_u16(extra + i) == EXTRA_ZIP64) {
            p = extra + i + 4;
            left = size;
            break;
        }
        i += 4 + size;
    }
    for (size_t i = 0; i < 3; i++) {
        if (*fields[i] != SATURATED_32)
            continue;
        if (left < 8)
            return false;
        *fields[i] = bytes_u64(p);
        p += 8;
        left -= 8;
    }
    return true;
}

static int check_flags(unsigned flags, struct issue *why)
{
    if (flags & (FLAG_ENCRYPTED | FLAG_STRONG | FLAG_HIDDEN))
        return issue_set(why, ISSUE_ENCRYPTED,
                         "is protected by a password; save it without one");
    return 0;
}

/* Holds the entry's own header against it and finds its data. */
static int check_local(const struct zip *zip, struct zip_entry *e,
                       uint64_t limit, struct issue *why)
{
    const char *p = zip->file->ptr + e->header;
    struct wide_fields f;
    size_t name_len;
    size_t extra_len;
    unsigned flags;

    if (!inside(e->header, LOCAL_SIZE, limit) || !signed_as(p, local_signature))
        return broken(why, "an entry is not where its directory says");
    flags = bytes_u16(p + 6);
    name_len = bytes_u16(p + 26);
    extra_len = bytes_u16(p + 28);
    if (check_flags(flags, why) < 0)
        return -1;
    if (!inside(e->header + LOCAL_SIZE, name_len + extra_len, limit))
        return broken(why, "the header of an entry is cut");
    if (!slice_equal(e->name, (struct slice){p + LOCAL_SIZE, name_len}) ||
        bytes_u16(p + 8) != e->method)
        return ambiguous(why, "an entry and the archive's directory differ");
    f = (struct wide_fields){bytes_u32(p + 22), bytes_u32(p + 18), 0};
    if (!read_extra64(p + LOCAL_SIZE + name_len, extra_len, &f) &&
        !(flags & FLAG_LATE))
        return broken(why, "the sizes of an entry are missing");
    if (!(flags & FLAG_LATE) && (f.size != e->size || f.packed != e->packed ||
                                 bytes_u32(p + 14) != e->crc))
        return ambiguous(why, "an entry and the archive's directory differ");
    e->data = e->header + LOCAL_SIZE + name_len + extra_len;
    if (!inside(e->data, e->packed, limit))
        return broken(why, "the data of an entry lie outside of it");
    return 0;
}

/* Reads the directory's entry at *at and steps over it. */
static int read_entry(struct zip *zip, const struct directory *d, uint64_t *at,
                      struct zip_entry *e, struct issue *why)
{
    uint64_t end = d->offset + d->size;
    const char *p = zip->file->ptr + *at;
    struct wide_fields f;
    size_t name_len;
    size_t extra_len;
    size_t comment_len;

    if (!inside(*at, CENTRAL_SIZE, end) || !signed_as(p, central_signature))
        return broken(why, "its directory is damaged");
    name_len = bytes_u16(p + 28);
    extra_len = bytes_u16(p + 30);
    comment_len = bytes_u16(p + 32);
    if (!inside(*at + CENTRAL_SIZE, name_len + extra_len + comment_len, end))
        return broken(why, "its directory is damaged");
    f = (struct wide_fields){bytes_u32(p + 24), bytes_u32(p + 20),
                             bytes_u32(p + 42)};
    if (!read_extra64(p + CENTRAL_SIZE + name_len, extra_len, &f))
        return broken(why, "the sizes of an entry are missing");
    *e = (struct zip_entry){.name = {p + CENTRAL_SIZE, name_len},
                            .header = f.offset,
                            .packed = f.packed,
                            .size = f.size,
                            .crc = bytes_u32(p + 16),
                            .method = bytes_u16(p + 10)};
    *at += CENTRAL_SIZE + name_len + extra_len + comment_len;
    if (check_flags(bytes_u16(p + 8), why) < 0)
        return -1;
    if (e->method != ZIP_STORED && e->method != ZIP_DEFLATED)
        return issue_set(why, ISSUE_UNSUPPORTED,
                         "is packed by a method that workbooks do not use "
                         "(%u)",
                         e->method);
    if (e->method == ZIP_STORED && e->size != e->packed)
        return ambiguous(why, "a stored entry has two sizes");
    return check_local(zip, e, d->offset, why);
}

static int by_place(const void *a, const void *b)
{
    const struct zip_entry *x = a;
    const struct zip_entry *y = b;

    return (x->header > y->header) - (x->header < y->header);
}

/* One character of a name as names are compared. */
static int fold(char c)
{
    if (c == '\\')
        return '/';
    return c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : (unsigned char)c;
}

static struct slice without_slash(struct slice name)
{
    while (name.len > 0 && fold(*name.ptr) == '/') {
        name.ptr++;
        name.len--;
    }
    return name;
}

static int compare_names(struct slice a, struct slice b)
{
    a = without_slash(a);
    b = without_slash(b);
    for (size_t i = 0; i < a.len && i < b.len; i++) {
        int order = fold(a.ptr[i]) - fold(b.ptr[i]);

        if (order != 0)
            return order;
    }
    return (a.len > b.len) - (a.len < b.len);
}

static int by_name(const void *a, const void *b)
{
    const struct zip_entry *x = a;
    const struct zip_entry *y = b;

    return compare_names(x->name, y->name);
}

/* Leaves the entries sorted by name. */
static int check_all(struct zip *zip, struct issue *why)
{
    struct zip_entry *e = zip->entries;

    qsort(e, zip->count, sizeof(*e), by_place);
    for (size_t i = 1; i < zip->count; i++) {
        if (e[i].header < e[i - 1].data + e[i - 1].packed)
            return ambiguous(why, "entries of the archive overlap");
    }
    qsort(e, zip->count, sizeof(*e), by_name);
    for (size_t i = 1; i < zip->count; i++) {
        if (by_name(&e[i - 1], &e[i]) == 0)
            return issue_set(why, ISSUE_AMBIGUOUS,
                             "is refused: the archive holds \"%.*s\" twice",
                             (int)utf8_prefix(e[i].name, 100), e[i].name.ptr);
    }
    return 0;
}

int zip_open(struct zip *zip, const struct mapped_file *file, struct issue *why)
{
    struct directory d = {0};
    uint64_t at;

    *zip = (struct zip){.file = file};
    if (find_directory(file, &d, why) < 0)
        return -1;
    if (d.count > d.size / CENTRAL_SIZE)
        return broken(why, "its directory is damaged");
    zip->entries = calloc(d.count + 1, sizeof(*zip->entries));
    if (!zip->entries)
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    at = d.offset;
    while (zip->count < d.count) {
        if (read_entry(zip, &d, &at, &zip->entries[zip->count], why) < 0)
            goto fail;
        zip->count++;
    }
    if (at != d.offset + d.size) {
        ambiguous(why, "the archive's directory holds more than it says");
        goto fail;
    }
    if (check_all(zip, why) < 0)
        goto fail;
    return 0;
fail:
    zip_close(zip);
    return -1;
}

void zip_close(struct zip *zip)
{
    free(zip->entries);
    *zip = (struct zip){0};
}

const struct zip_entry *zip_find(const struct zip *zip, struct slice name)
{
    struct zip_entry key = {.name = name};

    if (zip->count == 0)
        return NULL;
    return bsearch(&key, zip->entries, zip->count, sizeof(key), by_name);
}
