/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log_line.c: takes a line apart by hopping from quote to quote; memchr looks
 * at 32 bytes at a time, so most of a line is never touched by hand.
 */
#include "log_line.h"

#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    enum log_level level;
} level_names[] = {
    {"info", LOG_INFO},   {"error", LOG_ERROR},    {"warn", LOG_WARN},
    {"debug", LOG_DEBUG}, {"warning", LOG_WARN},   {"fatal", LOG_FATAL},
    {"notice", LOG_INFO}, {"err", LOG_ERROR},      {"trace", LOG_DEBUG},
    {"panic", LOG_FATAL}, {"critical", LOG_FATAL}, {"crit", LOG_FATAL},
    {"alert", LOG_FATAL}, {"emerg", LOG_FATAL},
};

const char *log_level_name(enum log_level level)
{
    static const char *const names[] = {"DEBUG", "INFO", "WARN", "ERROR",
                                        "FATAL"};
    return names[level];
}

bool log_level_of(struct slice name, enum log_level *out)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(*level_names); i++) {
        const char *known = level_names[i].name;
        if (name.size > 0 && (name.text[0] | 0x20) == known[0] &&
            strlen(known) == name.size &&
            strncasecmp(name.text, known, name.size) == 0) {
            *out = level_names[i].level;
            return true;
        }
    }
    return false;
}

/* The quote that ends the text at `at`; one after a backslash does not. */
static const char *closing_quote(const char *at, const char *end)
{
    for (const char *begin = at;; at++) {
        at = memchr(at, '"', (size_t)(end - at));
        if (!at)
            return NULL;
        const char *before = at;
        while (before > begin && before[-1] == '\\')
            before--;
        if ((at - before) % 2 == 0)
            return at;
    }
}

/* HOST IDENT USER [TIME] "REQUEST" STATUS SIZE ... */
static bool parse_common(const char *line, const char *end,
                         struct log_line *out)
{
    const char *open = memchr(line, '[', (size_t)(end - line));
    const char *close = open ? memchr(open, ']', (size_t)(end - open)) : NULL;
    if (!close || end - close < 3 || close[1] != ' ' || close[2] != '"')
        return false;
    const char *request = close + 3;
    const char *quote = closing_quote(request, end);
    if (!quote || end - quote < 5 || quote[1] != ' ')
        return false;
    const char *status = quote + 2;
    for (int i = 0; i < 3; i++) {
        if (status[i] < '0' || status[i] > '9')
            return false;
    }
    if (end - status > 3 && status[3] != ' ')
        return false;
    out->level = status[0] == '5'   ? LOG_ERROR
                 : status[0] == '4' ? LOG_WARN
                                    : LOG_INFO;
    out->time = (struct slice){open + 1, (size_t)(close - open - 1)};
    out->message = (struct slice){request, (size_t)(quote - request)};
    out->status = (struct slice){status, 3};
    return true;
}

static bool is_one_of(struct slice key, const char *a, const char *b)
{
    return (key.size == strlen(a) && memcmp(key.text, a, key.size) == 0) ||
           (key.size == strlen(b) && memcmp(key.text, b, key.size) == 0);
}

/* A text member of the outermost object. */
static bool take_member(struct slice key, struct slice value,
                        struct log_line *out)
{
    if (is_one_of(key, "level", "severity"))
        return log_level_of(value, &out->level);
    if (is_one_of(key, "time", "timestamp"))
        out->time = value;
    else if (is_one_of(key, "msg", "message"))
        out->message = value;
    return true;
}

/*
 * {"KEY":"TEXT", ...}: remembers the last text before a colon as the key. What
 * lies deeper, and members that are no texts, are passed over.
 */
static bool parse_json(const char *line, const char *end, struct log_line *out)
{
    struct slice key = {NULL, 0};
    bool valued = false; /* a colon has come since the key */
    int depth = 0;

    *out = (struct log_line){.level = (enum log_level) - 1};
    for (const char *at = line; at < end; at++) {
        if (*at == '"') {
            const char *quote = closing_quote(at + 1, end);
            if (!quote)
                return false;
            struct slice text = {at + 1, (size_t)(quote - at - 1)};
            if (depth == 1 && !valued)
                key = text;
            else if (depth == 1 && !take_member(key, text, out))
                return false;
            at = quote;
        } else if (*at == '{' || *at == '[') {
            depth++;
        } else if (*at == '}' || *at == ']') {
            if (--depth == 0)
                return at + 1 == end && out->level != (enum log_level) - 1 &&
                       out->message.text;
        } else if (depth == 1 && (*at == ':' || *at == ',')) {
            valued = *at == ':';
        }
    }
    return false;
}

bool log_line_parse(const char *line, size_t size, struct log_line *out)
{
    const char *end = line + size;

    while (end > line && (end[-1] == '\r' || end[-1] == ' '))
        end--;
    return line < end && *line == '{' ? parse_json(line, end, out)
                                      : parse_common(line, end, out);
}
