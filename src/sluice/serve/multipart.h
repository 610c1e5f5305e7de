/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart.h: a form with files (multipart/form-data), taken apart as it
 * comes.
 *
 * A pure function over a window of bytes: the caller keeps what was not taken
 * and offers it again with more behind it. Any split of the body into windows
 * gives the same parts and the same data.
 *
 *     while ((event = multipart_next(&m, window, last, &used, &data)) > 0) {
 *         window.ptr += used; window.len -= used;
 *         ...
 *     }
 */
#ifndef SLUICE_MULTIPART_H
#define SLUICE_MULTIPART_H

#include "text.h"

#define MULTIPART_BOUNDARY_MAX 70u /* RFC 2046 */
/* A form has some fields; floods of parts have tens of thousands. */
#define MULTIPART_PARTS_MAX    64u
/* Name, file name and type, each within what people write. */
#define MULTIPART_HEAD_MAX     8192u
#define MULTIPART_NAME_MAX     128u
#define MULTIPART_FILE_MAX     1024u
#define MULTIPART_PREAMBLE_MAX 1024u
/* A window of this size is always enough to go on. */
#define MULTIPART_WINDOW       (MULTIPART_HEAD_MAX + 128u)

enum multipart_event {
    MULTIPART_BAD = -1, /* it is no such form, or above a limit */
    MULTIPART_MORE,     /* offer what is left again, with more behind it */
    MULTIPART_PART,     /* a part begins: name and file_name are its */
    MULTIPART_DATA,     /* a piece of its content */
    MULTIPART_PART_END, /* it is whole */
    MULTIPART_END,      /* the form is whole; what follows means nothing */
};

struct multipart {
    /* CR LF "--" boundary */
    char delimiter[MULTIPART_BOUNDARY_MAX + 4];
    size_t delimiter_len;
    int state;
    unsigned parts;
    size_t preamble;
    char name[MULTIPART_NAME_MAX];
    bool has_file_name;
    char file_name[MULTIPART_FILE_MAX]; /* as sent; cut when too long */
    const char *why;                    /* after BAD: what is wrong */
};

/*
 * Begins with the boundary that a Content-Type names. False when it is not
 * multipart/form-data, or has no good boundary.
 */
bool multipart_open(struct multipart *m, const char *content_type);

/*
 * *used bytes of the window were taken, *data points into them. `last`: nothing
 * follows the window (a form that is not whole by then is BAD).
 */
enum multipart_event multipart_next(struct multipart *m, struct slice window,
                                    bool last, size_t *used,
                                    struct slice *data);

#endif
