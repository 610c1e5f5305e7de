/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_workbook.c: any bytes, opened as a spreadsheet and read to the end.
 *
 * What must hold of everything that the reader says is checked here: rows and
 * columns ascend, numbers are finite, texts are UTF-8 without NUL, reasons are
 * reasons. Checksums stop nearly every mutation of an archive at its door, so
 * bytes that begin with '<' are taken as the sheet of a workbook made around
 * them, those that begin with '[' as its shared strings, and those that begin
 * with '{' as its styles.
 *
 * Built by clang with -Dfuzz=true this is a libFuzzer target; otherwise a
 * program that replays the files it is given.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "read/read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}

static void check_text(struct slice text)
{
    check(text.len > 0, "no text is empty");
    check(utf8_check(text) == text.len, "texts are UTF-8");
    check(!memchr(text.ptr, '\0', text.len), "texts hold no NUL");
}

static void check_row(const struct cell_row *row, uint64_t number_before)
{
    uint32_t column = 0;

    check(row->number > number_before, "rows ascend");
    check(row->count > 0, "rows without cells are skipped");
    for (uint32_t i = 0; i < row->count; i++) {
        const struct cell *c = &row->cells[i];

        check(c->column > column, "columns ascend");
        column = c->column;
        check(c->kind != CELL_NUMBER || isfinite(c->number), "finite numbers");
        check(c->kind == CELL_BAD || c->bad == ISSUE_NONE,
              "good cells have no reason");
        check(c->kind != CELL_BAD || issue_is_row((enum issue_code)c->bad),
              "bad cells have one");
        if (c->kind == CELL_TEXT)
            check_text(c->text);
        check(c->kind <= CELL_BAD, "kinds are kinds");
    }
}

static void check_issue(const struct issue *why)
{
    char line[1024];

    check(why->code > ISSUE_NONE && why->code <= ISSUE_MEMORY &&
              !issue_is_row(why->code),
          "errors name a code that ends an import");
    check(why->text[0] != '\0', "errors say something");
    issue_format(why, "x", line, sizeof(line));
}

static void read_sheet(struct workbook *book, size_t index)
{
    struct sheet *sheet;
    struct cell_row row;
    struct issue why;
    uint64_t before = 0;
    int got;

    if (sheet_open(&sheet, book, index, &why) < 0) {
        check_issue(&why);
        return;
    }
    while ((got = sheet_next(sheet, &row, &why)) > 0) {
        check_row(&row, before);
        before = row.number;
        check(sheet_position(sheet) <= sheet_size(sheet), "progress ends");
    }
    if (got < 0)
        check_issue(&why);
    sheet_close(sheet);
}

static void read_book(const char *path)
{
    struct workbook *book;
    struct issue why;

    if (workbook_open(&book, path, NULL, &why) < 0) {
        check_issue(&why);
        return;
    }
    for (size_t i = 0; i < workbook_sheet_count(book); i++)
        read_sheet(book, i);
    workbook_free(book);
}

/* ---- a stored archive around one part ---- */

struct archive {
    unsigned char *bytes;
    size_t len;
    unsigned char directory[4096];
    size_t directory_len;
    unsigned count;
};

static unsigned crc_of(const unsigned char *p, size_t n)
{
    unsigned crc = ~0u;

    for (size_t i = 0; i < n; i++) {
        crc ^= p[i];
        for (int k = 0; k < 8; k++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static void put(unsigned char **p, unsigned long n, int bytes)
{
    for (int i = 0; i < bytes; i++, n >>= 8)
        *(*p)++ = (unsigned char)n;
}

/* What the two headers of an entry have in common. */
static void put_common(unsigned char **p, const char *name, unsigned crc,
                       size_t size)
{
    put(p, 20, 2);
    put(p, 0, 8);
    put(p, crc, 4);
    put(p, size, 4);
    put(p, size, 4);
    put(p, strlen(name), 2);
}

static void add(struct archive *a, const char *name, const void *data,
                size_t size)
{
    unsigned crc = crc_of(data, size);
    unsigned char *p = a->bytes + a->len;
    unsigned char *d = a->directory + a->directory_len;
    size_t at = a->len;

    put(&p, 0x04034b50, 4);
    put_common(&p, name, crc, size);
    put(&p, 0, 2);
    memcpy(p, name, strlen(name));
    p += strlen(name);
    memcpy(p, data, size);
    a->len = (size_t)(p - a->bytes) + size;

    put(&d, 0x02014b50, 4);
    put(&d, 20, 2);
    put_common(&d, name, crc, size);
    put(&d, 0, 12);
    put(&d, at, 4);
    memcpy(d, name, strlen(name));
    a->directory_len = (size_t)(d - a->directory) + strlen(name);
    a->count++;
}

static void finish(struct archive *a)
{
    unsigned char *p = a->bytes + a->len;

    memcpy(p, a->directory, a->directory_len);
    p += a->directory_len;
    put(&p, 0x06054b50, 4);
    put(&p, 0, 4);
    put(&p, a->count, 2);
    put(&p, a->count, 2);
    put(&p, a->directory_len, 4);
    put(&p, a->len, 4);
    put(&p, 0, 2);
    a->len = (size_t)(p - a->bytes);
}

#define MAIN  "\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define TYPES "http://schemas.openxmlformats.org/officeDocument/2006/"

static const char workbook_part[] =
    "<workbook xmlns=" MAIN " xmlns:r=\"" TYPES "relationships\"><sheets>"
    "<sheet name=\"S\" r:id=\"r1\"/></sheets></workbook>";
static const char relations_part[] =
    "<Relationships>"
    "<Relationship Id=\"r1\" Type=\"/worksheet\" Target=\"a\"/>"
    "<Relationship Id=\"r2\" Type=\"/sharedStrings\" Target=\"b\"/>"
    "<Relationship Id=\"r3\" Type=\"/styles\" Target=\"c\"/>"
    "</Relationships>";
static const char sheet_part[] =
    "<worksheet xmlns=" MAIN "><sheetData><row><c t=\"s\"><v>0</v></c>"
    "<c t=\"s\"><v>1</v></c><c s=\"1\"><v>44197.5</v></c></row></sheetData>"
    "</worksheet>";
static const char strings_part[] =
    "<sst xmlns=" MAIN "><si><t>x</t></si></sst>";
static const char styles_part[] =
    "<styleSheet xmlns=" MAIN "><cellXfs><xf/><xf numFmtId=\"22\"/></cellXfs>"
    "</styleSheet>";

static void add_part(struct archive *a, const char *name, const char *part,
                     const uint8_t *instead, size_t size)
{
    if (instead)
        add(a, name, instead, size);
    else
        add(a, name, part, strlen(part));
}

/* The bytes that are read: the input, or a workbook around it. */
static struct archive wrap(const uint8_t *data, size_t size)
{
    struct archive a = {0};
    char mark = size > 0 ? (char)data[0] : '\0';
    size_t skip = mark == '<' ? 0 : 1;

    a.bytes = malloc(size + 8192);
    check(a.bytes != NULL, "there is memory");
    if (mark != '<' && mark != '[' && mark != '{') {
        if (size > 0)
            memcpy(a.bytes, data, size);
        a.len = size;
        return a;
    }
    data += skip;
    size -= skip;
    add_part(&a, "xl/workbook.xml", workbook_part, NULL, 0);
    add_part(&a, "xl/_rels/workbook.xml.rels", relations_part, NULL, 0);
    add_part(&a, "xl/a", sheet_part, mark == '<' ? data : NULL, size);
    add_part(&a, "xl/b", strings_part, mark == '[' ? data : NULL, size);
    add_part(&a, "xl/c", styles_part, mark == '{' ? data : NULL, size);
    finish(&a);
    return a;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct archive a = wrap(data, size);
    int fd = memfd_create("workbook", MFD_CLOEXEC);
    char path[40];

    check(fd >= 0, "there is a descriptor");
    check(write(fd, a.bytes, a.len) == (ssize_t)a.len, "the file is written");
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    read_book(path);
    close(fd);
    free(a.bytes);
    return 0;
}

#ifndef SLUICE_LIBFUZZER

static void replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data;
    long size;

    check(file && fseek(file, 0, SEEK_END) == 0, "the input is a file");
    size = ftell(file);
    rewind(file);
    data = malloc((size_t)size + 1);
    check(size >= 0 && data, "the input fits into memory");
    check(fread(data, 1, (size_t)size, file) == (size_t)size, "it is read");
    fclose(file);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%d inputs replayed\n", argc - 1);
    return 0;
}

#endif
