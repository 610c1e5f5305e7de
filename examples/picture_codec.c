/* SPDX-License-Identifier: Apache-2.0 */
/*
 * picture_codec.c: the simple interfaces of both libraries; neither jumps out
 * of a call, so they may be called on any stack.
 */
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include "picture.h"

int picture_fail(char error[PICTURE_ERROR_MAX], const char *text)
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
        picture_fail(error, "too large");
    else if (!(room = malloc(width * height * 4)))
        picture_fail(error, "not enough memory");
    return room;
}

static int decode_jpeg(const unsigned char *data, size_t size,
                       struct picture *out, char error[PICTURE_ERROR_MAX])
{
    tjhandle jpeg = tjInitDecompress();
    int width, height, sampling, space;
    int status = -1;

    if (!jpeg)
        return picture_fail(error, "not enough memory");
    if (tjDecompressHeader3(jpeg, data, size, &width, &height, &sampling,
                            &space) != 0) {
        picture_fail(error, tjGetErrorStr2(jpeg));
        goto out;
    }
    unsigned char *rgba = make_room((size_t)width, (size_t)height, error);
    if (!rgba)
        goto out;
    /* A warning is a picture that is cut off or damaged: not good enough. */
    if (tjDecompress2(jpeg, data, size, rgba, width, 0, height, TJPF_RGBA,
                      TJFLAG_STOPONWARNING) != 0) {
        picture_fail(error, tjGetErrorStr2(jpeg));
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
        return picture_fail(error, png.message);
    png.format = PNG_FORMAT_RGBA;
    unsigned char *rgba = make_room(png.width, png.height, error);
    if (rgba && !png_image_finish_read(&png, NULL, rgba, 0, NULL)) {
        picture_fail(error, png.message);
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
    return picture_fail(error, "neither JPEG nor PNG");
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
        picture_fail(error, "not enough memory");
    else if (tjCompress2(jpeg, picture->rgba, picture->width, 0,
                         picture->height, TJPF_RGBA, &bytes, &room, TJSAMP_420,
                         quality, TJFLAG_NOREALLOC) != 0)
        picture_fail(error, tjGetErrorStr2(jpeg));
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
        return picture_fail(error, "not enough memory");
    if (!png_image_write_to_memory(&png, bytes, &room, 0, picture->rgba, 0,
                                   NULL)) {
        free(bytes);
        return picture_fail(error, png.message);
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
