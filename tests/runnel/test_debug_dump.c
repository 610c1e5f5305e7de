/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A dump tells every goroutine, what it waits for and where, while the program
 * goes on; those that look the same are told once.
 */
#include <sys/mman.h>

#include "rn_check.h"

#define FRAME      __attribute__((noinline)) static
#define AFTERWARDS __asm__ volatile("" ::: "memory")

static char text[262144];
static rn_chan(int) quiet;
static struct rn_mutex mutex;

/* Dumps into `text`. */
static void dump(void)
{
    int fd = memfd_create("dump", MFD_CLOEXEC);
    ssize_t got;

    if (!CHECK(fd >= 0))
        return;
    CHECK_EQ_INT(rn_dump(fd), RN_OK);
    got = pread(fd, text, sizeof(text) - 1, 0);
    CHECK(got > 0);
    text[got > 0 ? got : 0] = '\0';
    close(fd);
}

static bool says(const char *words)
{
    return CHECK_MSG(strstr(text, words), "it does not say \"%s\":\n%s", words,
                     text);
}

FRAME void wait_for_value(void)
{
    rn_recv(quiet, NULL);
    AFTERWARDS;
}

static atomic_int begun;

static void receiver(void)
{
    atomic_fetch_add(&begun, 1);
    wait_for_value();
    AFTERWARDS;
}

static void named_locker(void)
{
    rn_task_set_name("the locker");
    rn_mutex_lock(&mutex);
    rn_mutex_unlock(&mutex);
}

/* That many waits have begun and not ended. */
static bool parked(int count)
{
    struct rn_stats stats;

    rn_stats(&stats);
    return stats.parks >= (uint64_t)count;
}

static void begin(int count)
{
    atomic_store(&begun, 0);
    quiet = rn_chan_make(int, 0);
    rn_mutex_lock(&mutex);
    for (int i = 0; i < count; i++)
        rn_go_void(receiver);
    rn_go_void(named_locker);
    /* Parked, not only begun: the only way to know is to have looked. */
    while (atomic_load(&begun) < count || !parked(count + 1))
        rn_yield();
}

static void end(void)
{
    rn_close(quiet);
    rn_mutex_unlock(&mutex);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(quiet);
}

/*
 * Goroutines with the same state, origin and stack are written once, with their
 * numbers.
 */
static void those_that_look_the_same_are_told_once(void)
{
    begin(12);
    dump();
    says("12 goroutines [chan receive, made at ");
    says("goroutine 1 [blocking call]: main\n    created at rn_run\n");
    end();
}

/* A dump tells names, where each was created, and functions and lines. */
static void names_and_places_are_told(void)
{
    begin(1);
    dump();
    says("goroutine 2 [chan receive, made at ");
    says("[mutex lock]: the locker\n");
    says("test_debug_dump.c:");
#if defined(RN_LIBDW) && !RN_CHECK_TSAN
    says("    wait_for_value  ");
    says("    receiver  ");
#endif
    end();
}

/* Goroutines wake, run and end all the while. */
static void pass_on(rn_chan(int) *own)
{
    int value;

    while (rn_recv(*own, &value))
        rn_yield();
}

/* A dump is made while goroutines wake, run and end. */
static void program_goes_on_meanwhile(void)
{
    rn_chan(int) busy = rn_chan_make(int, 4);
    int sent = 0;

    for (int i = 0; i < 20; i++)
        rn_go(pass_on, busy);
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < 100; k++) {
            rn_send(busy, k);
            sent++;
        }
        dump();
        says("goroutine 1 [blocking call]: main\n");
    }
    CHECK_EQ_INT(sent, 300);
    rn_close(busy);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(busy);
}

/* A dump to what is no descriptor is -EBADF. */
static void a_closed_descriptor_is_told(void)
{
    CHECK_EQ_INT(rn_dump(-1), -EBADF);
}

RN_CHECK_MAIN(those_that_look_the_same_are_told_once, names_and_places_are_told,
              program_goes_on_meanwhile, a_closed_descriptor_is_told)
