/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_udp.c: datagrams (net.h).
 */
#include <errno.h>
#include <stdio.h>

#include "alloc.h"
#include "net_address.h"
#include "net_call.h"
#include "net_conn.h"
#include "net_lookup.h"
#include "os.h"
#include "schedule.h"

struct rn_udp {
    struct netfd fd;
    bool is_simulated;
    bool is_in6; /* takes IPv4 addresses only as mapped ones */
    char address[RN_ADDRESS_MAX];
};

static void format_simulated(const char *name, char *text)
{
    snprintf(text, RN_ADDRESS_MAX, "sim:%.63s", name);
}

/* The address to bind to; an IPv4 one where any will do and IPv6 is not. */
static int find_address(const struct endpoint *endpoint,
                        struct net_address *address)
{
    struct net_addresses list;
    int status = 0;
    if (endpoint->address.size == 0)
        status = lookup(NULL, endpoint->host, endpoint->port, &list);
    if (status != 0)
        return status;
    *address = endpoint->address.size ? endpoint->address : list.at[0];
    return address->any.sa_family == AF_UNIX ? RN_INVALID : 0;
}

static int open_simulated(struct rn_udp *udp, const char *name)
{
    int fd = simudp_bind(name);
    if (fd < 0)
        return fd;
    udp->is_simulated = true;
    int status = netfd_open(&udp->fd, fd);
    if (status < 0)
        simudp_close(fd);
    else
        format_simulated(name, udp->address);
    return status;
}

static int open_socket(struct rn_udp *udp, const struct net_address *address)
{
    struct net_address local = {0};
    int fd = os_socket(address->any.sa_family, SOCK_DGRAM);
    if (fd < 0)
        return fd;
    udp->is_in6 = address->any.sa_family == AF_INET6;
    if (udp->is_in6)
        os_option(fd, IPPROTO_IPV6, IPV6_V6ONLY,
                  !IN6_IS_ADDR_UNSPECIFIED(&address->in6.sin6_addr));
    int status = os_bind(fd, address);
    if (status == 0)
        status = os_local_address(fd, &local);
    if (status == 0)
        status = netfd_open(&udp->fd, fd);
    if (status < 0)
        os_close(fd);
    else
        address_format(&local, udp->address, sizeof(udp->address));
    return status;
}

int rn_udp_bind(const char *text, struct rn_udp **out)
{
    struct endpoint endpoint;
    struct net_address address;
    int status = address_parse(text, true, &endpoint);
    if (status == 0 && !endpoint.is_simulated)
        status = find_address(&endpoint, &address);
    if (status != 0)
        return status;
    struct rn_udp *udp = schedule_alloc(1, sizeof(*udp));
    if (!udp)
        return RN_NOMEM;
    if (endpoint.is_simulated)
        status = open_simulated(udp, endpoint.host);
    else
        status = open_socket(udp, &address);
    if ((status == -EAFNOSUPPORT || status == -EADDRNOTAVAIL) &&
        address_any_in4(text, &address))
        status = open_socket(udp, &address);
    if (status != 0) {
        alloc_free(udp);
        return status;
    }
    *out = udp;
    return RN_OK;
}

/* Of whom one datagram is, as he is known where it came. */
struct sender {
    struct net_address address;
    char name[SIMFD_NAME_MAX];
};

static int64_t receive(int fd, void *data, size_t size, struct sender *sender)
{
    if (unlikely(simudp_is(fd)))
        return simudp_receive(fd, data, size, sender->name);
    return os_receive_from(fd, data, size, &sender->address);
}

int64_t rn_udp_recv(struct rn_udp *udp, void *data, size_t size,
                    char from[RN_ADDRESS_MAX])
{
    struct sender sender = {0};
    int64_t got = netfd_begin(&udp->fd, NETFD_READ);
    if (got != 0)
        return got;
    for (;;) {
        got = receive(udp->fd.fd, data, size, &sender);
        if (got != -EAGAIN)
            break;
        got = netfd_wait(&udp->fd, NETFD_READ, NULL);
        if (got < 0)
            break;
    }
    netfd_end(&udp->fd, NETFD_READ);
    net_edge_in();
    if (got < 0)
        return got;
    memory_was_written(data, (size_t)got);
    if (from && sender.name[0])
        format_simulated(sender.name, from);
    else if (from)
        address_format(&sender.address, from, RN_ADDRESS_MAX);
    return got;
}

int rn_udp_send(struct rn_udp *udp, const char *to, const void *data,
                size_t size)
{
    struct endpoint endpoint;
    int status = address_parse(to, false, &endpoint);
    struct net_address *address = &endpoint.address;
    bool simulated = udp->is_simulated;
    if (status != 0 || endpoint.is_simulated != simulated)
        return RN_INVALID;
    if (!simulated && (address->size == 0 || address->any.sa_family == AF_UNIX))
        return RN_INVALID;
    if (!simulated && udp->is_in6 && address->any.sa_family == AF_INET)
        address_map_to_in6(address);
    net_edge_out();
    memory_was_read(data, size);
    status = netfd_begin(&udp->fd, NETFD_WRITE);
    if (status != 0)
        return status;
    int64_t put;
    if (simulated)
        put = simudp_send(udp->fd.fd, endpoint.host, data, size);
    else
        put = os_send_to(udp->fd.fd, data, size, address);
    while (put == -EAGAIN) {
        put = netfd_wait(&udp->fd, NETFD_WRITE, NULL);
        if (put < 0)
            break;
        put = os_send_to(udp->fd.fd, data, size, address);
    }
    netfd_end(&udp->fd, NETFD_WRITE);
    return put < 0 ? (int)put : RN_OK;
}

void rn_udp_set_deadline(struct rn_udp *udp, int64_t deadline)
{
    netfd_set_deadline(&udp->fd, NETFD_READ, deadline);
    netfd_set_deadline(&udp->fd, NETFD_WRITE, deadline);
}

const char *rn_udp_address(const struct rn_udp *udp)
{
    return udp->address;
}

void rn_udp_close(struct rn_udp *udp)
{
    netfd_close(&udp->fd);
}

void rn_udp_free(struct rn_udp *udp)
{
    if (!udp)
        return;
    netfd_free(&udp->fd);
    alloc_free(udp);
}
