/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alloc.c: the heap, behind one door so that a test can make it fail.
 */
#include "alloc.h"

#include <stdlib.h>
#include <string.h>

#include "fatal.h"
#include "sanitize.h"

/*
 * Up to this size malloc and memset. The C library keeps what a thread has
 * freed for its next malloc, but its calloc does not look there (glibc before
 * 2.41); for large objects calloc saves clearing what is fresh from the system.
 */
#define CLEAR_MAX 1024

void *alloc_zeroed(size_t count, size_t size)
{
    size_t bytes;
    bool small =
        !__builtin_mul_overflow(count, size, &bytes) && bytes <= CLEAR_MAX;
    race_ignore_begin();
    void *object = small ? malloc(bytes) : calloc(count, size);
    /* Or the compiler makes a calloc of the two. */
    __asm__("" : "+r"(object));
    if (small && object)
        memset(object, 0, bytes);
    race_ignore_end();
    return object;
}

void *alloc_lines(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) ||
        bytes > SIZE_MAX - CACHE_LINE)
        return NULL;
    bytes = (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
    race_ignore_begin();
    void *object = aligned_alloc(CACHE_LINE, bytes);
    if (object)
        memset(object, 0, bytes);
    race_ignore_end();
    return object;
}

void *alloc_or_die(size_t count, size_t size)
{
    void *object = alloc_zeroed(count, size);
    if (!object)
        fatal("out of memory: %zu objects of %zu bytes", count, size);
    return object;
}

void *alloc_grow(void *array, size_t count, size_t size)
{
    race_ignore_begin();
    void *object = reallocarray(array, count, size);
    race_ignore_end();
    return object;
}

void alloc_free(void *object)
{
    race_ignore_begin();
    free(object);
    race_ignore_end();
}
