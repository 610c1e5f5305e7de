/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stuck.c: mark what can be reached, as a garbage collector does.
 *
 * Objects are the channels that somebody waits for without a limit. Roots are
 * all writable memory but that of goroutines, workers and this search; besides
 * the stacks of goroutines that are not judged. A goroutine whose channel is
 * found becomes a root itself, until nothing changes.
 *
 * Left out on purpose: mutexes, WaitGroups and their kin lie inside objects of
 * the program, which may be known by another address than theirs; a select has
 * several channels. Those who wait for such are always roots.
 */
#include "stuck.h"

#include <stdio.h>
#include <string.h>

#ifdef RN_VALGRIND
#include <valgrind/valgrind.h>
#endif

#include "copy.h"
#include "os.h"
#include "sanitize.h"
#include "sched.h"
#include "track.h"
#include "worker.h"

#define OBJECTS    65536 /* a power of two; half of them are used at most */
#define FIND_LIMIT (10 * RN_S)
#define OWN_RANGES 4

/*
 * The shadow memory of sanitizers is too large to be searched, and Valgrind
 * takes each word that nobody wrote for a mistake.
 */
#if defined(RN_ASAN) || defined(RN_TSAN)
#define SEARCHES false
#elif defined(RN_VALGRIND)
#define SEARCHES (!RUNNING_ON_VALGRIND)
#else
#define SEARCHES true
#endif

struct object {
    uintptr_t address; /* 0: a free place */
    bool reached;
};

static struct {
    struct object *objects; /* by address, open addressing */
    size_t count;
    uintptr_t below; /* all of them lie between; no object's own address, */
    uintptr_t above; /* which would be found here */
    bool changed;
    bool unsure; /* nothing can be said */
    bool done;
} search;

static bool waits_for_ever_on_nothing(const struct task *task)
{
    enum wait_reason reason = task->waits.reason;
    return !task->waits.limited &&
           (reason == WAIT_SEND_NIL || reason == WAIT_RECV_NIL ||
            reason == WAIT_SELECT_NONE);
}

/* The channel that alone can end the wait, or 0. */
static uintptr_t object_of(const struct task *task)
{
    enum wait_reason reason = task->waits.reason;
    bool judged =
        !task->waits.limited && (reason == WAIT_SEND || reason == WAIT_RECV);
    return judged ? (uintptr_t)task->waits.object : 0;
}

static bool is_parked(const struct task *task)
{
    return atomic_load_explicit(&task->state, memory_order_relaxed) ==
           TASK_PARKED;
}

static struct object *place_of(uintptr_t address)
{
    size_t at = (address * UINT64_C(0x9e3779b97f4a7c15)) >> 40;
    while (search.objects[at % OBJECTS].address != 0 &&
           search.objects[at % OBJECTS].address != address)
        at++;
    return &search.objects[at % OBJECTS];
}

static void note(struct stack *stack, void *arg)
{
    const struct task *task = container_of(stack, struct task, stack);
    (void)arg;
    int state = atomic_load_explicit(&task->state, memory_order_relaxed);
    if (state == TASK_RUNNING || search.count >= OBJECTS / 2)
        search.unsure = true;
    uintptr_t address = state == TASK_PARKED ? object_of(task) : 0;
    if (address == 0 || search.unsure)
        return;
    struct object *object = place_of(address);
    search.count += object->address == 0;
    object->address = address;
    if (address <= search.below)
        search.below = address - 1;
    if (address >= search.above)
        search.above = address + 1;
}

/* Every word from `low` up to `high` may be a pointer. */
static void scan(uintptr_t low, uintptr_t high)
{
    const uintptr_t *word = (const uintptr_t *)low;
    const uintptr_t *end = (const uintptr_t *)high;
    for (; word < end; word++) {
        if (*word <= search.below || *word >= search.above)
            continue;
        struct object *object = place_of(*word);
        if (object->address != 0 && !object->reached) {
            object->reached = true;
            search.changed = true;
        }
    }
}

/* Goroutines that are no candidates, or have been reached. */
static void scan_living(struct stack *stack, void *arg)
{
    const struct task *task = container_of(stack, struct task, stack);
    (void)arg;
    if (is_parked(task)) {
        if (waits_for_ever_on_nothing(task))
            return;
        uintptr_t address = object_of(task);
        if (address != 0 && !place_of(address)->reached)
            return;
    }
    char *sp = task->sp;
    if (sp >= stack_floor(&task->stack) && sp < (char *)task)
        scan((uintptr_t)sp, (uintptr_t)task);
}

struct range {
    uintptr_t low;
    uintptr_t high;
};

/* The runtime's own memory: what it says of a channel is no use of it. */
static void own_ranges(struct range *ranges)
{
    ranges[0] = (struct range){(uintptr_t)search.objects,
                               (uintptr_t)(search.objects + OBJECTS)};
    ranges[1] = (struct range){(uintptr_t)workers.all,
                               (uintptr_t)(workers.all + workers.capacity)};
    copy_stack(&ranges[2].low, &ranges[2].high);
    track_table(&ranges[3].low, &ranges[3].high);
}

/* Where to go on from `at`, which is left out; or `at` itself. */
static uintptr_t past_own(uintptr_t at, const struct range *own)
{
    for (size_t i = 0; i < OWN_RANGES; i++)
        if (at >= own[i].low && at < own[i].high)
            return own[i].high;
    for (unsigned i = 1; i < workers_made(); i++) {
        /* Only code of the runtime runs on the stack of a worker. */
        uintptr_t low = (uintptr_t)workers.all[i].stack_low;
        if (at >= low && at < low + workers.all[i].stack_size)
            return low + workers.all[i].stack_size;
    }
    return (uintptr_t)stack_slab_end((void *)at);
}

/* Up to where nothing that is left out begins: a page at most. */
static uintptr_t end_of_piece(uintptr_t at, uintptr_t high,
                              const struct range *own)
{
    size_t page = os_page_size();
    uintptr_t end = (at / page + 1) * page;
    for (size_t i = 0; i < OWN_RANGES; i++)
        if (own[i].low > at && own[i].low < end)
            end = own[i].low;
    return end < high ? end : high;
}

static void scan_region(struct range region, const struct range *own)
{
    uintptr_t at = region.low;
    while (at < region.high) {
        uintptr_t end = past_own(at, own);
        if (end == at) {
            end = end_of_piece(at, region.high, own);
            scan(at, end);
        }
        at = end;
    }
}

/* One line of /proc/self/maps; false when it is not memory to be searched. */
static bool region_of(const char *line, struct range *region)
{
    unsigned long low;
    unsigned long high;
    char mode[8];
    if (sscanf(line, "%lx-%lx %7s", &low, &high, mode) != 3 || mode[0] != 'r' ||
        mode[1] != 'w')
        return false;
    *region = (struct range){low, high};
    return !strstr(line, "[v");
}

static void scan_roots(void)
{
    struct range own[OWN_RANGES];
    struct range region;
    char line[512];
    own_ranges(own);
    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps) {
        search.unsure = true;
        return;
    }
    while (fgets(line, sizeof(line), maps))
        if (region_of(line, &region))
            scan_region(region, own);
    fclose(maps);
}

static void find(void *arg)
{
    (void)arg;
    search.below = UINTPTR_MAX;
    stack_each(note, NULL);
    if (search.unsure)
        return;
    if (search.count > 0)
        scan_roots();
    do {
        search.changed = false;
        stack_each(scan_living, NULL);
    } while (search.changed);
    search.done = !search.unsure;
}

void stuck_find(void)
{
    if (!SEARCHES || !copy_is_one() || search.objects)
        return;
    search.objects = os_map(OBJECTS * sizeof(*search.objects));
    if (search.objects && !copy_try(find, NULL, FIND_LIMIT))
        search.done = false;
}

bool stuck_is(const struct task *task)
{
    if (!search.done || !is_parked(task))
        return false;
    if (waits_for_ever_on_nothing(task))
        return true;
    uintptr_t address = object_of(task);
    return address != 0 && !place_of(address)->reached;
}
