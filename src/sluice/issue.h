/* SPDX-License-Identifier: Apache-2.0 */
/*
 * issue.h: what is wrong, and where.
 *
 * One record serves the two kinds of trouble an import meets. A file or a
 * database that cannot be used ends the run: the issue is its error message. A
 * row that cannot be loaded is a result: the issue is its line in the rejects
 * report. Parsers, converters and sinks fill issues; they never print.
 */
#ifndef SLUICE_ISSUE_H
#define SLUICE_ISSUE_H

#include <stdint.h>

#include "text.h"

/*
 * Each code has one short stable name (issue_code_name), which reports and
 * programs may rely on. Row codes first: they reject a row. Then codes that end
 * an import.
 */
enum issue_code {
    ISSUE_NONE = 0,

    /* A row is rejected: what its cells say. */
    ISSUE_TOO_FEW_COLUMNS, /* ends before a column that is required */
    ISSUE_EXTRA_VALUE,     /* a value in a column that has no header */
    ISSUE_REQUIRED,        /* empty where the table says NOT NULL */
    ISSUE_ERROR_VALUE,     /* #N/A, #DIV/0! and their kind */
    ISSUE_NUL,             /* U+0000 in text */
    ISSUE_ENCODING,        /* not UTF-8, or a lone surrogate */
    ISSUE_STRING_INDEX,    /* shared-string index out of range */
    ISSUE_BAD_NUMBER,      /* a numeric cell that holds no number */
    ISSUE_BAD_BOOLEAN,     /* a boolean cell that holds neither 0 nor 1 */
    ISSUE_BAD_REFERENCE,   /* "XFE1", "A0", a reference into another row */
    ISSUE_DUPLICATE_CELL,  /* the same column twice in one row */
    ISSUE_CELL_TYPE,       /* a cell type that is not known */
    ISSUE_QUOTE,           /* text between a closing quote and a separator */
    ISSUE_TEXT_TOO_LONG,   /* above sluice_limits.h, or above varchar(n) */
    ISSUE_CONVERT,         /* does not convert to the column's type */
    ISSUE_OUT_OF_RANGE,    /* converts, but does not fit the column */
    ISSUE_REFUSED,         /* the database refused the row: constraint, ... */

    /* The import ends. */
    ISSUE_NOT_FOUND,       /* no such file, sheet, column */
    ISSUE_IO,              /* reading or writing a file failed */
    ISSUE_FORMAT,          /* not a workbook, not well-formed */
    ISSUE_TRUNCATED,       /* ends before its end */
    ISSUE_CHECKSUM,        /* CRC-32 or size differs */
    ISSUE_ENCRYPTED,       /* password protected */
    ISSUE_UNSUPPORTED,     /* well-formed, but not read: .xlsb, method 14 */
    ISSUE_DTD,             /* a DOCTYPE in an XML part */
    ISSUE_LIMIT,           /* a limit of sluice_limits.h was met */
    ISSUE_AMBIGUOUS,       /* two answers are possible: duplicate entries */
    ISSUE_MAPPING,         /* headers and table do not meet */
    ISSUE_USAGE,           /* options that contradict each other */
    ISSUE_CONNECT,         /* no connection, or it was refused */
    ISSUE_CONNECTION_LOST, /* it died under way */
    ISSUE_PERMISSION,      /* the database forbids it */
    ISSUE_DATABASE,        /* any other error of the database */
    ISSUE_CANCELED,        /* somebody asked to stop */
    ISSUE_MEMORY           /* out of memory */
};

#define ISSUE_TEXT_MAX  480
#define ISSUE_SHEET_MAX 128
#define ISSUE_VALUE_MAX 200

/*
 * `text` is one clause without place, capital or full stop, such as "has 3
 * columns, 9 are needed"; issue_format puts the place in front. Rows count as
 * the sheet shows them (header = 1), columns from 1; 0 means "no such place".
 */
struct issue {
    enum issue_code code;
    uint64_t row;
    uint32_t column;
    char sheet[ISSUE_SHEET_MAX]; /* or the part inside the archive; may be "" */
    char header[64];             /* name of the column; may be "" */
    char value[ISSUE_VALUE_MAX]; /* the offending value, cut; may be "" */
    char text[ISSUE_TEXT_MAX];
};

/*
 * Sets code and text (printf), clears the place. Longer text is cut on a
 * character's edge. Returns -1, so that `return issue_set(...)` reads well.
 */
int issue_set(struct issue *issue, enum issue_code code, const char *format,
              ...) __attribute__((format(printf, 3, 4)));

/* Copies a value into issue->value, cut; control characters become '?'. */
void issue_value(struct issue *issue, struct slice value);

/*
 * One line: "FILE: sheet "S", row 7, cell C7 ("phone"): TEXT: "VALUE"". Parts
 * that are not known are left out; `file` may be NULL. Returns the length.
 */
size_t issue_format(const struct issue *issue, const char *file, char *out,
                    size_t size);

/* "too_few_columns", ...; never NULL. */
const char *issue_code_name(enum issue_code code);

/* True for the codes that reject a row, false for those that end the import. */
bool issue_is_row(enum issue_code code);

#endif
