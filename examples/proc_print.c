/* SPDX-License-Identifier: Apache-2.0 */
/* proc_print.c: samples for people, and for Prometheus (proc_sample.h). */
#include "proc_sample.h"

static double per_second(uint64_t now, uint64_t before, int64_t apart_ns)
{
    return (double)(now - before) / ((double)apart_ns / 1e9) / 1e6;
}

void proc_sample_print(const struct proc_sample *before,
                       const struct proc_sample *now, int64_t apart_ns,
                       FILE *out)
{
    uint64_t ticks = now->cpu_all - before->cpu_all;
    double busy =
        ticks > 0
            ? 100.0 * (double)(now->cpu_busy - before->cpu_busy) / (double)ticks
            : 0;

    fprintf(out,
            "cpu %.0f %%  memory %.0f of %.0f MB  disk %.1f MB/s in %.1f out  "
            "net %.2f MB/s in %.2f out\n",
            busy, (double)(now->memory_total - now->memory_free) / 1e6,
            (double)now->memory_total / 1e6,
            per_second(now->disk_read, before->disk_read, apart_ns),
            per_second(now->disk_written, before->disk_written, apart_ns),
            per_second(now->net_received, before->net_received, apart_ns),
            per_second(now->net_sent, before->net_sent, apart_ns));
}

void proc_sample_print_prometheus(const struct proc_sample *now, FILE *out)
{
    const struct {
        const char *name, *type;
        uint64_t value;
    } metrics[] = {
        {"machine_cpu_busy_ticks_total", "counter", now->cpu_busy},
        {"machine_cpu_ticks_total", "counter", now->cpu_all},
        {"machine_memory_bytes", "gauge", now->memory_total},
        {"machine_memory_free_bytes", "gauge", now->memory_free},
        {"machine_disk_read_bytes_total", "counter", now->disk_read},
        {"machine_disk_written_bytes_total", "counter", now->disk_written},
        {"machine_net_received_bytes_total", "counter", now->net_received},
        {"machine_net_sent_bytes_total", "counter", now->net_sent}};

    for (size_t i = 0; i < sizeof(metrics) / sizeof(*metrics); i++)
        fprintf(out, "# TYPE %s %s\n%s %llu\n", metrics[i].name,
                metrics[i].type, metrics[i].name,
                (unsigned long long)metrics[i].value);
}
