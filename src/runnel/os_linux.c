/* SPDX-License-Identifier: Apache-2.0 */
/*
 * os_linux.c: os.h on Linux.
 *
 * Calls on the runtime's own descriptors go by syscall(2), past the wrappers
 * that ThreadSanitizer replaces: it would take a wake-up of the poller for an
 * order between the goroutines on both sides.
 */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <runnel/io.h>

/* Since Linux 6.13; not in the headers of Debian 12. */
#define OS_MADV_GUARD_INSTALL 102
/* The caller's own process, in place of a pidfd; since Linux 6.14. */
#define OS_PIDFD_SELF         (-10001)
/* Ranges for one call of the kernel. */
#define OS_RANGES_MAX         64
/* Guarded by one call: a goroutine with a small stack may ask for it. */
#define GUARD_RANGES          16

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){.tv_sec = ns / RN_S, .tv_nsec = ns % RN_S};
}

noinline int64_t os_clock(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * RN_S + now.tv_nsec;
}

/* On x86 the system knows: it has measured, and uses it as its own clock. */
noinline bool os_counter_even(void)
{
#if defined(__x86_64__)
    static const char path[] =
        "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    char text[8] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t size = read(fd, text, sizeof(text) - 1);
    close(fd);
    return size > 0 && strncmp(text, "tsc\n", 4) == 0;
#else
    return true; /* as the architecture says */
#endif
}

noinline uint64_t os_entropy(void)
{
    uint64_t bits;
    if (getrandom(&bits, sizeof(bits), GRND_NONBLOCK) != sizeof(bits))
        bits = (uint64_t)os_clock() * UINT64_C(0x9e3779b97f4a7c15);
    return bits;
}

noinline unsigned os_cpu_count(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) != 0)
        return 1;
    int count = CPU_COUNT(&set);
    return count < 1 ? 1 : (unsigned)count;
}

/*
 * Not by listing /proc/self/task: when a thread ends while the list is read,
 * one that lives can be missed.
 */
noinline int os_thread_count(void)
{
    char text[1024];
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t size = read(fd, text, sizeof(text) - 1);
    close(fd);
    text[size > 0 ? size : 0] = '\0';
    /* The name, in parentheses, may hold anything; 18 fields on stand the
     * threads. */
    const char *at = strrchr(text, ')');
    for (int field = 0; at && field < 18; field++)
        at = strchr(at + 1, ' ');
    int count = at ? atoi(at + 1) : 0;
    return count > 0 ? count : -EIO; /* an emulator may say 0 */
}

noinline void os_futex_wait(_Atomic(uint32_t) *word, uint32_t expected,
                            int64_t timeout)
{
    struct timespec limit = timespec_of(timeout < 0 ? 0 : timeout);
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected,
            timeout < 0 ? NULL : &limit, NULL, 0);
}

noinline void os_futex_wake(_Atomic(uint32_t) *word, int count)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

noinline int os_thread_start(pthread_t *thread, void *(*function)(void *),
                             void *arg)
{
    return -pthread_create(thread, NULL, function, arg);
}

noinline void os_thread_join(pthread_t thread)
{
    pthread_join(thread, NULL);
}

noinline void os_thread_yield(void)
{
    sched_yield();
}

noinline void os_thread_stack(void **low, size_t *size)
{
    pthread_attr_t attributes;
    *low = NULL;
    *size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    pthread_attr_getstack(&attributes, low, size);
    pthread_attr_destroy(&attributes);
}

noinline bool os_barrier_ready(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0,
                   0) == 0;
}

noinline bool os_barrier_everywhere(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0;
}

noinline bool os_sequences_ready(void)
{
    return syscall(SYS_membarrier,
                   MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ, 0, 0) == 0;
}

noinline bool os_sequences_break(void)
{
    return syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ, 0,
                   0) == 0;
}

noinline size_t os_page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

noinline void *os_map(size_t size)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
    void *address = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    if (address == MAP_FAILED)
        return NULL;
    /* A huge page would make every goroutine cost all of its stack. */
    madvise(address, size, MADV_NOHUGEPAGE);
    return address;
}

noinline void os_populate(void *address, size_t size)
{
    madvise(address, size, MADV_HUGEPAGE);
#ifdef MADV_POPULATE_WRITE
    madvise(address, size, MADV_POPULATE_WRITE);
#endif
}

noinline void *os_map_shared(size_t size)
{
    int flags = MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE;
    void *address = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    return address == MAP_FAILED ? NULL : address;
}

noinline void os_renew(void *address, size_t size)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED;
    mmap(address, size, PROT_READ | PROT_WRITE, flags, -1, 0);
}

noinline void os_unmap(void *address, size_t size)
{
    munmap(address, size);
}

noinline void os_discard(void *address, size_t size)
{
    madvise(address, size, MADV_DONTNEED);
}

noinline int os_guard(void *address, size_t size)
{
    return madvise(address, size, OS_MADV_GUARD_INSTALL) == 0 ? 0 : -errno;
}

/* madvise for many ranges of this process; bytes done, 0: not at all. */
static size_t advise_many(const struct iovec *ranges, size_t count, int advice)
{
    ssize_t done =
        syscall(SYS_process_madvise, OS_PIDFD_SELF, ranges, count, advice, 0);
    if (done < 0 && errno == EBADF) {
        int self = (int)syscall(SYS_pidfd_open, getpid(), 0);
        if (self < 0)
            return 0;
        done = syscall(SYS_process_madvise, self, ranges, count, advice, 0);
        close(self);
    }
    return done > 0 ? (size_t)done : 0;
}

noinline size_t os_guard_many(char *first, size_t stride, size_t count,
                              size_t size)
{
    struct iovec ranges[GUARD_RANGES];
    size_t done = 0;
    while (done < count) {
        size_t many = count - done < GUARD_RANGES ? count - done : GUARD_RANGES;
        for (size_t i = 0; i < many; i++)
            ranges[i] = (struct iovec){first + (done + i) * stride, size};
        size_t now = advise_many(ranges, many, OS_MADV_GUARD_INSTALL) / size;
        done += now;
        if (now < many)
            break;
    }
    return done;
}

noinline void os_discard_many(const struct os_range *ranges, size_t count)
{
    struct iovec few[OS_RANGES_MAX];
    for (size_t at = 0; at < count; at += OS_RANGES_MAX) {
        size_t many = count - at < OS_RANGES_MAX ? count - at : OS_RANGES_MAX;
        size_t bytes = 0;
        for (size_t i = 0; i < many; i++) {
            few[i] = (struct iovec){ranges[at + i].start, ranges[at + i].size};
            bytes += ranges[at + i].size;
        }
        if (advise_many(few, many, MADV_DONTNEED) == bytes)
            continue;
        for (size_t i = 0; i < many; i++)
            os_discard(few[i].iov_base, few[i].iov_len);
    }
}

noinline int os_protect(void *address, size_t size)
{
    return mprotect(address, size, PROT_NONE) == 0 ? 0 : -errno;
}

noinline bool os_readable(const void *address)
{
    /* As a set of no signals to be blocked: nothing changes. */
    return syscall(SYS_rt_sigprocmask, SIG_BLOCK, address, NULL,
                   sizeof(uint64_t)) == 0;
}

noinline int os_poll_open(void)
{
    int poll = epoll_create1(EPOLL_CLOEXEC);
    return poll >= 0 ? poll : -errno;
}

static int control(int poll, int fd, uint32_t events, uint64_t data)
{
    struct epoll_event event = {.events = events, .data.u64 = data};
    /*
     * Almost always the descriptor is known already; a new or reopened one is
     * not, because closing it took it out.
     */
    if (syscall(SYS_epoll_ctl, poll, EPOLL_CTL_MOD, fd, &event) == 0)
        return 0;
    if (errno != ENOENT)
        return -errno;
    long status = syscall(SYS_epoll_ctl, poll, EPOLL_CTL_ADD, fd, &event);
    return status == 0 ? 0 : -errno;
}

noinline int os_poll_arm(int poll, int fd, int events, uint64_t data)
{
    uint32_t mask = EPOLLONESHOT;
    if (events & RN_READ)
        mask |= EPOLLIN | EPOLLRDHUP;
    if (events & RN_WRITE)
        mask |= EPOLLOUT;
    return control(poll, fd, mask, data);
}

noinline int os_poll_own(int poll, int fd, uint64_t data)
{
    return control(poll, fd,
                   EPOLLIN | EPOLLPRI | EPOLLOUT | EPOLLRDHUP | EPOLLET, data);
}

noinline void os_poll_forget(int poll, int fd)
{
    struct epoll_event unused = {0};
    syscall(SYS_epoll_ctl, poll, EPOLL_CTL_DEL, fd, &unused);
}

noinline int os_poll_watch(int poll, int fd, uint64_t data)
{
    return control(poll, fd, EPOLLIN, data);
}

/*
 * An error or a hang-up is for both directions: the next call tells. Urgent data
 * counts as a hang-up: a read ends before it, whatever there is behind it.
 */
static int directions(uint32_t mask)
{
    if (mask & (EPOLLERR | EPOLLHUP))
        return RN_READ | RN_WRITE | OS_HANGUP;
    int events = 0;
    if (mask & (EPOLLIN | EPOLLPRI | EPOLLRDHUP))
        events |= RN_READ;
    if (mask & (EPOLLPRI | EPOLLRDHUP))
        events |= OS_HANGUP;
    if (mask & EPOLLOUT)
        events |= RN_WRITE;
    return events;
}

static int wait_events(int poll, struct epoll_event *events, int count,
                       int64_t timeout)
{
    static _Atomic(bool) unknown;
    struct timespec limit = timespec_of(timeout < 0 ? 0 : timeout);
    if (!atomic_load_explicit(&unknown, memory_order_relaxed)) {
        long got = syscall(SYS_epoll_pwait2, poll, events, count,
                           timeout < 0 ? NULL : &limit, NULL, 0);
        if (got >= 0 || errno != ENOSYS)
            return (int)got;
        atomic_store_explicit(&unknown, true, memory_order_relaxed);
    }
    /* A kernel before 5.11, or a sandbox: whole milliseconds, rounded up. */
    int64_t ms = timeout < 0 ? -1 : (timeout + RN_MS - 1) / RN_MS;
    return (int)syscall(SYS_epoll_pwait, poll, events, count,
                        (int)(ms > INT_MAX ? INT_MAX : ms), NULL, 0);
}

noinline int os_poll_wait(int poll, struct os_event *events, int count,
                          int64_t timeout)
{
    struct epoll_event raw[128];
    if (count > 128)
        count = 128;
    int got = wait_events(poll, raw, count, timeout);
    for (int i = 0; i < got; i++) {
        events[i].data = raw[i].data.u64;
        events[i].events = directions(raw[i].events);
    }
    return got > 0 ? got : 0;
}

noinline int os_poll_one(int fd, int events, int64_t timeout)
{
    struct pollfd one = {.fd = fd};
    if (events & RN_READ)
        one.events |= POLLIN | POLLRDHUP;
    if (events & RN_WRITE)
        one.events |= POLLOUT;
    struct timespec limit = timespec_of(timeout < 0 ? 0 : timeout);
    int got = ppoll(&one, 1, timeout < 0 ? NULL : &limit, NULL);
    if (got < 0)
        return errno == EINTR ? 0 : -errno;
    if (got > 0 && (one.revents & POLLNVAL))
        return -EBADF;
    /* POLLIN and its kin have the values of EPOLLIN and its kin. */
    return got > 0 ? directions((uint32_t)one.revents) & (RN_READ | RN_WRITE)
                   : 0;
}

noinline int os_event_open(void)
{
    int event = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    return event >= 0 ? event : -errno;
}

noinline void os_event_set(int event)
{
    uint64_t one = 1;
    /* Full means set already. */
    long ignored = syscall(SYS_write, event, &one, sizeof(one));
    (void)ignored;
}

noinline void os_event_clear(int event)
{
    uint64_t count;
    long ignored = syscall(SYS_read, event, &count, sizeof(count));
    (void)ignored;
}

noinline void os_close(int fd)
{
    syscall(SYS_close, fd);
}

/*
 * Past ThreadSanitizer's wrapper, which keeps a signal back until the thread
 * calls one of its others: a worker that sleeps would never do so.
 */
#ifdef RN_TSAN
int __sigaction(int number, const struct sigaction *action,
                struct sigaction *before);
#define sigaction(number, action, before) __sigaction(number, action, before)
#endif

noinline int os_signal_catch(int number, void (*on_signal)(int number),
                             struct sigaction *before)
{
    /* A goroutine's stack may have no room for a signal's frame. */
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = SA_RESTART | SA_ONSTACK};
    sigfillset(&action.sa_mask);
    return sigaction(number, &action, before) == 0 ? 0 : -errno;
}

noinline void os_signal_restore(int number, const struct sigaction *before)
{
    sigaction(number, before, NULL);
}

noinline void os_signal_mask(uint64_t taken)
{
    uint64_t blocked = ~taken;
    syscall(SYS_rt_sigprocmask, SIG_SETMASK, &blocked, NULL, sizeof(blocked));
}

noinline int os_fork(void)
{
    pid_t child = fork();
    return child >= 0 ? child : -errno;
}

noinline void os_wait_child(int child, int *signal, int *status)
{
    int ended = 0;
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
        continue;
    *signal = WIFSIGNALED(ended) ? WTERMSIG(ended) : 0;
    *status = WIFEXITED(ended) ? WEXITSTATUS(ended) : 0;
}

noinline int os_copy(void)
{
#ifdef RN_TSAN
    /* The detector's own locks must be free in the copy; it sees to that. */
    long copy = fork();
#else
    /* Not fork: its handlers take locks that the caller may hold. */
    long copy = syscall(SYS_clone, 0, 0, 0, 0, 0);
#endif
    if (copy == 0)
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    return copy >= 0 ? (int)copy : -errno;
}

/* Processor time of a process; what it was, when that is not known. */
static int64_t used_by(int process, int64_t before)
{
    struct timespec used;
    /* The kernel's name for that clock. */
    if (clock_gettime(~process * 8 | 2, &used) != 0)
        return before;
    return (int64_t)used.tv_sec * RN_S + used.tv_nsec;
}

/* True when it is late. A machine that is busy makes nobody late. */
static bool await_copy(int copy, int pidfd, int64_t timeout)
{
    struct pollfd poller = {.fd = pidfd, .events = POLLIN};
    const struct timespec look = {.tv_sec = 1};
    int64_t used = 0;
    int64_t still = 0;
    while (still < timeout && used < timeout) {
        int got = ppoll(&poller, 1, &look, NULL);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != 0)
            return false;
        int64_t before = used;
        used = used_by(copy, before);
        still = used - before < RN_MS ? still + RN_S : 0;
    }
    return true;
}

noinline int os_copy_wait(int copy, int64_t timeout)
{
    int status = 0;
    bool late = false;
    int pidfd = (int)syscall(SYS_pidfd_open, copy, 0);
    if (pidfd >= 0) {
        late = await_copy(copy, pidfd, timeout);
        syscall(SYS_close, pidfd);
    }
    if (late)
        kill(copy, SIGKILL);
    /* __WALL: a copy says nothing by SIGCHLD, which is the program's. */
    while (syscall(SYS_wait4, copy, &status, __WALL, NULL) < 0)
        if (errno != EINTR)
            return -errno;
    if (late)
        return -ETIMEDOUT;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -EINTR;
}

noinline void os_exit(int status)
{
    for (;;)
        syscall(SYS_exit_group, status);
}

noinline void os_alarm(unsigned seconds)
{
    alarm(seconds);
}

bool os_is_alarm(int signal)
{
    return signal == SIGALRM;
}

noinline void os_mute(void)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0)
        return;
    dup2(nowhere, STDERR_FILENO);
    close(nowhere);
}

noinline int os_fd_check(int fd)
{
    return fcntl(fd, F_GETFD) >= 0 ? 0 : -errno;
}

noinline void os_print_to(int fd)
{
    if (fd != STDERR_FILENO)
        dup2(fd, STDERR_FILENO);
}

static _Atomic(uint64_t) printed;

uint64_t os_printed(void)
{
    return atomic_load_explicit(&printed, memory_order_relaxed);
}

noinline void os_print(const char *text, size_t size)
{
    atomic_fetch_add_explicit(&printed, size, memory_order_relaxed);
    while (size > 0) {
        ssize_t put = write(STDERR_FILENO, text, size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return;
        text += put;
        size -= (size_t)put;
    }
}
