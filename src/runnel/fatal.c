/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fatal.c: print and end.
 */
#include "fatal.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "os.h"

void (*fatal_room)(void (*function)(void *arg), void *arg);
void (*fatal_reporter)(void);
void (*fatal_flush)(void);
void (*fatal_epilogue)(void);
void (*fatal_frame_printer)(void *const *frames, size_t count);

static _Atomic(pthread_t) reporting; /* 0: nobody */

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
    pthread_t nobody = 0;
    while (!atomic_compare_exchange_strong_explicit(
        &reporting, &nobody, pthread_self(), memory_order_acquire,
        memory_order_acquire)) {
        if (nobody == pthread_self())
            _exit(FATAL_STATUS);
        pause(); /* another thread reports, and ends the process */
        nobody = 0;
    }
}

bool fatal_begun(void)
{
    return atomic_load_explicit(&reporting, memory_order_relaxed) != 0;
}

void fatal_exit(void)
{
    if (fatal_flush)
        fatal_flush();
    if (fatal_epilogue)
        fatal_epilogue();
    _exit(FATAL_STATUS);
}

void fatal_in_room(void (*function)(void *arg), void *arg)
{
    if (fatal_room)
        fatal_room(function, arg);
    else
        function(arg);
}

struct last_words {
    const char *format;
    va_list arguments;
};

static void say(void *arg)
{
    struct last_words *words = arg;
    fatal_begin();
    print_error("fatal error: ");
    print_list(words->format, words->arguments);
    print_error("\n");
    if (fatal_reporter)
        fatal_reporter();
    fatal_exit();
}

void fatal(const char *format, ...)
{
    struct last_words words = {.format = format};
    va_start(words.arguments, format);
    fatal_in_room(say, &words);
    __builtin_unreachable();
}
