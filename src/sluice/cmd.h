/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd.h: the commands: flags in, a call, an exit status out.
 */
#ifndef SLUICE_CMD_H
#define SLUICE_CMD_H

#include "issue.h"

enum exit_status {
    EXIT_DONE = 0,     /* every row is in */
    EXIT_REJECTED = 1, /* some rows were rejected */
    EXIT_USAGE = 2,    /* the command line makes no sense */
    EXIT_INPUT = 3,    /* a file cannot be read or written */
    EXIT_DATABASE = 4, /* the database failed or refused */
    EXIT_INTERRUPTED = 130
};

/* argv[0] is the command's name. */
int cmd_import(int argc, char **argv);
int cmd_inspect(int argc, char **argv);
int cmd_serve(int argc, char **argv);

/* Prints "sluice: ..." to standard error; returns the exit status for it. */
int cmd_fail(const struct issue *why, const char *file);

#endif
