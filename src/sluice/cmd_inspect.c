/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_inspect.c: `sluice inspect`: what is in a spreadsheet? Writes nothing.
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "read/choose.h"
#include "report/cells.h"
#include "report/figures.h"
#include "shape/celltext.h"
#include "shape/identifier.h"
#include "shape/infer.h"

/* Rows shown below the header, and characters of a value. */
#define SHOWN_ROWS  5
#define SHOWN_VALUE 40

enum { OPT_SHEET = 256, OPT_CELLS, OPT_SEPARATOR };

static const struct argp_option flags[] = {
    {"sheet", OPT_SHEET, "SHEET", 0, "only this one, by name or number", 0},
    {"cells", OPT_CELLS, 0, 0,
     "print every cell of every sheet: row, column, type, value", 0},
    {"separator", OPT_SEPARATOR, "CHAR", 0, "of a CSV file; default: found out",
     0},
    {0}};

struct command {
    const char *file;
    const char *sheet;
    char separator;
    bool cells;
};

static error_t parse_flag(int key, char *arg, struct argp_state *state)
{
    struct command *command = state->input;
    switch (key) {
    case OPT_SHEET:
        command->sheet = arg;
        return 0;
    case OPT_CELLS:
        command->cells = true;
        return 0;
    case OPT_SEPARATOR:
        command->separator = strcmp(arg, "tab") == 0 ? '\t' : *arg;
        return 0;
    case ARGP_KEY_ARG:
        if (command->file)
            argp_error(state, "one FILE at a time: %s", arg);
        command->file = arg;
        return 0;
    case ARGP_KEY_END:
        if (!command->file)
            argp_error(state, "which FILE?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---------------------------------------------------------- the first rows */

/* A control character is a blank: text from a file steers no terminal. */
static void print_text(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        putchar(c < 0x20 || c == 0x7f ? ' ' : c);
    }
}

static void print_value(const struct cell *cell)
{
    char room[CELL_TEXT_ROOM];
    struct slice text = cell_text(cell, room);
    size_t shown = utf8_prefix(text, SHOWN_VALUE);
    char name[9];
    column_name(cell->column, name);
    printf("  %s=", name);
    print_text((struct slice){text.ptr, shown});
    fputs(shown < text.len ? "..." : "", stdout);
}

static void print_row(const struct cell_row *row)
{
    printf("    row %llu:", (unsigned long long)row->number);
    for (uint32_t i = 0; i < row->count; i++)
        print_value(&row->cells[i]);
    putchar('\n');
}

/* ------------------------------------------------------------- the columns */

static const char *type_name(enum column_type type)
{
    static const char *const names[] = {
        [COLUMN_TEXT] = "text",           [COLUMN_INTEGER] = "integer",
        [COLUMN_REAL] = "real",           [COLUMN_NUMERIC] = "numeric",
        [COLUMN_BOOLEAN] = "boolean",     [COLUMN_DATE] = "date",
        [COLUMN_TIMESTAMP] = "timestamp", [COLUMN_TIMESTAMPTZ] = "timestamptz",
        [COLUMN_TIME] = "time",           [COLUMN_INTERVAL] = "interval",
        [COLUMN_OTHER] = "other"};
    return names[type];
}

static void print_columns(const struct mapping *mapping,
                          const struct table *table)
{
    for (uint32_t c = 0; c < mapping->count; c++) {
        int32_t field = mapping->columns[c].field;
        if (field < 0)
            continue;
        const struct column *column =
            &table->columns[mapping->plan.columns[field]];
        char name[9];
        column_name(c + 1, name);
        printf("    %-3s %-10s %-24s <- ", name, type_name(column->type),
               column->name);
        print_text(slice_of(mapping->columns[c].header));
        putchar('\n');
    }
}

/* The rows below the header, counted and looked at; the first are printed. */
static int scan_rows(struct sheet *sheet, struct inference *inference,
                     uint64_t *rows, struct issue *why)
{
    struct cell_row row;
    int got;
    while ((got = sheet_next(sheet, &row, why)) > 0) {
        if (*rows < SHOWN_ROWS)
            print_row(&row);
        if (infer_row(inference, &row, why) < 0)
            return -1;
        ++*rows;
    }
    return got;
}

static int inspect_rows(struct workbook *book, struct sheet *sheet,
                        struct issue *why)
{
    struct cell_row header;
    struct mapping mapping = {0};
    struct table table = {0};
    struct inference inference;
    uint64_t rows = 0;
    int got = sheet_next(sheet, &header, why);
    if (got <= 0) {
        if (got == 0)
            puts("    empty");
        return got;
    }
    printf("    header in row %llu\n", (unsigned long long)header.number);
    bool mapped =
        mapping_make_table(&mapping, &table, "sheet", &header, NULL, why) == 0;
    if (!mapped) {
        fputs("    no table can be made of it: ", stdout);
        print_text(slice_of(why->text));
        putchar('\n');
    }
    infer_init(&inference, workbook_format(book) != FORMAT_CSV);
    int status = scan_rows(sheet, &inference, &rows, why);
    if (status == 0) {
        char count[FIGURE_MAX];
        if (mapped)
            infer_finish(&inference, &mapping, &table);
        figure_count(rows, count);
        printf("    %s data rows%s\n", count, mapped ? "; columns:" : "");
        print_columns(&mapping, &table);
    }
    infer_clear(&inference);
    mapping_clear(&mapping);
    table_clear(&table);
    return status;
}

/* -------------------------------------------------------------- the sheets */

static int inspect_sheet(struct workbook *book, size_t index, struct issue *why)
{
    static const char *const visibility[] = {[SHEET_VISIBLE] = "",
                                             [SHEET_HIDDEN] = " (hidden)",
                                             [SHEET_VERY_HIDDEN] =
                                                 " (very hidden)"};
    struct sheet *sheet;
    printf("sheet %zu: \"", index + 1);
    print_text(slice_of(workbook_sheet_name(book, index)));
    printf("\"%s\n", visibility[workbook_sheet_visibility(book, index)]);
    if (sheet_open(&sheet, book, index, why) < 0)
        return -1;
    int status = inspect_rows(book, sheet, why);
    sheet_close(sheet);
    return status;
}

static int inspect(struct workbook *book, const struct command *command,
                   struct issue *why)
{
    size_t from = 0;
    size_t to = workbook_sheet_count(book);
    if (command->cells)
        return cells_write(stdout, book, why);
    if (command->sheet) {
        if (choose_sheet(book, command->sheet, &from, why) < 0)
            return -1;
        to = from + 1;
    }
    for (size_t i = from; i < to; i++)
        if (inspect_sheet(book, i, why) < 0)
            return -1;
    return 0;
}

int cmd_inspect(int argc, char **argv)
{
    static const struct argp parser = {
        flags,
        parse_flag,
        "FILE",
        "Shows the sheets of FILE (.xlsx or .csv), their columns with the "
        "types that a new table would get, and the first rows.",
        NULL,
        NULL,
        NULL};
    struct command command = {0};
    struct workbook *book = NULL;
    struct issue why;
    argp_err_exit_status = EXIT_USAGE;
    static char name[] = "sluice inspect"; /* as messages name it */
    argv[0] = name;
    argp_parse(&parser, argc, argv, 0, NULL, &command);
    struct read_options options = {.separator = command.separator};
    int status = workbook_open(&book, command.file, &options, &why);
    if (status == 0)
        status = inspect(book, &command, &why);
    workbook_free(book);
    return status < 0 ? cmd_fail(&why, command.file) : EXIT_DONE;
}
