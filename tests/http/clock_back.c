/* SPDX-License-Identifier: Apache-2.0 */
/* clock_back.c: the clock is ten years back; to be preloaded. */
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define BACK_S (10L * 365 * 86400)

int clock_gettime(clockid_t clock, struct timespec *now)
{
    long status = syscall(SYS_clock_gettime, clock, now);
    if (status == 0 && clock == CLOCK_REALTIME)
        now->tv_sec -= BACK_S;
    return (int)status;
}
