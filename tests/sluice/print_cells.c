/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print_cells.c: prints the cells of each file given in their normal form; the
 * reader without the program around it, for the tests that drive it.
 *
 * Before a second and later file, and after its cells, stands a line "#file".
 * What is wrong with a file is one line, "#error CODE MESSAGE", in its place.
 */
#include "report/cells.h"

static bool print(const char *path)
{
    struct workbook *book = NULL;
    struct issue why;
    char line[1024];
    int result = workbook_open(&book, path, NULL, &why);

    if (result == 0)
        result = cells_write(stdout, book, &why);
    workbook_free(book);
    if (result < 0) {
        issue_format(&why, NULL, line, sizeof(line));
        printf("#error %s %s\n", issue_code_name(why.code), line);
    }
    return result == 0;
}

int main(int argc, char **argv)
{
    bool good = true;

    for (int i = 1; i < argc; i++) {
        if (i > 1)
            puts("#file");
        good = print(argv[i]) && good;
    }
    return good ? 0 : 3;
}
