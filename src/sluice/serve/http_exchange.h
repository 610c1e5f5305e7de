/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_exchange.h: one request and its answer, as the server keeps them.
 *
 * An exchange is made when the first byte of a request is there, and is gone
 * before its connection waits for another: a connection that is idle holds its
 * goroutine and nothing else.
 *
 * The connection's stack stays as deep as a request has once made it, so what is
 * large lies here and not on it.
 *
 * 1. The head's slices point into `head_bytes`, which does not move. Behind the
 *    head, [begin, end) of `bytes` is what came and was not used yet; it is the
 *    same memory until a chunked body needs a window of its own.
 * 2. Whether the connection stays is decided when the head of the answer is
 *    written (`close`), and can only turn into "no" after that.
 */
#ifndef SLUICE_HTTP_EXCHANGE_H
#define SLUICE_HTTP_EXCHANGE_H

#include "arena.h"
#include "serve/http.h"
#include "serve/http_chunks.h"
#include "serve/http_head.h"
#include "serve/http_wire.h"

struct server_limits;

#define HTTP_EXTRA_MAX  4096u
#define HTTP_FIRST_MAX  1024u
#define HTTP_SMALL      2048u
#define HTTP_SMALL_BODY 1024u
#define HTTP_TEXTS      1024u
#define HTTP_ID_SIZE    26

struct http_response {
    struct http_exchange *exchange;
    int status;     /* sent; 0: none yet */
    int failed;     /* the first write that failed; 0: none */
    bool streaming; /* begun and not ended */
    bool sent_cache_control;
    bool sent_policy;
    uint64_t bytes;   /* of the body, for the log */
    size_t extra_len; /* of exchange->extra: headers that handlers add */
};

struct http_exchange {
    struct http_request request;
    struct http_response response;
    struct http_wire *wire;
    const struct server_limits *limits;
    const struct http_route *route; /* NULL: none was found */
    struct arena arena;             /* decoded texts that do not fit `texts` */
    size_t texts_len;
    bool is_head_method;
    bool close;

    char *head_bytes; /* owned, as `bytes` is, unless they are `small` */
    char *bytes;
    size_t capacity;
    size_t begin; /* what was not used yet: [begin, end) */
    size_t end;

    /* The body. */
    struct http_chunks chunks;
    uint64_t body_left;  /* of a body with a length */
    uint64_t body_taken; /* data so far, without what chunks cost */
    uint64_t body_max;
    int64_t body_started; /* 0: nobody has read of it */
    bool body_ended;
    bool continue_owed; /* the client waits for "100 Continue" */
    int body_failed;    /* an http_body_status; 0: none */

    char id[HTTP_ID_SIZE];
    int64_t started;

    /*
     * Not cleared when it is made: it holds what an earlier request said, also
     * who it was. Nothing of it is read or shown before it is written anew.
     */
    struct http_head head;
    /* Of an answer's head what we say; behind it what else is small. */
    char first[HTTP_FIRST_MAX + HTTP_SMALL_BODY];
    char extra[HTTP_EXTRA_MAX + 2]; /* what handlers add, and the empty line */
    char texts[HTTP_TEXTS];
    char small[HTTP_SMALL]; /* what most requests fit into */
};

/*
 * An exchange whose first bytes are these; NULL when memory is out. Freed by
 * http_exchange_free.
 */
struct http_exchange *http_exchange_make(struct http_wire *wire,
                                         const struct server_limits *limits,
                                         const char *bytes, size_t size);
void http_exchange_free(struct http_exchange *exchange); /* NULL is allowed */
/* Gives back what is kept for requests to come; no exchange is in use. */
void http_exchange_drop_spares(void);

/* Memory for a text that lives as long as the exchange; NULL: it is out. */
char *http_exchange_text(struct http_exchange *exchange, size_t size);

/*
 * Reads the head and parses it. 0; minus the status to answer; or RN_CLOSED:
 * the client went away. Parks, at most until limits->head_ns have passed.
 */
int http_exchange_read_head(struct http_exchange *exchange);

/*
 * After the answer: reads what is left of the body, if it is little, so that
 * the next request begins where it should. False: the connection must end.
 */
bool http_exchange_drain(struct http_exchange *exchange);

#endif
