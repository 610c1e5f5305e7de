/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_runnel.c: measures lines of docs/performance.md.
 *
 *     bench_runnel NAME... [--workers N] [--scale X]
 *     bench_runnel --list
 *
 * NAME is a line or one of its figures; "all" is every line but echo, which is
 * a server and ends with its standard input. Prints one JSON object a figure.
 * --scale multiplies how often everything is done (1 takes about a second).
 * Under callgrind each line's instructions are dumped with its name.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "bench.h"

#if __has_include(<valgrind/callgrind.h>)
#include <valgrind/callgrind.h>
#else
#define CALLGRIND_ZERO_STATS
#define CALLGRIND_DUMP_STATS_AT(name) ((void)(name))
#endif

struct line {
    const char *name;
    void (*run)(void);
    const char *figures; /* where they are named otherwise than the line */
};

static const struct line lines[] = {
    {"yield", line_yield, NULL},
    {"pingpong", line_pingpong, NULL},
    {"spsc", line_spsc, NULL},
    {"mpmc", line_mpmc, NULL},
    {"select2_ready", line_select2_ready, NULL},
    {"select8_ready", line_select8_ready, NULL},
    {"select2_block", line_select2_block, NULL},
    {"select8_block", line_select8_block, NULL},
    {"spawn_seq", line_spawn_seq, NULL},
    {"spawn_batch", line_spawn_batch, NULL},
    {"mutex_uncont", line_mutex_uncont, NULL},
    {"mutex_cont", line_mutex_cont, NULL},
    {"mutex_queued", line_mutex_queued, NULL},
    {"rw_uncont", line_rw_uncont, NULL},
    {"rw_read", line_rw_read, NULL},
    {"ring", line_ring, NULL},
    {"sieve", line_sieve, NULL},
    {"skynet", line_skynet, NULL},
    {"park1m", line_park1m, "park1m_create park1m_wake park1m_bytes"},
    {"park1m_small", line_park1m_small,
     "park1m_small_create park1m_small_wake park1m_small_bytes"},
    {"timer_fire", line_timer_fire, NULL},
    {"timer_far", line_timer_far, "timer_create timer_stop"},
    {"timer_reset", line_timer_reset, NULL},
    {"sleep100k", line_sleep100k, NULL},
    {"ctx_timeout", line_ctx_timeout, NULL},
    {"ctx_cancel", line_ctx_cancel, NULL},
    {"ctx_tree", line_ctx_tree, NULL},
    {"once", line_once, NULL},
    {"wake", line_wake, NULL},
    {"block", line_block, NULL},
    {"parallel", line_parallel, NULL},
    {"echo", line_echo, NULL},
};

enum { LINES = sizeof(lines) / sizeof(*lines) };

struct wanted {
    bool line[LINES];
};

static double scale = 1;

/* ------------------------------------------------------ what lines call */

long bench_count(long at_full_scale)
{
    double count = (double)at_full_scale * scale;
    return count < 1 ? 1 : (long)count;
}

void bench_report(const char *figure, const char *unit, double value)
{
    printf("{\"name\": \"%s\", \"workers\": %u, \"unit\": \"%s\", "
           "\"value\": %.6g}\n",
           figure, rn_procs(), unit, value);
    fflush(stdout);
}

void bench_report_each(const char *figure, int64_t begin, long count)
{
    bench_report(figure, "ns", (double)(rn_now() - begin) / (double)count);
}

static int64_t ns_of(struct timeval time)
{
    return time.tv_sec * RN_S + time.tv_usec * RN_US;
}

int64_t bench_cpu_ns(void)
{
    struct rusage usage;
    bench_check(getrusage(RUSAGE_SELF, &usage) == 0, "getrusage");
    return ns_of(usage.ru_utime) + ns_of(usage.ru_stime);
}

double bench_resident_bytes(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    bench_check(file && fscanf(file, "%*u %lu", &pages) == 1, "statm");
    fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

void *bench_array(long count, size_t size)
{
    void *array = calloc((size_t)count, size);
    bench_check(array != NULL, "memory");
    return array;
}

void bench_check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "bench_runnel: %s\n", what);
    exit(1);
}

/* ------------------------------------------------------------- the program */

static int start(void *arg)
{
    const struct wanted *wanted = arg;
    for (int i = 0; i < LINES; i++) {
        if (!wanted->line[i])
            continue;
        CALLGRIND_ZERO_STATS;
        lines[i].run();
        CALLGRIND_DUMP_STATS_AT(lines[i].name);
    }
    return 0;
}

static bool has_figure(const struct line *line, const char *name)
{
    size_t length = strlen(name);
    const char *at = line->figures;
    for (; at && length; at = strchr(at, ' ')) {
        at += *at == ' ';
        if (!strncmp(at, name, length) && strchr(" ", at[length]))
            return true;
    }
    return false;
}

static bool want(struct wanted *wanted, const char *name)
{
    bool found = false;
    for (int i = 0; i < LINES; i++) {
        bool all = !strcmp(name, "all") && lines[i].run != line_echo;
        if (!all && strcmp(name, lines[i].name) != 0 &&
            !has_figure(&lines[i], name))
            continue;
        wanted->line[i] = true;
        found = true;
    }
    return found;
}

static int list(void)
{
    for (int i = 0; i < LINES; i++)
        printf("%s %s\n", lines[i].name,
               lines[i].figures ? lines[i].figures : lines[i].name);
    return 0;
}

static int usage(void)
{
    fprintf(stderr, "usage: bench_runnel NAME... [--workers N] [--scale X]\n"
                    "       bench_runnel --list\n");
    return 2;
}

int main(int argc, char **argv)
{
    struct rn_options options = {0};
    struct wanted wanted = {{false}};
    int names = 0;
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--list"))
            return list();
        if (!strcmp(argv[i], "--workers") && i + 1 < argc) {
            options.procs = (unsigned)atoi(argv[++i]);
        } else if (!strcmp(argv[i], "--scale") && i + 1 < argc) {
            scale = atof(argv[++i]);
        } else if (want(&wanted, argv[i])) {
            names++;
        } else {
            fprintf(stderr, "bench_runnel: no line %s\n", argv[i]);
            return usage();
        }
    }
    if (!names || !(scale > 0))
        return usage();
    return rn_run_with(&options, start, &wanted);
}
