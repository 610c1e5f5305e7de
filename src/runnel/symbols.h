/* SPDX-License-Identifier: Apache-2.0 */
/*
 * symbols.h: names of functions and lines for return addresses.
 *
 * Functions, files and lines come from the debugging information by libdw, when
 * the library was built with it and finds it; that allocates and reads files,
 * so it is done in a copy of the process only (copy.h). Otherwise dladdr tells
 * what is exported, and the rest is a module and an offset, as addr2line takes
 * them.
 */
#ifndef RUNNEL_SYMBOLS_H
#define RUNNEL_SYMBOLS_H

#include "base.h"

struct symbol {
    char name[160];     /* "" when not known */
    char place[256];    /* "file.c:12", or "module+0x1234" */
    uintptr_t function; /* where it begins, or 0 */
};

/*
 * In the copy, before it prints: opens the debugging information, or asks for
 * another copy when that does not come to an end.
 */
void symbols_open(void);

void symbols_find(const void *pc, struct symbol *symbol);

#endif
