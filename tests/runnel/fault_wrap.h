/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_wrap.h: the calls of the library, and how they fail.
 *
 * The library reaches the heap through alloc.c and the system through os_*.c;
 * the linker puts fault_wrap.c in between (--wrap), so that the library that is
 * tested is the one that is used. Nothing fails before fault_begin.
 */
#ifndef FAULT_WRAP_H
#define FAULT_WRAP_H

#include <stdbool.h>

enum fault_mode {
    FAULT_NTH,        /* the n-th call fails */
    FAULT_INTERRUPT,  /* every other call that a signal can end is ended */
    FAULT_SHORT,      /* a transfer moves one byte */
    FAULT_OLD_KERNEL, /* what is newer than Linux 5.4 is not known */
    FAULT_OLD_NTH,    /* the same, and the n-th call fails */
};

/* From now on, in this process. `number`: of the call that fails; 0: none. */
void fault_begin(enum fault_mode mode, unsigned number);
void fault_end(void);

/* True once the call has failed; with what. */
bool fault_happened(void);
int fault_error(void);

/* Of the heap, not given back; bytes of mappings, not given back. */
long fault_objects(void);
long fault_mapped(void);

#endif
