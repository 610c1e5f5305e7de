/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv.c: delimited text, 64 bytes at a time.
 *
 * Most bytes of such a file are plain text, so the work is to find the few that
 * are not. A block of 64 bytes is compared with the separator, the quote, CR
 * and LF at once; the result is a word with a bit for each byte, a `mark`.
 * Records and fields are read by going from mark to mark, each exactly once and
 * in order; the bytes between two marks are never looked at one by one.
 *
 * The same pass tells blocks that hold nothing but ASCII without NUL. Only
 * records that touch another block are checked for encoding and NUL, first as a
 * whole, then field by field if there is something to find.
 *
 * Invariant between records: every mark before `next` is consumed and none at
 * or after it, and `block` <= `next` <= `block` + 64.
 */
#include "read/csv.h"

#include <stdlib.h>
#include <string.h>

#include "sluice_limits.h"

/* CSV_PORTABLE is for the test of the code for other processors. */
#if defined(__SSE2__) && !defined(CSV_PORTABLE)
#include <emmintrin.h>
#define USE_SSE2 1
#else
#define USE_SSE2 0
#endif

#define BLOCK 64

/* Enough to tell text from the rest, and for a few hundred usual records. */
#define HEAD_BYTES    ((size_t)64 * 1024)
/* Records that the separator is sniffed from. */
#define SNIFF_RECORDS 64

/*
 * In the place of a separator where there is none: a quote is a mark already,
 * and never ends a field.
 */
#define NO_SEPARATOR '"'

struct csv {
    const char *ptr;
    size_t len;
    size_t first;    /* the first record's offset: behind the mark */
    size_t next;     /* the next record's offset */
    uint64_t number; /* of the last record */
    char separator;

    size_t block;   /* the offset of the block whose marks these are */
    uint64_t marks; /* those not consumed yet */
    bool unusual;   /* the block holds a byte that is not ASCII, or NUL */
    bool suspect;   /* a block since the record's begin was unusual */

    struct cell *cells;
    uint32_t room;
    char *scratch; /* unescaped texts of one record */
    size_t scratch_size;
};

/* A field as it stands: [begin, end) is its text, between quotes if quoted. */
struct field {
    size_t begin;
    size_t end;
    size_t stop;    /* its separator or line end, or the end of all */
    size_t doubled; /* quotes that are written twice in it */
    bool stray;     /* text stands behind its closing quote */
};

#if USE_SSE2
/* Marks of the 64 bytes at `p`; *unusual tells bytes >= 0x80, and NUL. */
static uint64_t find_marks(const char *p, char separator, bool *unusual)
{
    const __m128i separators = _mm_set1_epi8(separator);
    const __m128i quotes = _mm_set1_epi8('"');
    const __m128i returns = _mm_set1_epi8('\r');
    const __m128i feeds = _mm_set1_epi8('\n');
    __m128i odd = _mm_setzero_si128();
    uint64_t marks = 0;

    for (int i = 0; i < BLOCK; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(p + i));
        __m128i cut = _mm_or_si128(_mm_cmpeq_epi8(v, separators),
                                   _mm_cmpeq_epi8(v, quotes));
        __m128i end =
            _mm_or_si128(_mm_cmpeq_epi8(v, returns), _mm_cmpeq_epi8(v, feeds));
        __m128i nul = _mm_cmpeq_epi8(v, _mm_setzero_si128());

        marks |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_or_si128(cut, end))
                 << i;
        odd = _mm_or_si128(odd, _mm_or_si128(v, nul));
    }
    *unusual = _mm_movemask_epi8(odd) != 0;
    return marks;
}
#else
#define EACH_BYTE(byte) (UINT64_C(0x0101010101010101) * (unsigned char)(byte))

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "the first byte of a word is its lowest");

/* 0x80 in each byte of the word that is zero, 0 in all others. */
static uint64_t zero_bytes(uint64_t word)
{
    const uint64_t low = EACH_BYTE(0x7f);

    return ~(((word & low) + low) | word | low);
}

/* As above, eight bytes to a step. */
static uint64_t find_marks(const char *p, char separator, bool *unusual)
{
    uint64_t odd = 0;
    uint64_t marks = 0;

    for (int i = 0; i < BLOCK; i += 8) {
        uint64_t word;
        uint64_t hits;

        memcpy(&word, p + i, sizeof(word));
        hits = zero_bytes(word ^ EACH_BYTE(separator)) |
               zero_bytes(word ^ EACH_BYTE('"')) |
               zero_bytes(word ^ EACH_BYTE('\r')) |
               zero_bytes(word ^ EACH_BYTE('\n'));
        /* The product moves bit 8k to bit 56 + k, for each byte k. */
        hits = (hits >> 7) * UINT64_C(0x0102040810204080) >> 56;
        marks |= hits << i;
        odd |= word | zero_bytes(word);
    }
    *unusual = (odd & EACH_BYTE(0x80)) != 0;
    return marks;
}
#endif

static void load_block(struct csv *csv, size_t at)
{
    size_t n = csv->len - at;
    char tail[BLOCK];

    csv->block = at;
    if (n >= BLOCK) {
        csv->marks = find_marks(csv->ptr + at, csv->separator, &csv->unusual);
    } else {
        /* Spaces are never marks, and usual. */
        memset(tail, ' ', sizeof(tail));
        memcpy(tail, csv->ptr + at, n);
        csv->marks = find_marks(tail, csv->separator, &csv->unusual);
    }
    csv->suspect |= csv->unusual;
}

/* The offset of the next mark, which is consumed; csv->len if there is none. */
static inline size_t next_mark(struct csv *csv)
{
    size_t at;

    while (csv->marks == 0) {
        if (csv->len - csv->block <= BLOCK)
            return csv->len;
        load_block(csv, csv->block + BLOCK);
    }
    at = csv->block + (size_t)__builtin_ctzll(csv->marks);
    csv->marks &= csv->marks - 1;
    return at;
}

static bool is_at(const struct csv *csv, size_t at, char c)
{
    return at < csv->len && csv->ptr[at] == c;
}

/* The next separator or line end; quotes on the way are text. */
static inline size_t next_stop(struct csv *csv)
{
    size_t at = next_mark(csv);

    while (is_at(csv, at, '"'))
        at = next_mark(csv);
    return at;
}

/* Reads the field whose opening quote is at `at`; false if it has no end. */
static bool read_quoted(struct csv *csv, size_t at, struct field *field)
{
    size_t close = next_mark(csv); /* the opening quote itself */

    *field = (struct field){.begin = at + 1};
    for (;;) {
        do {
            close = next_mark(csv);
            if (close == csv->len)
                return false;
        } while (csv->ptr[close] != '"');
        if (!is_at(csv, close + 1, '"'))
            break;
        next_mark(csv);
        field->doubled++;
    }
    field->end = close;
    field->stop = next_stop(csv);
    field->stray = field->stop != close + 1;
    return true;
}

static bool grow_cells(struct csv *csv)
{
    uint32_t room = csv->room ? csv->room * 2 : 64;
    struct cell *cells = realloc(csv->cells, room * sizeof(*cells));

    if (!cells)
        return false;
    csv->cells = cells;
    csv->room = room;
    return true;
}

/* Makes a cell bad; its text is the field as it is written. */
static void spoil(struct cell *cell, enum issue_code code, struct slice raw)
{
    cell->kind = CELL_BAD;
    cell->bad = (uint8_t)code;
    cell->lasting = true;
    cell->text.ptr = raw.ptr;
    cell->text.len = utf8_prefix(raw, LIMIT_CELL_BYTES);
}

static void put_cell(const struct csv *csv, struct cell *cell, uint32_t column,
                     const struct field *field)
{
    size_t len = field->end - field->begin;
    struct slice text = {csv->ptr + field->begin, len};

    cell->column = column;
    cell->kind = CELL_TEXT;
    cell->bad = ISSUE_NONE;
    cell->lasting = field->doubled == 0;
    cell->text = text;
    if (field->stray) {
        text.ptr--;
        text.len = field->stop - field->begin + 1;
        spoil(cell, ISSUE_QUOTE, text);
    } else if (len - field->doubled > LIMIT_CELL_BYTES) {
        spoil(cell, ISSUE_TEXT_TOO_LONG, text);
    }
}

/* Finds what is not UTF-8, and NUL, in a record that may have either. */
static void check_text(struct csv *csv, struct cell_row *row, size_t end)
{
    struct slice record = {csv->ptr + csv->next, end - csv->next};

    if (utf8_check(record) == record.len && !memchr(record.ptr, 0, record.len))
        return;
    for (uint32_t i = 0; i < row->count; i++) {
        struct cell *cell = &row->cells[i];

        if (cell->kind == CELL_BAD)
            continue;
        if (utf8_check(cell->text) < cell->text.len)
            spoil(cell, ISSUE_ENCODING, cell->text);
        else if (memchr(cell->text.ptr, 0, cell->text.len))
            spoil(cell, ISSUE_NUL, cell->text);
    }
}

/* Copies `text`, in which each quote is doubled, with single quotes. */
static size_t unescape(struct slice text, char *out)
{
    const char *p = text.ptr;
    const char *end = text.ptr + text.len;
    size_t used = 0;

    while (p < end) {
        const char *quote = memchr(p, '"', (size_t)(end - p));
        size_t n = (size_t)((quote ? quote + 1 : end) - p);

        memcpy(out + used, p, n);
        used += n;
        p += quote ? n + 1 : n;
    }
    return used;
}

/*
 * Unescapes the record's texts with doubled quotes, `size` bytes as they are
 * written. What would go past LIMIT_ROW_BYTES is too long.
 */
static bool unescape_row(struct csv *csv, struct cell_row *row, size_t size)
{
    size_t used = 0;

    if (size > LIMIT_ROW_BYTES)
        size = LIMIT_ROW_BYTES;
    if (size > csv->scratch_size) {
        size_t want = size < 4096 ? 4096 : size + size / 2;

        free(csv->scratch);
        csv->scratch = malloc(want);
        csv->scratch_size = csv->scratch ? want : 0;
        if (!csv->scratch)
            return false;
    }
    for (uint32_t i = 0; i < row->count; i++) {
        struct cell *cell = &row->cells[i];
        char *out = csv->scratch + used;

        if (cell->lasting)
            continue;
        if (cell->text.len > size - used) {
            spoil(cell, ISSUE_TEXT_TOO_LONG, cell->text);
            continue;
        }
        cell->text.len = unescape(cell->text, out);
        cell->text.ptr = out;
        used += cell->text.len;
    }
    return true;
}

/* Goes back to the record's begin and says in *why where that is. */
static int refuse(struct csv *csv, struct issue *why, uint32_t column)
{
    load_block(csv, csv->next);
    why->row = csv->number + 1;
    why->column = column;
    return -1;
}

/* Reads the record at csv->next, which is no empty line. */
static int read_record(struct csv *csv, struct cell_row *row, struct issue *why)
{
    struct cell_row record = {.number = csv->number + 1};
    size_t at = csv->next;
    size_t escaped = 0;
    struct field field;

    csv->suspect = csv->unusual;
    do {
        if (record.last == LIMIT_SHEET_COLUMNS) {
            issue_set(why, ISSUE_LIMIT, "has more than %u columns",
                      LIMIT_SHEET_COLUMNS);
            return refuse(csv, why, 0);
        }
        record.last++;
        if (record.count == csv->room && !grow_cells(csv)) {
            issue_set(why, ISSUE_MEMORY, "out of memory");
            return refuse(csv, why, 0);
        }
        if (!is_at(csv, at, '"')) {
            field = (struct field){.begin = at};
            field.end = field.stop = next_stop(csv);
        } else if (!read_quoted(csv, at, &field)) {
            issue_set(why, ISSUE_FORMAT,
                      "a quote is opened here and never closed");
            return refuse(csv, why, record.last);
        }
        if (field.end > field.begin || field.stray) {
            struct cell *cell = &csv->cells[record.count++];

            put_cell(csv, cell, record.last, &field);
            if (!cell->lasting)
                escaped += cell->text.len;
        }
        at = field.stop + 1;
    } while (is_at(csv, field.stop, csv->separator));

    record.cells = csv->cells;
    if (csv->suspect)
        check_text(csv, &record, field.stop);
    if (escaped > 0 && !unescape_row(csv, &record, escaped)) {
        issue_set(why, ISSUE_MEMORY, "out of memory");
        return refuse(csv, why, 0);
    }
    if (is_at(csv, field.stop, '\r') && is_at(csv, at, '\n'))
        at = next_mark(csv) + 1;
    csv->next = at < csv->len ? at : csv->len;
    csv->number++;
    *row = record;
    return 0;
}

/* Goes past empty lines; false at the end. */
static bool find_record(struct csv *csv)
{
    while (is_at(csv, csv->next, '\n') || is_at(csv, csv->next, '\r'))
        csv->next = next_mark(csv) + 1;
    return csv->next < csv->len;
}

int csv_next(struct csv *csv, struct cell_row *row, struct issue *why)
{
    struct cell_row record;

    do {
        if (!find_record(csv))
            return 0;
        if (read_record(csv, &record, why) < 0)
            return -1;
    } while (record.count == 0);
    *row = record;
    return 1;
}

static void start(struct csv *csv, char separator)
{
    csv->separator = separator;
    csv->next = csv->first;
    csv->number = 0;
    load_block(csv, csv->first);
}

/* How well a separator cuts the first records. */
struct fit {
    uint32_t records;
    uint32_t cut;     /* records of two columns or more */
    uint32_t even;    /* those with the number of columns that most have */
    uint32_t columns; /* that number */
    uint32_t odd;     /* records with a quote that is out of place */
};

static struct fit fit_of(const uint32_t *columns, uint32_t count)
{
    struct fit fit = {.records = count};

    for (uint32_t i = 0; i < count; i++) {
        uint32_t same = 0;

        if (columns[i] < 2)
            continue;
        fit.cut++;
        for (uint32_t j = 0; j < count; j++)
            same += columns[j] == columns[i];
        if (same > fit.even || (same == fit.even && columns[i] > fit.columns)) {
            fit.even = same;
            fit.columns = columns[i];
        }
    }
    return fit;
}

/*
 * A quote in the middle of a field, or text behind a closing one: what the wrong
 * separator makes of quoted fields. Quoted text that lasts has no quote in it.
 */
static bool has_odd_quote(const struct cell_row *row)
{
    for (uint32_t i = 0; i < row->count; i++) {
        const struct cell *cell = &row->cells[i];

        if (cell->bad == ISSUE_QUOTE ||
            (cell->lasting && memchr(cell->text.ptr, '"', cell->text.len)))
            return true;
    }
    return false;
}

/*
 * Reads the first records with csv->separator. The last one of a text that goes
 * on is not counted, because it may be cut short, unless it is the only one.
 */
static struct fit try_separator(struct csv *csv, bool goes_on)
{
    uint32_t columns[SNIFF_RECORDS];
    uint32_t count = 0;
    uint32_t odd = 0;
    struct cell_row row;
    struct issue why;
    struct fit fit;

    while (count < SNIFF_RECORDS && find_record(csv)) {
        if (read_record(csv, &row, &why) < 0) {
            /* An open quote stands behind a separator, or begins it all. */
            if (count == 0)
                columns[count++] = 2;
            break;
        }
        if (goes_on && csv->next == csv->len && count > 0)
            break;
        columns[count++] = row.last;
        odd += has_odd_quote(&row);
    }
    fit = fit_of(columns, count);
    fit.odd = odd;
    return fit;
}

/* The greater of a / of_a and b / of_b: 1, 0 if they are equal, -1. */
static int compare_parts(uint32_t a, uint32_t of_a, uint32_t b, uint32_t of_b)
{
    uint64_t left = (uint64_t)a * of_b;
    uint64_t right = (uint64_t)b * of_a;

    return (left > right) - (left < right);
}

static bool is_better(const struct fit *a, const struct fit *b)
{
    int order;

    if (a->even == 0 || a->cut * 2 < a->records)
        return false;
    if (b->even == 0)
        return true;
    order = compare_parts(b->odd, b->records, a->odd, a->records);
    if (order == 0)
        order = compare_parts(a->even, a->records, b->even, b->records);
    return order > 0 || (order == 0 && a->columns > b->columns);
}

/*
 * The separator that leaves fewest quotes out of place; then the one for which
 * most records have the same number of columns, two or more; then the one with
 * more columns; then the more usual one. One that leaves most records whole is
 * none: a list of sentences is a single column, although some of them have
 * commas.
 */
static char sniff(struct csv *csv)
{
    static const char candidates[] = {',', ';', '\t', '|'};
    const size_t len = csv->len;
    struct fit best = {0};
    char separator = NO_SEPARATOR;

    if (csv->len > csv->first + HEAD_BYTES)
        csv->len = csv->first + HEAD_BYTES;
    for (size_t i = 0; i < sizeof(candidates); i++) {
        struct fit fit;

        start(csv, candidates[i]);
        fit = try_separator(csv, csv->len < len);
        if (is_better(&fit, &best)) {
            best = fit;
            separator = candidates[i];
        }
    }
    csv->len = len;
    return separator;
}

static bool starts_with(struct slice s, struct slice prefix)
{
    return s.len >= prefix.len && memcmp(s.ptr, prefix.ptr, prefix.len) == 0;
}

/* "UTF-16" or "UTF-32" if the text says so by its mark; NULL otherwise. */
static const char *wide_encoding(struct slice bytes)
{
    if (starts_with(bytes, SLICE("\xff\xfe\0\0")) ||
        starts_with(bytes, SLICE("\0\0\xfe\xff")))
        return "UTF-32";
    if (starts_with(bytes, SLICE("\xff\xfe")) ||
        starts_with(bytes, SLICE("\xfe\xff")))
        return "UTF-16";
    return NULL;
}

/*
 * Text has hardly any control characters but white space; every ninth byte of
 * what is compressed is one, and most numbers in binary have several. A few are
 * allowed in any text: a NUL costs its row, not the file.
 */
bool csv_looks_like_text(struct slice head)
{
    size_t n = head.len < HEAD_BYTES ? head.len : HEAD_BYTES;
    size_t controls = 0;

    if (wide_encoding(head))
        return true;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)head.ptr[i];

        controls += c < 0x20 && (c < '\t' || c > '\r');
    }
    return controls <= 4 + n / 50;
}

int csv_open(struct csv **csv, struct slice bytes, char separator,
             struct issue *why)
{
    const char *wide = wide_encoding(bytes);
    struct csv *c;

    if (wide)
        return issue_set(why, ISSUE_UNSUPPORTED,
                         "is %s; save it as UTF-8 (CSV UTF-8)", wide);
    if (!csv_looks_like_text(bytes))
        return issue_set(why, ISSUE_FORMAT, "is neither a workbook nor text");
    if (separator != 0 && !memchr(",;\t|", separator, 4))
        return issue_set(why, ISSUE_USAGE,
                         "a separator is a comma, a semicolon, a tab or |");
    c = calloc(1, sizeof(*c));
    if (!c)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    c->ptr = bytes.len > 0 ? bytes.ptr : "";
    c->len = bytes.len;
    c->first = starts_with(bytes, SLICE("\xef\xbb\xbf")) ? 3 : 0;
    start(c, separator ? separator : sniff(c));
    *csv = c;
    return 0;
}

void csv_close(struct csv *csv)
{
    if (!csv)
        return;
    free(csv->cells);
    free(csv->scratch);
    free(csv);
}

char csv_separator(const struct csv *csv)
{
    return csv->separator == NO_SEPARATOR ? 0 : csv->separator;
}

uint64_t csv_position(const struct csv *csv)
{
    return csv->next;
}
