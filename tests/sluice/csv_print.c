/* SPDX-License-Identifier: Apache-2.0 */
/*
 * csv_print SEPARATOR: the rows of the text on stdin, for csv_against_python.
 *
 * SEPARATOR is a character, or "sniff". A row is a line "row NUMBER LAST COUNT"
 * and COUNT cells: a line "COLUMN REASON LASTING BYTES", the text, a line end.
 * REASON is "text", or the name of what is wrong. The last line is "end" or
 * "error CODE ROW COLUMN".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read/csv.h"

/* All of stdin; exits when memory is out. */
static struct slice read_all(void)
{
    size_t room = 1 << 16;
    size_t len = 0;
    char *bytes = malloc(room);

    while (bytes) {
        size_t n = fread(bytes + len, 1, room - len, stdin);

        if (n == 0)
            return (struct slice){bytes, len};
        len += n;
        if (len == room) {
            room *= 2;
            bytes = realloc(bytes, room);
        }
    }
    exit(2);
}

static void print_row(const struct cell_row *row)
{
    printf("row %llu %u %u\n", (unsigned long long)row->number, row->last,
           row->count);
    for (uint32_t i = 0; i < row->count; i++) {
        const struct cell *cell = &row->cells[i];
        const char *reason =
            cell->kind == CELL_TEXT ? "text" : issue_code_name(cell->bad);

        printf("%u %s %d %zu\n", cell->column, reason, cell->lasting,
               cell->text.len);
        fwrite(cell->text.ptr, 1, cell->text.len, stdout);
        putchar('\n');
    }
}

int main(int argc, char **argv)
{
    struct slice bytes = read_all();
    bool sniff = argc < 2 || strcmp(argv[1], "sniff") == 0;
    struct csv *csv = NULL;
    struct cell_row row;
    struct issue why;
    int got = csv_open(&csv, bytes, sniff ? 0 : argv[1][0], &why);

    if (got == 0) {
        while ((got = csv_next(csv, &row, &why)) > 0)
            print_row(&row);
    }
    if (got < 0)
        printf("error %s %llu %u\n", issue_code_name(why.code),
               (unsigned long long)why.row, why.column);
    else
        printf("end\n");
    csv_close(csv);
    free((char *)bytes.ptr);
    return 0;
}
