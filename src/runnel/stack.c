/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack.c: slabs, guards, and where free stacks wait.
 *
 * Guards, best first:
 * 1. MADV_GUARD_INSTALL (Linux 6.13): no mapping of its own, so a million
 *    stacks stay below vm.max_map_count.
 * 2. mprotect: two mappings a stack, about 32,000 stacks.
 * 3. none: beyond that, the stack's lowest word must still be zero when the
 *    goroutine ends. Reading it maps the shared zero page, no memory.
 *
 * A slab is address space for many stacks: mapping one needs, for a moment, what
 * every page fault of the process needs, so there are few. A worker takes a run
 * of blocks from it and guards them, without the lock.
 *
 * Rejected: writing a canary, which would touch a second page of every stack;
 * one mapping a stack, which costs 0.7 us and a mapping each.
 *
 * `shared.lock` protects all of `shared`; nothing else is taken under it.
 */
#include "stack.h"

#include <string.h>

#ifdef RN_VALGRIND
#include <valgrind/valgrind.h>
#endif

#include "alloc.h"
#include "fatal.h"
#include "lock.h"
#include "os.h"
#include "sanitize.h"
#include "stack_small.h"

#define LOCK_CLASS LOCK_LEAF

/* Sanitizers and unoptimised code have larger frames. */
#if defined(RN_ASAN) || defined(RN_TSAN) || !defined(__OPTIMIZE__)
#define STACK_SCALE 4
#else
#define STACK_SCALE 1
#endif

#define COLOURS 16 /* places of the record, a cache line apart */

/* The first slab of a class: so many stacks, or so many bytes. */
#define SLAB_STACKS 64
#define SLAB_MIN    ((size_t)64 * 1024 * 1024)
/* Each further one is twice as large, up to this many bytes. */
#define SLAB_MAX    ((size_t)512 * 1024 * 1024)
/* A worker takes so many new stacks at once. */
#define RUN_STACKS  64
/* ... but of large ones no more than this: nobody else can have what is left. */
#define RUN_BYTES   ((size_t)16 * 1024 * 1024)

/* Lines of the record, and below it, that are written when a goroutine starts. */
#define RECORD_LINES 4
#define START_LINES  2

/* A worker that has nothing to run prepares so many new stacks at once, as a
 * chain; there are at most so many chains ... */
#define AHEAD_STACKS 16
#define AHEAD_MAX    16
/* ... for a class of which so many were taken. */
#define AHEAD_FROM   1024

/* Kept with their pages: 64 MiB of touched first pages, then cold. */
#define STACK_HOT_MAX 16384

enum guard_kind { GUARD_MADVISE, GUARD_PROTECT, GUARD_NONE };

struct slab {
    struct slab *next;
    char *start;
    size_t size;
    size_t carved; /* bytes handed out */
    uint32_t class;
};

static struct {
    lock_word lock;
    enum guard_kind guard;
    bool guard_seen; /* it keeps from reading */
    size_t page;
    size_t record;
    struct slab *slabs; /* newest first */
    struct slab *open[STACK_CLASSES];
    size_t next_slab[STACK_CLASSES];    /* its bytes; 0: none was opened yet */
    struct stack *packs[STACK_CLASSES]; /* those with their pages; these ... */
    struct stack *hot[STACK_CLASSES];   /* ... and single ones */
    size_t hot_count;                   /* of all stacks in both */
    size_t hot_least;                   /* what it was at least, in this age */
    size_t to_cool;                     /* nobody has wanted them for an age */
    struct stack *halves;               /* small ones that are `halved` */
    struct ahead {
        struct stack *first; /* of a chain of new ones, prepared */
        uint32_t count;
        uint32_t class;
    } ahead[AHEAD_MAX];
    size_t ahead_count; /* chains */
    bool preparing;     /* a worker is about to add one */
    /* The class of which there are to be more, and 1; 0: none. Relaxed: a hint
     * for who has not taken the lock. */
    _Atomic(uint32_t) ahead_wanted;
    size_t carved[STACK_CLASSES]; /* new blocks that workers took, in all */
    struct cold {
        char **blocks; /* bit 0 set: not guarded */
        size_t count;
        size_t capacity;
    } cold[STACK_CLASSES];
} shared;

/* It knows neither pidfd_open nor that a page may be there and not readable. */
static bool on_valgrind(void)
{
#ifdef RN_VALGRIND
    return RUNNING_ON_VALGRIND;
#else
    return false;
#endif
}

void stack_setup(size_t record, bool apart)
{
    shared.page = os_page_size();
    shared.record = (record + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    small_setup(shared.record, STACK_SCALE == 1, apart || on_valgrind());
    shared.guard = GUARD_MADVISE;
    shared.guard_seen = false;
}

/* None of which is in use. */
static size_t chain_length(const struct stack *s, uint32_t class)
{
    size_t count = 0;
    for (; s; s = s->next) {
        if (s->used || s->class != class)
            return SIZE_MAX;
        count++;
    }
    return count;
}

/* At the end: so many are kept with their pages, and so many were prepared. */
static bool shared_check(void)
{
    size_t count = 0;
    for (size_t i = 0; i < shared.ahead_count; i++)
        if (chain_length(shared.ahead[i].first, shared.ahead[i].class) !=
            shared.ahead[i].count)
            return false;
    for (uint32_t class = 0; class < STACK_CLASSES; class ++) {
        count += chain_length(shared.hot[class], class);
        for (const struct stack *s = shared.packs[class]; s; s = s->next_pack)
            count += chain_length(s, class);
    }
    return count == shared.hot_count;
}

void stack_teardown(void)
{
    INVARIANT(shared_check());
    while (shared.slabs) {
        struct slab *slab = shared.slabs;
        shared.slabs = slab->next;
        sanitize_stack_fresh(slab->start, slab->carved);
        os_unmap(slab->start, slab->size);
        alloc_free(slab);
    }
    for (int i = 0; i < STACK_CLASSES; i++) {
        alloc_free(shared.cold[i].blocks);
        shared.cold[i] = (struct cold){0};
        shared.open[i] = NULL;
        shared.next_slab[i] = 0;
        shared.packs[i] = NULL;
        shared.hot[i] = NULL;
        shared.carved[i] = 0;
    }
    shared.ahead_count = 0;
    atomic_store_explicit(&shared.ahead_wanted, 0, memory_order_relaxed);
    shared.hot_count = 0;
    shared.hot_least = 0;
    shared.to_cool = 0;
    shared.halves = NULL;
}

int stack_class_small(void)
{
    return small_fits() ? STACK_SMALL : stack_class(STACK_SIZE_MIN);
}

int stack_class(size_t size)
{
    if (size > stack_bytes(STACK_ORDINARY - 1) / STACK_SCALE)
        return -1;
    size *= STACK_SCALE;
    int class = 0;
    while (stack_bytes((uint32_t) class) < size)
        class ++;
    return class;
}

/* What is carved at once: a stack with its guard, or a page of small ones. */
static size_t block_bytes(uint32_t class)
{
    return class == STACK_SMALL ? SMALL_BLOCK : stack_bytes(class);
}

/*
 * Where the record lies: a little lower in one stack than in the next. Would all
 * lie at the same place of a page, a few sets of the processor's caches would
 * have to hold what every goroutine at rest is resumed from.
 */
static struct stack *record_of(char *low, uint32_t class)
{
    if (class == STACK_SMALL)
        return small_record(low);
    size_t bytes = stack_bytes(class);
    size_t colour = (uintptr_t)low / bytes % COLOURS * CACHE_LINE;
    return (struct stack *)(low + bytes - shared.record - colour);
}

/* Guards the block's lowest page; false when no kind of guard fits. */
static bool guard(char *low)
{
    lock_acquire(&shared.lock);
    if (shared.guard == GUARD_MADVISE && os_guard(low, shared.page) != 0)
        shared.guard = GUARD_PROTECT;
    /* Emulators (QEMU's) take any advice they do not know for a hint. */
    if (shared.guard == GUARD_MADVISE && !shared.guard_seen && !on_valgrind()) {
        shared.guard_seen = !os_readable(low);
        if (!shared.guard_seen)
            shared.guard = GUARD_PROTECT;
    }
    if (shared.guard == GUARD_PROTECT && os_protect(low, shared.page) != 0)
        shared.guard = GUARD_NONE;
    bool guarded = shared.guard != GUARD_NONE;
    lock_release(&shared.lock);
    return guarded;
}

/*
 * Valgrind takes a switch to a stack it does not know for a huge frame. Known
 * once, a stack stays known: it is never anything else.
 */
static void valgrind_stack(struct stack *stack)
{
#ifdef RN_VALGRIND
    VALGRIND_STACK_REGISTER(stack_floor(stack), (char *)stack);
#endif
    (void)stack;
}

/* Under the lock: address space for a slab, of half the size if need be. */
static char *slab_map(uint32_t class, size_t *size)
{
    size_t least = block_bytes(class) * SLAB_STACKS;
    if (least > SLAB_MIN)
        least = SLAB_MIN;
    *size = shared.next_slab[class] ? shared.next_slab[class] : least;
    char *start = os_map(*size);
    for (; !start && *size > least; start = os_map(*size))
        *size /= 2;
    if (start)
        shared.next_slab[class] = *size < SLAB_MAX ? 2 * *size : *size;
    return start;
}

/* Under the lock. */
static struct slab *slab_open(uint32_t class)
{
    struct slab *slab = alloc_zeroed(1, sizeof(*slab));
    if (!slab)
        return NULL;
    slab->start = slab_map(class, &slab->size);
    if (!slab->start) {
        alloc_free(slab);
        return NULL;
    }
    slab->class = class;
    slab->next = shared.slabs;
    shared.slabs = slab;
    shared.open[class] = slab;
    return slab;
}

/* Under the lock: blocks of a slab, at most so many; false: no memory. */
static bool run_take(struct stack_run *run, uint32_t class, size_t most)
{
    struct slab *slab = shared.open[class];
    if (!slab || slab->carved == slab->size)
        slab = slab_open(class);
    if (!slab)
        return false;
    size_t bytes = most * block_bytes(class);
    if (bytes > slab->size - slab->carved)
        bytes = slab->size - slab->carved;
    run->at = slab->start + slab->carved;
    run->end = run->at + bytes;
    run->guarded = run->at;
    slab->carved += bytes;
    shared.carved[class] += bytes / block_bytes(class);
    return true;
}

/* At most so many blocks, guarded where one call can do that for all. */
static bool run_open(struct stack_run *run, uint32_t class, size_t most)
{
    size_t bytes = block_bytes(class);
    lock_acquire(&shared.lock);
    bool by_one_call = shared.guard == GUARD_MADVISE && shared.guard_seen;
    bool found = run_take(run, class, most);
    lock_release(&shared.lock);
    if (found && most > 1 && by_one_call)
        run->guarded +=
            bytes * os_guard_many(run->at, bytes,
                                  (size_t)(run->end - run->at) / bytes,
                                  shared.page);
    return found;
}

/* Stacks of the class that a worker takes at once. */
static size_t run_size(uint32_t class)
{
    size_t most = RUN_BYTES / block_bytes(class);
    return most > RUN_STACKS ? RUN_STACKS : most > 0 ? most : 1;
}

/* The record of a block that is new, or has been cold. */
static struct stack *set_out(char *low, uint32_t class, bool guarded)
{
    struct stack *stack = record_of(low, class);
    stack->low = low;
    stack->class = class;
    stack->guarded = guarded;
    stack->next = NULL;
    return stack;
}

/* Under the lock: one with its pages. */
static void give_hot(struct stack *stack)
{
    stack->next = shared.hot[stack->class];
    shared.hot[stack->class] = stack;
    shared.hot_count++;
}

/* The other stack of a new page; the worker's list is empty now. */
static void keep_upper(struct stack_cache *cache, struct stack *upper)
{
    if (cache) {
        upper->next = cache->free[STACK_SMALL];
        cache->free[STACK_SMALL] = upper;
        cache->count[STACK_SMALL]++;
        return;
    }
    lock_acquire(&shared.lock);
    give_hot(upper);
    lock_release(&shared.lock);
}

/* The next block of a run as a stack; as its `next` the other of its page. */
static struct stack *carve_from(struct stack_run *run, uint32_t class)
{
    char *low = run->at;
    bool guarded = low < run->guarded || guard(low);
    struct stack *stack = set_out(low, class, guarded);
    valgrind_stack(stack);
    run->at += block_bytes(class);
    if (run->guarded < run->at)
        run->guarded = run->at;
    if (class == STACK_SMALL && small_open_page(low))
        stack->next = set_out(small_upper(low), class, false);
    return stack;
}

/* One that was never used. */
static struct stack *carve(struct stack_cache *cache, uint32_t class)
{
    struct stack_run one = {0};
    struct stack_run *run = cache ? &cache->fresh[class] : &one;
    if (run->at == run->end &&
        !run_open(run, class, cache ? run_size(class) : 1))
        return NULL;
    struct stack *stack = carve_from(run, class);
    if (stack->next)
        keep_upper(cache, stack->next);
    return stack;
}

/* Under the lock: a chain that was prepared, or none. Another is wanted. */
static struct ahead take_ahead(uint32_t class)
{
    struct ahead taken = {0};
    for (size_t i = shared.ahead_count; i > 0 && !taken.first; i--)
        if (shared.ahead[i - 1].class == class) {
            taken = shared.ahead[i - 1];
            shared.ahead[i - 1] = shared.ahead[--shared.ahead_count];
        }
    if (shared.carved[class] >= AHEAD_FROM && run_size(class) >= AHEAD_STACKS)
        atomic_store_explicit(&shared.ahead_wanted, class + 1,
                              memory_order_relaxed);
    return taken;
}

/* New stacks, the first page of each touched; none: no memory. */
static struct ahead prepare(uint32_t class)
{
    struct stack_run run = {0};
    struct ahead made = {.class = class};
    if (!run_open(&run, class, AHEAD_STACKS))
        return made;
    while (run.at < run.end) {
        struct stack *stack = carve_from(&run, class);
        struct stack *last = stack->next ? stack->next : stack;
        made.count += last == stack ? 1 : 2;
        last->next = made.first;
        made.first = stack;
    }
    return made;
}

/* Under the lock: the class to prepare stacks of; -1: none are wanted now. */
static int to_prepare(void)
{
    uint32_t wanted =
        atomic_load_explicit(&shared.ahead_wanted, memory_order_relaxed);
    return wanted != 0 && !shared.preparing && shared.ahead_count < AHEAD_MAX
               ? (int)wanted - 1
               : -1;
}

bool stack_prepare(void)
{
    if (likely(atomic_load_explicit(&shared.ahead_wanted,
                                    memory_order_relaxed) == 0))
        return false;
    lock_acquire(&shared.lock);
    int class = to_prepare();
    shared.preparing = shared.preparing || class >= 0;
    if (shared.ahead_count == AHEAD_MAX)
        atomic_store_explicit(&shared.ahead_wanted, 0, memory_order_relaxed);
    lock_release(&shared.lock);
    if (class < 0)
        return false;
    struct ahead made = prepare((uint32_t) class);
    lock_acquire(&shared.lock);
    shared.preparing = false;
    if (made.first)
        shared.ahead[shared.ahead_count++] = made;
    if (!made.first || shared.ahead_count == AHEAD_MAX)
        atomic_store_explicit(&shared.ahead_wanted, 0, memory_order_relaxed);
    lock_release(&shared.lock);
    return made.first != NULL;
}

/* Under the lock. */
static struct stack *warm_up(uint32_t class)
{
    struct cold *cold = &shared.cold[class];
    if (cold->count == 0)
        return NULL;
    uintptr_t block = (uintptr_t)cold->blocks[--cold->count];
    char *low = (char *)(block & ~(uintptr_t)1);
    struct stack *stack = set_out(low, class, !(block & 1));
    if (class == STACK_SMALL && small_open_page(low))
        give_hot(set_out(small_upper(low), class, false));
    return stack;
}

/* Under the lock: room for so many more; false: no memory. */
static bool cold_room(struct cold *cold, size_t more)
{
    if (cold->capacity - cold->count >= more)
        return true;
    size_t capacity = 2 * cold->capacity + more;
    char **blocks = alloc_grow(cold->blocks, capacity, sizeof(*blocks));
    if (!blocks)
        return false;
    cold->blocks = blocks;
    cold->capacity = capacity;
    return true;
}

/* Under the lock. */
static bool any_hot(uint32_t class)
{
    return shared.hot[class] || shared.packs[class];
}

/* Under the lock, when there is one. */
static struct stack *take_pack(uint32_t class)
{
    struct stack *first = shared.packs[class];
    shared.packs[class] = first->next_pack;
    return first;
}

/* Under the lock: so many of the hot ones are taken. */
static void count_taken(size_t count)
{
    shared.hot_count -= count;
    if (shared.hot_count < shared.hot_least)
        shared.hot_least = shared.hot_count;
}

/* Under the lock, when there is one. */
static struct stack *take_hot(uint32_t class)
{
    if (!shared.hot[class])
        shared.hot[class] = take_pack(class);
    struct stack *stack = shared.hot[class];
    shared.hot[class] = stack->next;
    count_taken(1);
    return stack;
}

bool stack_age(void)
{
    lock_acquire(&shared.lock);
    shared.to_cool =
        shared.hot_least > STACK_HOT_MAX ? shared.hot_least - STACK_HOT_MAX : 0;
    shared.hot_least = shared.hot_count;
    bool more = shared.hot_count > STACK_HOT_MAX && !on_valgrind();
    lock_release(&shared.lock);
    return more;
}

/* Under the lock: one that waits for its neighbour, or NULL. */
static struct stack *take_half(void)
{
    struct stack *half = shared.halves;
    if (half)
        small_unlink(&shared.halves, half);
    return half;
}

/*
 * Under the lock: the stack whose block can go cold with this one. Of a page of
 * small ones the first waits for the second, its page kept: NULL.
 */
static struct stack *pair_up(struct stack *stack)
{
    if (stack->class != STACK_SMALL || !small_paired())
        return stack;
    struct stack *other = small_neighbour(stack);
    if (!other->halved) {
        small_link(&shared.halves, stack);
        return NULL;
    }
    small_unlink(&shared.halves, other);
    return small_is_upper(stack->low) ? other : stack;
}

/* What goes cold at once: the lock is held while so many are taken out. */
#define COOL_BATCH 64

/* Under the lock: there are still more than are to be kept. */
static bool may_cool(void)
{
    return shared.to_cool > 0 && shared.hot_count > STACK_HOT_MAX;
}

bool stack_cool(void)
{
    static struct os_range pages[COOL_BATCH]; /* the caller's alone */
    static char *blocks[COOL_BATCH];
    size_t count = 0;
    size_t taken = 0;
    uint32_t class = 0;
    lock_acquire(&shared.lock);
    while (class < STACK_CLASSES && !any_hot(class))
        class ++;
    if (may_cool() && !on_valgrind() &&
        cold_room(&shared.cold[class], COOL_BATCH))
        for (; taken < COOL_BATCH && any_hot(class) && may_cool(); taken++) {
            struct stack *stack = pair_up(take_hot(class));
            shared.to_cool--;
            if (!stack)
                continue;
            size_t head = stack->guarded ? shared.page : 0;
            pages[count] =
                (struct os_range){stack->low + head, block_bytes(class) - head};
            blocks[count++] =
                (char *)((uintptr_t)stack->low | (stack->guarded ? 0 : 1));
        }
    lock_release(&shared.lock);
    if (count == 0)
        return taken > 0;
    os_discard_many(pages, count);
    lock_acquire(&shared.lock);
    struct cold *cold = &shared.cold[class];
    /* There is room: nobody else adds to them. */
    for (size_t i = 0; i < count; i++)
        cold->blocks[cold->count++] = blocks[i];
    lock_release(&shared.lock);
    return true;
}

/* Under the lock: one that was used before, or NULL. */
static struct stack *take_shared(uint32_t class)
{
    if (any_hot(class))
        return take_hot(class);
    struct stack *half = class == STACK_SMALL ? take_half() : NULL;
    return half ? half : warm_up(class);
}

/* A worker's free stacks of a class: as many as are counted, and none in use. */
static bool cache_check(const struct stack_cache *cache, uint32_t class)
{
    return chain_length(cache->free[class], class) == cache->count[class] &&
           cache->count[class] < STACK_PACK &&
           (!cache->pack[class] ||
            chain_length(cache->pack[class], class) == STACK_PACK);
}

/* A pack for a worker that has none left: its own, or one of all. */
static struct stack *find_pack(struct stack_cache *cache, uint32_t class)
{
    struct stack *pack = cache->pack[class];
    cache->pack[class] = NULL;
    if (pack)
        return pack;
    lock_acquire(&shared.lock);
    if (shared.packs[class]) {
        pack = take_pack(class);
        count_taken(STACK_PACK);
    }
    lock_release(&shared.lock);
    return pack;
}

static noinline struct stack *take_slow(struct stack_cache *cache,
                                        uint32_t class)
{
    struct stack *stack = cache ? find_pack(cache, class) : NULL;
    if (stack) {
        cache->free[class] = stack->next;
        cache->count[class] = STACK_PACK - 1;
        INVARIANT(cache_check(cache, class));
        return stack;
    }
    lock_acquire(&shared.lock);
    stack = take_shared(class);
    struct ahead ahead = {0};
    if (!stack && cache)
        ahead = take_ahead(class);
    lock_release(&shared.lock);
    if (ahead.first) {
        cache->free[class] = ahead.first->next;
        cache->count[class] = ahead.count - 1;
        INVARIANT(cache_check(cache, class));
        return ahead.first;
    }
    return stack ? stack : carve(cache, class);
}

/* It may have run elsewhere last: what is written of it first comes nearer. */
static inline void prefetch_later(const struct stack *stack)
{
    const char *later = (const char *)stack->later;
    /* Where nothing is mapped it would take long to find out. */
    for (int line = -START_LINES; later && line < RECORD_LINES; line++)
        prefetch_to_write(later + line * CACHE_LINE);
}

struct stack *stack_take(struct stack_cache *cache, uint32_t class)
{
    struct stack *stack = cache ? cache->free[class] : NULL;
    if (likely(stack)) {
        prefetch_later(stack);
        cache->free[class] = stack->next;
        uint32_t left = --cache->count[class];
        cache->top[class][left % STACK_LATER] = stack->later;
    } else {
        stack = take_slow(cache, class);
        if (!stack)
            return NULL;
    }
    INVARIANT(!stack->used && stack->class == class);
    stack->used = true;
    return stack;
}

/* Others than were there are free now. */
static void forget_top(struct stack_cache *cache, uint32_t class)
{
    memset(cache->top[class], 0, sizeof(cache->top[class]));
}

/* The free ones are a pack: the one before it goes to all. */
static noinline void give_slow(struct stack_cache *cache, uint32_t class)
{
    struct stack *before = cache->pack[class];
    cache->pack[class] = cache->free[class];
    cache->free[class] = NULL;
    cache->count[class] = 0;
    forget_top(cache, class);
    INVARIANT(cache_check(cache, class));
    if (!before)
        return;
    lock_acquire(&shared.lock);
    before->next_pack = shared.packs[class];
    shared.packs[class] = before;
    shared.hot_count += STACK_PACK;
    lock_release(&shared.lock);
}

/*
 * The race detector remembers who used this memory; a new owner is no heir. A
 * new mapping in the same place makes it forget.
 */
static void forget_owner(struct stack *stack)
{
    char *floor = stack_floor(stack);
    sanitize_stack_fresh(floor, (size_t)((char *)stack - floor));
#ifdef RN_TSAN
    struct stack kept = *stack;
    /* Or a short mapping is a write, which nothing orders before the next owner's. */
    race_ignore_begin();
    os_renew(floor, stack_bytes(kept.class) - (size_t)(floor - kept.low));
    race_ignore_end();
    *stack = kept;
#endif
}

void stack_give(struct stack_cache *cache, struct stack *stack)
{
    INVARIANT(stack->used);
    stack->used = false;
    forget_owner(stack);
    uint32_t class = stack->class;
    struct stack **top = &cache->top[class][cache->count[class] % STACK_LATER];
    stack->later = *top;
    *top = stack;
    stack->next = cache->free[class];
    cache->free[class] = stack;
    if (unlikely(++cache->count[class] == STACK_PACK))
        give_slow(cache, class);
}

char *stack_floor(const struct stack *stack)
{
    return stack->low + (stack->guarded ? shared.page : 0);
}

struct stack *stack_find_guard(const void *address)
{
    /* In a signal handler: no lock. A slab is complete before it is linked. */
    for (struct slab *slab = shared.slabs; slab; slab = slab->next) {
        uintptr_t offset = (uintptr_t)address - (uintptr_t)slab->start;
        if (offset >= slab->carved)
            continue;
        size_t bytes = block_bytes(slab->class);
        char *low = slab->start + offset / bytes * bytes;
        struct stack *stack = record_of(low, slab->class);
        if (offset % bytes >= shared.page)
            return NULL;
        if (slab->class == STACK_SMALL && !stack->used)
            stack = record_of(small_upper(low), STACK_SMALL);
        return stack->used ? stack : NULL;
    }
    return NULL;
}

char *stack_slab_end(void *address)
{
    for (struct slab *slab = shared.slabs; slab; slab = slab->next)
        if ((char *)address >= slab->start &&
            (char *)address < slab->start + slab->size)
            return slab->start + slab->size;
    return address;
}

size_t stack_mapped(void)
{
    size_t bytes = 0;
    lock_acquire(&shared.lock);
    for (struct slab *slab = shared.slabs; slab; slab = slab->next)
        bytes += slab->size;
    lock_release(&shared.lock);
    return bytes;
}

void stack_each(void (*visit)(struct stack *stack, void *arg), void *arg)
{
    for (struct slab *slab = shared.slabs; slab; slab = slab->next)
        for (size_t at = 0; at < slab->carved; at += block_bytes(slab->class)) {
            char *low = slab->start + at;
            struct stack *stack = record_of(low, slab->class);
            if (stack->used)
                visit(stack, arg);
            if (slab->class != STACK_SMALL || !small_paired())
                continue;
            stack = record_of(small_upper(low), STACK_SMALL);
            if (stack->used)
                visit(stack, arg);
        }
}
