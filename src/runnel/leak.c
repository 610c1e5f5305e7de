/* SPDX-License-Identifier: Apache-2.0 */
/*
 * leak.c: goroutines by report.c, objects by track.h, those from the same line
 * together.
 */
#include "leak.h"

#include <stdlib.h>
#include <string.h>

#include "fatal.h"
#include "os.h"
#include "report.h"
#include "sched.h"
#include "track.h"
#include "wait.h"

/* Lines that a report tells apart. */
#define LINES 1024

/* What is said of an object. */
enum condition {
    NEVER_CANCELED,
    NEVER_RELEASED,
    CHANNEL_KEPT,
    TIMER_KEPT,
    CONDITIONS
};

static const char *const texts[CONDITIONS][2] = {
    [NEVER_CANCELED] = {"context", "never canceled"},
    [NEVER_RELEASED] = {"context", "done, but never released"},
    [CHANNEL_KEPT] = {"channel", "never freed"},
    [TIMER_KEPT] = {"timer", "never freed"},
};

struct line {
    const char *where;
    enum condition condition;
    size_t count;
};

struct leaks {
    bool at_end;
    const struct task *caller;
    size_t goroutines;
    size_t objects[TRACK_KINDS];
    size_t total;
    size_t line_count;
    struct line *lines;
    size_t others; /* from more lines than fit */
};

bool leaks_wanted(void)
{
    const char *text = getenv("RUNNEL_LEAKS");
    return text && strcmp(text, "1") == 0;
}

static bool is_leak(const struct task *task, int state, const void *arg)
{
    const struct leaks *leaks = arg;
    if (task == leaks->caller || task->service)
        return false;
    return leaks->at_end || state == TASK_PARKED;
}

static void count_goroutine(struct stack *stack, void *arg)
{
    struct leaks *leaks = arg;
    struct task *task = container_of(stack, struct task, stack);
    int state = atomic_load_explicit(&task->state, memory_order_relaxed);
    if (state != TASK_NEW && state != TASK_DEAD && is_leak(task, state, leaks))
        leaks->goroutines++;
}

static void count_object(const struct tracked *t, void *arg)
{
    ((struct leaks *)arg)->objects[t->kind]++;
}

static enum condition condition_of(const struct tracked *t)
{
    if (t->kind == TRACK_CHANNEL)
        return CHANNEL_KEPT;
    if (t->kind == TRACK_TIMER)
        return TIMER_KEPT;
    return token_status(ctx_token(t->object)) == 0 ? NEVER_CANCELED
                                                   : NEVER_RELEASED;
}

static void add_object(const struct tracked *t, void *arg)
{
    struct leaks *leaks = arg;
    enum condition condition = condition_of(t);
    const char *where = t->where ? t->where : "?";
    for (size_t i = 0; i < leaks->line_count; i++) {
        struct line *line = &leaks->lines[i];
        if (line->condition == condition && strcmp(line->where, where) == 0) {
            line->count++;
            return;
        }
    }
    if (leaks->line_count < LINES)
        leaks->lines[leaks->line_count++] = (struct line){where, condition, 1};
    else
        leaks->others++;
}

static void print_number(size_t number, const char *what, const char *comma)
{
    print_error("%s%zu %s%s", comma, number, what, number == 1 ? "" : "s");
}

static void print_heading(const struct leaks *leaks)
{
    static const char *const kinds[TRACK_KINDS] = {
        [TRACK_CONTEXT] = "context",
        [TRACK_CHANNEL] = "channel",
        [TRACK_TIMER] = "timer",
    };
    const char *comma = "";
    print_error("leaks: ");
    if (leaks->goroutines > 0) {
        print_number(leaks->goroutines, "goroutine", "");
        comma = ", ";
    }
    for (int kind = 0; kind < TRACK_KINDS; kind++)
        if (leaks->objects[kind] > 0) {
            print_number(leaks->objects[kind], kinds[kind], comma);
            comma = ", ";
        }
    print_error("\n");
}

static void print_objects(struct leaks *leaks)
{
    size_t size = LINES * sizeof(*leaks->lines);
    leaks->lines = os_map(size);
    if (!leaks->lines)
        return;
    track_each(add_object, leaks);
    if (leaks->line_count > 0)
        print_error("\n");
    for (size_t i = 0; i < leaks->line_count; i++) {
        const struct line *line = &leaks->lines[i];
        print_number(line->count, texts[line->condition][0], "");
        print_error(" %s, made at %s\n", texts[line->condition][1],
                    line->where);
    }
    if (leaks->others > 0)
        print_error("%zu more\n", leaks->others);
    os_unmap(leaks->lines, size);
}

size_t leaks_report(bool at_end)
{
    struct leaks leaks = {
        .at_end = at_end,
        .caller = at_end ? NULL : task_self(),
    };
    stack_each(count_goroutine, &leaks);
    track_each(count_object, &leaks);
    leaks.total = leaks.goroutines;
    for (int kind = 0; kind < TRACK_KINDS; kind++)
        leaks.total += leaks.objects[kind];
    if (leaks.total == 0)
        return 0;
    print_heading(&leaks);
    if (leaks.goroutines > 0)
        report_some(is_leak, &leaks);
    print_objects(&leaks);
    return leaks.total;
}
