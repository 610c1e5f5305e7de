/* SPDX-License-Identifier: Apache-2.0 */
/*
 * key.h: names of values that travel with a context or stay with a goroutine.
 *
 * A key is a variable; its address is the name, so two keys never collide. Its
 * type says what it names: rn_key(T) a T *, so reading needs no cast and
 * writing something else does not compile.
 *
 *     static rn_key(struct user) user_key;
 *     static rn_key(struct arena) arena_key = {.drop = free_arena};
 *
 *     ctx = rn_ctx_with_value(ctx, &user_key, user);    // context.h
 *     struct user *user = rn_ctx_value(ctx, &user_key);
 *     rn_local_set(&arena_key, arena);                  // task.h
 *
 * Ownership: without a function the value is borrowed, and outlives whoever
 * holds it. With one, a void (*)(void *value), it is given: the function is
 * called with it once, when the context is released by the last, or the
 * goroutine has ended. It must not park.
 */
#ifndef RUNNEL_KEY_H
#define RUNNEL_KEY_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define rn_key(T)                  \
    struct {                       \
        void (*drop)(void *value); \
        T *type_; /* never set */  \
    }

/* A key as the functions behind the macros take it: where its drop lies. */
typedef void (*const *rn_key_)(void *value);

#ifdef __cplusplus
}
#endif

#ifndef __cplusplus
/* The value, when it is what the key names; const or not. */
#define RN_KEYED_(key, value) \
    ((void *)(uintptr_t) _Generic((value), __typeof__((key)->type_) : (value)))
#endif

#endif
