/* SPDX-License-Identifier: Apache-2.0 */
/*
 * os_net.h: system calls on sockets, in the manner of os.h: leaves that return
 * 0 or more, or the negated errno. Every descriptor that they make is
 * non-blocking and closed by exec.
 */
#ifndef RUNNEL_OS_NET_H
#define RUNNEL_OS_NET_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>

#include "base.h"

struct net_address {
    socklen_t size; /* 0: none */
    union {
        struct sockaddr any;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    };
};

int os_socket(int family, int type);
int os_bind(int fd, const struct net_address *address);
int os_listen(int fd, int backlog);
/* Switches an option of SOL_SOCKET, IPPROTO_TCP, ... */
int os_option(int fd, int level, int option, int value);
/* Returns the option's value. */
int os_option_of(int fd, int level, int option);
int os_connect(int fd, const struct net_address *address);
/* The new descriptor; `peer` may be NULL. */
int os_accept(int fd, struct net_address *peer);
int os_local_address(int fd, struct net_address *address);
int os_remote_address(int fd, struct net_address *address);
/* SHUT_RD, SHUT_WR, SHUT_RDWR. */
int os_shutdown(int fd, int how);
int os_nonblocking(int fd);

/* How many bytes; on a socket no SIGPIPE. Pieces are in the caller's memory. */
int64_t os_receive(int fd, void *data, size_t size);
int64_t os_send(int fd, const struct iovec *pieces, size_t count);
/* The same for what is no socket. os_write_pipe takes SIGPIPE away. */
int64_t os_read(int fd, void *data, size_t size);
int64_t os_write_pipe(int fd, const struct iovec *pieces, size_t count);

/* One datagram; `from` may be NULL. */
int64_t os_receive_from(int fd, void *data, size_t size,
                        struct net_address *from);
int64_t os_send_to(int fd, const void *data, size_t size,
                   const struct net_address *to);

/* Reading and writing end, of which only ours need not block. */
int os_pipe(int ends[2]);

/* Files of Unix sockets. 0 when `path` is a socket, with what it is. */
struct os_file_id {
    uint64_t device;
    uint64_t inode;
};
int os_socket_file(const char *path, struct os_file_id *id);
int os_file_mode(const char *path, unsigned mode);
int os_descriptor_mode(int fd, unsigned mode);
int os_unlink(const char *path);

#endif
