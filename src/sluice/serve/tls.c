/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.c: TLS on a connection, by OpenSSL, without blocking a thread.
 */
#include "serve/tls.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <runnel/errno.h>
#include <runnel/net.h>

struct tls_server {
    SSL_CTX *context;
};

struct tls_session {
    SSL *ssl;
    struct rn_conn *conn;
};

/*
 * OpenSSL is built without the race detector, which therefore does not see its
 * locks and atomics, only the memory that it takes and gives back.
 */
#ifdef __has_feature
#if __has_feature(thread_sanitizer)
const char *__tsan_default_suppressions(void);
const char *__tsan_default_suppressions(void)
{
    return "called_from_lib:libcrypto.so\ncalled_from_lib:libssl.so\n";
}
#endif
#endif

static int fail(struct issue *why, const char *what, const char *path)
{
    char text[160];
    ERR_error_string_n(ERR_peek_last_error(), text, sizeof(text));
    return issue_set(why, ISSUE_IO, "%s %s cannot be used: %s", what, path,
                     text);
}

int tls_server_open(struct tls_server **server, const char *certificate,
                    const char *key, struct issue *why)
{
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    struct tls_server *made = calloc(1, sizeof(*made));
    int status = -1;
    if (!context || !made) {
        issue_set(why, ISSUE_MEMORY, "out of memory");
        goto out;
    }
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE |
                                     SSL_OP_NO_COMPRESSION);
    /* Tickets, which the client keeps, are all that sessions go on by. */
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    /* A write that must wait is repeated with what is left of the same. */
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS |
                                  SSL_MODE_ENABLE_PARTIAL_WRITE |
                                  SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (SSL_CTX_use_certificate_chain_file(context, certificate) != 1) {
        status = fail(why, "the certificate", certificate);
        goto out;
    }
    if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        status = fail(why, "the key", key);
        goto out;
    }
    made->context = context;
    *server = made;
    return 0;
out:
    SSL_CTX_free(context);
    free(made);
    ERR_clear_error();
    return status;
}

void tls_server_free(struct tls_server *server)
{
    if (!server)
        return;
    SSL_CTX_free(server->context);
    free(server);
}

/* ---------------------------------------------------------------- one step */

enum action { ACCEPT, READ, WRITE };

struct step {
    enum action action;
    void *data;
    size_t size;
    size_t done;
};

/*
 * One call into OpenSSL and the question what it meant, on one thread: never
 * inlined, so that no address of a thread's variable outlives it. SSL_ERROR_*.
 */
static __attribute__((noinline)) int take(SSL *ssl, struct step *step)
{
    int result = 0;
    ERR_clear_error();
    if (step->action == ACCEPT)
        result = SSL_accept(ssl);
    else if (step->action == READ)
        result = SSL_read_ex(ssl, step->data, step->size, &step->done);
    else
        result = SSL_write_ex(ssl, step->data, step->size, &step->done);
    int error = result > 0 ? SSL_ERROR_NONE : SSL_get_error(ssl, result);
    ERR_clear_error();
    return error;
}

/* Parks until the step is taken: RN_OK, 1 at the other side's end, or < 0. */
static int run(struct tls_session *session, struct step *step)
{
    for (;;) {
        int status;
        switch (take(session->ssl, step)) {
        case SSL_ERROR_NONE:
            return RN_OK;
        case SSL_ERROR_ZERO_RETURN:
            return 1;
        case SSL_ERROR_WANT_READ:
            status = rn_conn_wait_readable(session->conn);
            break;
        case SSL_ERROR_WANT_WRITE:
            status = rn_conn_wait_writable(session->conn);
            break;
        default:
            return -EPROTO;
        }
        if (status < 0)
            return status;
    }
}

/* ------------------------------------------------------------- the session */

static __attribute__((noinline)) SSL *make_ssl(struct tls_server *server,
                                               struct rn_conn *conn)
{
    ERR_clear_error();
    SSL *ssl = SSL_new(server->context);
    if (ssl && SSL_set_fd(ssl, rn_conn_fd(conn)) == 1)
        return ssl;
    SSL_free(ssl);
    return NULL;
}

int tls_accept(struct tls_session **session, struct tls_server *server,
               struct rn_conn *conn)
{
    struct tls_session *made = calloc(1, sizeof(*made));
    if (!made)
        return RN_NOMEM;
    made->conn = conn;
    made->ssl = make_ssl(server, conn);
    struct step step = {.action = ACCEPT};
    int status = made->ssl ? run(made, &step) : RN_NOMEM;
    if (status != RN_OK) {
        tls_free(made);
        return status < 0 ? status : -EPROTO;
    }
    *session = made;
    return RN_OK;
}

int64_t tls_read(struct tls_session *session, void *data, size_t size)
{
    struct step step = {.action = READ, .data = data, .size = size};
    int status = size > 0 ? run(session, &step) : RN_OK;
    if (status < 0)
        return status;
    return status > 0 ? 0 : (int64_t)step.done;
}

int tls_write(struct tls_session *session, const void *data, size_t size)
{
    const char *left = data;
    while (size > 0) {
        struct step step = {
            .action = WRITE, .data = (void *)(uintptr_t)left, .size = size};
        int status = run(session, &step);
        if (status != RN_OK)
            return status < 0 ? status : -EPROTO;
        left += step.done;
        size -= step.done;
    }
    return RN_OK;
}

static __attribute__((noinline)) void shut(SSL *ssl)
{
    ERR_clear_error();
    if (SSL_is_init_finished(ssl))
        SSL_shutdown(ssl);
    ERR_clear_error();
}

void tls_close(struct tls_session *session)
{
    shut(session->ssl);
}

void tls_free(struct tls_session *session)
{
    if (!session)
        return;
    SSL_free(session->ssl);
    free(session);
}
