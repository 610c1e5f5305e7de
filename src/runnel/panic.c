/* SPDX-License-Identifier: Apache-2.0 */
/*
 * panic.c: say what went wrong and where, and end.
 */
#include <runnel/panic.h>

#include <stdarg.h>
#include <stdio.h>

#include "fatal.h"

void rn_panic(const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    fatal_begin();
    print_error("panic: %s\n\n", text);
    if (fatal_reporter)
        fatal_reporter();
    fatal_exit();
}
