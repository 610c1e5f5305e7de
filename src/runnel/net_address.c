/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net_address.c: parse and format; nothing here can wait.
 */
#include "net_address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "seam.h"
#include "simfd.h"

#define UNIX_PREFIX "unix:"
#define SIM_PREFIX  "sim:"
#define PATH_AT     offsetof(struct sockaddr_un, sun_path)

/* Decimal, 0 to 65535, nothing else. */
static bool parse_port(const char *text, uint16_t *port)
{
    uint32_t number = 0;
    size_t length = strlen(text);
    if (length == 0 || length > 5)
        return false;
    for (; *text; text++) {
        if (*text < '0' || *text > '9')
            return false;
        number = number * 10 + (uint32_t)(*text - '0');
    }
    *port = (uint16_t)number;
    return number <= UINT16_MAX;
}

static int parse_unix(const char *path, struct net_address *address)
{
    struct sockaddr_un *un = &address->un;
    size_t length = strlen(path);
    bool abstract = path[0] == '@';
    /* An abstract name has no NUL; a path has one, and needs a place for it. */
    if (length == 0 || length + !abstract > sizeof(un->sun_path) ||
        (abstract && length == 1))
        return RN_INVALID;
    *un = (struct sockaddr_un){.sun_family = AF_UNIX};
    memcpy(un->sun_path, path, length);
    if (abstract)
        un->sun_path[0] = '\0';
    address->size = (socklen_t)(PATH_AT + length + !abstract);
    return 0;
}

/* "fe80::1%eth0" or "fe80::1%3". */
static bool parse_in6(const char *host, struct sockaddr_in6 *in6)
{
    char digits[INET6_ADDRSTRLEN];
    const char *zone = strchr(host, '%');
    size_t length = zone ? (size_t)(zone - host) : strlen(host);
    if (length >= sizeof(digits))
        return false;
    memcpy(digits, host, length);
    digits[length] = '\0';
    if (inet_pton(AF_INET6, digits, &in6->sin6_addr) != 1)
        return false;
    if (!zone)
        return true;
    uint16_t index = 0;
    in6->sin6_scope_id = if_nametoindex(zone + 1);
    if (in6->sin6_scope_id == 0 && parse_port(zone + 1, &index))
        in6->sin6_scope_id = index;
    return in6->sin6_scope_id != 0;
}

bool address_of_number(const char *host, uint16_t port,
                       struct net_address *address)
{
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons(port)};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons(port)};
    if (inet_pton(AF_INET, host, &in.sin_addr) == 1) {
        address->size = sizeof(in);
        address->in = in;
        return true;
    }
    if (parse_in6(host, &in6)) {
        address->size = sizeof(in6);
        address->in6 = in6;
        return true;
    }
    return false;
}

/* Cuts "host:port" or "[host]:port"; false when it is neither. */
static bool cut(const char *text, struct endpoint *out, bool *bracketed)
{
    const char *colon = strrchr(text, ':');
    if (!colon || !parse_port(colon + 1, &out->port))
        return false;
    const char *host = text;
    size_t length = (size_t)(colon - text);
    *bracketed = text[0] == '[';
    if (*bracketed) {
        if (length < 2 || colon[-1] != ']')
            return false;
        host++;
        length -= 2;
    }
    if (length >= HOST_MAX)
        return false;
    memcpy(out->host, host, length);
    out->host[length] = '\0';
    /* What has more colons is an address that lacks its brackets. */
    return *bracketed || !strchr(out->host, ':');
}

static int parse_simulated(const char *name, struct endpoint *out)
{
    size_t length = strlen(name);
    if (length == 0 || length >= SIMFD_NAME_MAX)
        return RN_INVALID;
    memcpy(out->host, name, length + 1);
    out->is_simulated = true;
    return 0;
}

int address_parse(const char *text, bool listens, struct endpoint *out)
{
    bool bracketed;
    *out = (struct endpoint){0};
    if (!text)
        return RN_INVALID;
    if (strncmp(text, UNIX_PREFIX, strlen(UNIX_PREFIX)) == 0)
        return parse_unix(text + strlen(UNIX_PREFIX), &out->address);
    if (seam_simulated && strncmp(text, SIM_PREFIX, strlen(SIM_PREFIX)) == 0)
        return parse_simulated(text + strlen(SIM_PREFIX), out);
    if (!cut(text, out, &bracketed))
        return RN_INVALID;
    const char *host = out->host;
    if (!*host && !bracketed)
        host = listens ? "::" : "127.0.0.1";
    if (address_of_number(host, out->port, &out->address))
        return bracketed == (out->address.any.sa_family == AF_INET6) ||
                       host != out->host
                   ? 0
                   : RN_INVALID;
    return bracketed || !*host ? RN_INVALID : 0;
}

static void format_unix(const struct net_address *address, char *text,
                        size_t size)
{
    const struct sockaddr_un *un = &address->un;
    size_t length = address->size > PATH_AT ? address->size - PATH_AT : 0;
    bool abstract = length > 0 && un->sun_path[0] == '\0';
    *text = '\0';
    if (abstract)
        snprintf(text, size, UNIX_PREFIX "@%.*s", (int)(length - 1),
                 un->sun_path + 1);
    else if (length > 0)
        snprintf(text, size, UNIX_PREFIX "%.*s", (int)length, un->sun_path);
}

static void format_in6(const struct sockaddr_in6 *in6, char *text, size_t size)
{
    char host[INET6_ADDRSTRLEN];
    unsigned port = ntohs(in6->sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
        inet_ntop(AF_INET, &in6->sin6_addr.s6_addr[12], host, sizeof(host));
        snprintf(text, size, "%s:%u", host, port);
        return;
    }
    inet_ntop(AF_INET6, &in6->sin6_addr, host, sizeof(host));
    if (in6->sin6_scope_id)
        snprintf(text, size, "[%s%%%u]:%u", host, in6->sin6_scope_id, port);
    else
        snprintf(text, size, "[%s]:%u", host, port);
}

void address_format(const struct net_address *address, char *text, size_t size)
{
    char host[INET_ADDRSTRLEN];
    *text = '\0';
    if (address->size < sizeof(sa_family_t))
        return;
    switch (address->any.sa_family) {
    case AF_INET:
        inet_ntop(AF_INET, &address->in.sin_addr, host, sizeof(host));
        snprintf(text, size, "%s:%u", host, ntohs(address->in.sin_port));
        break;
    case AF_INET6:
        format_in6(&address->in6, text, size);
        break;
    case AF_UNIX:
        format_unix(address, text, size);
        break;
    }
}

bool address_any_in4(const char *text, struct net_address *address)
{
    if (text[0] != ':' || address->any.sa_family != AF_INET6)
        return false;
    in_port_t port = address->in6.sin6_port;
    address->in = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = port};
    address->size = sizeof(address->in);
    return true;
}

void address_map_to_in6(struct net_address *address)
{
    const struct sockaddr_in in = address->in;
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = in.sin_port};
    in6.sin6_addr.s6_addr[10] = 0xff;
    in6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&in6.sin6_addr.s6_addr[12], &in.sin_addr, sizeof(in.sin_addr));
    address->in6 = in6;
    address->size = sizeof(in6);
}

bool address_equal(const struct net_address *a, const struct net_address *b)
{
    return a->size == b->size && memcmp(&a->any, &b->any, a->size) == 0;
}
