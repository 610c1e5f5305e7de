/* SPDX-License-Identifier: Apache-2.0 */
/*
 * os_process.c: os_process.h on Linux.
 */
#include "os_process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Since Linux 5.4; the C library of Debian 12 names it only for itself. */
#define OS_P_PIDFD 3

static int add_actions(const struct os_spawn *what,
                       posix_spawn_file_actions_t *actions)
{
    int error = 0;
    if (what->cwd)
        error = posix_spawn_file_actions_addchdir_np(actions, what->cwd);
    for (int i = 0; i < 3 && error == 0; i++)
        if (what->stdio[i] >= 0)
            error =
                posix_spawn_file_actions_adddup2(actions, what->stdio[i], i);
    return error;
}

static int set_attributes(const struct os_spawn *what,
                          posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t pipe_only;
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
    sigemptyset(&none);
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    if (what->own_group)
        flags |= POSIX_SPAWN_SETPGROUP;
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &pipe_only);
    if (error == 0)
        error = posix_spawnattr_setflags(attributes, flags);
    return error;
}

noinline int os_spawn(const struct os_spawn *what)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    pid_t pid = 0;
    int error = posix_spawn_file_actions_init(&actions);
    if (error != 0)
        return -error;
    error = posix_spawnattr_init(&attributes);
    if (error != 0)
        goto out;
    error = add_actions(what, &actions);
    if (error == 0)
        error = set_attributes(what, &attributes);
    if (error == 0)
        error = posix_spawnp(&pid, what->argv[0], &actions, &attributes,
                             (char *const *)(uintptr_t)what->argv,
                             what->env ? (char *const *)(uintptr_t)what->env
                                       : environ);
    posix_spawnattr_destroy(&attributes);
out:
    posix_spawn_file_actions_destroy(&actions);
    return error == 0 ? pid : -error;
}

/* Out of the way of 0, 1, 2, if it is one of them; closed when that fails. */
static int out_of_the_way(int fd)
{
    if (fd > 2)
        return fd;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    int error = errno;
    close(fd);
    return high >= 0 ? high : -error;
}

noinline int os_process_pipe(int ends[2])
{
    if (pipe2(ends, O_CLOEXEC) != 0)
        return -errno;
    int status = 0;
    for (int i = 0; i < 2; i++) {
        ends[i] = out_of_the_way(ends[i]);
        if (ends[i] < 0)
            status = ends[i];
    }
    for (int i = 0; i < 2 && status < 0; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    return status;
}

noinline int os_process_null(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    while (fd < 0 && errno == EINTR);
    return fd >= 0 ? out_of_the_way(fd) : -errno;
}

noinline void os_process_end(int pid)
{
    kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
}

noinline int os_process_open(int pid)
{
    long fd = syscall(SYS_pidfd_open, pid, 0); /* closed by exec */
    return fd >= 0 ? (int)fd : -errno;
}

noinline int os_process_kill(int process, int pid, int signal)
{
    long status =
        pid != 0 ? kill(-pid, signal)
                 : syscall(SYS_pidfd_send_signal, process, signal, NULL, 0);
    return status == 0 ? 0 : -errno;
}

noinline int os_process_reap(int process, int *code, int *signal)
{
    siginfo_t info = {0};
    int status;
    do
        status = waitid((idtype_t)OS_P_PIDFD, (id_t)process, &info,
                        WEXITED | WNOHANG);
    while (status < 0 && errno == EINTR);
    if (status < 0)
        return -errno;
    if (info.si_pid == 0)
        return -EAGAIN;
    *code = info.si_code == CLD_EXITED ? info.si_status : -1;
    *signal = info.si_code == CLD_EXITED ? 0 : info.si_status;
    return 0;
}
