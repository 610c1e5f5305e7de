/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_address.h: addresses as text, and back; see net.h for the forms. A
 * host that is a name is left to net_lookup.h.
 */
#ifndef RUNNEL_NET_ADDRESS_H
#define RUNNEL_NET_ADDRESS_H

#include "os_net.h"

/* The longest name of a host, with its NUL. */
#define HOST_MAX 256

struct endpoint {
    struct net_address address; /* size 0: `host` is a name, to look up */
    char host[HOST_MAX];
    uint16_t port;
    bool is_simulated; /* `host` is the name of a simulated listener */
};

/*
 * 0, or RN_INVALID. Without a host (":8080") the address is that of any
 * interface when somebody listens, and of this machine otherwise.
 */
int address_parse(const char *text, bool listens, struct endpoint *out);

/* "127.0.0.1:80", "[::1]:80", "unix:/path", "unix:@name"; "" when unknown. */
void address_format(const struct net_address *address, char *text, size_t size);

/* A numeric host alone; false when it is none. */
bool address_of_number(const char *host, uint16_t port,
                       struct net_address *address);

/*
 * Where IPv6 is missing: puts the IPv4 address of any interface in place of the
 * IPv6 one, if `text` names no host; false when it does.
 */
bool address_any_in4(const char *text, struct net_address *address);

/* An IPv4 address as an IPv6 socket of both families takes it. */
void address_map_to_in6(struct net_address *address);

bool address_equal(const struct net_address *a, const struct net_address *b);

#endif
