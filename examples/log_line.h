/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_line.h: one line of a log, in the common format of web servers or as a
 * JSON object:
 *
 *     ::1 - - [10/Oct/2025:13:55:36 +0000] "GET /x HTTP/1.1" 503 17
 *     {"time":"2025-10-10T13:55:36Z","level":"error","msg":"no disk"}
 *
 * A web server's line has the level that its status stands for: 5xx is an
 * error, 4xx a warning. Slices point into the line; nothing is copied, and JSON
 * texts keep their escapes.
 */
#ifndef LOG_LINE_H
#define LOG_LINE_H

#include <stdbool.h>
#include <stddef.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_FATAL };

struct slice {
    const char *text;
    size_t size;
};

struct log_line {
    enum log_level level;
    struct slice time;
    struct slice message;
    struct slice status; /* of a web server's answer; else empty */
};

/* Takes a line apart; false when it is neither of the two. */
bool log_line_parse(const char *line, size_t size, struct log_line *out);

const char *log_level_name(enum log_level level);
/* By one of its usual names, in any case; false for none of them. */
bool log_level_of(struct slice name, enum log_level *out);

#endif
