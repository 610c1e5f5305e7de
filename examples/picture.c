/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture.c: the simple interfaces of both libraries; neither jumps out of a
 * call, so they may be called on any stack.
 */
#include "picture.h"

#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

static int fail(char error[PICTURE_ERROR_MAX], const char *text)
{
    snprintf(error, PICTURE_ERROR_MAX, "%s", text);
    return -1;
}

/* Room for the pixels; NULL with the error when there are too many. */
static unsigned char *make_room(size_t width, size_t height,
                                char error[PICTURE_ERROR_MAX])
{
    unsigned char *room = NULL;

    if (width == 0 || height == 0 || width > PICTURE_PIXELS_MAX / height)
        fail(error, "too large");
    else if (!(room = malloc(width * height * 4)))
        fail(error, "not enough memory");
    return room;
}

static int decode_jpeg(const unsigned char *data, size_t size,
                       struct picture *out, char error[PICTURE_ERROR_MAX])
{
    tjhandle jpeg = tjInitDecompress();
    int width, height, sampling, space;
    int status = -1;

    if (!jpeg)
        return fail(error, "not enough memory");
    if (tjDecompressHeader3(jpeg, data, size, &width, &height, &sampling,
                            &space) != 0) {
        fail(error, tjGetErrorStr2(jpeg));
        goto out;
    }
    unsigned char *rgba = make_room((size_t)width, (size_t)height, error);
    if (!rgba)
        goto out;
    /* A warning is a picture that is cut off or damaged: not good enough. */
    if (tjDecompress2(jpeg, data, size, rgba, width, 0, height, TJPF_RGBA,
                      TJFLAG_STOPONWARNING) != 0) {
        fail(error, tjGetErrorStr2(jpeg));
        free(rgba);
        goto out;
    }
    *out = (struct picture){width, height, PICTURE_JPEG, rgba};
    status = 0;
out:
    tjDestroy(jpeg);
    return status;
}

static int decode_png(const unsigned char *data, size_t size,
                      struct picture *out, char error[PICTURE_ERROR_MAX])
{
    png_image png = {.version = PNG_IMAGE_VERSION};

    if (!png_image_begin_read_from_memory(&png, data, size))
        return fail(error, png.message);
    png.format = PNG_FORMAT_RGBA;
    unsigned char *rgba = make_room(png.width, png.height, error);
    if (rgba && !png_image_finish_read(&png, NULL, rgba, 0, NULL)) {
        fail(error, png.message);
        free(rgba);
        rgba = NULL;
    }
    png_image_free(&png);
    if (!rgba)
        return -1;
    *out = (struct picture){(int)png.width, (int)png.height, PICTURE_PNG, rgba};
    return 0;
}

int picture_decode(const unsigned char *data, size_t size, struct picture *out,
                   char error[PICTURE_ERROR_MAX])
{
    if (size >= 2 && memcmp(data, "\xff\xd8", 2) == 0)
        return decode_jpeg(data, size, out, error);
    if (size >= 4 && memcmp(data, "\x89PNG", 4) == 0)
        return decode_png(data, size, out, error);
    return fail(error, "neither JPEG nor PNG");
}

static int encode_jpeg(const struct picture *picture, int quality,
                       unsigned char **data, size_t *size,
                       char error[PICTURE_ERROR_MAX])
{
    tjhandle jpeg = tjInitCompress();
    unsigned long room = tjBufSize(picture->width, picture->height, TJSAMP_420);
    unsigned char *bytes = malloc(room);
    int status = -1;

    if (!jpeg || !bytes)
        fail(error, "not enough memory");
    else if (tjCompress2(jpeg, picture->rgba, picture->width, 0,
                         picture->height, TJPF_RGBA, &bytes, &room, TJSAMP_420,
                         quality, TJFLAG_NOREALLOC) != 0)
        fail(error, tjGetErrorStr2(jpeg));
    else
        status = 0;
    if (jpeg)
        tjDestroy(jpeg);
    if (status != 0) {
        free(bytes);
        return status;
    }
    *data = bytes;
    *size = room;
    return 0;
}

static int encode_png(const struct picture *picture, unsigned char **data,
                      size_t *size, char error[PICTURE_ERROR_MAX])
{
    png_image png = {.version = PNG_IMAGE_VERSION,
                     .width = (png_uint_32)picture->width,
                     .height = (png_uint_32)picture->height,
                     .format = PNG_FORMAT_RGBA};
    png_alloc_size_t room = PNG_IMAGE_PNG_SIZE_MAX(png);
    unsigned char *bytes = malloc(room);

    if (!bytes)
        return fail(error, "not enough memory");
    if (!png_image_write_to_memory(&png, bytes, &room, 0, picture->rgba, 0,
                                   NULL)) {
        free(bytes);
        return fail(error, png.message);
    }
    *data = bytes;
    *size = room;
    return 0;
}

int picture_encode(const struct picture *picture, enum picture_format format,
                   int quality, unsigned char **data, size_t *size,
                   char error[PICTURE_ERROR_MAX])
{
    return format == PICTURE_JPEG
               ? encode_jpeg(picture, quality, data, size, error)
               : encode_png(picture, data, size, error);
}

/* The average of the pixels that become the one at (x, y). */
static void average(const struct picture *from, int width, int height, int x,
                    int y, unsigned char *to)
{
    int left = (int)((int64_t)x * from->width / width);
    int right = (int)((int64_t)(x + 1) * from->width / width);
    int top = (int)((int64_t)y * from->height / height);
    int bottom = (int)((int64_t)(y + 1) * from->height / height);
    uint64_t sums[4] = {0};

    for (int row = top; row < bottom; row++) {
        const unsigned char *pixel =
            from->rgba + ((size_t)row * (size_t)from->width + (size_t)left) * 4;
        for (int column = left; column < right; column++, pixel += 4) {
            for (int i = 0; i < 4; i++)
                sums[i] += pixel[i];
        }
    }
    uint64_t count = (uint64_t)(right - left) * (uint64_t)(bottom - top);
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)((sums[i] + count / 2) / count);
}

int picture_shrink(struct picture *picture, int side)
{
    int longer =
        picture->width > picture->height ? picture->width : picture->height;
    if (longer <= side)
        return 0;
    int width = (int)((int64_t)picture->width * side / longer);
    int height = (int)((int64_t)picture->height * side / longer);
    width = width > 0 ? width : 1;
    height = height > 0 ? height : 1;

    unsigned char *rgba = malloc((size_t)width * (size_t)height * 4);
    if (!rgba)
        return -1;
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++)
            average(picture, width, height, x, y,
                    rgba + ((size_t)y * (size_t)width + (size_t)x) * 4);
    }
    free(picture->rgba);
    picture->rgba = rgba;
    picture->width = width;
    picture->height = height;
    return 0;
}

int picture_change(const struct picture_change *change, unsigned char **data,
                   size_t *size, struct picture *out,
                   char error[PICTURE_ERROR_MAX])
{
    unsigned char *changed;
    size_t changed_size;

    if (picture_decode(*data, *size, out, error) != 0)
        return -1;
    if (change->operation == PICTURE_CONVERT)
        out->format = out->format == PICTURE_JPEG ? PICTURE_PNG : PICTURE_JPEG;
    int status = 0;
    if (change->operation == PICTURE_RESIZE &&
        picture_shrink(out, change->side) != 0)
        status = fail(error, "not enough memory");
    if (status == 0)
        status = picture_encode(out, out->format, change->quality, &changed,
                                &changed_size, error);
    free(out->rgba);
    out->rgba = NULL;
    if (status != 0)
        return -1;
    free(*data);
    *data = changed;
    *size = changed_size;
    return 0;
}
