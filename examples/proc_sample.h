/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc_sample.h: what a Linux machine has done so far, from its /proc.
 */
#ifndef PROC_SAMPLE_H
#define PROC_SAMPLE_H

#include <stdint.h>
#include <stdio.h>

struct proc_sample {
    uint64_t cpu_busy, cpu_all;         /* clock ticks since boot */
    uint64_t memory_total, memory_free; /* bytes; free: available */
    uint64_t disk_read, disk_written;   /* bytes since boot, whole disks */
    uint64_t net_received, net_sent;    /* bytes since boot, without lo */
};

/*
 * Reads "stat", "meminfo", "diskstats" and "net/dev" below the folder. 0, or a
 * negative status with the file's name in *file. These files are made when they
 * are read and never wait for a disk.
 */
int proc_sample_take(const char *folder, struct proc_sample *out,
                     const char **file);

/* A line of what happened between two samples, `apart_ns` apart. */
void proc_sample_print(const struct proc_sample *before,
                       const struct proc_sample *now, int64_t apart_ns,
                       FILE *out);

/* All of a sample in the form that Prometheus reads. */
void proc_sample_print_prometheus(const struct proc_sample *now, FILE *out);

#endif
