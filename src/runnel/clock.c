/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.c: time as the user sees it (status.h).
 */
#include "seam.h"

int64_t rn_now(void)
{
    return seam_now();
}

int64_t rn_deadline(int64_t timeout_ns)
{
    int64_t deadline;
    if (timeout_ns < 0)
        timeout_ns = 0;
    return __builtin_add_overflow(seam_now(), timeout_ns, &deadline) ? RN_NEVER
                                                                     : deadline;
}
