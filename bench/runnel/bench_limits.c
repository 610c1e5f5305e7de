/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_limits.c: what the machine can do at best, without the library.
 *
 * Prints JSON objects as bench_runnel does:
 *
 *   switch   from one stack to another: callee-saved registers and a jump
 *   atomic   compare-and-swap that succeeds and store back, line in the cache
 *   line     a cache line handed from one core to another, one way
 *   futex    wake a thread that sleeps, and be woken by it
 *   fault    the first touch of a page
 *   syscall  one that does nothing
 *   clock    clock_gettime, monotonic
 *
 * What this machine cannot show (line with one CPU, switch on a processor
 * other than x86-64) is left out.
 */
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void report(const char *name, int64_t begin, long count)
{
    printf("{\"name\": \"%s\", \"workers\": 1, \"unit\": \"ns\", "
           "\"value\": %.6g}\n",
           name, (double)(now() - begin) / (double)count);
}

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* ------------------------------------------------------------------ switch */

#if defined(__x86_64__)
/* Keeps the callee-saved registers in *save and goes on where `load` was. */
void limit_switch(void **save, void *load);
__asm__(".text\n"
        ".globl limit_switch\n"
        ".type limit_switch, @function\n"
        "limit_switch:\n"
        "    push %rbp\n"
        "    push %rbx\n"
        "    push %r12\n"
        "    push %r13\n"
        "    push %r14\n"
        "    push %r15\n"
        "    mov %rsp, (%rdi)\n"
        "    mov %rsi, %rsp\n"
        "    pop %r15\n"
        "    pop %r14\n"
        "    pop %r13\n"
        "    pop %r12\n"
        "    pop %rbx\n"
        "    pop %rbp\n"
        "    pop %rcx\n"
        "    jmp *%rcx\n"
        ".size limit_switch, . - limit_switch\n");

static void *here;
static void *there;

static void switch_back_for_ever(void)
{
    for (;;)
        limit_switch(&there, here);
}

static void measure_switch(void)
{
    enum { WORDS = 4096, SAVED = 6, COUNT = 20000000 };
    static void *stack[WORDS] __attribute__((aligned(16)));
    void **top = &stack[WORDS - 16];
    top[SAVED] = (void *)(uintptr_t)switch_back_for_ever;
    there = top;
    int64_t begin = now();
    for (long i = 0; i < COUNT; i++)
        limit_switch(&here, there);
    report("switch", begin, 2L * COUNT);
}
#else
static void measure_switch(void)
{
}
#endif

/* ------------------------------------------------- atomic, syscall, clock */

static void measure_atomic(void)
{
    enum { COUNT = 20000000 };
    static _Atomic(unsigned) lock;
    int64_t begin = now();
    for (long i = 0; i < COUNT; i++) {
        unsigned open = 0;
        atomic_compare_exchange_strong_explicit(
            &lock, &open, 1, memory_order_acquire, memory_order_relaxed);
        atomic_store_explicit(&lock, 0, memory_order_release);
    }
    report("atomic", begin, COUNT);
}

static void measure_syscall(void)
{
    enum { COUNT = 500000 };
    int64_t begin = now();
    for (long i = 0; i < COUNT; i++)
        syscall(SYS_getppid);
    report("syscall", begin, COUNT);
}

static void measure_clock(void)
{
    enum { COUNT = 2000000 };
    int64_t begin = now();
    for (long i = 0; i < COUNT; i++)
        now();
    report("clock", begin, COUNT);
}

/* ------------------------------------------------------------------- fault */

static void measure_fault(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    const size_t size = (size_t)64 << 20;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED)
        fail("mmap");
    madvise(memory, size, MADV_NOHUGEPAGE);
    int64_t begin = now();
    for (size_t at = 0; at < size; at += page)
        *(volatile char *)(memory + at) = 1;
    report("fault", begin, (long)(size / page));
    munmap(memory, size);
}

/* ------------------------------------------------------------- two threads */

struct table {
    _Alignas(64) _Atomic(uint32_t) turn;
    long count;
    bool sleeps; /* else it spins */
};

static void wait_for_turn(struct table *table, uint32_t wanted)
{
    for (;;) {
        uint32_t turn =
            atomic_load_explicit(&table->turn, memory_order_acquire);
        if (turn == wanted)
            return;
        if (table->sleeps)
            syscall(SYS_futex, &table->turn, FUTEX_WAIT_PRIVATE, turn, NULL,
                    NULL, 0);
    }
}

static void give_turn(struct table *table, uint32_t to)
{
    atomic_store_explicit(&table->turn, to, memory_order_release);
    if (table->sleeps)
        syscall(SYS_futex, &table->turn, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void *answer(void *arg)
{
    struct table *table = arg;
    for (long i = 0; i < table->count; i++) {
        wait_for_turn(table, 1);
        give_turn(table, 0);
    }
    return NULL;
}

static void measure_pair(const char *name, long count, bool sleeps,
                         long per_round)
{
    static struct table table;
    table = (struct table){.count = count, .sleeps = sleeps};
    pthread_t peer;
    if (pthread_create(&peer, NULL, answer, &table) != 0)
        fail("pthread_create");
    int64_t begin = now();
    for (long i = 0; i < count; i++) {
        give_turn(&table, 1);
        wait_for_turn(&table, 0);
    }
    report(name, begin, count * per_round);
    pthread_join(peer, NULL);
}

static int cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;
}

int main(void)
{
    measure_switch();
    measure_atomic();
    if (cpus() > 1)
        measure_pair("line", 500000, false, 2);
    measure_pair("futex", 5000, true, 1);
    measure_fault();
    measure_syscall();
    measure_clock();
    return 0;
}
