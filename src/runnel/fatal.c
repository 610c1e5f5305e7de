/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fatal.c: print and end.
 */
#include "fatal.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "os.h"

void (*fatal_reporter)(void);
void (*fatal_epilogue)(void);
void (*fatal_frame_printer)(void *const *frames, size_t count);

static atomic_flag reporting = ATOMIC_FLAG_INIT;

static void print_list(const char *format, va_list arguments)
{
    char text[1024];
    int size = vsnprintf(text, sizeof(text), format, arguments);
    if (size < 0)
        return;
    os_print(text,
             (size_t)size < sizeof(text) ? (size_t)size : sizeof(text) - 1);
}

void print_error(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    print_list(format, arguments);
    va_end(arguments);
}

void fatal_begin(void)
{
    while (atomic_flag_test_and_set_explicit(&reporting, memory_order_acquire))
        pause(); /* another thread reports, and ends the process */
}

void fatal_exit(void)
{
    if (fatal_epilogue)
        fatal_epilogue();
    _exit(FATAL_STATUS);
}

void fatal(const char *format, ...)
{
    fatal_begin();
    print_error("fatal error: ");
    va_list arguments;
    va_start(arguments, format);
    print_list(format, arguments);
    va_end(arguments);
    print_error("\n");
    if (fatal_reporter)
        fatal_reporter();
    fatal_exit();
}
