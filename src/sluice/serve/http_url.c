/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_url.c: paths and queries, decoded.
 */
#include "serve/http_url.h"

#include <string.h>

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The byte that %XX at the beginning stands for, or -1. */
static int escaped(struct slice text)
{
    int high = text.len < 3 ? -1 : hex(text.ptr[1]);
    int low = text.len < 3 ? -1 : hex(text.ptr[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/*
 * Undoes %XX, and "+" when `form`. The length, or -1: a broken escape, or a
 * control character; then `out` ends before it.
 */
static int64_t decode(struct slice raw, bool form, char *out)
{
    size_t len = 0;
    bool good = true;
    for (size_t i = 0; good && i < raw.len; i++) {
        int c = (unsigned char)raw.ptr[i];
        if (c == '%') {
            c = escaped((struct slice){raw.ptr + i, raw.len - i});
            i += 2;
        } else if (c == '+' && form) {
            c = ' ';
        }
        good = c >= 0x20 && c != 0x7f;
        if (good)
            out[len++] = (char)c;
    }
    out[len] = '\0';
    return good ? (int64_t)len : -1;
}

static bool has_dot_segment(const char *path)
{
    for (const char *at = path; at; at = strchr(at + 1, '/')) {
        const char *segment = at + (*at == '/');
        size_t len = strcspn(segment, "/");
        if ((len == 1 && segment[0] == '.') ||
            (len == 2 && segment[0] == '.' && segment[1] == '.'))
            return true;
    }
    return false;
}

static size_t count_slashes(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t i = 0; i < len; i++)
        count += text[i] == '/';
    return count;
}

bool http_path_decode(struct slice raw, char *out)
{
    int64_t len = decode(raw, false, out);
    if (len < 0 || utf8_check((struct slice){out, (size_t)len}) != (size_t)len)
        return false;
    /* Only an escape can become a slash. */
    if ((size_t)len != raw.len &&
        count_slashes(out, (size_t)len) != count_slashes(raw.ptr, raw.len))
        return false;
    return !strchr(out, '\\') && !has_dot_segment(out);
}

bool http_query_find(struct slice query, const char *name, size_t n, char *out)
{
    size_t name_len = strlen(name);
    while (query.len > 0) {
        const char *and = memchr(query.ptr, '&', query.len);
        struct slice pair = {query.ptr,
                             and? (size_t)(and-query.ptr) : query.len};
        query.ptr += pair.len + (and != NULL);
        query.len -= pair.len + (and != NULL);
        const char *equals = memchr(pair.ptr, '=', pair.len);
        struct slice key = {pair.ptr,
                            equals ? (size_t)(equals - pair.ptr) : pair.len};
        int64_t len = decode(key, true, out);
        if (len != (int64_t)name_len || memcmp(out, name, name_len) != 0 ||
            n-- > 0)
            continue;
        struct slice value = {equals ? equals + 1 : pair.ptr + pair.len, 0};
        value.len = (size_t)(pair.ptr + pair.len - value.ptr);
        len = decode(value, true, out);
        return len >= 0 &&
               utf8_check((struct slice){out, (size_t)len}) == (size_t)len;
    }
    return false;
}

/* ----------------------------------------------------------------- routes */

/* Goes to the next segment of both; false when they part or end. */
static bool walk(const char **pattern, const char **path, struct slice *name,
                 struct slice *segment)
{
    if (**pattern != '/' || **path != '/')
        return false;
    name->ptr = *pattern + 1;
    name->len = strcspn(name->ptr, "/");
    segment->ptr = *path + 1;
    segment->len = strcspn(segment->ptr, "/");
    *pattern = name->ptr + name->len;
    *path = segment->ptr + segment->len;
    if (name->len > 2 && name->ptr[0] == '{' &&
        name->ptr[name->len - 1] == '}') {
        name->ptr++;
        name->len -= 2;
        return segment->len > 0;
    }
    bool same = slice_equal(*name, *segment);
    *name = (struct slice){NULL, 0};
    return same;
}

bool http_path_fits(const char *pattern, const char *path)
{
    struct slice name;
    struct slice segment;
    /* Most are seen to differ, or to be the same, before a "{name}". */
    size_t same = 0;
    while (pattern[same] == path[same] && pattern[same] && pattern[same] != '{')
        same++;
    if (pattern[same] != '{')
        return pattern[same] == path[same];
    while (walk(&pattern, &path, &name, &segment)) {
        if (*pattern == '\0' && *path == '\0')
            return true;
    }
    return false;
}

struct slice http_path_param(const char *pattern, const char *path,
                             const char *name)
{
    struct slice here;
    struct slice segment;
    while (walk(&pattern, &path, &here, &segment)) {
        if (here.ptr && slice_equal(here, slice_of(name)))
            return segment;
    }
    return (struct slice){NULL, 0};
}
