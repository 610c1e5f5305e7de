/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_listen.c: listeners (net.h).
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>

#include "alloc.h"
#include "net_address.h"
#include "net_call.h"
#include "net_conn.h"
#include "net_lookup.h"
#include "os.h"
#include "schedule.h"

#define BACKLOG     1024
#define SOCKET_MODE 0600

struct rn_listener {
    struct netfd fd;
    char address[RN_ADDRESS_MAX];
    struct os_file_id file; /* of a Unix socket that has a path */
    char *path;             /* in `bound`, or NULL */
    struct net_address bound;
};

/* A file whose socket refuses is one that nobody listens on. */
static bool is_left_behind(const struct net_address *address)
{
    struct os_file_id id;
    if (os_socket_file(address->un.sun_path, &id) != 0)
        return false;
    int fd = os_socket(AF_UNIX, SOCK_STREAM);
    if (fd < 0)
        return false;
    int status = os_connect(fd, address);
    os_close(fd);
    return status == -ECONNREFUSED;
}

static int bind_path(struct rn_listener *listener, int fd, unsigned mode)
{
    const char *path = listener->bound.un.sun_path;
    /* Before it has a name, so that it never has too many rights. */
    os_descriptor_mode(fd, mode);
    int status = os_bind(fd, &listener->bound);
    if (status == -EADDRINUSE && is_left_behind(&listener->bound)) {
        os_unlink(path);
        status = os_bind(fd, &listener->bound);
    }
    if (status != 0)
        return status;
    status = os_file_mode(path, mode); /* the umask took some away */
    if (status == 0)
        status = os_socket_file(path, &listener->file);
    if (status == 0)
        listener->path = listener->bound.un.sun_path;
    else
        os_unlink(path);
    return status;
}

static int bind_inet(struct rn_listener *listener, int fd, bool reuse_port)
{
    os_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    os_option(fd, IPPROTO_TCP, TCP_NODELAY, 1); /* accepted ones inherit it */
    if (reuse_port)
        os_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (listener->bound.any.sa_family == AF_INET6)
        os_option(fd, IPPROTO_IPV6, IPV6_V6ONLY,
                  !IN6_IS_ADDR_UNSPECIFIED(&listener->bound.in6.sin6_addr));
    return os_bind(fd, &listener->bound);
}

static int bind_any(struct rn_listener *listener, int fd,
                    const struct rn_listen_options *options)
{
    const struct net_address *bound = &listener->bound;
    if (bound->any.sa_family != AF_UNIX)
        return bind_inet(listener, fd, options->reuse_port);
    if (bound->un.sun_path[0] == '\0')
        return os_bind(fd, bound);
    return bind_path(listener, fd, options->mode ? options->mode : SOCKET_MODE);
}

static void remove_file(struct rn_listener *listener)
{
    struct os_file_id now;
    if (listener->path && os_socket_file(listener->path, &now) == 0 &&
        now.device == listener->file.device &&
        now.inode == listener->file.inode)
        os_unlink(listener->path);
}

/* The socket, bound and listening. */
static int open_socket(struct rn_listener *listener,
                       const struct rn_listen_options *options)
{
    struct net_address local = {0};
    int fd = os_socket(listener->bound.any.sa_family, SOCK_STREAM);
    if (fd < 0)
        return fd;
    int status = bind_any(listener, fd, options);
    if (status == 0)
        status =
            os_listen(fd, options->backlog > 0 ? options->backlog : BACKLOG);
    if (status == 0)
        status = os_local_address(fd, &local);
    if (status == 0)
        status = netfd_open(&listener->fd, fd);
    if (status == 0) {
        address_format(&local, listener->address, sizeof(listener->address));
    } else {
        remove_file(listener);
        os_close(fd);
    }
    return status;
}

static int open_simulated(struct rn_listener *listener, const char *name,
                          int backlog)
{
    int fd = simfd_listen(name, backlog > 0 ? (size_t)backlog : BACKLOG);
    if (fd < 0)
        return fd;
    int status = netfd_open(&listener->fd, fd);
    if (status < 0)
        net_close(fd);
    else
        snprintf(listener->address, sizeof(listener->address), "sim:%.63s",
                 name);
    return status;
}

int rn_listen(const char *address, const struct rn_listen_options *given,
              struct rn_listener **out)
{
    struct rn_listen_options options = {0};
    struct endpoint endpoint;
    struct net_addresses list;
    int status = address_parse(address, true, &endpoint);
    if (status == 0 && endpoint.address.size == 0 && !endpoint.is_simulated)
        status = lookup(NULL, endpoint.host, endpoint.port, &list);
    if (status != 0)
        return status;
    if (given)
        options = *given;
    struct rn_listener *listener = schedule_alloc(1, sizeof(*listener));
    if (!listener)
        return RN_NOMEM;
    if (endpoint.is_simulated) {
        status = open_simulated(listener, endpoint.host, options.backlog);
    } else {
        listener->bound = endpoint.address.size ? endpoint.address : list.at[0];
        status = open_socket(listener, &options);
    }
    if ((status == -EAFNOSUPPORT || status == -EADDRNOTAVAIL) &&
        address_any_in4(address, &listener->bound))
        status = open_socket(listener, &options);
    if (status != 0) {
        alloc_free(listener);
        return status;
    }
    *out = listener;
    return RN_OK;
}

/* With the turn. */
static int accept_one(struct rn_listener *listener, struct cancel_token *token,
                      struct net_address *peer)
{
    for (;;) {
        int fd = net_accept(listener->fd.fd, peer);
        /* That one is gone already; another may wait. */
        if (fd == -ECONNABORTED || fd == -EINTR)
            continue;
        if (fd != -EAGAIN)
            return fd;
        int status = netfd_wait(&listener->fd, NETFD_READ, token);
        if (status < 0)
            return status;
    }
}

int listener_accept(struct rn_listener *listener, struct cancel_token *token,
                    struct rn_conn **out)
{
    struct net_address peer = {0};
    int fd = netfd_begin(&listener->fd, NETFD_READ);
    if (fd < 0)
        return fd;
    fd = accept_one(listener, token, &peer);
    netfd_end(&listener->fd, NETFD_READ);
    if (fd < 0)
        return fd;
    net_edge_in();
    int status = conn_make(fd, true, &peer, out);
    if (status < 0) {
        net_close(fd);
    } else if (simfd_is(fd)) {
        (*out)->knows_local = true;
        memcpy((*out)->local, listener->address, sizeof(listener->address));
    }
    return status;
}

int rn_accept(struct rn_listener *listener, struct rn_conn **out)
{
    return listener_accept(listener, NULL, out);
}

void rn_listener_set_deadline(struct rn_listener *listener, int64_t deadline)
{
    netfd_set_deadline(&listener->fd, NETFD_READ, deadline);
}

const char *rn_listener_address(const struct rn_listener *listener)
{
    return listener->address;
}

void rn_listener_close(struct rn_listener *listener)
{
    if (netfd_close(&listener->fd))
        remove_file(listener);
}

void rn_listener_free(struct rn_listener *listener)
{
    if (!listener)
        return;
    rn_listener_close(listener);
    netfd_free(&listener->fd);
    alloc_free(listener);
}
