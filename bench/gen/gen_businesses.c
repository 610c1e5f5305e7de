/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gen_businesses.c: a workbook of invented businesses, of any size, from a
 * seed.
 *
 *     gen_businesses --rows N [--seed S] [--inline] [--bad] [--csv] OUT
 *
 * The workbook has the parts, attributes and order that Excel writes, with
 * shared strings; --inline puts the texts into the sheet instead, as libraries
 * that stream do. --csv writes the same rows as CSV. The same arguments give
 * the same bytes.
 *
 * --bad makes 13 of the N rows bad, at places that depend on N alone, each for
 * a reason of its own (enum bad below); the CSV leaves these rows out.
 *
 * Memory: one row, and with shared strings every different text.
 */
#include <getopt.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "business.h"
#include "sluice_limits.h"
#include "string_pool.h"
#include "zip_write.h"

/* What is wrong with a row: the row codes of src/sluice/issue.h. */
enum bad {
    GOOD,
    TOO_FEW_COLUMNS, /* ends at column 4 */
    REQUIRED,        /* no name */
    ERROR_VALUE,     /* #N/A */
    NUL,             /* _x0000_ in a text */
    ENCODING,        /* half of a surrogate pair */
    STRING_INDEX,    /* a shared string that is not there */
    BAD_NUMBER,      /* 12a */
    BAD_BOOLEAN,     /* maybe */
    BAD_REFERENCE,   /* column XFE, one past the last there is */
    DUPLICATE_CELL,  /* column B twice */
    CELL_TYPE,       /* t="q" */
    TEXT_TOO_LONG,   /* one byte above the limit */
    EXTRA_VALUE,     /* in column L, which has no header */
    BAD_END
};

#define BAD_ROWS (BAD_END - 1)

struct options {
    uint64_t rows;
    uint64_t seed;
    bool inline_strings;
    bool bad;
    bool csv;
    const char *path;
};

/* A part being written; `used` bytes wait to be deflated. */
struct part {
    struct zip_write *zip;
    size_t used;
    char bytes[1 << 16];
};

struct sheet_maker {
    struct part part;
    struct string_pool pool;
    uint64_t references; /* cells that refer to the pool */
    bool inline_strings;
    bool has_bad;
    char *too_long; /* LIMIT_CELL_BYTES + 1 of 'x' */
};

/* The style of a cell: indexes into cellXfs of styles.xml below. */
enum { STYLE_PLAIN, STYLE_HEADER, STYLE_TEXT };

static void flush(struct part *p)
{
    zip_write(p->zip, p->bytes, p->used);
    p->used = 0;
}

static void put(struct part *p, const char *bytes, size_t size)
{
    if (size > sizeof(p->bytes) - p->used)
        flush(p);
    if (size > sizeof(p->bytes)) {
        zip_write(p->zip, bytes, size);
        return;
    }
    memcpy(p->bytes + p->used, bytes, size);
    p->used += size;
}

static void put_text(struct part *p, const char *text)
{
    put(p, text, strlen(text));
}

static void put_number(struct part *p, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    put(p, digits + at, sizeof(digits) - at);
}

static void put_escaped(struct part *p, const char *text, size_t size)
{
    size_t start = 0;

    for (size_t i = 0; i < size; i++) {
        const char *entity = text[i] == '&'   ? "&amp;"
                             : text[i] == '<' ? "&lt;"
                             : text[i] == '>' ? "&gt;"
                                              : NULL;

        if (!entity)
            continue;
        put(p, text + start, i - start);
        put_text(p, entity);
        start = i + 1;
    }
    put(p, text + start, size - start);
}

/* <t>...</t>; white space that XML would not keep is marked. */
static void put_t(struct part *p, const char *text, size_t size)
{
    bool keep = size > 0 && (text[0] == ' ' || text[size - 1] == ' ' ||
                             memchr(text, '\n', size));

    put_text(p, keep ? "<t xml:space=\"preserve\">" : "<t>");
    put_escaped(p, text, size);
    put_text(p, "</t>");
}

static void put_cell_start(struct part *p, const char *column, uint64_t row,
                           unsigned style)
{
    put_text(p, "<c r=\"");
    put_text(p, column);
    put_number(p, row);
    if (style != STYLE_PLAIN) {
        put_text(p, "\" s=\"");
        put_number(p, style);
    }
    put_text(p, "\"");
}

static void put_text_cell(struct sheet_maker *m, const char *column,
                          uint64_t row, unsigned style, const char *text,
                          size_t size)
{
    struct part *p = &m->part;

    put_cell_start(p, column, row, style);
    if (m->inline_strings) {
        put_text(p, " t=\"inlineStr\"><is>");
        put_t(p, text, size);
        put_text(p, "</is></c>");
        return;
    }
    put_text(p, " t=\"s\"><v>");
    put_number(p, string_pool_add(&m->pool, text, size));
    put_text(p, "</v></c>");
    m->references++;
}

static void put_raw_cell(struct sheet_maker *m, const char *column,
                         uint64_t row, const char *rest)
{
    put_cell_start(&m->part, column, row, STYLE_PLAIN);
    put_text(&m->part, rest);
}

/*
 * Writes what is wrong in this column; false when nothing is, or when the good
 * cell follows too.
 */
static bool put_bad_cell(struct sheet_maker *m, enum bad bad, int column,
                         uint64_t row)
{
    static const struct {
        int column;
        const char *name;
        const char *rest; /* NULL: no cell, or a text of its own below */
    } cells[BAD_END] = {
        [REQUIRED] = {BUSINESS_NAME, "A", NULL},
        [ERROR_VALUE] = {BUSINESS_EMAIL, "D", " t=\"e\"><v>#N/A</v></c>"},
        [NUL] = {BUSINESS_ADDRESS, "E", NULL},
        [ENCODING] = {BUSINESS_DESCRIPTION, "I", NULL},
        [STRING_INDEX] = {BUSINESS_CITY, "F", " t=\"s\"><v>4000000000</v></c>"},
        [BAD_NUMBER] = {BUSINESS_PHONE, "C", "><v>12a</v></c>"},
        [BAD_BOOLEAN] = {BUSINESS_COUNTRY, "G", " t=\"b\"><v>maybe</v></c>"},
        [BAD_REFERENCE] = {BUSINESS_DESCRIPTION, "XFE", "><v>1</v></c>"},
        [CELL_TYPE] = {BUSINESS_CATEGORY, "B", " t=\"q\"><v>1</v></c>"},
        [TEXT_TOO_LONG] = {BUSINESS_DESCRIPTION, "I", NULL},
    };

    if (bad == TOO_FEW_COLUMNS)
        return column >= 4;
    if (!cells[bad].name || cells[bad].column != column)
        return false;
    if (cells[bad].rest)
        put_raw_cell(m, cells[bad].name, row, cells[bad].rest);
    else if (bad == NUL)
        put_text_cell(m, "E", row, STYLE_PLAIN, "12 High_x0000_ Street", 21);
    else if (bad == ENCODING)
        put_text_cell(m, "I", row, STYLE_PLAIN, "Half a pair: _xD800_", 20);
    else if (bad == TEXT_TOO_LONG)
        put_text_cell(m, "I", row, STYLE_PLAIN, m->too_long,
                      LIMIT_CELL_BYTES + 1);
    return true;
}

static void put_row_start(struct part *p, uint64_t row, const char *spans)
{
    put_text(p, "<row r=\"");
    put_number(p, row);
    put_text(p, "\" spans=\"");
    put_text(p, spans);
    put_text(p, "\">");
}

static void put_row(struct sheet_maker *m, uint64_t row,
                    const struct business *b, enum bad bad)
{
    static const char *const names[] = {"A", "B", "C", "D", "E",
                                        "F", "G", "H", "I"};
    struct part *p = &m->part;

    put_row_start(p, row,
                  bad == TOO_FEW_COLUMNS ? "1:4"
                  : bad == EXTRA_VALUE   ? "1:12"
                                         : "1:9");
    for (int i = 0; i < BUSINESS_COLUMNS; i++) {
        const struct business_text *text = &b->columns[i];
        unsigned style = i == BUSINESS_PHONE ? STYLE_TEXT : STYLE_PLAIN;

        if (put_bad_cell(m, bad, i, row) || text->len == 0)
            continue;
        put_text_cell(m, names[i], row, style, text->ptr, text->len);
        if (bad == DUPLICATE_CELL && i == BUSINESS_CATEGORY)
            put_text_cell(m, names[i], row, style, "Twice", 5);
    }
    if (bad == EXTRA_VALUE)
        put_text_cell(m, "L", row, STYLE_PLAIN, "left over", 9);
    put_text(p, "</row>");
}

/*
 * The 13 bad rows lie evenly among the rows: the k-th (from 0) is in the middle
 * of the k-th thirteenth. `index` counts rows from 0, without the header.
 */
static enum bad bad_of_row(const struct options *o, uint64_t index)
{
    uint64_t k;

    if (!o->bad)
        return GOOD;
    k = (index * BAD_ROWS) / o->rows;
    for (uint64_t near = k > 0 ? k - 1 : 0; near <= k && near < BAD_ROWS;
         near++) {
        if ((2 * near + 1) * o->rows / (2 * BAD_ROWS) == index)
            return (enum bad)(near + 1);
    }
    return GOOD;
}

static void begin_part(struct part *p, const char *name)
{
    zip_write_begin(p->zip, name);
    put_text(p, "<?xml version=\"1.0\" encoding=\"UTF-8\" "
                "standalone=\"yes\"?>\r\n");
}

static void end_part(struct part *p)
{
    flush(p);
    zip_write_end(p->zip);
}

static void write_part(struct part *p, const char *name, const char *text)
{
    begin_part(p, name);
    put_text(p, text);
    end_part(p);
}

#define PACKAGE  "http://schemas.openxmlformats.org/package/2006/"
#define DOCUMENT "http://schemas.openxmlformats.org/officeDocument/2006/"
#define MAIN     "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
#define TYPE     "application/vnd.openxmlformats-officedocument.spreadsheetml."
#define XML_TYPE "application/vnd.openxmlformats-package.relationships+xml"

static void write_package(struct part *p, bool inline_strings)
{
    begin_part(p, "[Content_Types].xml");
    put_text(
        p,
        "<Types xmlns=\"" PACKAGE "content-types\">"
        "<Default Extension=\"rels\" ContentType=\"" XML_TYPE "\"/>"
        "<Default Extension=\"xml\" ContentType=\"application/xml\"/>"
        "<Override PartName=\"/xl/workbook.xml\" ContentType=\"" TYPE
        "sheet.main+xml\"/>"
        "<Override PartName=\"/xl/worksheets/sheet1.xml\" ContentType=\"" TYPE
        "worksheet+xml\"/>"
        "<Override PartName=\"/xl/styles.xml\" ContentType=\"" TYPE
        "styles+xml\"/>");
    if (!inline_strings)
        put_text(p, "<Override PartName=\"/xl/sharedStrings.xml\" "
                    "ContentType=\"" TYPE "sharedStrings+xml\"/>");
    put_text(p, "</Types>");
    end_part(p);
    write_part(p, "_rels/.rels",
               "<Relationships xmlns=\"" PACKAGE "relationships\">"
               "<Relationship Id=\"rId1\" Type=\"" DOCUMENT
               "relationships/officeDocument\" Target=\"xl/workbook.xml\"/>"
               "</Relationships>");
}

static void write_workbook(struct part *p, bool inline_strings)
{
    write_part(p, "xl/workbook.xml",
               "<workbook xmlns=\"" MAIN "\" xmlns:r=\"" DOCUMENT
               "relationships\"><fileVersion appName=\"xl\" "
               "lastEdited=\"7\" lowestEdited=\"7\" rupBuild=\"22228\"/>"
               "<workbookPr defaultThemeVersion=\"166925\"/><bookViews>"
               "<workbookView xWindow=\"0\" yWindow=\"0\" "
               "windowWidth=\"28800\" windowHeight=\"12300\"/></bookViews>"
               "<sheets><sheet name=\"Businesses\" sheetId=\"1\" "
               "r:id=\"rId1\"/></sheets><calcPr calcId=\"191029\"/>"
               "</workbook>");
    begin_part(p, "xl/_rels/workbook.xml.rels");
    put_text(p, "<Relationships xmlns=\"" PACKAGE "relationships\">"
                "<Relationship Id=\"rId1\" Type=\"" DOCUMENT
                "relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/>"
                "<Relationship Id=\"rId2\" Type=\"" DOCUMENT
                "relationships/styles\" Target=\"styles.xml\"/>");
    if (!inline_strings)
        put_text(
            p, "<Relationship Id=\"rId3\" Type=\"" DOCUMENT
               "relationships/sharedStrings\" Target=\"sharedStrings.xml\"/>");
    put_text(p, "</Relationships>");
    end_part(p);
}

static void write_styles(struct part *p)
{
    write_part(p, "xl/styles.xml",
               "<styleSheet xmlns=\"" MAIN "\"><fonts count=\"2\">"
               "<font><sz val=\"11\"/><name val=\"Calibri\"/>"
               "<family val=\"2\"/></font>"
               "<font><b/><sz val=\"11\"/><name val=\"Calibri\"/>"
               "<family val=\"2\"/></font></fonts>"
               "<fills count=\"2\"><fill><patternFill "
               "patternType=\"none\"/></fill><fill><patternFill "
               "patternType=\"gray125\"/></fill></fills>"
               "<borders count=\"1\"><border><left/><right/><top/><bottom/>"
               "<diagonal/></border></borders><cellStyleXfs count=\"1\">"
               "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" "
               "borderId=\"0\"/></cellStyleXfs><cellXfs count=\"3\">"
               "<xf numFmtId=\"0\" fontId=\"0\" fillId=\"0\" "
               "borderId=\"0\" xfId=\"0\"/>"
               "<xf numFmtId=\"0\" fontId=\"1\" fillId=\"0\" "
               "borderId=\"0\" xfId=\"0\" applyFont=\"1\"/>"
               "<xf numFmtId=\"49\" fontId=\"0\" fillId=\"0\" "
               "borderId=\"0\" xfId=\"0\" applyNumberFormat=\"1\"/>"
               "</cellXfs><cellStyles count=\"1\"><cellStyle "
               "name=\"Normal\" xfId=\"0\" builtinId=\"0\"/></cellStyles>"
               "</styleSheet>");
}

static void write_sheet_head(struct sheet_maker *m, uint64_t rows)
{
    struct part *p = &m->part;

    begin_part(p, "xl/worksheets/sheet1.xml");
    put_text(p, "<worksheet xmlns=\"" MAIN "\" xmlns:r=\"" DOCUMENT
                "relationships\"><dimension ref=\"A1:");
    put_text(p, m->has_bad ? "L" : "I");
    put_number(p, rows + 1);
    put_text(p, "\"/><sheetViews><sheetView tabSelected=\"1\" "
                "workbookViewId=\"0\"><pane ySplit=\"1\" "
                "topLeftCell=\"A2\" activePane=\"bottomLeft\" "
                "state=\"frozen\"/></sheetView></sheetViews>"
                "<sheetFormatPr defaultRowHeight=\"15\"/><cols>"
                "<col min=\"1\" max=\"1\" width=\"32\" customWidth=\"1\"/>"
                "<col min=\"3\" max=\"3\" width=\"18\" style=\"2\" "
                "customWidth=\"1\"/><col min=\"9\" max=\"9\" width=\"60\" "
                "customWidth=\"1\"/></cols><sheetData>");
    put_row_start(p, 1, "1:9");
    for (int i = 0; i < BUSINESS_COLUMNS; i++) {
        char column[2] = {(char)('A' + i), '\0'};

        put_text_cell(m, column, 1, STYLE_HEADER, business_header[i],
                      strlen(business_header[i]));
    }
    put_text(p, "</row>");
}

static void write_shared_strings(struct sheet_maker *m)
{
    struct part *p = &m->part;

    begin_part(p, "xl/sharedStrings.xml");
    put_text(p, "<sst xmlns=\"" MAIN "\" count=\"");
    put_number(p, m->references);
    put_text(p, "\" uniqueCount=\"");
    put_number(p, m->pool.count);
    put_text(p, "\">");
    for (uint32_t i = 0; i < m->pool.count; i++) {
        size_t size;
        const char *text = string_pool_get(&m->pool, i, &size);

        put_text(p, "<si>");
        put_t(p, text, size);
        put_text(p, "</si>");
    }
    put_text(p, "</sst>");
    end_part(p);
}

static void write_xlsx(const struct options *o)
{
    static struct sheet_maker m;
    struct zip_write zip;
    struct business b;

    m.part.zip = &zip;
    m.inline_strings = o->inline_strings;
    m.has_bad = o->bad;
    m.too_long = malloc(LIMIT_CELL_BYTES + 1);
    if (!m.too_long)
        die("out of memory");
    memset(m.too_long, 'x', LIMIT_CELL_BYTES + 1);
    string_pool_init(&m.pool);
    zip_write_open(&zip, o->path);
    write_package(&m.part, o->inline_strings);
    write_workbook(&m.part, o->inline_strings);
    write_sheet_head(&m, o->rows);
    for (uint64_t i = 0; i < o->rows; i++) {
        business_make(&b, o->seed, i);
        put_row(&m, i + 2, &b, bad_of_row(o, i));
    }
    put_text(&m.part, "</sheetData><pageMargins left=\"0.7\" right=\"0.7\" "
                      "top=\"0.75\" bottom=\"0.75\" header=\"0.3\" "
                      "footer=\"0.3\"/></worksheet>");
    end_part(&m.part);
    write_styles(&m.part);
    if (!o->inline_strings)
        write_shared_strings(&m);
    zip_write_close(&zip);
    string_pool_clear(&m.pool);
    free(m.too_long);
}

/* RFC 4180, but with bare newlines, as `\copy ... csv` takes it. */
static void put_csv(FILE *out, const char *text, size_t size)
{
    bool quote = false;

    for (size_t i = 0; i < size; i++)
        quote = quote || (text[i] != '\0' && strchr(",\"\r\n", text[i]));
    if (!quote) {
        fwrite(text, 1, size, out);
        return;
    }
    putc('"', out);
    for (size_t i = 0; i < size; i++) {
        if (text[i] == '"')
            putc('"', out);
        putc(text[i], out);
    }
    putc('"', out);
}

static void write_csv(const struct options *o)
{
    FILE *out = fopen(o->path, "wb");
    struct business b;

    if (!out)
        die("%s: cannot create", o->path);
    for (int i = 0; i < BUSINESS_COLUMNS; i++)
        fprintf(out, "%s%s", i > 0 ? "," : "", business_header[i]);
    putc('\n', out);
    for (uint64_t row = 0; row < o->rows; row++) {
        if (bad_of_row(o, row) != GOOD)
            continue;
        business_make(&b, o->seed, row);
        for (int i = 0; i < BUSINESS_COLUMNS; i++) {
            if (i > 0)
                putc(',', out);
            put_csv(out, b.columns[i].ptr, b.columns[i].len);
        }
        putc('\n', out);
    }
    if (ferror(out) || fclose(out) != 0)
        die("%s: cannot write", o->path);
}

static uint64_t number_option(const char *name, const char *text)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);

    if (*text < '0' || *text > '9' || *end != '\0')
        die("--%s: not a number: %s", name, text);
    return number;
}

static void parse_options(struct options *o, int argc, char **argv)
{
    static const struct option known[] = {
        {"rows", required_argument, NULL, 'r'},
        {"seed", required_argument, NULL, 's'},
        {"inline", no_argument, NULL, 'i'},
        {"bad", no_argument, NULL, 'b'},
        {"csv", no_argument, NULL, 'c'},
        {0},
    };
    int option;

    *o = (struct options){.seed = 1};
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (option == 'r')
            o->rows = number_option("rows", optarg);
        else if (option == 's')
            o->seed = number_option("seed", optarg);
        else if (option == 'i')
            o->inline_strings = true;
        else if (option == 'b')
            o->bad = true;
        else if (option == 'c')
            o->csv = true;
        else
            exit(2);
    }
    if (optind != argc - 1 || o->rows == 0)
        die("usage: gen_businesses --rows N [--seed S] [--inline] [--bad] "
            "[--csv] OUT");
    o->path = argv[optind];
    if (!o->csv && o->rows > LIMIT_SHEET_ROWS - 1)
        die("a sheet has room for %u rows below its header",
            LIMIT_SHEET_ROWS - 1);
    if (o->bad && o->rows < BAD_ROWS)
        die("--bad needs at least %d rows", BAD_ROWS);
}

int main(int argc, char **argv)
{
    struct options o;

    parse_options(&o, argc, argv);
    if (o.csv)
        write_csv(&o);
    else
        write_xlsx(&o);
    return 0;
}
