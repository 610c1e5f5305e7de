/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_wire.c: bytes to and from a client, plain or through TLS.
 */
#include "serve/http_wire.h"

#include <string.h>

#include <runnel/net.h>

#include "serve/tls.h"

/*
 * A deadline that is moved for every request costs more than it is worth to the
 * nanosecond; one that is late by this much is as good.
 */
#define SLACK_NS (RN_S / 4)

/* What a slow client may take of one write, before it has its next turn. */
#define WRITE_MAX ((size_t)64 * 1024)

/* TLS wraps each write, so small pieces are put together. */
#define JOINED_MAX ((size_t)4096)

int64_t http_wire_read(struct http_wire *wire, void *data, size_t size)
{
    return wire->tls ? tls_read(wire->tls, data, size)
                     : rn_conn_read(wire->conn, data, size);
}

void http_wire_read_until(struct http_wire *wire, int64_t deadline)
{
    if (wire->read_deadline >= deadline &&
        wire->read_deadline - deadline <= SLACK_NS)
        return;
    wire->read_deadline =
        deadline < RN_NEVER - SLACK_NS ? deadline + SLACK_NS : deadline;
    rn_conn_set_read_deadline(wire->conn, wire->read_deadline);
}

static int write_tls(struct http_wire *wire, const struct iovec *pieces,
                     int count)
{
    char joined[JOINED_MAX];
    size_t len = 0;
    int status = RN_OK;
    for (int i = 0; i < count && status == RN_OK; i++) {
        const struct iovec *piece = &pieces[i];
        if (piece->iov_len > sizeof(joined) - len && len > 0) {
            status = tls_write(wire->tls, joined, len);
            len = 0;
        }
        if (status == RN_OK && piece->iov_len > sizeof(joined)) {
            status = tls_write(wire->tls, piece->iov_base, piece->iov_len);
        } else {
            memcpy(joined + len, piece->iov_base, piece->iov_len);
            len += piece->iov_len;
        }
    }
    return status == RN_OK && len > 0 ? tls_write(wire->tls, joined, len)
                                      : status;
}

/* What the next write takes of the pieces that are left. */
static int take_turn(struct iovec **left, int *count, struct iovec *turn)
{
    size_t room = WRITE_MAX;
    int taken = 0;
    while (*count > 0 && room > 0) {
        struct iovec *piece = *left;
        size_t len = piece->iov_len < room ? piece->iov_len : room;
        turn[taken++] = (struct iovec){piece->iov_base, len};
        room -= len;
        piece->iov_base = (char *)piece->iov_base + len;
        piece->iov_len -= len;
        if (piece->iov_len > 0)
            break;
        (*left)++;
        (*count)--;
    }
    return taken;
}

/* Between `stall_ns` and a quarter more. */
static void write_until(struct http_wire *wire, int64_t deadline)
{
    if (wire->write_deadline >= deadline)
        return;
    wire->write_deadline = deadline < RN_NEVER - wire->stall_ns
                               ? deadline + wire->stall_ns / 4
                               : deadline;
    rn_conn_set_write_deadline(wire->conn, wire->write_deadline);
}

static int write_in_turns(struct http_wire *wire, const struct iovec *pieces,
                          int count)
{
    struct iovec copies[HTTP_WIRE_PIECES];
    struct iovec turn[HTTP_WIRE_PIECES];
    struct iovec *left = copies;
    int status = RN_OK;
    memcpy(copies, pieces, (size_t)count * sizeof(*pieces));
    while (count > 0 && status == RN_OK) {
        int taken = take_turn(&left, &count, turn);
        write_until(wire, rn_deadline(wire->stall_ns));
        status = wire->tls
                     ? write_tls(wire, turn, taken)
                     : rn_conn_write_pieces(wire->conn, turn, taken, NULL);
    }
    return status;
}

int http_wire_write(struct http_wire *wire, const struct iovec *pieces,
                    int count)
{
    if (count > 1 || pieces->iov_len > WRITE_MAX)
        return write_in_turns(wire, pieces, count);
    write_until(wire, rn_deadline(wire->stall_ns));
    return wire->tls ? tls_write(wire->tls, pieces->iov_base, pieces->iov_len)
                     : rn_conn_write(wire->conn, pieces->iov_base,
                                     pieces->iov_len, NULL);
}
