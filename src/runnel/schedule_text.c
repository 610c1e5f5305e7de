/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schedule_text.c: read and print.
 */
#include "schedule_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "alloc.h"
#include "fatal.h"

/* Decisions that a report shows; a failure that needs more is cut down first
 * (rn_sim_minimize). */
#define SHOWN 100

static const char *const kinds[DECISION_KINDS] = {
    [DECIDE_PREEMPT] = "interrupt", [DECIDE_NEXT] = "next",
    [DECIDE_CASE] = "case",         [DECIDE_TIMER] = "timer",
    [DECIDE_FAULT] = "fault",       [DECIDE_NET] = "net",
};

/* A number up to `max`; moves *text past it. */
static bool number(const char **text, uint64_t max, uint64_t *value)
{
    char *end;
    if (**text < '0' || **text > '9')
        return false;
    *value = strtoull(*text, &end, 10);
    *text = end;
    return *value <= max;
}

static int parse_pct(const char *text, struct schedule_plan *plan)
{
    uint64_t depth;
    uint64_t steps = 0;
    if (!number(&text, SCHEDULE_DEPTH_MAX, &depth) || depth == 0)
        return RN_INVALID;
    if (*text == ':') {
        text++;
        if (!number(&text, UINT32_MAX, &steps) || steps == 0)
            return RN_INVALID;
    }
    if (*text)
        return RN_INVALID;
    plan->depth = (unsigned)depth;
    plan->steps = steps;
    return RN_OK;
}

static bool parse_forced(const char **text, struct forced *forced)
{
    uint64_t at;
    uint64_t way;
    if (!number(text, UINT32_MAX, &at) || *(*text)++ != '=' ||
        !number(text, UINT32_MAX, &way))
        return false;
    *forced = (struct forced){(uint32_t)at, (uint32_t)way};
    return true;
}

/* "at=way,at=way", ascending, or nothing. */
static bool parse_items(const char *text, struct forced *list, size_t *count)
{
    *count = 0;
    if (*text == '\0')
        return true;
    for (;;) {
        struct forced *item = &list[(*count)++];
        if (!parse_forced(&text, item) ||
            (*count > 1 && item->at <= item[-1].at))
            return false;
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
}

static int parse_list(const char *text, struct schedule_plan *plan)
{
    size_t commas = 0;
    for (const char *at = text; *at; at++)
        commas += *at == ',';
    struct forced *list = alloc_zeroed(commas + 1, sizeof(*list));
    size_t count;
    if (!list)
        return RN_NOMEM;
    if (!parse_items(text, list, &count)) {
        alloc_free(list);
        return RN_INVALID;
    }
    plan->by = (struct decide_by){.list = list, .list_count = count};
    return RN_OK;
}

int schedule_parse(const char *text, struct schedule_plan *plan)
{
    if (strcmp(text, "uniform") == 0) {
        plan->depth = 0;
        return RN_OK;
    }
    if (strncmp(text, "pct:", 4) == 0)
        return parse_pct(text + 4, plan);
    if (strncmp(text, "list:", 5) == 0)
        return parse_list(text + 5, plan);
    return RN_INVALID;
}

static uint64_t kept(void)
{
    uint64_t count = decisions_made()->count;
    if (!decisions_log())
        return 0;
    return count < DECISIONS_KEPT ? count : DECISIONS_KEPT;
}

struct forced *schedule_list(size_t *count)
{
    const struct decision *log = decisions_log();
    uint64_t end = kept();
    size_t needed = 0;
    for (uint64_t i = 0; i < end; i++)
        needed += log[i].way != 0;
    *count = 0;
    struct forced *list = needed ? alloc_zeroed(needed, sizeof(*list)) : NULL;
    for (uint64_t i = 0; list && i < end; i++)
        if (log[i].way != 0)
            list[(*count)++] = (struct forced){(uint32_t)i, log[i].way};
    return list;
}

int schedule_write_list(const struct forced *list, size_t count, char *text,
                        size_t size)
{
    int used = snprintf(text, size, "list:");
    for (size_t i = 0; i < count && (size_t)used < size; i++)
        used += snprintf(text + used, size - (size_t)used, "%s%u=%u",
                         i ? "," : "", list[i].at, list[i].way);
    if ((size_t)used < size)
        return (int)count;
    if (size > 0)
        text[0] = '\0';
    return RN_INVALID;
}

int schedule_write(char *text, size_t size)
{
    size_t count;
    struct forced *list = schedule_list(&count);
    int status = schedule_write_list(list, count, text, size);
    alloc_free(list);
    return status;
}

/* By the log: also a plan that asked has become one. */
static void print_list(void)
{
    const struct decision *log = decisions_log();
    const char *comma = "";
    print_error("list:");
    for (uint64_t i = 0; i < kept(); i++) {
        if (log[i].way == 0)
            continue;
        print_error("%s%llu=%u", comma, (unsigned long long)i, log[i].way);
        comma = ",";
    }
}

static void print_plan(const struct schedule_plan *plan)
{
    if (plan->by.list || plan->by.ask)
        print_list();
    else if (plan->depth)
        print_error("pct:%u:%llu", plan->depth,
                    (unsigned long long)plan->steps);
    else
        print_error("uniform");
}

static void print_decision(uint64_t number, const struct decision *d)
{
    print_error("    %llu: %s %u of %u", (unsigned long long)number,
                kinds[d->kind], d->way, d->count - 1);
    if (d->who)
        print_error(", goroutine %u goes on", d->who);
    print_error("\n");
}

void schedule_report_run(uint64_t seed, const struct schedule_plan *plan)
{
    const struct decision *log = decisions_log();
    unsigned shown = 0;
    print_error("\nsimulation: RUNNEL_SEED=%llu RUNNEL_SCHEDULE=",
                (unsigned long long)seed);
    print_plan(plan);
    print_error(" replays this run\n%llu decisions; those that are not the "
                "plain one:\n",
                (unsigned long long)decisions_made()->count);
    for (uint64_t i = 0; i < kept() && shown <= SHOWN; i++) {
        if (log[i].way == 0)
            continue;
        if (++shown > SHOWN)
            print_error("    ...\n");
        else
            print_decision(i, &log[i]);
    }
}

void schedule_report(void)
{
    schedule_report_run(schedule_plan()->seed, schedule_plan());
}
