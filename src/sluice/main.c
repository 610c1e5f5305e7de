/* SPDX-License-Identifier: Apache-2.0 */
/*
 * main.c: which command?
 */
#include <stdio.h>
#include <string.h>

#include "cmd.h"

static const char usage[] =
    "sluice puts spreadsheets into databases.\n"
    "\n"
    "  sluice import FILE [--to DSN] ...   load a sheet into a table\n"
    "  sluice inspect FILE ...             show sheets, columns and rows\n"
    "  sluice serve --to DSN ...           import what is sent over HTTP\n"
    "  sluice --version\n"
    "  sluice COMMAND --help               the options of a command\n"
    "\n"
    "Exit status: 0 all rows in, 1 some rows rejected, 2 usage, 3 a file\n"
    "cannot be read or written, 4 database error, 130 interrupted.\n";

/* "help", or "help COMMAND". */
static int help(int argc, char **argv)
{
    static char flag[] = "--help";
    char *arguments[] = {argv[0], flag, NULL};
    if (argc > 1 && strcmp(argv[1], "import") == 0)
        return cmd_import(2, arguments);
    if (argc > 1 && strcmp(argv[1], "inspect") == 0)
        return cmd_inspect(2, arguments);
    if (argc > 1 && strcmp(argv[1], "serve") == 0)
        return cmd_serve(2, arguments);
    fputs(usage, stdout);
    return EXIT_DONE;
}

static int run(int argc, char **argv)
{
    const char *command = argc > 1 ? argv[1] : "";
    if (strcmp(command, "import") == 0)
        return cmd_import(argc - 1, argv + 1);
    if (strcmp(command, "inspect") == 0)
        return cmd_inspect(argc - 1, argv + 1);
    if (strcmp(command, "serve") == 0)
        return cmd_serve(argc - 1, argv + 1);
    if (strcmp(command, "help") == 0 || strcmp(command, "--help") == 0 ||
        strcmp(command, "-h") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(command, "--version") == 0) {
        puts("sluice " SLUICE_VERSION);
        return EXIT_DONE;
    }
    if (*command)
        fprintf(stderr,
                "sluice: there is no command '%s'; 'sluice --help' lists "
                "them\n",
                command);
    else
        fputs(usage, stderr);
    return EXIT_USAGE;
}

int main(int argc, char **argv)
{
    int status = run(argc, argv);
    /* Output that is lost is no success: a full disk, most likely. */
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    fputs("sluice: standard output cannot be written\n", stderr);
    return status == EXIT_DONE || status == EXIT_REJECTED ? EXIT_INPUT : status;
}
