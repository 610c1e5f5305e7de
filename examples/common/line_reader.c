/* SPDX-License-Identifier: Apache-2.0 */
/* line_reader.c: lines out of a buffer that holds the longest one. */
#include "line_reader.h"

#include <string.h>

int line_read(struct line_reader *reader, char **line)
{
    for (;;) {
        char *start = reader->buffer + reader->used;
        char *end = memchr(start, '\n', reader->held - reader->used);
        if (end) {
            bool skipped = reader->skipping;
            reader->skipping = false;
            reader->used = (size_t)(end + 1 - reader->buffer);
            if (skipped)
                continue;
            if (end > start && end[-1] == '\r')
                end--;
            *end = '\0';
            *line = start;
            return end - start > LINE_READ_MAX ? -EMSGSIZE : 1;
        }
        memmove(reader->buffer, start, reader->held -= reader->used);
        reader->used = 0;
        bool full = reader->held == sizeof(reader->buffer);
        if (full || reader->skipping)
            reader->held = 0;
        if (full && !reader->skipping) {
            reader->skipping = true;
            return -EMSGSIZE;
        }
        int64_t got = rn_conn_read(reader->conn, reader->buffer + reader->held,
                                   sizeof(reader->buffer) - reader->held);
        if (got <= 0)
            return (int)got;
        reader->held += (size_t)got;
    }
}
