/* SPDX-License-Identifier: Apache-2.0 */
/*
 * points.h: a scheduling point before every atomic operation.
 *
 * The compiler includes it before each file of the runtime that is explored;
 * the operations do what they did, sequentially consistent. A weak
 * compare-and-swap does not fail without reason here.
 */
#ifndef POINTS_H
#define POINTS_H

#include <stdatomic.h>

void explorer_step(void);

#undef atomic_load_explicit
#undef atomic_store_explicit
#undef atomic_exchange_explicit
#undef atomic_compare_exchange_strong_explicit
#undef atomic_compare_exchange_weak_explicit
#undef atomic_fetch_add_explicit
#undef atomic_fetch_sub_explicit
#undef atomic_fetch_and_explicit
#undef atomic_fetch_or_explicit

#define POINT_(operation) \
    __extension__({       \
        explorer_step();  \
        operation;        \
    })

#define atomic_load_explicit(p, order)         POINT_(atomic_load(p))
#define atomic_store_explicit(p, value, order) POINT_(atomic_store(p, value))
#define atomic_exchange_explicit(p, value, order) \
    POINT_(atomic_exchange(p, value))
#define atomic_compare_exchange_strong_explicit(p, expected, value, yes, no) \
    POINT_(point_swap_(p, expected, value))
#define atomic_compare_exchange_weak_explicit(p, expected, value, yes, no) \
    POINT_(point_swap_(p, expected, value))
#define atomic_fetch_add_explicit(p, value, order) \
    POINT_(atomic_fetch_add(p, value))
#define atomic_fetch_sub_explicit(p, value, order) \
    POINT_(atomic_fetch_sub(p, value))
#define atomic_fetch_and_explicit(p, value, order) \
    POINT_(atomic_fetch_and(p, value))
#define atomic_fetch_or_explicit(p, value, order) \
    POINT_(atomic_fetch_or(p, value))

/* What the ones above stand on must not come back to them. */
#undef atomic_load
#undef atomic_store
#undef atomic_exchange
#undef atomic_fetch_add
#undef atomic_fetch_sub
#undef atomic_fetch_and
#undef atomic_fetch_or
#ifdef __clang__
#define POINT_SEQ_            __ATOMIC_SEQ_CST
#define atomic_load(p)        __c11_atomic_load(p, POINT_SEQ_)
#define atomic_store(p, v)    __c11_atomic_store(p, v, POINT_SEQ_)
#define atomic_exchange(p, v) __c11_atomic_exchange(p, v, POINT_SEQ_)
#define point_swap_(p, e, v) \
    __c11_atomic_compare_exchange_strong(p, e, v, POINT_SEQ_, POINT_SEQ_)
#define atomic_fetch_add(p, v) __c11_atomic_fetch_add(p, v, POINT_SEQ_)
#define atomic_fetch_sub(p, v) __c11_atomic_fetch_sub(p, v, POINT_SEQ_)
#define atomic_fetch_and(p, v) __c11_atomic_fetch_and(p, v, POINT_SEQ_)
#define atomic_fetch_or(p, v)  __c11_atomic_fetch_or(p, v, POINT_SEQ_)
#else
#define POINT_SEQ_            __ATOMIC_SEQ_CST
#define atomic_load(p)        __atomic_load_n(p, POINT_SEQ_)
#define atomic_store(p, v)    __atomic_store_n(p, v, POINT_SEQ_)
#define atomic_exchange(p, v) __atomic_exchange_n(p, v, POINT_SEQ_)
#define point_swap_(p, e, v) \
    __atomic_compare_exchange_n(p, e, v, 0, POINT_SEQ_, POINT_SEQ_)
#define atomic_fetch_add(p, v) __atomic_fetch_add(p, v, POINT_SEQ_)
#define atomic_fetch_sub(p, v) __atomic_fetch_sub(p, v, POINT_SEQ_)
#define atomic_fetch_and(p, v) __atomic_fetch_and(p, v, POINT_SEQ_)
#define atomic_fetch_or(p, v)  __atomic_fetch_or(p, v, POINT_SEQ_)
#endif

#endif
