/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles tell where processor time went, who waited for what and for whom,
 * and which goroutines there are.
 */
#include <dirent.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>

#include "rn_check.h"

#define FRAME      __attribute__((noinline)) static
#define AFTERWARDS __asm__ volatile("" ::: "memory")

/* Functions are named by elfutils; not in the race detector's build. */
#if defined(RN_LIBDW) && !RN_CHECK_TSAN
#define NAMED true
#else
#define NAMED false
#endif

static char text[1 << 20];

/* Writes a folded profile into `text`. */
static void take(enum rn_profile profile)
{
    int fd = memfd_create("profile", MFD_CLOEXEC);
    ssize_t got;

    text[0] = '\0';
    if (!CHECK(fd >= 0))
        return;
    CHECK_EQ_INT(rn_profile_write(profile, RN_PROFILE_FOLDED, fd), RN_OK);
    got = pread(fd, text, sizeof(text) - 1, 0);
    text[got > 0 ? got : 0] = '\0';
    close(fd);
}

/* What the lines of `text` that hold both words weigh together. */
static int64_t weight_of(const char *word, const char *other)
{
    char line[8192];
    int64_t sum = 0;

    for (const char *at = text; *at;) {
        size_t size = strcspn(at, "\n");
        const char *space;

        snprintf(line, sizeof(line), "%.*s", (int)size, at);
        space = strrchr(line, ' ');
        if (CHECK_MSG(space && at[size] == '\n', "not folded: %s", line) &&
            strstr(line, word) && strstr(line, other))
            sum += strtoll(space + 1, NULL, 10);
        at += size + (at[size] == '\n');
    }
    return sum;
}

static bool at_least(int64_t weight, int64_t least)
{
    return CHECK_MSG(weight >= least,
                     "%" PRId64 " is less than %" PRId64 ":\n%s", weight, least,
                     text);
}

static volatile uint64_t sink;

static int64_t thread_time(void)
{
    struct timespec now;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * RN_S + now.tv_nsec;
}

FRAME void burn_much(int64_t ns)
{
    for (int64_t end = thread_time() + ns; thread_time() < end;)
        for (int i = 0; i < 50000; i++)
            sink = sink * 31 + (uint64_t)i;
    AFTERWARDS;
}

FRAME void burn_little(int64_t ns)
{
    for (int64_t end = thread_time() + ns; thread_time() < end;)
        for (int i = 0; i < 50000; i++)
            sink = sink * 17 + (uint64_t)i;
    AFTERWARDS;
}

static void burner(rn_chan(int) *done)
{
    rn_task_set_name("the burner");
    /* It neither parks nor yields: all of it is this thread's time. */
    burn_little(2 * RN_MS);
    burn_much(25 * RN_MS);
    rn_send(*done, 1);
}

/* So many samples, in time, tell something; and how long to try. */
#define ENOUGH    (10 * RN_MS)
#define BURNS_MAX 100

static bool is_burner_seen(void)
{
    const char *word = NAMED ? "burner;burn_much" : ": the burner;";
    int64_t weight = weight_of("", "");

    return weight >= ENOUGH && 2 * weight_of(word, "") >= weight;
}

/*
 * The function that takes most of the processor's time has most of the samples,
 * with the goroutine that it runs in.
 */
static void hot_function_has_most_samples(void)
{
    rn_chan(int) done = rn_chan_make(int, 0);
    int status = rn_profile_start(RN_PROFILE_CPU, 1000);

    text[0] = '\0';
    if (RN_CHECK_TSAN) {
        CHECK_EQ_INT(status, -ENOTSUP);
        rn_chan_free(done);
        return;
    }
    CHECK_EQ_INT(status, RN_OK);
    /* A machine that is busy, or stands still for a while, has few ticks. */
    for (int i = 0; i < BURNS_MAX && !is_burner_seen(); i++) {
        rn_go(burner, done);
        rn_recv(done, NULL);
        take(RN_PROFILE_CPU);
    }
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_CPU), RN_OK);
    at_least(weight_of("", ""), ENOUGH);
    at_least(2 * weight_of("test_profile.c:", ": the burner;"),
             weight_of("", ""));
    CHECK_EQ_INT(weight_of("frames_interrupted", ""), 0);
    if (NAMED)
        at_least(2 * weight_of("burner;burn_much", ""), weight_of("", ""));
    rn_chan_free(done);
}

static void burn_aside(void *arg)
{
    (void)arg;
    burn_much(25 * RN_MS);
    AFTERWARDS;
}

/* What runs by rn_block is sampled too, for the goroutine that called. */
static void blocking_call_is_sampled(void)
{
    if (RN_CHECK_TSAN) {
        CHECK_SKIP("no profile of processor time here");
        return;
    }
    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_CPU, 1000), RN_OK);
    text[0] = '\0';
    rn_task_set_name("the caller");
    for (int i = 0; i < BURNS_MAX && weight_of(": the caller;", "") < ENOUGH;
         i++) {
        rn_block(burn_aside, NULL);
        take(RN_PROFILE_CPU);
    }
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_CPU), RN_OK);
    at_least(weight_of(": the caller;", ""), ENOUGH);
    if (NAMED)
        at_least(weight_of(";burn_aside;burn_much", ": the caller;"), RN_MS);
}

#if defined(__x86_64__) && !RN_CHECK_ASAN && !RN_CHECK_TSAN
#define CAN_LIE 1
/* Counts down; its unwind table says that the caller's frame is at address 16. */
void count_down_lying(uint64_t rounds);
__asm__(".text\n"
        ".type count_down_lying, @function\n"
        "count_down_lying:\n"
        ".cfi_startproc\n"
        "movq $16, %r11\n"
        ".cfi_def_cfa %r11, 0\n"
        "1: decq %rdi\n"
        "jnz 1b\n"
        "ret\n"
        ".cfi_endproc\n"
        ".size count_down_lying, . - count_down_lying\n");
#else
#define CAN_LIE 0
static void count_down_lying(uint64_t rounds)
{
    (void)rounds;
}
#endif

/* Where an unwind table is wrong samples are lost, and nothing else is. */
static void wrong_table_loses_samples_only(void)
{
    if (!CAN_LIE) {
        CHECK_SKIP("no such table here, or the sanitizer's fault handler");
        return;
    }
    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_CPU, 1000), RN_OK);
    text[0] = '\0';
    for (int i = 0; i < BURNS_MAX && weight_of("(lost)", "") < ENOUGH; i++) {
        for (int64_t end = thread_time() + 20 * RN_MS; thread_time() < end;)
            count_down_lying(1000000);
        take(RN_PROFILE_CPU);
    }
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_CPU), RN_OK);
    at_least(weight_of("(lost)", ""), ENOUGH);
}

/* Waits that have begun. */
static uint64_t parks(void)
{
    struct rn_stats stats;

    rn_stats(&stats);
    return stats.parks;
}

static void until_parked(uint64_t count)
{
    while (parks() < count)
        rn_yield();
}

FRAME void wait_for_value(rn_chan(int) chan)
{
    rn_recv(chan, NULL);
    AFTERWARDS;
}

static void receiver(rn_chan(int) *own)
{
    wait_for_value(*own);
    AFTERWARDS;
}

static void end_of_others(void)
{
    while (rn_task_count() > 1)
        rn_yield();
}

/* Goroutines that are parked at the same place are counted, each once. */
static void parked_goroutines_are_counted(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    uint64_t before = parks();

    for (int i = 0; i < 37; i++)
        rn_go(receiver, chan);
    until_parked(before + 37);
    take(RN_PROFILE_GOROUTINE);
    CHECK_EQ_INT(weight_of("[chan receive]", "test_profile.c:"), 37);
    CHECK_EQ_INT(weight_of("", ""), 38);
    if (NAMED)
        CHECK_EQ_INT(weight_of("receiver;wait_for_value", ""), 37);
    rn_close(chan);
    end_of_others();
    rn_chan_free(chan);
}

/* A child of one of this process's threads, or 0. */
static int any_child(void)
{
    DIR *threads = opendir("/proc/self/task");
    struct dirent *thread = threads ? readdir(threads) : NULL;
    int child = 0;

    for (; child == 0 && thread; thread = readdir(threads)) {
        char path[300];
        FILE *children;

        snprintf(path, sizeof(path), "/proc/self/task/%s/children",
                 thread->d_name);
        children = fopen(path, "re");
        if (!children)
            continue; /* it has ended, or is no thread */
        if (fscanf(children, "%d", &child) != 1)
            child = 0;
        fclose(children);
    }
    if (threads)
        closedir(threads);
    return child;
}

static atomic_bool holds;

/* With the dynamic linker's lock: until a copy has come, and has gone. */
static int hold(struct dl_phdr_info *info, size_t size, void *arg)
{
    int copy = 0;
    int now = 0;

    (void)info, (void)size, (void)arg;
    atomic_store(&holds, true);
    for (; copy <= 0; copy = any_child())
        usleep(1000);
    do {
        usleep(1000);
        now = any_child();
    } while (now == copy);
    return 1;
}

static void *hold_lock(void *arg)
{
    dl_iterate_phdr(hold, NULL);
    return arg;
}

/* A lock that another thread holds while the process is copied costs no name. */
static void lock_held_at_the_copy_costs_no_name(void)
{
    pthread_t thread;

    if (!NAMED || rn_check.procs != 2 ||
        access("/proc/thread-self/children", R_OK) != 0) {
        CHECK_SKIP("no names; or with 2 workers; or children are not told");
        return;
    }
    atomic_store(&holds, false);
    if (!CHECK(pthread_create(&thread, NULL, hold_lock, NULL) == 0))
        return;
    while (!atomic_load(&holds))
        rn_yield();
    take(RN_PROFILE_GOROUTINE);
    pthread_join(thread, NULL);
    CHECK_EQ_INT(weight_of("rn_check_start", "[blocking call]"), 1);
}

static atomic_bool told;

FRAME void burn_until_told(void)
{
    while (!atomic_load(&told))
        sink = sink * 31 + 1;
    AFTERWARDS;
}

static void runner(void)
{
    burn_until_told();
    AFTERWARDS;
}

/* A goroutine that runs meanwhile is told with its stack, or as running. */
static void running_goroutine_is_told(void)
{
    atomic_store(&told, false);
    rn_go_void(runner);
    rn_yield();
    for (int i = 0; i < BURNS_MAX; i++) {
        take(RN_PROFILE_GOROUTINE);
        CHECK_EQ_INT(weight_of("", ""), 2);
        /* Told as runnable until it began; no answer when the machine is busy. */
        if (NAMED ? weight_of("runner;burn_until_told", "[running]") == 1
                  : weight_of("[running]", "") == 1)
            break;
        rn_yield();
    }
    CHECK_EQ_INT(weight_of("[running]", ""), 1);
    if (NAMED)
        CHECK_EQ_INT(weight_of("runner;burn_until_told", "[running]"), 1);
    atomic_store(&told, true);
    end_of_others();
}

/*
 * A wait is in the block profile with its stack, its reason and at least the
 * time that passed meanwhile.
 */
static void wait_is_told_with_its_time(void)
{
    rn_chan(int) chan = rn_chan_make(int, 0);
    uint64_t before = parks();
    int64_t since;
    int64_t passed;

    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_BLOCK, 1), RN_OK);
    rn_go(receiver, chan);
    until_parked(before + 1);
    since = rn_now();
    rn_sleep(5 * RN_MS);
    passed = rn_now() - since;
    rn_send(chan, 1);
    end_of_others();
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_BLOCK), RN_OK);
    rn_sleep(RN_MS); /* not in it */
    take(RN_PROFILE_BLOCK);
    at_least(weight_of("[chan receive]", "test_profile.c:"), passed);
    /* Its deadline stood before it parked: how long it did is not known. */
    at_least(weight_of("[sleep]", ""), 1);
    if (NAMED)
        at_least(weight_of("receiver;wait_for_value;", "[chan receive]"),
                 passed);
    rn_chan_free(chan);
}

/* Short waits are kept by chance, and weighed: their sum stays about right. */
static void sampled_waits_weigh_what_all_do(void)
{
    int64_t slept = 0;

    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_BLOCK, 20 * RN_MS), RN_OK);
    for (int i = 0; i < 40; i++) {
        int64_t since = rn_now();

        rn_sleep(RN_MS);
        slept += rn_now() - since;
    }
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_BLOCK), RN_OK);
    take(RN_PROFILE_BLOCK);
    /* About two of them, 20 ms each; forty would be a miracle. */
    CHECK(weight_of("[sleep]", "") < slept + 800 * RN_MS);
}

static struct rn_mutex mutex;
static struct rn_rwmutex rwmutex;

static void locker(void)
{
    rn_mutex_lock(&mutex);
    rn_mutex_unlock(&mutex);
}

static void reader(void)
{
    rn_rwmutex_rlock(&rwmutex);
    rn_rwmutex_runlock(&rwmutex);
}

FRAME void let_mutex_go(void)
{
    rn_mutex_unlock(&mutex);
    AFTERWARDS;
}

FRAME void let_rwmutex_go(void)
{
    rn_rwmutex_unlock(&rwmutex);
    AFTERWARDS;
}

/*
 * What others waited for a mutex, or a read-write mutex, is told of the stack
 * that unlocked it.
 */
static void contention_is_told_of_who_held(void)
{
    uint64_t before = parks();
    int64_t since;
    int64_t passed;

    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_MUTEX, 1), RN_OK);
    rn_mutex_lock(&mutex);
    rn_rwmutex_lock(&rwmutex);
    rn_go_void(locker);
    rn_go_void(reader);
    rn_go_void(reader);
    until_parked(before + 3);
    since = rn_now();
    rn_sleep(3 * RN_MS);
    passed = rn_now() - since;
    let_mutex_go();
    let_rwmutex_go();
    end_of_others();
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_MUTEX), RN_OK);
    take(RN_PROFILE_MUTEX);
    at_least(weight_of("created at rn_run: main;", ""), 3 * passed);
    if (NAMED) {
        at_least(weight_of(";let_mutex_go", ""), passed);
        at_least(weight_of(";let_rwmutex_go", ""), 2 * passed);
    }
}

/* Nothing is told of waits while no profile collects. */
static void nothing_is_told_when_off(void)
{
    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_BLOCK, 1), RN_OK);
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_BLOCK), RN_OK);
    rn_sleep(RN_MS);
    take(RN_PROFILE_BLOCK);
    CHECK_EQ_STR(text, "");
    take(RN_PROFILE_MUTEX);
    CHECK_EQ_STR(text, "");
}

/* What cannot be is refused with a status. */
static void what_cannot_be_is_refused(void)
{
    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_GOROUTINE, 1), RN_INVALID);
    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_CPU, 0), RN_INVALID);
    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_CPU, 1001), RN_INVALID);
    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_BLOCK, -1), RN_INVALID);
    CHECK_EQ_INT(rn_profile_start((enum rn_profile)9, 1), RN_INVALID);
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_MUTEX), RN_INVALID);
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_GOROUTINE), RN_INVALID);
    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_BLOCK, 1), RN_OK);
    CHECK_EQ_INT(rn_profile_start(RN_PROFILE_BLOCK, 1), -EBUSY);
    CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_BLOCK), RN_OK);
    CHECK_EQ_INT(rn_profile_write(RN_PROFILE_BLOCK, RN_PROFILE_PPROF, -1),
                 -EBADF);
    CHECK_EQ_INT(rn_profile_write((enum rn_profile)9, RN_PROFILE_PPROF, 1),
                 RN_INVALID);
}

static void on_profile(int number)
{
    (void)number;
}

/* A program that uses SIGPROF itself keeps it. */
static void signal_of_the_program_is_kept(void)
{
    struct sigaction action = {.sa_handler = on_profile};
    struct sigaction now;

    sigaction(SIGPROF, &action, NULL);
    CHECK(rn_profile_start(RN_PROFILE_CPU, 100) < 0);
    sigaction(SIGPROF, NULL, &now);
    CHECK(now.sa_handler == on_profile);
}

static atomic_bool enough;

/* Computes, locks, parks and is woken. */
static void busy(rn_chan(int) *own)
{
    int value;

    while (!atomic_load(&enough)) {
        rn_mutex_lock(&mutex);
        for (int i = 0; i < 1000; i++)
            sink += (uint64_t)i;
        rn_yield();
        rn_mutex_unlock(&mutex);
        if (rn_try_recv(*own, &value) != RN_OK)
            rn_send(*own, 1);
    }
}

/* Profiles begin, are written and end while goroutines run, again and again. */
static void profiles_come_and_go_meanwhile(void)
{
    rn_chan(int) chan = rn_chan_make(int, 8);
    int cpu = RN_CHECK_TSAN ? -ENOTSUP : RN_OK;
    int stopped = RN_CHECK_TSAN ? RN_INVALID : RN_OK;

    atomic_store(&enough, false);
    for (int i = 0; i < 8; i++)
        rn_go(busy, chan);
    for (int i = 0; i < rn_check_rounds(200); i++) {
        CHECK_EQ_INT(rn_profile_start(RN_PROFILE_CPU, 1000), cpu);
        CHECK_EQ_INT(rn_profile_start(RN_PROFILE_BLOCK, 1), RN_OK);
        CHECK_EQ_INT(rn_profile_start(RN_PROFILE_MUTEX, 1), RN_OK);
        rn_yield();
        if (i % 64 == 0)
            take((enum rn_profile)(i / 64 % 4));
        CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_CPU), stopped);
        CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_BLOCK), RN_OK);
        CHECK_EQ_INT(rn_profile_stop(RN_PROFILE_MUTEX), RN_OK);
    }
    atomic_store(&enough, true);
    while (rn_task_count() > 1) {
        (void)rn_try_recv(chan, NULL);
        rn_yield();
    }
    rn_chan_free(chan);
}

RN_CHECK_MAIN(hot_function_has_most_samples, blocking_call_is_sampled,
              wrong_table_loses_samples_only, parked_goroutines_are_counted,
              lock_held_at_the_copy_costs_no_name, running_goroutine_is_told,
              wait_is_told_with_its_time, sampled_waits_weigh_what_all_do,
              contention_is_told_of_who_held, nothing_is_told_when_off,
              what_cannot_be_is_refused, signal_of_the_program_is_kept,
              profiles_come_and_go_meanwhile)
