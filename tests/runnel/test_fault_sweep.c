/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The n-th call that can fail fails, for every n: the program gets a documented
 * status or ends with a message, and nothing is leaked, no descriptor stays
 * open, nothing hangs or crashes.
 *
 * The library reaches the heap through alloc.c and the system through os_*.c;
 * the linker puts this program's functions in between (--wrap), so that the
 * library that is tested is the one that is used.
 */
#include <dirent.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

#include "rn_check.h"

/* Calls beyond this are not expected of the work below. */
#define CALLS_MAX 3000
/* Between two calls that are made to fail, where each costs much time. */
#define STEP      (RN_CHECK_TSAN || RN_CHECK_ASAN ? 3 : 1)

static atomic_uint calls;
static unsigned failing; /* the number of the call that fails; 0: none */
static atomic_bool has_failed;
static atomic_long objects; /* of the heap, not given back */
static atomic_long mapped;  /* bytes, not given back */

/* True when this call is to fail, with that errno; says so. */
static bool fails(const char *name, int error)
{
    if (atomic_fetch_add(&calls, 1) + 1 != failing)
        return false;
    atomic_store(&has_failed, true);
    dprintf(STDERR_FILENO, "failed: %s\n", name);
    errno = error;
    return true;
}

/* ------------------------------------------------- between library and libc */

/* NOLINTBEGIN: the linker's names */
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_aligned_alloc(size_t align, size_t size);
void *__wrap_aligned_alloc(size_t align, size_t size);
void *__real_reallocarray(void *array, size_t count, size_t size);
void *__wrap_reallocarray(void *array, size_t count, size_t size);
void __real_free(void *object);
void __wrap_free(void *object);
void *__real_mmap64(void *at, size_t size, int prot, int flags, int fd,
                    off_t o);
void *__wrap_mmap64(void *at, size_t size, int prot, int flags, int fd,
                    off_t o);
int __real_munmap(void *at, size_t size);
int __wrap_munmap(void *at, size_t size);
int __real_epoll_create1(int flags);
int __wrap_epoll_create1(int flags);
int __real_eventfd(unsigned count, int flags);
int __wrap_eventfd(unsigned count, int flags);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *arg);
long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);

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

void *__wrap_mmap64(void *at, size_t size, int prot, int flags, int fd, off_t o)
{
    /* One that replaces a mapping cannot fail for want of memory. */
    if (!(flags & MAP_FIXED) && fails("mmap64", ENOMEM))
        return MAP_FAILED;
    if (!(flags & MAP_FIXED))
        atomic_fetch_add(&mapped, (long)size);
    return __real_mmap64(at, size, prot, flags, fd, o);
}

int __wrap_munmap(void *at, size_t size)
{
    atomic_fetch_sub(&mapped, (long)size);
    return __real_munmap(at, size);
}

int __wrap_epoll_create1(int flags)
{
    return fails("epoll_create1", EMFILE) ? -1 : __real_epoll_create1(flags);
}

int __wrap_eventfd(unsigned count, int flags)
{
    return fails("eventfd", EMFILE) ? -1 : __real_eventfd(count, flags);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*function)(void *), void *arg)
{
    return fails("pthread_create", EAGAIN)
               ? EAGAIN
               : __real_pthread_create(thread, attributes, function, arg);
}

/* How a system call may fail; 0: it may not, or is not the runtime's worry. */
static int error_of(long number)
{
    switch (number) {
    case SYS_epoll_ctl:
        return ENOMEM;
    case SYS_socket:
    case SYS_accept4:
    case SYS_pipe2:
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
    case SYS_epoll_pwait2:
        return EINTR;
    default:
        return 0;
    }
}

long __wrap_syscall(long number, ...)
{
    long a[6];
    va_list list;

    va_start(list, number);
    for (int i = 0; i < 6; i++)
        a[i] = va_arg(list, long);
    va_end(list);
    if (error_of(number) != 0) {
        char name[32];

        snprintf(name, sizeof(name), "system call %ld", number);
        if (fails(name, error_of(number)))
            return -1;
    }
    return __real_syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
/* NOLINTEND */

/* ------------------------------------------------------------------ the work */

/* A status that a failing call may turn into. */
static void expect(int64_t status)
{
    CHECK_MSG(status >= 0 || atomic_load(&has_failed),
              "status %" PRId64 " without a failure", status);
    CHECK_MSG(status > -4096, "status %" PRId64 " is none", status);
}

static void echo(rn_chan(int) *own)
{
    rn_recv(*own, NULL);
}

static void use_goroutines(void *arg)
{
    rn_chan(int) chan = rn_chan_make(int, 1);
    int started = 0;

    (void)arg;
    rn_defer(rn_chan_free_, (struct rn_channel *)(uintptr_t)chan);
    for (int i = 0; i < 20; i++) {
        int status = rn_try_go(echo, chan);

        expect(status);
        started += status == RN_OK;
    }
    for (int i = 0; i < started; i++)
        rn_send(chan, i);
    while (rn_task_count() > 1)
        rn_yield();
}

static void nothing(void *arg)
{
    (void)arg;
}

static void use_time(void *arg)
{
    struct rn_ctx *ctx = rn_ctx_with_timeout(rn_ctx_background(), RN_S);
    rn_defer(rn_ctx_release, ctx);
    struct rn_timer *timer = rn_timer_make(RN_MS);
    rn_defer(rn_timer_free, timer);

    rn_sleep(RN_US);
    rn_recv(rn_timer_chan(timer), NULL);
    rn_ctx_cancel(ctx);
    rn_block(nothing, arg);
}

static void use_descriptors(void *arg)
{
    int fds[2];

    (void)arg;
    if (pipe(fds) != 0)
        return;
    expect(rn_wait_fd(fds[1], RN_WRITE, rn_deadline(RN_S)));
    close(fds[0]);
    close(fds[1]);
}

/* Whatever fails ends the other side's wait too. */
static void serve(struct rn_listener **own)
{
    struct rn_conn *conn;
    char byte;
    int status = rn_accept(*own, &conn);

    expect(status);
    if (status != RN_OK) {
        rn_listener_close(*own);
        return;
    }
    expect(rn_conn_read(conn, &byte, 1));
    expect(rn_conn_write(conn, &byte, 1, NULL));
    rn_conn_free(conn);
}

static void dial(const char *address)
{
    struct rn_conn *conn;
    char byte = 'x';
    int status = rn_dial(rn_ctx_background(), address, &conn);

    expect(status);
    if (status != RN_OK)
        return;
    status = rn_conn_write(conn, &byte, 1, NULL);
    expect(status);
    if (status == RN_OK)
        expect(rn_conn_read(conn, &byte, 1));
    rn_conn_free(conn);
}

static void use_network(void *arg)
{
    struct rn_listener *listener;
    int status = rn_listen("127.0.0.1:0", NULL, &listener);

    (void)arg;
    expect(status);
    if (status != RN_OK)
        return;
    status = rn_try_go(serve, listener);
    expect(status);
    if (status == RN_OK)
        dial(rn_listener_address(listener));
    rn_listener_close(listener);
    while (rn_task_count() > 1)
        rn_yield();
    rn_listener_free(listener);
}

static void attempt(void (*function)(void *arg))
{
    struct rn_panic panic;

    if (rn_try(function, NULL, &panic) == RN_PANICKED)
        CHECK_MSG(atomic_load(&has_failed), "panic: %s", panic.text);
}

static int work(void *arg)
{
    (void)arg;
    attempt(use_goroutines);
    attempt(use_time);
    attempt(use_descriptors);
    attempt(use_network);
    return 0;
}

/* ----------------------------------------------------------------- the sweep */

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    int count = 0;

    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

enum { ENDED = 0, COMPLAINED = 1, NO_FAILURE = 3 };

/* One run; how it ended, in the status of its process. */
static int run_once(unsigned number)
{
    struct rn_options options = {.procs = 2};
    int before = open_descriptors();

    atomic_store(&check_failures, 0);
    alarm(60);
    failing = number;
    expect(rn_run_with(&options, work, NULL));
    failing = 0;
    CHECK_EQ_INT(atomic_load(&objects), 0);
    CHECK_EQ_INT(atomic_load(&mapped), 0);
    CHECK_EQ_INT(open_descriptors(), before);
    if (atomic_load_explicit(&check_failures, memory_order_relaxed))
        return COMPLAINED;
    return atomic_load(&has_failed) ? ENDED : NO_FAILURE;
}

struct said {
    char text[8192];
    int status;
};

static void run_in_child(unsigned number, struct said *said)
{
    size_t length = 0;
    int fds[2];
    pid_t child;

    if (!CHECK_EQ_INT(pipe(fds), 0))
        return;
    fflush(NULL);
    child = fork();
    if (child == 0) {
        dup2(fds[1], STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        _exit(run_once(number));
    }
    close(fds[1]);
    for (;;) {
        ssize_t got =
            read(fds[0], said->text + length, sizeof(said->text) - 1 - length);

        if (got <= 0)
            break;
        length += (size_t)got;
    }
    said->text[length] = '\0';
    close(fds[0]);
    while (waitpid(child, &said->status, 0) < 0 && errno == EINTR)
        continue;
}

/* The message of an end that is documented: out of memory, and its kin. */
static bool ended_with_message(const struct said *said)
{
    return WIFEXITED(said->status) && WEXITSTATUS(said->status) == 2 &&
           (strstr(said->text, "fatal error: ") ||
            strstr(said->text, "panic: "));
}

/*
 * When the n-th call that can fail fails, for every n, a documented status or
 * message comes and nothing is leaked.
 */
static void every_call_may_fail(void)
{
    static struct said said;
    unsigned ends = 0;
    unsigned messages = 0;

    for (unsigned n = 1; n < CALLS_MAX; n += STEP) {
        run_in_child(n, &said);
        if (WIFEXITED(said.status) && WEXITSTATUS(said.status) == NO_FAILURE)
            break;
        if (ended_with_message(&said))
            messages++;
        else if (CHECK_MSG(WIFEXITED(said.status) &&
                               WEXITSTATUS(said.status) == ENDED,
                           "call %u failed: status %#x; it said:\n%s", n,
                           said.status, said.text))
            ends++;
    }
    fprintf(stderr, "# %u times a status, %u times the end\n", ends, messages);
    CHECK(ends >= 20 / STEP);
    CHECK(messages > 0 || STEP > 1);
}

/* A run gives back all memory, mappings and descriptors. */
static void nothing_fails_and_nothing_leaks(void)
{
    static struct said said;

    run_in_child(0, &said);
    CHECK_MSG(WIFEXITED(said.status) && WEXITSTATUS(said.status) == NO_FAILURE,
              "status %#x; it said:\n%s", said.status, said.text);
}

CHECK_MAIN(nothing_fails_and_nothing_leaks, every_call_may_fail)
