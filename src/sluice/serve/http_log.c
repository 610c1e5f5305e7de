/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_log.c: what the server says about itself, one line an event.
 */
#include "serve/http_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

/* Bytes of a text that are kept, and room for the names around it. */
#define TEXT_MAX 512u
#define TAIL_MAX 64u

static bool as_json;

void log_use_json(bool json)
{
    as_json = json;
}

static void put(struct log_line *line, const char *text, size_t len)
{
    if (len > LOG_LINE_MAX - line->len)
        len = LOG_LINE_MAX - line->len;
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void put_text(struct log_line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* "2026-03-01T12:00:00.123Z" */
static void put_time(struct log_line *line)
{
    struct timespec now;
    char text[DATE_TEXT_MAX + 8];
    clock_gettime(CLOCK_REALTIME, &now);
    int64_t seconds = now.tv_sec;
    int64_t days = seconds / 86400;
    unsigned rest = (unsigned)(seconds - days * 86400);
    int64_t year;
    unsigned month;
    unsigned day;
    civil_from_days(days, &year, &month, &day);
    snprintf(text, sizeof(text), "%04lld-%02u-%02uT%02u:%02u:%02u.%03uZ",
             (long long)year, month, day, rest / 3600, rest / 60 % 60,
             rest % 60, (unsigned)(now.tv_nsec / 1000000));
    put_text(line, text);
}

void log_begin(struct log_line *line, enum log_level level, const char *event)
{
    static const char *const levels[] = {"info", "warning", "error"};
    line->len = 0;
    put_text(line, as_json ? "{\"time\":\"" : "");
    put_time(line);
    put_text(line, as_json ? "\",\"level\":\"" : " ");
    put_text(line, levels[level]);
    put_text(line, as_json ? "\",\"event\":\"" : " ");
    put_text(line, event);
    put_text(line, as_json ? "\"" : "");
}

static void put_name(struct log_line *line, const char *name)
{
    put_text(line, as_json ? ",\"" : " ");
    put_text(line, name);
    put_text(line, as_json ? "\":" : "=");
}

/* In quotes, as JSON has it. */
static void put_quoted(struct log_line *line, struct slice text)
{
    put_text(line, "\"");
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        size_t control =
            text_control((struct slice){text.ptr + i, text.len - i});
        char code[8];
        if (c == '"' || c == '\\') {
            put(line, (const char[]){'\\', (char)c}, 2);
        } else if (control > 0) {
            /* Of two bytes, the second is the character's number. */
            snprintf(code, sizeof(code), "\\u%04x",
                     (unsigned char)text.ptr[i + control - 1]);
            put_text(line, code);
            i += control - 1;
        } else {
            put(line, text.ptr + i, 1);
        }
    }
    put_text(line, "\"");
}

static bool is_word(struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= 0x20 || c == '"' || c == '\\' || c == '=' || c >= 0x7f)
            return false;
    }
    return text.len > 0;
}

void log_text(struct log_line *line, const char *name, const char *text)
{
    struct slice all = slice_of(text);
    struct slice kept = {text, utf8_prefix(all, TEXT_MAX)};
    /* Each byte can become six. */
    size_t room = LOG_LINE_MAX - line->len;
    size_t needed = kept.len * 6 + strlen(name) + TAIL_MAX;
    if (needed > room)
        kept.len = room > TAIL_MAX + strlen(name)
                       ? utf8_prefix(kept, (room - TAIL_MAX - strlen(name)) / 6)
                       : 0;
    if (room <= TAIL_MAX + strlen(name))
        return;
    put_name(line, name);
    kept.len = utf8_check(kept) < kept.len ? utf8_check(kept) : kept.len;
    if (!as_json && is_word(kept))
        put(line, kept.ptr, kept.len);
    else
        put_quoted(line, kept);
}

void log_number(struct log_line *line, const char *name, int64_t number)
{
    char text[32];
    if (LOG_LINE_MAX - line->len <= TAIL_MAX + strlen(name))
        return;
    put_name(line, name);
    snprintf(text, sizeof(text), "%lld", (long long)number);
    put_text(line, text);
}

void log_end(struct log_line *line)
{
    put_text(line, as_json ? "}\n" : "\n");
    /* A log that cannot be written has nobody to be told. */
    ssize_t written = write(STDERR_FILENO, line->text, line->len);
    (void)written;
}

void log_message(enum log_level level, const char *event, const char *format,
                 ...)
{
    struct log_line line;
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    log_begin(&line, level, event);
    log_text(&line, "message", text);
    log_end(&line);
}
