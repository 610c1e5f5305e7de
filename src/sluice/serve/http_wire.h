/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_wire.h: bytes to and from a client, plain or through TLS.
 *
 * Reading has a deadline that the caller moves; each write has its own, so that
 * a client that does not read cannot hold its goroutine.
 */
#ifndef SLUICE_HTTP_WIRE_H
#define SLUICE_HTTP_WIRE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

struct rn_conn;
struct tls_session;

struct http_wire {
    struct rn_conn *conn;
    struct tls_session *tls; /* NULL: plain */
    int64_t stall_ns;        /* that a write may wait */
    int64_t read_deadline;   /* as they are set; 0: never */
    int64_t write_deadline;
};

/* As rn_conn_read. */
int64_t http_wire_read(struct http_wire *wire, void *data, size_t size);

/* All pieces; RN_OK or a negative status. Parks. */
#define HTTP_WIRE_PIECES 4
int http_wire_write(struct http_wire *wire, const struct iovec *pieces,
                    int count);

/* Within a quarter of a second, later rather than earlier. Does not park. */
void http_wire_read_until(struct http_wire *wire, int64_t deadline);

#endif
