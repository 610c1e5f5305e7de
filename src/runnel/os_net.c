/* SPDX-License-Identifier: Apache-2.0 */
/*
 * os_net.c: os_net.h on Linux. By syscall(2), like os_linux.c: the race
 * detector would take calls on one descriptor for an order between goroutines
 * that a program does not have; net_io.h says the edges that it has.
 */
#include "os_net.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int result(long status)
{
    return status >= 0 ? (int)status : -errno;
}

noinline int os_socket(int family, int type)
{
    type |= SOCK_NONBLOCK | SOCK_CLOEXEC;
    return result(syscall(SYS_socket, family, type, 0));
}

noinline int os_bind(int fd, const struct net_address *address)
{
    return result(syscall(SYS_bind, fd, &address->any, address->size));
}

noinline int os_listen(int fd, int backlog)
{
    return result(syscall(SYS_listen, fd, backlog));
}

noinline int os_option(int fd, int level, int option, int value)
{
    return result(
        syscall(SYS_setsockopt, fd, level, option, &value, sizeof(value)));
}

noinline int os_option_of(int fd, int level, int option)
{
    int value = 0;
    socklen_t size = sizeof(value);
    int status =
        result(syscall(SYS_getsockopt, fd, level, option, &value, &size));
    return status < 0 ? status : value;
}

noinline int os_connect(int fd, const struct net_address *address)
{
    int status = result(syscall(SYS_connect, fd, &address->any, address->size));
    /* Interrupted, it goes on by itself. */
    return status == -EINTR ? -EINPROGRESS : status;
}

noinline int os_accept(int fd, struct net_address *peer)
{
    socklen_t size = sizeof(peer->un);
    int got =
        result(syscall(SYS_accept4, fd, peer ? &peer->any : NULL,
                       peer ? &size : NULL, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (got >= 0 && peer)
        peer->size = size;
    return got;
}

noinline int os_local_address(int fd, struct net_address *address)
{
    socklen_t size = sizeof(address->un);
    int status = result(syscall(SYS_getsockname, fd, &address->any, &size));
    address->size = status < 0 ? 0 : size;
    return status;
}

noinline int os_remote_address(int fd, struct net_address *address)
{
    socklen_t size = sizeof(address->un);
    int status = result(syscall(SYS_getpeername, fd, &address->any, &size));
    address->size = status < 0 ? 0 : size;
    return status;
}

noinline int os_shutdown(int fd, int how)
{
    return result(syscall(SYS_shutdown, fd, how));
}

noinline int os_nonblocking(int fd)
{
    long flags = syscall(SYS_fcntl, fd, F_GETFL);
    if (flags < 0)
        return -errno;
    if (flags & O_NONBLOCK)
        return 0;
    return result(syscall(SYS_fcntl, fd, F_SETFL, flags | O_NONBLOCK));
}

noinline int64_t os_receive(int fd, void *data, size_t size)
{
    long got;
    do
        got = syscall(SYS_recvfrom, fd, data, size, 0, NULL, NULL);
    while (got < 0 && errno == EINTR);
    return got >= 0 ? got : -errno;
}

noinline int64_t os_send(int fd, const struct iovec *pieces, size_t count)
{
    struct msghdr message = {.msg_iov = (struct iovec *)(uintptr_t)pieces,
                             .msg_iovlen = count};
    long put;
    do
        put = count == 1 ? syscall(SYS_sendto, fd, pieces->iov_base,
                                   pieces->iov_len, MSG_NOSIGNAL, NULL, 0)
                         : syscall(SYS_sendmsg, fd, &message, MSG_NOSIGNAL);
    while (put < 0 && errno == EINTR);
    return put >= 0 ? put : -errno;
}

noinline int64_t os_read(int fd, void *data, size_t size)
{
    long got;
    do
        got = syscall(SYS_read, fd, data, size);
    while (got < 0 && errno == EINTR);
    return got >= 0 ? got : -errno;
}

/*
 * A pipe knows no MSG_NOSIGNAL: the signal, which is for the writing thread, is
 * blocked and fetched; unless one was pending before, which is not ours.
 */
noinline int64_t os_write_pipe(int fd, const struct iovec *pieces, size_t count)
{
    sigset_t pipe_only;
    sigset_t before;
    sigset_t pending;
    sigemptyset(&pipe_only);
    sigaddset(&pipe_only, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_only, &before);
    sigpending(&pending);
    long put;
    do
        put = syscall(SYS_writev, fd, pieces, count);
    while (put < 0 && errno == EINTR);
    int64_t status = put >= 0 ? put : -errno;
    if (status == -EPIPE && sigismember(&pending, SIGPIPE) == 0) {
        struct timespec now = {0};
        while (sigtimedwait(&pipe_only, NULL, &now) < 0 && errno == EINTR)
            continue;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

noinline int64_t os_receive_from(int fd, void *data, size_t size,
                                 struct net_address *from)
{
    socklen_t length = sizeof(from->un);
    long got;
    do
        got = syscall(SYS_recvfrom, fd, data, size, 0, from ? &from->any : NULL,
                      from ? &length : NULL);
    while (got < 0 && errno == EINTR);
    if (got >= 0 && from)
        from->size = length;
    return got >= 0 ? got : -errno;
}

noinline int64_t os_send_to(int fd, const void *data, size_t size,
                            const struct net_address *to)
{
    long put;
    do
        put = syscall(SYS_sendto, fd, data, size, MSG_NOSIGNAL, &to->any,
                      to->size);
    while (put < 0 && errno == EINTR);
    return put >= 0 ? put : -errno;
}

noinline int os_pipe(int ends[2])
{
    return result(syscall(SYS_pipe2, ends, O_CLOEXEC));
}

noinline int os_socket_file(const char *path, struct os_file_id *id)
{
    struct stat stat;
    if (lstat(path, &stat) != 0)
        return -errno;
    if (!S_ISSOCK(stat.st_mode))
        return -ENOTSOCK;
    *id = (struct os_file_id){stat.st_dev, stat.st_ino};
    return 0;
}

noinline int os_file_mode(const char *path, unsigned mode)
{
    return result(chmod(path, mode));
}

noinline int os_descriptor_mode(int fd, unsigned mode)
{
    return result(fchmod(fd, mode));
}

noinline int os_unlink(const char *path)
{
    return result(unlink(path));
}
