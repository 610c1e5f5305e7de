/* SPDX-License-Identifier: Apache-2.0 */
/*
 * multipart.c: a form with files, taken apart as it comes.
 *
 *     PREAMBLE ── delimiter ──▶ BEHIND ── "--" ──▶ DONE
 *                               ▲    │ CR LF
 *                     delimiter │    ▼
 *                            CONTENT ◀── fields ── HEAD
 *
 * A delimiter is CR LF "--" boundary; at the very beginning the CR LF may be
 * missing. Behind it only CR LF or "--" can stand: a boundary that appears in a
 * file is no boundary that a client may choose, so anything else is an error
 * and not content.
 */
#include "serve/multipart.h"

#include <string.h>
#include <strings.h>

#include "serve/http_head.h"

enum { PREAMBLE, BEHIND, HEAD, CONTENT, DONE };

static enum multipart_event bad(struct multipart *m, const char *why)
{
    m->why = why;
    return MULTIPART_BAD;
}

/* ------------------------------------------------- parameters of a header */

static void skip_space(const char **at)
{
    while (**at == ' ' || **at == '\t')
        (*at)++;
}

/*
 * A quoted string. A backslash hides only a quote or a backslash: Windows paths
 * were sent as they are. Longer than `size` is cut.
 */
static bool take_quoted(const char **at, char *out, size_t size)
{
    size_t len = 0;
    for ((*at)++; **at != '"'; (*at)++) {
        if ((*at)[0] == '\\' && ((*at)[1] == '"' || (*at)[1] == '\\'))
            (*at)++;
        if (**at == '\0')
            return false;
        if (len + 1 < size)
            out[len++] = **at;
    }
    (*at)++;
    out[len] = '\0';
    return true;
}

static bool take_token(const char **at, char *out, size_t size)
{
    size_t len = 0;
    for (; http_is_token((unsigned char)**at); (*at)++) {
        if (len + 1 >= size)
            return false;
        out[len++] = **at;
    }
    out[len] = '\0';
    return len > 0;
}

/* "; name=value": 1, 0 at the end, -1 when it is neither. */
static int take_parameter(const char **at, char name[32], char *value,
                          size_t size)
{
    skip_space(at);
    if (**at == '\0')
        return 0;
    if (*(*at)++ != ';')
        return -1;
    skip_space(at);
    if (**at == '\0')
        return 0;
    if (!take_token(at, name, 32) || *(*at)++ != '=')
        return -1;
    bool taken = **at == '"' ? take_quoted(at, value, size)
                             : take_token(at, value, size);
    return taken ? 1 : -1;
}

static bool is_boundary(const char *text)
{
    static const char others[] = "'()+_,-./:=? ";
    size_t len = strlen(text);
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (!(c >= '0' && c <= '9') && !((c | 32) >= 'a' && (c | 32) <= 'z') &&
            !strchr(others, c))
            return false;
    }
    return len > 0 && len <= MULTIPART_BOUNDARY_MAX && text[len - 1] != ' ';
}

bool multipart_open(struct multipart *m, const char *content_type)
{
    static const char type[] = "multipart/form-data";
    char name[32];
    char value[MULTIPART_BOUNDARY_MAX + 2];
    char boundary[sizeof(value)] = "";
    int got;
    memset(m, 0, sizeof(*m));
    if (strncasecmp(content_type, type, sizeof(type) - 1) != 0)
        return false;
    const char *at = content_type + sizeof(type) - 1;
    while ((got = take_parameter(&at, name, value, sizeof(value))) > 0) {
        if (strcasecmp(name, "boundary") != 0)
            continue;
        if (*boundary)
            return false;
        memcpy(boundary, value, sizeof(value));
    }
    if (got < 0 || !is_boundary(boundary))
        return false;
    m->delimiter_len = strlen(boundary) + 4;
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary, m->delimiter_len - 4);
    return true;
}

/* ------------------------------------------------------- fields of a part */

static bool take_disposition(struct multipart *m, const char *at)
{
    char kind[16];
    char name[32];
    char value[MULTIPART_FILE_MAX];
    bool has_name = false;
    int got;
    if (!take_token(&at, kind, sizeof(kind)) ||
        strcasecmp(kind, "form-data") != 0)
        return false;
    while ((got = take_parameter(&at, name, value, sizeof(value))) > 0) {
        if (strcasecmp(name, "name") == 0) {
            if (has_name || strlen(value) >= sizeof(m->name))
                return false;
            strcpy(m->name, value);
            has_name = true;
        } else if (strcasecmp(name, "filename") == 0) {
            if (m->has_file_name)
                return false;
            strcpy(m->file_name, value);
            m->has_file_name = true;
        }
    }
    return got == 0 && has_name;
}

static bool is_plain_encoding(const char *value)
{
    return strcasecmp(value, "binary") == 0 || strcasecmp(value, "8bit") == 0 ||
           strcasecmp(value, "7bit") == 0;
}

/* One line, terminated; false with m->why. */
static bool take_field(struct multipart *m, char *line, bool *disposed)
{
    char *colon = line;
    while (http_is_token((unsigned char)*colon))
        colon++;
    bool good = colon > line && *colon == ':';
    for (char *c = colon; good && *c; c++)
        good = http_is_text((unsigned char)*c);
    if (!good) {
        m->why = "a field of a part is broken";
        return false;
    }
    *colon = '\0';
    const char *value = colon + 1;
    skip_space(&value);
    if (strcasecmp(line, "Content-Disposition") == 0) {
        if (*disposed || !take_disposition(m, value)) {
            m->why = "a part does not say which field it is";
            return false;
        }
        *disposed = true;
    } else if (strcasecmp(line, "Content-Transfer-Encoding") == 0 &&
               !is_plain_encoding(value)) {
        m->why = "a part is encoded";
        return false;
    }
    return true;
}

/* `head` is whole lines, each with its CR LF. */
static bool take_fields(struct multipart *m, struct slice head)
{
    char line[MULTIPART_HEAD_MAX + 1];
    bool disposed = false;
    m->has_file_name = false;
    m->name[0] = '\0';
    m->file_name[0] = '\0';
    for (const char *at = head.ptr, *end; at < head.ptr + head.len;
         at = end + 2) {
        end = memmem(at, (size_t)(head.ptr + head.len - at), "\r\n", 2);
        size_t len = (size_t)(end - at);
        if (memchr(at, '\0', len)) {
            m->why = "a field of a part is broken";
            return false;
        }
        memcpy(line, at, len);
        line[len] = '\0';
        if (!take_field(m, line, &disposed))
            return false;
    }
    if (!disposed)
        m->why = "a part does not say which field it is";
    return disposed;
}

/* -------------------------------------------------------------- the steps */

/* How much of the window is certainly no part of the text that is sought. */
static size_t before_partial(struct slice window, const char *text, size_t len)
{
    size_t from = window.len >= len ? window.len - len + 1 : 0;
    for (; from < window.len; from++) {
        if (memcmp(window.ptr + from, text, window.len - from) == 0)
            break;
    }
    return from;
}

static enum multipart_event in_preamble(struct multipart *m,
                                        struct slice window, size_t *used)
{
    const char *text = m->delimiter;
    size_t len = m->delimiter_len;
    if (m->preamble == 0) {
        size_t there = window.len < len - 2 ? window.len : len - 2;
        if (memcmp(window.ptr, text + 2, there) == 0) {
            if (there < len - 2)
                return MULTIPART_MORE;
            *used = len - 2;
            m->state = BEHIND;
            return MULTIPART_MORE;
        }
    }
    const char *found = memmem(window.ptr, window.len, text, len);
    size_t skipped = found ? (size_t)(found - window.ptr)
                           : before_partial(window, text, len);
    m->preamble += skipped;
    if (m->preamble > MULTIPART_PREAMBLE_MAX)
        return bad(m, "the form does not begin with its boundary");
    *used = skipped;
    if (found) {
        *used += len;
        m->state = BEHIND;
    }
    return MULTIPART_MORE;
}

static enum multipart_event behind_delimiter(struct multipart *m,
                                             struct slice window, size_t *used)
{
    if (window.len < 2)
        return MULTIPART_MORE;
    *used = 2;
    if (memcmp(window.ptr, "--", 2) == 0) {
        m->state = DONE;
        return MULTIPART_END;
    }
    if (memcmp(window.ptr, "\r\n", 2) != 0)
        return bad(m, "the boundary stands inside a part");
    if (m->parts++ == MULTIPART_PARTS_MAX)
        return bad(m, "the form has too many parts");
    m->state = HEAD;
    return MULTIPART_MORE;
}

static enum multipart_event in_head(struct multipart *m, struct slice window,
                                    size_t *used)
{
    size_t limit =
        window.len < MULTIPART_HEAD_MAX ? window.len : MULTIPART_HEAD_MAX;
    const char *end = memmem(window.ptr, limit, "\r\n\r\n", 4);
    bool none = limit >= 2 && memcmp(window.ptr, "\r\n", 2) == 0;
    if (!end && !none)
        return limit < MULTIPART_HEAD_MAX
                   ? MULTIPART_MORE
                   : bad(m, "the fields of a part are too long");
    size_t len = none ? 0 : (size_t)(end - window.ptr) + 2;
    *used = len + 2;
    if (!take_fields(m, (struct slice){window.ptr, len}))
        return MULTIPART_BAD;
    m->state = CONTENT;
    return MULTIPART_PART;
}

static enum multipart_event in_content(struct multipart *m, struct slice window,
                                       size_t *used, struct slice *data)
{
    const char *found =
        memmem(window.ptr, window.len, m->delimiter, m->delimiter_len);
    size_t len = found ? (size_t)(found - window.ptr)
                       : before_partial(window, m->delimiter, m->delimiter_len);
    *used = len;
    if (len > 0) {
        *data = (struct slice){window.ptr, len};
        return MULTIPART_DATA;
    }
    if (!found)
        return MULTIPART_MORE;
    *used = m->delimiter_len;
    m->state = BEHIND;
    return MULTIPART_PART_END;
}

static enum multipart_event step(struct multipart *m, struct slice window,
                                 size_t *used, struct slice *data)
{
    switch (m->state) {
    case PREAMBLE:
        return in_preamble(m, window, used);
    case BEHIND:
        return behind_delimiter(m, window, used);
    case HEAD:
        return in_head(m, window, used);
    case CONTENT:
        return in_content(m, window, used, data);
    default:
        return MULTIPART_END;
    }
}

enum multipart_event multipart_next(struct multipart *m, struct slice window,
                                    bool last, size_t *used, struct slice *data)
{
    *used = 0;
    for (;;) {
        size_t taken = 0;
        int state = m->state;
        struct slice rest = {window.ptr + *used, window.len - *used};
        enum multipart_event event = step(m, rest, &taken, data);
        *used += taken;
        if (event != MULTIPART_MORE)
            return event;
        /* Nothing was taken and nothing has changed: it needs more. */
        if (taken == 0 && state == m->state)
            break;
    }
    return last ? bad(m, "the form ends before its end") : MULTIPART_MORE;
}
