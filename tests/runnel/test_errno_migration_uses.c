/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Code that uses errno and thread-locals on both sides of a park, compiled in
 * many ways by test_errno_migration.py. With RUNNEL_ERRNO it includes
 * <runnel/errno.h> and must be right; without, it is the control that shows
 * what compilers do to the errno of <errno.h>.
 *
 * Each function tells whether it touched another thread's variable.
 */
#include <errno.h>
#include <stdbool.h>
#include <unistd.h>

#ifdef RUNNEL_ERRNO
#include <runnel/errno.h>
#define NAMED(name) runnel_##name
#else
#define NAMED(name) plain_##name
#endif

/* Of the program: parks the goroutine; the running thread's own errno. */
void park(void);
int *true_errno(void);

bool NAMED(write)(void);
bool NAMED(read)(void);
bool NAMED(loop)(void);

/* Written before and after. */
bool NAMED(write)(void)
{
    errno = 1;
    park();
    errno = 42;
    return *true_errno() != 42;
}

/* Read after a failed call, when it was cleared before. */
bool NAMED(read)(void)
{
    errno = 0;
    park();
    *true_errno() = 0;
    if (close(-1) == 0)
        return true;
    return errno != EBADF;
}

/* The form of every retry: the loop of read, EAGAIN, wait. */
bool NAMED(loop)(void)
{
    bool wrong = false;

    for (int i = 0; i < 3; i++) {
        *true_errno() = 100 + i;
        wrong = wrong || errno != 100 + i;
        park();
    }
    return wrong;
}
