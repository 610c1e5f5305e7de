/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cache.h: keep objects that are costly to make for whoever needs one next.
 *
 * Each worker keeps what its goroutines put back, newest first: an object that
 * is still warm comes back, and workers do not meet. One that has none looks at
 * the others, then makes a new one.
 *
 *     struct rn_cache *parsers = rn_cache_make(16, make_parser, drop_parser);
 *
 *     struct parser *parser = rn_cache_get(parsers);
 *     ...
 *     rn_cache_put(parsers, parser);
 *
 * For buffers of a few hundred bytes malloc does this already: measure first.
 *
 * Ownership: get gives the object to the caller, put takes it back; it comes
 * out as it was put in. What the putter did before is visible to the getter.
 * Every call may come from any thread. None parks, unless make or drop do.
 */
#ifndef RUNNEL_CACHE_H
#define RUNNEL_CACHE_H

#include <runnel/status.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rn_cache;

/*
 * A cache that keeps at most `limit` objects a worker. `make` makes one; it may
 * return NULL, and be NULL. `drop` frees one; it must not be NULL. Made while
 * the runtime runs it has a part for each of its workers, otherwise one for
 * all. Out of memory ends the program with a message.
 */
struct rn_cache *rn_cache_make(size_t limit, void *(*make)(void),
                               void (*drop)(void *object));

/* One that was put in, or a new one, or NULL when make says so. */
void *rn_cache_get(struct rn_cache *cache);
/* Keeps the object, or drops it when the caller's worker has `limit`. */
void rn_cache_put(struct rn_cache *cache, void *object);

/* Drops what is kept, and the cache; nobody may be using it. NULL is allowed.
 */
void rn_cache_free(struct rn_cache *cache);

#ifdef __cplusplus
}
#endif

#endif
