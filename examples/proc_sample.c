/* SPDX-License-Identifier: Apache-2.0 */
/* proc_sample.c: four files of /proc, line by line; see proc(5). */
#include "proc_sample.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <runnel/errno.h>
#include <runnel/status.h>

#define SECTOR 512 /* of diskstats, whatever the disk's is */

typedef unsigned long long number;

/* "cpu  user nice system idle iowait irq softirq steal ..." */
static bool take_stat(const char *line, struct proc_sample *out)
{
    number n[8];

    if (strncmp(line, "cpu ", 4) != 0 || /* and not "cpu0 " */
        sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &n[0],
               &n[1], &n[2], &n[3], &n[4], &n[5], &n[6], &n[7]) != 8)
        return false;
    for (int i = 0; i < 8; i++)
        out->cpu_all += n[i];
    out->cpu_busy = out->cpu_all - n[3] - n[4];
    return true;
}

static bool take_meminfo(const char *line, struct proc_sample *out)
{
    number kilobytes;

    if (sscanf(line, "MemTotal: %llu kB", &kilobytes) == 1) {
        out->memory_total = kilobytes * 1024;
        return true;
    }
    if (sscanf(line, "MemAvailable: %llu kB", &kilobytes) == 1)
        out->memory_free = kilobytes * 1024;
    return false;
}

/* Partitions are parts of disks that are counted already. */
static bool is_whole_disk(const char *name)
{
    size_t size = strlen(name);

    if (strncmp(name, "loop", 4) == 0 || strncmp(name, "ram", 3) == 0 ||
        strncmp(name, "dm-", 3) == 0 || strncmp(name, "md", 2) == 0)
        return false;
    if (strncmp(name, "nvme", 4) == 0 || strncmp(name, "mmcblk", 6) == 0) {
        const char *part = strrchr(name, 'p');
        return !part || !isdigit((unsigned char)part[1]);
    }
    return !isdigit((unsigned char)name[size - 1]);
}

/* "8 0 sda reads merged sectors ms writes merged sectors ms ..." */
static bool take_diskstats(const char *line, struct proc_sample *out)
{
    char name[64];
    number read, written;

    if (sscanf(line, "%*u %*u %63s %*u %*u %llu %*u %*u %*u %llu", name, &read,
               &written) != 3)
        return false;
    if (is_whole_disk(name)) {
        out->disk_read += read * SECTOR;
        out->disk_written += written * SECTOR;
    }
    return true;
}

/* "eth0: bytes packets errs drop fifo frame compressed multicast bytes ..." */
static bool take_net(const char *line, struct proc_sample *out)
{
    char name[64];
    number received, sent;

    if (sscanf(line, " %63[^:]: %llu %*u %*u %*u %*u %*u %*u %*u %llu", name,
               &received, &sent) != 3)
        return strchr(line, '|') != NULL; /* its two lines of headings */
    if (strcmp(name, "lo") != 0) {
        out->net_received += received;
        out->net_sent += sent;
    }
    return true;
}

int proc_sample_take(const char *folder, struct proc_sample *out,
                     const char **file)
{
    static const struct {
        const char *name;
        bool (*take)(const char *line, struct proc_sample *out);
        bool may_be_empty; /* a machine without disks is one, too */
    } files[] = {{"stat", take_stat, false},
                 {"meminfo", take_meminfo, false},
                 {"diskstats", take_diskstats, true},
                 {"net/dev", take_net, false}};
    struct proc_sample sample = {0};

    for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
        char path[4096], line[1024];
        bool found = files[i].may_be_empty;

        *file = files[i].name;
        snprintf(path, sizeof(path), "%s/%s", folder, files[i].name);
        FILE *in = fopen(path, "re");
        if (!in)
            return -errno;
        while (fgets(line, sizeof(line), in))
            found |= files[i].take(line, &sample);
        fclose(in);
        if (!found)
            return RN_INVALID;
    }
    *out = sample;
    return RN_OK;
}
