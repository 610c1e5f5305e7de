/* SPDX-License-Identifier: Apache-2.0 */
/*
 * local.h: values that stay with a goroutine; the public side is in task.h.
 */
#ifndef RUNNEL_LOCAL_H
#define RUNNEL_LOCAL_H

#include "task_internal.h"

/* At the end of the task, on its own stack: drops what it was given. */
void locals_drop_all_(struct task *task);
static inline void locals_drop(struct task *task)
{
    if (unlikely(task->locals))
        locals_drop_all_(task);
}

#endif
