/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile_internal.h: what the runtime asks of profiles; the public side is
 * profile.h.
 */
#ifndef RUNNEL_PROFILE_INTERNAL_H
#define RUNNEL_PROFILE_INTERNAL_H

#include "base.h"

/* Stops all of them, and forgets what was collected. No worker runs. */
void profile_close(void);

#endif
