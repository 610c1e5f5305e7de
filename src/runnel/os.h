/* SPDX-License-Identifier: Apache-2.0 */
/*
 * os.h: every system call the runtime makes.
 *
 * Each is a leaf that returns 0 or more, or the negated errno, and that is not
 * inlined: no caller ever looks at errno, which belongs to a thread while the
 * caller may belong to several. Times are nanoseconds.
 */
#ifndef RUNNEL_OS_H
#define RUNNEL_OS_H

#include <pthread.h>

#include "base.h"

/* The monotonic clock. */
int64_t os_clock(void);
/* Does the processor's counter run evenly, and alike on all processors? */
bool os_counter_even(void);
/* Bits that nobody can guess, to seed generators. */
uint64_t os_entropy(void);
/* CPUs that this process may use, at least 1. */
unsigned os_cpu_count(void);
/* Threads of this process; -errno when /proc cannot say. */
int os_thread_count(void);

/* Sleeps while *word == expected; timeout < 0: no limit. May wake early. */
void os_futex_wait(_Atomic(uint32_t) *word, uint32_t expected, int64_t timeout);
void os_futex_wake(_Atomic(uint32_t) *word, int count);

int os_thread_start(pthread_t *thread, void *(*function)(void *), void *arg);
void os_thread_join(pthread_t thread);
void os_thread_yield(void);
/* Bounds of the calling thread's stack. */
void os_thread_stack(void **low, size_t *size);

/*
 * Makes every thread of the process pass a full memory barrier now. Ready: it
 * can be used; asked once before (a kernel without membarrier: false).
 */
bool os_barrier_ready(void);
/* False when the kernel refuses: memory is in no order then. */
bool os_barrier_everywhere(void);

/*
 * The same, and a restartable sequence (light.h) that a thread is in does not
 * get to its end.
 */
bool os_sequences_ready(void);
bool os_sequences_break(void);

size_t os_page_size(void);
/* Memory that costs nothing until it is touched; NULL when there is none. */
void *os_map(size_t size);
/* Has the pages taken now, large ones where there are; as far as it can. */
void os_populate(void *address, size_t size);
/* The same as os_map, seen by child processes and by their parent. */
void *os_map_shared(size_t size);
void os_unmap(void *address, size_t size);
/* Puts a fresh mapping in place of part of one. */
void os_renew(void *address, size_t size);
/* Gives the pages back; they read as zero when touched again. */
void os_discard(void *address, size_t size);
/* The same for many ranges in few calls. */
struct os_range {
    void *start;
    size_t size;
};
void os_discard_many(const struct os_range *ranges, size_t count);
/* Makes the range fault, without a mapping of its own. -EINVAL: not known. */
int os_guard(void *address, size_t size);
/*
 * The same for `count` ranges, `stride` bytes apart, in one call; how many of
 * them, from the first on, it did.
 */
size_t os_guard_many(char *first, size_t stride, size_t count, size_t size);
/* The same by page protection. -ENOMEM: too many mappings. */
int os_protect(void *address, size_t size);
/* Whether zeroed memory can be read, without a fault when it cannot. */
bool os_readable(const void *address);

/* epoll: what is ready goes to `events` with the data given to os_poll_arm. */
struct os_event {
    uint64_t data;
    int events; /* RN_READ | RN_WRITE | OS_HANGUP */
};
/* Besides the directions: the other side has ended, or an error or urgent data
 * waits. */
#define OS_HANGUP 4
int os_poll_open(void);
/* Reports fd once, when any of the events holds; again after another call. */
int os_poll_arm(int poll, int fd, int events, uint64_t data);
/* Reports fd at every change in either direction, until it is forgotten. */
int os_poll_own(int poll, int fd, uint64_t data);
void os_poll_forget(int poll, int fd);
/* Reports fd each time it is readable. */
int os_poll_watch(int poll, int fd, uint64_t data);
/* timeout < 0: no limit. Returns the count, 0 on time-out or signal. */
int os_poll_wait(int poll, struct os_event *events, int count, int64_t timeout);
/* One descriptor, for a thread of its own: ready events, 0 = timed out. */
int os_poll_one(int fd, int events, int64_t timeout);

int os_event_open(void);
void os_event_set(int event);
void os_event_clear(int event);
void os_close(int fd);

/*
 * Has on_signal called on whatever thread takes the signal; what it did before
 * goes to *before. And back to that. 0 or a negative status.
 */
struct sigaction;
int os_signal_catch(int number, void (*on_signal)(int number),
                    struct sigaction *before);
void os_signal_restore(int number, const struct sigaction *before);
/* The calling thread takes the signals of the mask (bit n: number n + 1). */
void os_signal_mask(uint64_t taken);
/* A child process: 0 in it, its number in the parent. Not with threads. */
int os_fork(void);
/* Waits for its end: by a signal, or with a status. */
void os_wait_child(int child, int *signal, int *status);
/* Ends the process as it is: no handlers, nothing flushed. */
void os_exit(int status) __attribute__((noreturn));
/* The process dies of an alarm in so many seconds; 0: it does not. */
void os_alarm(unsigned seconds);
bool os_is_alarm(int signal);
/* Nothing is seen on standard error any more. */
void os_mute(void);

/*
 * A copy of the calling thread in a process of its own; 0 in the copy. No
 * handlers, no locks: may be called in a signal handler, and what others held
 * stays held in the copy. It ends with its parent.
 */
int os_copy(void);
/*
 * Its exit status (below 0: -EINTR when it was killed). -ETIMEDOUT: it was, when
 * it had used `timeout` of processor time or stood still for so long.
 */
int os_copy_wait(int copy, int64_t timeout);
#define OS_STDERR 2
/* 0, or -EBADF: not a descriptor. */
int os_fd_check(int fd);
/* What is printed from now on goes there. */
void os_print_to(int fd);

/* Writes all of it to standard error, as far as that takes it. */
void os_print(const char *text, size_t size);
/* How many bytes it was given, ever. */
uint64_t os_printed(void);

#endif
