/* SPDX-License-Identifier: Apache-2.0 */
/*
 * errno.h: an errno that survives migration.
 *
 * glibc declares errno's address as constant within a function, and compilers
 * keep it in a register; a goroutine that parks between two uses may wake on
 * another thread and then read a stranger's errno. Included after <errno.h>
 * (which this header does), `errno` asks for the address each time, through a
 * call that no compiler may fold.
 *
 * It makes `errno` right at the point of use. It does not make a value last:
 * read errno before the next call that may park.
 */
#ifndef RUNNEL_ERRNO_H
#define RUNNEL_ERRNO_H

#include <errno.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The calling thread's errno. Does not park. */
int *rn_errno(void);

#undef errno
#define errno (*rn_errno())

#ifdef __cplusplus
}
#endif

#endif
