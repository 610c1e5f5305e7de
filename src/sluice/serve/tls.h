/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h: TLS on a connection, by OpenSSL, without blocking a thread.
 *
 * A session may wake on another thread between two calls. OpenSSL keeps its
 * error queue in each thread, so every call into it is made with the queue
 * cleared, and asked about before anything parks.
 */
#ifndef SLUICE_TLS_H
#define SLUICE_TLS_H

#include <sys/uio.h>

#include "issue.h"

struct rn_conn;
struct tls_server;
struct tls_session;

/*
 * A server's certificate (with its chain) and key, PEM files. TLS 1.2 or newer.
 * -1 with *why. Blocks while it reads the files.
 */
int tls_server_open(struct tls_server **server, const char *certificate,
                    const char *key, struct issue *why);
void tls_server_free(struct tls_server *server); /* NULL is allowed */

/*
 * The handshake; parks, within the connection's deadlines. RN_OK with the
 * session in *session, which borrows the connection, or a negative status.
 */
int tls_accept(struct tls_session **session, struct tls_server *server,
               struct rn_conn *conn);
/* As rn_conn_read and rn_conn_write. A TLS error is -EPROTO. */
int64_t tls_read(struct tls_session *session, void *data, size_t size);
int tls_write(struct tls_session *session, const void *data, size_t size);
/* Says good-bye if that does not park. */
void tls_close(struct tls_session *session);
void tls_free(struct tls_session *session); /* NULL is allowed */

#endif
