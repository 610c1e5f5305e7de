/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line_reader.h: lines of text from a connection, none longer than a limit.
 *
 *     struct line_reader lines = {.conn = conn};
 *     char *line;
 *     int status;
 *     while ((status = line_read(&lines, &line)) > 0 || status == -EMSGSIZE)
 *         ...
 */
#ifndef LINE_READER_H
#define LINE_READER_H

#include <runnel/runnel.h>

#define LINE_READ_MAX 512 /* bytes without the end of the line */

struct line_reader {
    struct rn_conn *conn;
    size_t held, used; /* bytes in the buffer; of them those of lines given */
    bool skipping;     /* the rest of a line that is too long */
    char buffer[LINE_READ_MAX + 2];
};

/*
 * Parks for a line: 1 with the line in *line, without its "\n" or "\r\n", which
 * holds until the next call; 0 at the end, and what had no line end is dropped;
 * -EMSGSIZE for one that is too long, the next call gives the one behind it; or
 * a status of rn_conn_read.
 */
int line_read(struct line_reader *reader, char **line);

#endif
