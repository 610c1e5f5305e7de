/* SPDX-License-Identifier: Apache-2.0 */
/*
 * os_process.h: system calls on processes, in the manner of os.h.
 */
#ifndef RUNNEL_OS_PROCESS_H
#define RUNNEL_OS_PROCESS_H

#include "base.h"

/* What the child becomes. */
struct os_spawn {
    const char *const *argv;
    const char *const *env; /* NULL: ours */
    const char *cwd;        /* NULL: ours */
    /* What becomes 0, 1, 2; -1: stays as it is. All are closed by exec. */
    int stdio[3];
    bool own_group;
};

/* Blocks until the program is loaded. Its number, or a negative status. */
int os_spawn(const struct os_spawn *what);

/* A pipe whose ends are closed by exec and are none of 0, 1, 2. */
int os_process_pipe(int ends[2]);
/* /dev/null, likewise. */
int os_process_null(void);
/* Kills it and takes its end. */
void os_process_end(int pid);

/* A descriptor of the process that is readable once it has ended. */
int os_process_open(int pid);
/* To the process behind the descriptor, or to the group `pid` when not 0. */
int os_process_kill(int process, int pid, int signal);
/*
 * Takes its end: 0 with its exit status in *code, or -1 there and the signal in
 * *signal. -EAGAIN when it runs, -ECHILD when it is not ours.
 */
int os_process_reap(int process, int *code, int *signal);

#endif
