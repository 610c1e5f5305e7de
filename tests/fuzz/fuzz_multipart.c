/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_multipart.c: any bytes as a form, and as its Content-Type.
 *
 * The boundary is one letter, so that mutations meet it. However the bytes are
 * cut into windows, the same parts come out; and putting together what came out
 * needs no byte that did not go in.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SEEN_MAX 200000u

/* All events in a row; data that comes in pieces is one. */
struct seen {
    char bytes[SEEN_MAX];
    size_t len;
};

static void check(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "does not hold: %s\n", what);
        abort();
    }
}

static void see(struct seen *seen, const char *at, size_t len)
{
    check(seen->len + len <= SEEN_MAX, "no more comes out than goes in");
    memcpy(seen->bytes + seen->len, at, len);
    seen->len += len;
}

static void see_part(struct seen *seen, const struct multipart *m)
{
    check(strlen(m->name) < MULTIPART_NAME_MAX, "names are terminated");
    check(strlen(m->file_name) < MULTIPART_FILE_MAX, "file names too");
    check(m->has_file_name || !m->file_name[0], "none is invented");
    see(seen, "[", 1);
    see(seen, m->name, strlen(m->name));
    see(seen, "|", 1);
    see(seen, m->file_name, strlen(m->file_name));
    see(seen, "]", 1);
}

/* 0, or the event that ended it. */
static int see_event(struct seen *seen, struct multipart *m,
                     enum multipart_event event, struct slice data)
{
    switch (event) {
    case MULTIPART_PART:
        see_part(seen, m);
        return 0;
    case MULTIPART_DATA:
        check(data.len > 0, "data is not empty");
        see(seen, data.ptr, data.len);
        return 0;
    case MULTIPART_PART_END:
        see(seen, ";", 1);
        return 0;
    case MULTIPART_MORE:
        return 0;
    default:
        check(event == MULTIPART_END || m->why, "what is bad has a reason");
        return event;
    }
}

static int read_form(const char *bytes, size_t size, size_t step,
                     struct seen *seen)
{
    struct multipart m;
    size_t begin = 0;
    size_t end = 0;
    seen->len = 0;
    check(multipart_open(&m, "multipart/form-data; boundary=b"), "a boundary");
    for (;;) {
        struct slice data = {NULL, 0};
        size_t used;
        enum multipart_event event =
            multipart_next(&m, (struct slice){bytes + begin, end - begin},
                           end == size, &used, &data);
        check(used <= end - begin, "it takes what is there");
        begin += used;
        int ended = see_event(seen, &m, event, data);
        if (ended)
            return ended;
        if (event != MULTIPART_MORE)
            continue;
        check(end - begin < MULTIPART_WINDOW, "the window is enough");
        check(end < size, "it ends with the bytes");
        end = size - end < step ? size : end + step;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct seen whole;
    static struct seen pieces;
    struct multipart m;
    char type[256];
    if (size > 65536)
        return 0;
    size_t len = size < sizeof(type) - 1 ? size : sizeof(type) - 1;
    memcpy(type, data, len);
    type[len] = '\0';
    multipart_open(&m, type);
    const char *bytes = (const char *)data;
    int ended = read_form(bytes, size, size + 1, &whole);
    for (size_t step = 1; step < 8; step += 3) {
        check(read_form(bytes, size, step, &pieces) == ended,
              "pieces end alike");
        check(ended == MULTIPART_BAD ||
                  (pieces.len == whole.len &&
                   memcmp(pieces.bytes, whole.bytes, whole.len) == 0),
              "pieces give the same parts");
    }
    return 0;
}

#ifndef SLUICE_LIBFUZZER
#include "fuzz_files.h"
#endif
