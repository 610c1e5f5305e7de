/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile.c: collect in tallies, write from a copy.
 *
 * Who collects: the processor's time is sampler.c's; waits are told by the
 * scheduler, contention by locks (watch.h), to the functions here, which run in
 * the goroutine that waited or unlocked. Each adds to a tally (tally.h).
 *
 * `lock` protects who collects; it is not held while anybody adds.
 *
 * Writing happens in a copy of the process (copy.h): the tallies and all stacks
 * stand still there, and names may be looked up. docs/design/profiling.md has
 * the argument and what was rejected.
 */
#include <runnel/profile.h>

#include <errno.h>
#include <string.h>

#include <runnel/io.h>

#include "copy.h"
#include "frames.h"
#include "lock.h"
#include "os.h"
#include "os_sampling.h"
#include "profile_format.h"
#include "profile_internal.h"
#include "report.h"
#include "sampler.h"
#include "sched.h"
#include "sites.h"
#include "symbols.h"
#include "watch.h"

#define LOCK_CLASS LOCK_PROFILES

#define COLLECTED 3 /* all but goroutines */
#define HZ_MAX    1000
#define EVERY_MAX 1000000
/* How far down the library's own call may be. */
#define TRIM_MAX  16

/* Reasons of a goroutine that is not parked. */
enum { RUNNABLE = WAIT_REASONS, RUNNING };

static struct profile {
    struct tally tally;
    bool collects;
    _Atomic(int64_t) rate;
    int64_t began_wall;
    int64_t began;
    int64_t ended; /* when it does not collect */
} profiles[COLLECTED];

static lock_word lock;

/* ------------------------------------------------------------- collecting */

/* What happened, so often, for so long. */
struct happened {
    enum rn_profile profile;
    uint32_t reason;
    uint64_t count;
    uint64_t sum;
};

/* The calling goroutine's stack; write_entry leaves out what stands here. */
static void add_in_room(void *arg)
{
    const struct happened *what = arg;
    struct tally_key key;
    const struct task *self = task_self();
    if (self->service)
        return;
    key.where = self->where;
    key.reason = what->reason;
    tally_set_name(&key, self->name);
    key.depth = (uint32_t)frames_here(key.frames, TALLY_FRAMES, 0);
    tally_add(&profiles[what->profile].tally, &key, what->count, what->sum);
}

static noinline void add_here(enum rn_profile profile, uint32_t reason,
                              uint64_t count, uint64_t sum)
{
    struct happened what = {profile, reason, count, sum};
    sched_in_room(add_in_room, &what);
}

/*
 * A wait shorter than the rate is kept by a chance of ns / rate, and then
 * stands for rate / ns waits: sums are right on average.
 */
static void add_wait(enum wait_reason reason, int64_t ns)
{
    int64_t rate = atomic_load_explicit(&profiles[RN_PROFILE_BLOCK].rate,
                                        memory_order_relaxed);
    uint64_t count = 1;
    if (ns <= 0)
        return;
    if (ns < rate) {
        if (sched_draw((uint32_t)rate) >= (uint64_t)ns)
            return;
        count = (uint64_t)(rate / ns);
        if (sched_draw((uint32_t)ns) < (uint64_t)(rate % ns))
            count++;
        ns = rate;
    }
    add_here(RN_PROFILE_BLOCK, reason, count, (uint64_t)ns);
}

static void add_contention(int64_t ns)
{
    int64_t rate = atomic_load_explicit(&profiles[RN_PROFILE_MUTEX].rate,
                                        memory_order_relaxed);
    if (rate > 1 && sched_draw((uint32_t)rate) != 0)
        return;
    add_here(RN_PROFILE_MUTEX, WAIT_NONE, (uint64_t)rate,
             (uint64_t)(rate * ns));
}

static bool rate_fits(enum rn_profile profile, int64_t rate)
{
    static const int64_t most[COLLECTED] = {[RN_PROFILE_CPU] = HZ_MAX,
                                            [RN_PROFILE_BLOCK] = RN_S,
                                            [RN_PROFILE_MUTEX] = EVERY_MAX};
    return rate > 0 && rate <= most[profile];
}

static int begin(enum rn_profile profile, struct profile *p)
{
    switch (profile) {
    case RN_PROFILE_CPU:
        return sampler_start(&p->tally, RN_S / p->rate);
    case RN_PROFILE_BLOCK:
        watch_waited = add_wait;
        /* Release: who sees the bit sees whom to call. */
        atomic_fetch_or_explicit(&watch_bits, WATCH_WAITS,
                                 memory_order_release);
        return RN_OK;
    default:
        watch_contended = add_contention;
        atomic_fetch_or_explicit(&watch_bits, WATCH_CONTENTION,
                                 memory_order_release);
        return RN_OK;
    }
}

/* Under the lock. */
static void end(enum rn_profile profile, struct profile *p)
{
    static const uint32_t bits[COLLECTED] = {[RN_PROFILE_BLOCK] = WATCH_WAITS,
                                             [RN_PROFILE_MUTEX] =
                                                 WATCH_CONTENTION};
    if (profile == RN_PROFILE_CPU)
        sampler_stop();
    atomic_fetch_and_explicit(&watch_bits, ~bits[profile],
                              memory_order_relaxed);
    tally_shut(&p->tally);
    p->collects = false;
    p->ended = seam_now();
}

static int start(enum rn_profile profile, struct profile *p, int64_t rate)
{
    if (p->collects)
        return -EBUSY;
    int status = tally_open(&p->tally);
    if (status != RN_OK)
        return status;
    atomic_store_explicit(&p->rate, rate, memory_order_relaxed);
    p->began = seam_now();
    p->began_wall = os_wall_clock();
    p->collects = true;
    status = begin(profile, p);
    if (status != RN_OK)
        end(profile, p);
    return status;
}

int rn_profile_start(enum rn_profile profile, int64_t rate)
{
    if (!sched_is_open() || (unsigned)profile >= COLLECTED ||
        !rate_fits(profile, rate))
        return RN_INVALID;
    if (seam_simulated)
        return -ENOTSUP;
    lock_acquire(&lock);
    int status = start(profile, &profiles[profile], rate);
    lock_release(&lock);
    return status;
}

int rn_profile_stop(enum rn_profile profile)
{
    if (!sched_is_open() || (unsigned)profile >= COLLECTED)
        return RN_INVALID;
    lock_acquire(&lock);
    bool collected = profiles[profile].collects;
    if (collected)
        end(profile, &profiles[profile]);
    lock_release(&lock);
    return collected ? RN_OK : RN_INVALID;
}

void profile_close(void)
{
    for (int i = 0; i < COLLECTED; i++) {
        if (profiles[i].collects)
            end((enum rn_profile)i, &profiles[i]);
        tally_end(&profiles[i].tally);
    }
}

/* ---------------------------------------------------- writing, in the copy */

struct order {
    enum rn_profile profile;
    enum rn_profile_format format;
    int fd;
    bool done;
};

static const char *reason_text(uint32_t reason)
{
    switch (reason) {
    case WAIT_NONE:
        return NULL;
    case RUNNABLE:
        return "runnable";
    case RUNNING:
        return "running";
    default:
        return report_reason((enum wait_reason)reason);
    }
}

/* Is it in a file that stands beside the scheduler's? */
static bool is_ours(const struct site *site)
{
    const struct site *known = site_at(site_of((char *)sched_park + 1));
    const char *file = word_text(known->file);
    const char *name = strrchr(file, '/');
    size_t folder = name ? (size_t)(name - file) + 1 : 0;
    const char *other = word_text(site->file);
    return known->line != 0 && site->line != 0 &&
           strncmp(file, other, folder) == 0 && !strchr(other + folder, '/');
}

/*
 * Where a wait begins: at the library's call nearest to the top. Where the
 * compiler left that out, which jumps from a function's end: at the last of
 * what is the library's.
 */
static size_t first_site(const uint32_t *sites, size_t count)
{
    for (size_t i = 0; i < count && i < TRIM_MAX; i++)
        if (report_is_public(word_text(site_at(sites[i])->name)))
            return i;
    size_t ours = 0;
    while (ours < count && is_ours(site_at(sites[ours])))
        ours++;
    return ours > 0 ? ours - 1 : 0;
}

static void write_entry(const struct tally_entry *entry, bool trim)
{
    uint32_t sites[TALLY_FRAMES];
    size_t depth = report_without_begin(entry->key.frames, entry->key.depth);
    size_t known = 0;
    for (size_t i = 0; i < depth; i++) {
        uint32_t site = site_of(entry->key.frames[i]);
        if (site != 0)
            sites[known++] = site;
    }
    if (known == 0)
        sites[known++] = site_named(
            entry->key.reason == RUNNING ? "(running)" : "(no stack)");
    size_t first = trim ? first_site(sites, known) : 0;
    format_sample(&(struct format_sample){
        .sites = sites + first,
        .depth = known - first,
        .values = {atomic_load_explicit(&entry->count, memory_order_relaxed),
                   atomic_load_explicit(&entry->sum, memory_order_relaxed)},
        .where = entry->key.where,
        .name = entry->key.name,
        .reason = reason_text(entry->key.reason)});
}

/* Every name is asked for before a byte is printed: see copy_again. */
static void find_names(const struct tally *tally)
{
    size_t at = 0;
    const struct tally_entry *entry = tally_next(tally, &at);
    for (; entry; entry = tally_next(tally, &at))
        for (size_t i = 0; i < entry->key.depth; i++)
            (void)site_of(entry->key.frames[i]);
}

static void write_tally(const struct tally *tally, bool trim, uint64_t weight)
{
    size_t at = 0;
    const struct tally_entry *entry = tally_next(tally, &at);
    for (; entry; entry = tally_next(tally, &at))
        write_entry(entry, trim);
    uint64_t lost = atomic_load_explicit(&tally->lost, memory_order_relaxed);
    if (lost == 0)
        return;
    uint32_t site = site_named("(lost)");
    format_sample(&(struct format_sample){
        .sites = &site, .depth = 1, .values = {lost, lost * weight}});
}

/* One goroutine into a tally of the copy's own. */
static void add_goroutine(struct stack *stack, void *arg)
{
    struct task *task = container_of(stack, struct task, stack);
    struct tally_key key = {.where = task->where};
    int state = atomic_load_explicit(&task->state, memory_order_relaxed);
    if (state == TASK_NEW || state == TASK_DEAD || task->service)
        return;
    if (state == TASK_PARKED && task->waits.reason < WAIT_REASONS)
        key.reason = task->waits.reason;
    else
        key.reason = state == TASK_RUNNING ? RUNNING : RUNNABLE;
    tally_set_name(&key, NULL);
    key.depth = (uint32_t)(state == TASK_RUNNING
                               ? sampler_found(task, key.frames, TALLY_FRAMES)
                               : report_stack(task, key.frames, TALLY_FRAMES));
    tally_add(arg, &key, 1, 1);
}

static void write_goroutines(enum rn_profile_format format)
{
    static struct tally tally;
    const struct format_head head = {
        .values = {{"goroutine", "count"}},
        .period_type = {"goroutine", "count"},
        .period = 1,
        .began = os_wall_clock(),
    };
    if (tally_open(&tally) != RN_OK)
        os_exit(1);
    stack_each(add_goroutine, &tally);
    find_names(&tally);
    format_begin(format, &head);
    write_tally(&tally, true, 1);
}

static void write_collected(enum rn_profile profile,
                            enum rn_profile_format format)
{
    const struct profile *p = &profiles[profile];
    int64_t end = p->collects ? seam_now() : p->ended;
    bool cpu = profile == RN_PROFILE_CPU;
    int64_t period = cpu && p->rate > 0 ? RN_S / p->rate : 1;
    struct format_head head = {
        .values = {{"contentions", "count"}, {"delay", "nanoseconds"}},
        .period_type = {"contentions", "count"},
        .period = period,
        .began = p->began_wall,
        .lasted_ns = end - p->began,
    };
    if (cpu) {
        head.values[0] = (struct format_unit){"samples", "count"};
        head.values[1] = (struct format_unit){"cpu", "nanoseconds"};
        head.period_type = head.values[1];
    }
    find_names(&p->tally);
    format_begin(format, &head);
    write_tally(&p->tally, !cpu, cpu ? (uint64_t)period : 0);
}

static void write_in_copy(void *arg)
{
    const struct order *order = arg;
    os_print_to(order->fd);
    symbols_open();
    if (!sites_open())
        os_exit(1);
    if (order->profile == RN_PROFILE_GOROUTINE)
        write_goroutines(order->format);
    else
        write_collected(order->profile, order->format);
    format_end();
}

static void make_copy(void *arg)
{
    struct order *order = arg;
    if (order->profile == RN_PROFILE_GOROUTINE)
        sampler_ask(); /* the copy has no other threads */
    order->done = copy_run(write_in_copy, order, false);
}

int rn_profile_write(enum rn_profile profile, enum rn_profile_format format,
                     int fd)
{
    struct order order = {.profile = profile, .format = format, .fd = fd};
    if (!sched_is_open() || (unsigned)profile > RN_PROFILE_GOROUTINE ||
        (unsigned)format > RN_PROFILE_FOLDED)
        return RN_INVALID;
    if (seam_simulated)
        return -ENOTSUP;
    int status = os_fd_check(fd);
    if (status < 0)
        return status;
    rn_block(make_copy, &order);
    return order.done ? RN_OK : RN_NOMEM;
}
