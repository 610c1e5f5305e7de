/* SPDX-License-Identifier: Apache-2.0 */
/* picture.c: what is done to a picture between its bytes and its bytes. */
#include "picture.h"

#include <stdint.h>
#include <stdlib.h>

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
        status = picture_fail(error, "not enough memory");
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
