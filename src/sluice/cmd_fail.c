/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_fail.c: an issue as the last line of a command, and its exit status.
 */
#include <stdio.h>

#include "cmd.h"

static int status_of(enum issue_code code)
{
    switch (code) {
    case ISSUE_USAGE:
        return EXIT_USAGE;
    case ISSUE_CONNECT:
    case ISSUE_CONNECTION_LOST:
    case ISSUE_PERMISSION:
    case ISSUE_DATABASE:
    case ISSUE_REFUSED:
        return EXIT_DATABASE;
    case ISSUE_CANCELED:
        return EXIT_INTERRUPTED;
    default:
        return EXIT_INPUT;
    }
}

int cmd_fail(const struct issue *why, const char *file)
{
    char text[2048];
    int status = status_of(why->code);
    issue_format(why, status == EXIT_INPUT ? file : NULL, text, sizeof(text));
    fprintf(stderr, "sluice: %s\n", text);
    return status;
}
