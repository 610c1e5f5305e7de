/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alloc.h: the only door to the heap.
 */
#ifndef RUNNEL_ALLOC_H
#define RUNNEL_ALLOC_H

#include "base.h"

/* `count` zeroed objects of `size` bytes; NULL when memory is out. */
void *alloc_zeroed(size_t count, size_t size);
/* The same, aligned to a cache line. */
void *alloc_lines(size_t count, size_t size);
/* The same as alloc_zeroed, but memory out is fatal. */
void *alloc_or_die(size_t count, size_t size);
/* Grows an array to `count` elements; NULL, old array kept, when out. */
void *alloc_grow(void *array, size_t count, size_t size);
void alloc_free(void *object);

#endif
