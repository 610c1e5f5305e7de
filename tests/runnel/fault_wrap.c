/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_wrap.c: what stands between the library and the C library.
 *
 * A call is made to fail as the system could fail it at this point: one that
 * closes has closed all the same, one that takes a child's end only when there
 * is one. check_fault_calls.py holds the list below to what the library calls;
 * fault_calls.txt says of the others why they cannot fail.
 */
#include "fault_wrap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define MADV_GUARD_INSTALL_ 102

/* NOLINTNEXTLINE: the linker's name */
void *__real_mmap64(void *at, size_t size, int prot, int flags, int fd,
                    off_t offset);

static atomic_bool is_on;
static enum fault_mode mode;
static unsigned failing;
static atomic_uint calls;
static atomic_uint interruptible;
/* The errno of the failure; seen by parent and children alike. */
static atomic_int *how;
static atomic_long objects;
static atomic_long mapped;

void fault_begin(enum fault_mode how_to, unsigned number)
{
    if (!how)
        how = __real_mmap64(NULL, sizeof(*how), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    mode = how_to;
    failing = number;
    atomic_store(&is_on, true);
}

void fault_end(void)
{
    atomic_store(&is_on, false);
}

bool fault_happened(void)
{
    return atomic_load(how) != 0;
}

int fault_error(void)
{
    return atomic_load(how);
}

long fault_objects(void)
{
    return atomic_load(&objects);
}

long fault_mapped(void)
{
    return atomic_load(&mapped);
}

/* True when this call is to fail, with that errno; says so. */
static bool fails(const char *name, int error)
{
    if (!atomic_load(&is_on) || failing == 0 ||
        atomic_fetch_add(&calls, 1) + 1 != failing)
        return false;
    atomic_store(how, error);
    dprintf(STDERR_FILENO, "failed: %s\n", name);
    errno = error;
    return true;
}

static bool interrupted(void)
{
    if (!atomic_load(&is_on) || mode != FAULT_INTERRUPT ||
        atomic_fetch_add(&interruptible, 1) % 2)
        return false;
    errno = EINTR;
    return true;
}

static bool unknown(int error)
{
    if (!atomic_load(&is_on) ||
        (mode != FAULT_OLD_KERNEL && mode != FAULT_OLD_NTH))
        return false;
    errno = error;
    return true;
}

static size_t shortened(size_t size)
{
    return atomic_load(&is_on) && mode == FAULT_SHORT && size > 1 ? 1 : size;
}

/* NOLINTBEGIN: the linker's names */

/* A call that fails with -1 and an errno, and does nothing then. */
#define FAILING(type, name, error, parameters, arguments)                \
    type __real_##name parameters;                                       \
    type __wrap_##name parameters;                                       \
    type __wrap_##name parameters                                        \
    {                                                                    \
        return fails(#name, error) ? (type)-1 : __real_##name arguments; \
    }

/* One that returns its error. */
#define RETURNING(name, error, parameters, arguments)                   \
    int __real_##name parameters;                                       \
    int __wrap_##name parameters;                                       \
    int __wrap_##name parameters                                        \
    {                                                                   \
        return fails(#name, error) ? (error) : __real_##name arguments; \
    }

/* -------------------------------------------------------------------- heap */

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_realloc(void *object, size_t size);
void *__wrap_realloc(void *object, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void *__real_reallocarray(void *array, size_t count, size_t size);
void *__wrap_reallocarray(void *array, size_t count, size_t size);
void __real_free(void *object);
void __wrap_free(void *object);

static void *counted(void *object)
{
    if (object)
        atomic_fetch_add(&objects, 1);
    return object;
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails("calloc", ENOMEM) ? NULL : counted(__real_calloc(count, size));
}

void *__wrap_malloc(size_t size)
{
    return fails("malloc", ENOMEM) ? NULL : counted(__real_malloc(size));
}

void *__wrap_realloc(void *object, size_t size)
{
    void *grown;

    if (fails("realloc", ENOMEM))
        return NULL;
    grown = __real_realloc(object, size);
    return object ? grown : counted(grown);
}

void *__wrap_aligned_alloc(size_t align, size_t size)
{
    return fails("aligned_alloc", ENOMEM)
               ? NULL
               : counted(__real_aligned_alloc(align, size));
}

void *__wrap_reallocarray(void *array, size_t count, size_t size)
{
    void *grown;

    if (fails("reallocarray", ENOMEM))
        return NULL;
    grown = __real_reallocarray(array, count, size);
    return array ? grown : counted(grown);
}

void __wrap_free(void *object)
{
    if (object)
        atomic_fetch_sub(&objects, 1);
    __real_free(object);
}

/* ---------------------------------------------------------------- mappings */

void *__wrap_mmap64(void *at, size_t size, int prot, int flags, int fd,
                    off_t offset);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);
int __real_madvise(void *at, size_t size, int advice);
int __wrap_madvise(void *at, size_t size, int advice);

void *__wrap_mmap64(void *at, size_t size, int prot, int flags, int fd,
                    off_t offset)
{
    /* One that replaces a whole mapping needs no further one. */
    if (flags & MAP_FIXED)
        return __real_mmap64(at, size, prot, flags, fd, offset);
    if (fails("mmap", ENOMEM))
        return MAP_FAILED;
    atomic_fetch_add(&mapped, (long)size);
    return __real_mmap64(at, size, prot, flags, fd, offset);
}

int __wrap_munmap(void *at, size_t size)
{
    atomic_fetch_sub(&mapped, (long)size);
    return __real_munmap(at, size);
}

int __wrap_madvise(void *at, size_t size, int advice)
{
    if (advice == MADV_GUARD_INSTALL_ && unknown(EINVAL))
        return -1;
    return fails("madvise", EINVAL) ? -1 : __real_madvise(at, size, advice);
}

FAILING(int, mprotect, ENOMEM, (void *at, size_t size, int prot),
        (at, size, prot))

/* --------------------------------------------------------- poll and threads */

static atomic_int event_fd = -1;

int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);
int __real_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit,
                 const sigset_t *mask);
int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit,
                 const sigset_t *mask);

int __wrap_ppoll(struct pollfd *fds, nfds_t count, const struct timespec *limit,
                 const sigset_t *mask)
{
    const struct timespec now = {0};
    int ready;

    if (fails("ppoll", ENOMEM))
        return -1;
    /* A signal does not hide what is ready. */
    ready = __real_ppoll(fds, count, &now, mask);
    if (ready == 0 && interrupted())
        return -1;
    return ready != 0 ? ready : __real_ppoll(fds, count, limit, mask);
}

int __wrap_eventfd(unsigned count, int flags)
{
    int fd = fails("eventfd", EMFILE) ? -1 : __real_eventfd(count, flags);

    atomic_store(&event_fd, fd);
    return fd;
}

FAILING(int, epoll_create1, EMFILE, (int flags), (flags))
RETURNING(pthread_create, EAGAIN,
          (pthread_t * thread, const pthread_attr_t *attributes,
           void *(*function)(void *), void *arg),
          (thread, attributes, function, arg))
RETURNING(pthread_getattr_np, ENOMEM,
          (pthread_t thread, pthread_attr_t *attributes), (thread, attributes))
FAILING(int, sched_getaffinity, EINVAL,
        (pid_t pid, size_t size, cpu_set_t *set), (pid, size, set))
FAILING(ssize_t, getrandom, EAGAIN, (void *bytes, size_t size, unsigned flags),
        (bytes, size, flags))
FAILING(int, sigaltstack, ENOMEM, (const stack_t *new, stack_t *old),
        (new, old))
FAILING(int, sigaction, EINVAL,
        (int number, const struct sigaction *new, struct sigaction *old),
        (number, new, old))

/* ------------------------------------------------------------------- files */

int __real_open64(const char *path, int flags, ...);
int __wrap_open64(const char *path, int flags, ...);
int __real_fcntl64(int fd, int command, ...);
int __wrap_fcntl64(int fd, int command, ...);
int __real_close(int fd);
int __wrap_close(int fd);
FILE *__real_fopen64(const char *path, const char *how_to);
FILE *__wrap_fopen64(const char *path, const char *how_to);
ssize_t __real_preadv64v2(int fd, const struct iovec *pieces, int count,
                          off_t offset, int flags);
ssize_t __wrap_preadv64v2(int fd, const struct iovec *pieces, int count,
                          off_t offset, int flags);
ssize_t __real_read(int fd, void *data, size_t size);
ssize_t __wrap_read(int fd, void *data, size_t size);
ssize_t __real_pread64(int fd, void *data, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *data, size_t size, off_t offset);
ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __real_pwrite64(int fd, const void *data, size_t size, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset);

int __wrap_open64(const char *path, int flags, ...)
{
    va_list list;
    mode_t bits = 0;

    va_start(list, flags);
    if (flags & O_CREAT)
        bits = va_arg(list, mode_t);
    va_end(list);
    return fails("open", EMFILE) || interrupted()
               ? -1
               : __real_open64(path, flags, bits);
}

FILE *__wrap_fopen64(const char *path, const char *how_to)
{
    return fails("fopen", EMFILE) ? NULL : __real_fopen64(path, how_to);
}

int __wrap_fcntl64(int fd, int command, ...)
{
    va_list list;
    long value;

    va_start(list, command);
    value = va_arg(list, long);
    va_end(list);
    return fails("fcntl", EMFILE) ? -1 : __real_fcntl64(fd, command, value);
}

int __wrap_close(int fd)
{
    int status = __real_close(fd);

    return fails("close", EIO) || interrupted() ? -1 : status;
}

ssize_t __wrap_preadv64v2(int fd, const struct iovec *pieces, int count,
                          off_t offset, int flags)
{
    return fails("preadv2", EAGAIN) || unknown(EOPNOTSUPP)
               ? -1
               : __real_preadv64v2(fd, pieces, count, offset, flags);
}

ssize_t __wrap_read(int fd, void *data, size_t size)
{
    return fails("read", EIO) || interrupted()
               ? -1
               : __real_read(fd, data, shortened(size));
}

ssize_t __wrap_pread64(int fd, void *data, size_t size, off_t offset)
{
    return fails("pread", EIO) || interrupted()
               ? -1
               : __real_pread64(fd, data, shortened(size), offset);
}

ssize_t __wrap_write(int fd, const void *data, size_t size)
{
    /* What is printed is best effort. */
    if (fd == STDERR_FILENO)
        return __real_write(fd, data, size);
    return fails("write", ENOSPC) || interrupted()
               ? -1
               : __real_write(fd, data, shortened(size));
}

ssize_t __wrap_pwrite64(int fd, const void *data, size_t size, off_t offset)
{
    return fails("pwrite", ENOSPC) || interrupted()
               ? -1
               : __real_pwrite64(fd, data, shortened(size), offset);
}

FAILING(int, stat64, EIO, (const char *path, struct stat *out), (path, out))
FAILING(int, lstat64, EIO, (const char *path, struct stat *out), (path, out))
FAILING(int, fstat64, EIO, (int fd, struct stat *out), (fd, out))
FAILING(int, fsync, EIO, (int fd), (fd))
FAILING(int, fchmod, EPERM, (int fd, mode_t bits), (fd, bits))
FAILING(int, chmod, EPERM, (const char *path, mode_t bits), (path, bits))
FAILING(int, rename, EIO, (const char *from, const char *to), (from, to))

/* --------------------------------------------------------------- processes */

int __real_waitid(idtype_t type, id_t id, siginfo_t *info, int options);
int __wrap_waitid(idtype_t type, id_t id, siginfo_t *info, int options);
pid_t __real_waitpid(pid_t pid, int *status, int options);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);

int __wrap_waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    int status;

    if (interrupted())
        return -1;
    status = __real_waitid(type, id, info, options);
    /* Somebody else was first to take it. */
    return status == 0 && info->si_pid != 0 && fails("waitid", ECHILD) ? -1
                                                                       : status;
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
    pid_t ended = interrupted() ? -1 : __real_waitpid(pid, status, options);

    if (ended <= 0 || !fails("waitpid", ECHILD))
        return ended;
    *status = 0;
    return -1;
}

FAILING(pid_t, fork, EAGAIN, (void), ())
FAILING(int, kill, EPERM, (pid_t pid, int number), (pid, number))
FAILING(int, pipe2, EMFILE, (int ends[2], int flags), (ends, flags))
RETURNING(posix_spawnp, EAGAIN,
          (pid_t * pid, const char *file,
           const posix_spawn_file_actions_t *actions,
           const posix_spawnattr_t *attributes, char *const argv[],
           char *const env[]),
          (pid, file, actions, attributes, argv, env))
RETURNING(posix_spawn_file_actions_init, ENOMEM,
          (posix_spawn_file_actions_t * actions), (actions))
RETURNING(posix_spawn_file_actions_adddup2, ENOMEM,
          (posix_spawn_file_actions_t * actions, int from, int to),
          (actions, from, to))
RETURNING(posix_spawn_file_actions_addchdir_np, ENOMEM,
          (posix_spawn_file_actions_t * actions, const char *path),
          (actions, path))
RETURNING(posix_spawnattr_init, ENOMEM, (posix_spawnattr_t * attributes),
          (attributes))
RETURNING(getaddrinfo, EAI_MEMORY,
          (const char *host, const char *service, const struct addrinfo *hints,
           struct addrinfo **out),
          (host, service, hints, out))

/* ------------------------------------------------------------ system calls */

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

/* How a system call may fail; 0: not, or fault_calls.txt says why not. */
static int error_of(long number, const long *a)
{
    switch (number) {
    case SYS_epoll_ctl:
        return a[1] == EPOLL_CTL_DEL ? 0 : ENOMEM;
    case SYS_socket:
    case SYS_accept4:
    case SYS_pipe2:
    case SYS_pidfd_open:
        return EMFILE;
    case SYS_bind:
    case SYS_listen:
        return EADDRINUSE;
    case SYS_connect:
        return ECONNREFUSED;
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_recvfrom:
        return ECONNRESET;
    case SYS_read:
    case SYS_writev:
    case SYS_close:
        return EIO;
    case SYS_setsockopt:
    case SYS_getsockopt:
    case SYS_getsockname:
    case SYS_getpeername:
        return ENOBUFS;
    case SYS_shutdown:
        return ENOTCONN;
    case SYS_fcntl:
    case SYS_pidfd_send_signal:
        return EPERM;
    case SYS_epoll_pwait2:
    case SYS_epoll_pwait:
    case SYS_wait4:
        return EINTR;
    case SYS_clone:
        return EAGAIN;
    case SYS_process_madvise:
        return EBADF; /* as where the process has no number of its own */
    default:
        return 0;
    }
}

/* A signal may come while it waits. */
static bool waits(long number, const long *a)
{
    switch (number) {
    case SYS_futex:
        return (a[1] & FUTEX_CMD_MASK) == FUTEX_WAIT;
    case SYS_epoll_pwait2:
    case SYS_accept4:
    case SYS_sendto:
    case SYS_sendmsg:
    case SYS_recvfrom:
    case SYS_read:
    case SYS_writev:
    case SYS_wait4:
        return true;
    default:
        return false;
    }
}

/* The first byte of what there is. */
static void shorten(long number, long *a)
{
    static _Thread_local struct iovec piece;
    static _Thread_local struct msghdr message;

    if (shortened(2) != 1)
        return;
    if (number == SYS_sendto)
        a[2] = (long)shortened((size_t)a[2]);
    if (number == SYS_sendmsg) {
        message = *(struct msghdr *)a[1];
        piece = message.msg_iov[0];
        a[1] = (long)&message;
    }
    if (number == SYS_writev) {
        piece = *(struct iovec *)a[1];
        a[1] = (long)&piece;
        a[2] = 1;
    }
    if (number == SYS_sendmsg || number == SYS_writev)
        piece.iov_len = shortened(piece.iov_len);
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
}

long __wrap_syscall(long number, ...)
{
    long a[6];
    va_list list;
    bool done = number == SYS_close || number == SYS_connect;
    long status;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    /* The kick of the poller: at worst it is set, or empty, already. */
    if ((number == SYS_read || number == SYS_write) &&
        a[0] == atomic_load(&event_fd))
        return __real_syscall(number, a[0], a[1], a[2]);
    if ((number == SYS_epoll_pwait2 || number == SYS_membarrier) &&
        unknown(ENOSYS))
        return -1;
    if (!done && waits(number, a) && interrupted())
        return -1;
    if (error_of(number, a) != 0 && number != SYS_close) {
        char name[32];

        snprintf(name, sizeof(name), "system call %ld", number);
        if (fails(name, error_of(number, a)))
            return -1;
    }
    shorten(number, a);
    status = __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
    /* What a signal ends here goes on, or is over, all the same. */
    if (number == SYS_connect && (status == 0 || errno == EINPROGRESS) &&
        interrupted())
        return -1;
    if (number == SYS_close && (fails("close", EIO) || interrupted()))
        return -1;
    return status;
}
/* NOLINTEND */
