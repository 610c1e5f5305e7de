/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture.h: JPEG and PNG in memory, by libjpeg-turbo and libpng. Nothing here
 * knows of goroutines or waits; each call stands alone. What a file says of its
 * size is believed up to PICTURE_PIXELS_MAX. Metadata is dropped.
 */
#ifndef PICTURE_H
#define PICTURE_H

#include <stddef.h>

/* 256 MB as RGBA. */
#define PICTURE_PIXELS_MAX ((size_t)64 * 1024 * 1024)
#define PICTURE_ERROR_MAX  128

enum picture_format { PICTURE_JPEG, PICTURE_PNG };

struct picture {
    int width, height;
    enum picture_format format; /* that it was decoded from */
    unsigned char *rgba;        /* 4 bytes a pixel; freed with free */
};

/* Copies the text; -1. */
int picture_fail(char error[PICTURE_ERROR_MAX], const char *text);

/* 0, or -1 with a text in error. */
int picture_decode(const unsigned char *data, size_t size, struct picture *out,
                   char error[PICTURE_ERROR_MAX]);

/* *data is the caller's, for free. Quality: 1 to 100, of JPEG. 0 or -1. */
int picture_encode(const struct picture *picture, enum picture_format format,
                   int quality, unsigned char **data, size_t *size,
                   char error[PICTURE_ERROR_MAX]);

/* Makes the longer side at most `side` pixels, by averages. 0 or -1. */
int picture_shrink(struct picture *picture, int side);

enum picture_operation {
    PICTURE_RESIZE,
    PICTURE_COMPRESS,
    PICTURE_CONVERT, /* JPEG to PNG, PNG to JPEG */
    PICTURE_OPERATIONS
};

struct picture_change {
    enum picture_operation operation;
    int side;    /* the longer one after resize */
    int quality; /* of JPEG */
};

/*
 * Decodes a file's bytes, changes the picture, encodes it and replaces the
 * bytes; out->rgba is NULL then, the rest says what it became. 0, or -1 with
 * the bytes as they were.
 */
int picture_change(const struct picture_change *change, unsigned char **data,
                   size_t *size, struct picture *out,
                   char error[PICTURE_ERROR_MAX]);

#endif
