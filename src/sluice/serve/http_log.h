/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_log.h: what the server says about itself, one line an event.
 *
 *     2026-03-01T12:00:00.123Z info request id=1f4-2 status=200 path="/a b"
 *     {"time":"2026-03-01T12:00:00.123Z","level":"info","event":"request",...}
 *
 *     struct log_line line;
 *     log_begin(&line, LOG_INFO, "request");
 *     log_text(&line, "path", request->path);
 *     log_number(&line, "status", 200);
 *     log_end(&line);
 *
 * A line is written by one call to standard error, so lines of several threads
 * do not mix. Control characters never reach the log as such. Nothing parks.
 */
#ifndef SLUICE_HTTP_LOG_H
#define SLUICE_HTTP_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_INFO, LOG_WARNING, LOG_ERROR };

#define LOG_LINE_MAX 2048

struct log_line {
    char text[LOG_LINE_MAX];
    size_t len;
};

/* As JSON from now on; before the server starts. */
void log_use_json(bool json);

void log_begin(struct log_line *line, enum log_level level, const char *event);
/* Long texts are cut, so that a line is never cut inside a field. */
void log_text(struct log_line *line, const char *name, const char *text);
void log_number(struct log_line *line, const char *name, int64_t number);
void log_end(struct log_line *line);

/* A line with one text, "message". */
void log_message(enum log_level level, const char *event, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

#endif
