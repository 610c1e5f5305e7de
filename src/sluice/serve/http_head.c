/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_head.c: the head of a request, strictly.
 */
#include "serve/http_head.h"

#include <string.h>

/* What a byte may be part of. */
enum {
    TOKEN = 1,   /* methods, names of fields */
    TEXT = 2,    /* values of fields: neither a control nor DEL, but for tab */
    VISIBLE = 4, /* addresses: ASCII, no white space, no fragment */
    DIGIT = 8,
};
#define MARK (TEXT | VISIBLE)
#define WORD (TEXT | VISIBLE | TOKEN)

static const unsigned char classes[256] = {
    ['\t'] = TEXT,        [' '] = TEXT,         ['!'] = WORD,
    ['"'] = MARK,         ['#'] = TEXT | TOKEN, ['$' ... '\''] = WORD,
    ['(' ... ')'] = MARK, ['*' ... '+'] = WORD, [','] = MARK,
    ['-' ... '.'] = WORD, ['/'] = MARK,         ['0' ... '9'] = WORD | DIGIT,
    [':' ... '@'] = MARK, ['A' ... 'Z'] = WORD, ['[' ... ']'] = MARK,
    ['^' ... 'z'] = WORD, ['{'] = MARK,         ['|'] = WORD,
    ['}'] = MARK,         ['~'] = WORD,         [0x80 ... 0xff] = TEXT,
};

bool http_is_token(unsigned char c)
{
    return (classes[c] & TOKEN) != 0;
}

bool http_is_text(unsigned char c)
{
    return (classes[c] & TEXT) != 0;
}

/* Every byte is of that class. */
static bool all(struct slice text, unsigned char class)
{
    unsigned char common = class;
    for (size_t i = 0; i < text.len; i++)
        common &= classes[(unsigned char)text.ptr[i]];
    return common != 0;
}

int64_t http_head_end(const char *bytes, size_t size, size_t *scanned)
{
    size_t limit = size < HTTP_HEAD_MAX ? size : HTTP_HEAD_MAX;
    while (*scanned < limit) {
        const char *feed = memchr(bytes + *scanned, '\n', limit - *scanned);
        if (!feed)
            break;
        size_t at = (size_t)(feed - bytes);
        if (at == 0 || feed[-1] != '\r')
            return -400;
        *scanned = at + 1;
        /* The end is a line that is empty; the first line must not be. */
        if (at == 1)
            return -400;
        if (at >= 3 && feed[-2] == '\n')
            return (int64_t)at + 1;
    }
    if (*scanned < limit && !memchr(bytes + *scanned, '\n', limit - *scanned))
        *scanned = limit;
    return limit < size || size == HTTP_HEAD_MAX ? -431 : 0;
}

/* --------------------------------------------------------- the first line */

/* Cuts the bytes before `stop` off the line; false when there is no `stop`. */
static bool cut(struct slice *line, char stop, struct slice *before)
{
    const char *at = memchr(line->ptr, stop, line->len);
    if (!at)
        return false;
    before->ptr = line->ptr;
    before->len = (size_t)(at - line->ptr);
    line->ptr = at + 1;
    line->len -= before->len + 1;
    return true;
}

static bool begins(struct slice text, const char *with)
{
    size_t len = strlen(with);
    return text.len >= len && memcmp(text.ptr, with, len) == 0;
}

/*
 * "/path?query"; "http://host/path?query" leaves its host in *authority; "*" is
 * for OPTIONS alone.
 */
static int parse_target(struct slice target, struct http_head *head,
                        struct slice *authority)
{
    if (target.len > HTTP_TARGET_MAX)
        return -414;
    if (target.len == 0 || !all(target, VISIBLE))
        return -400;
    for (const char *const *scheme =
             (const char *const[]){"http://", "https://", NULL};
         *scheme; scheme++) {
        size_t len = strlen(*scheme);
        if (!begins(target, *scheme))
            continue;
        const char *path = memchr(target.ptr + len, '/', target.len - len);
        if (!path)
            return -400;
        authority->ptr = target.ptr + len;
        authority->len = (size_t)(path - authority->ptr);
        target.len -= (size_t)(path - target.ptr);
        target.ptr = path;
    }
    bool server = slice_equal(target, SLICE("*")) &&
                  slice_equal(head->method, SLICE("OPTIONS"));
    if (target.ptr[0] != '/' && !server)
        return -400;
    head->query = target;
    if (!cut(&head->query, '?', &head->path)) {
        head->path = target;
        head->query = (struct slice){NULL, 0};
    }
    return 0;
}

static bool is_digit(unsigned char c)
{
    return (classes[c] & DIGIT) != 0;
}

static int parse_version(struct slice version, struct http_head *head)
{
    const unsigned char *v = (const unsigned char *)version.ptr;
    if (version.len != 8 || !begins(version, "HTTP/") || !is_digit(v[5]) ||
        v[6] != '.' || !is_digit(v[7]))
        return -400;
    if (v[5] != '1' || v[7] > '1')
        return -505;
    head->minor = v[7] - '0';
    return 0;
}

static int parse_request_line(struct slice line, struct http_head *head,
                              struct slice *authority)
{
    struct slice target;
    if (!cut(&line, ' ', &head->method) || head->method.len == 0 ||
        !all(head->method, TOKEN) || !cut(&line, ' ', &target))
        return -400;
    int status = parse_version(line, head);
    return status < 0 ? status : parse_target(target, head, authority);
}

/* ----------------------------------------------------------------- fields */

static struct slice trim(struct slice text)
{
    while (text.len > 0 && (*text.ptr == ' ' || *text.ptr == '\t')) {
        text.ptr++;
        text.len--;
    }
    while (text.len > 0 &&
           (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text.len--;
    return text;
}

static int parse_field(struct slice line, struct http_head *head)
{
    if (head->field_count == HTTP_FIELDS_MAX)
        return -431;
    struct http_field *field = &head->fields[head->field_count++];
    if (!cut(&line, ':', &field->name) || field->name.len == 0 ||
        !all(field->name, TOKEN) || !all(line, TEXT))
        return -400;
    field->value = trim(line);
    return 0;
}

static int parse_length(struct slice value, int64_t *length)
{
    if (value.len == 0 || value.len > 18 || !all(value, DIGIT))
        return -400;
    *length = 0;
    for (size_t i = 0; i < value.len; i++)
        *length = *length * 10 + (value.ptr[i] - '0');
    return 0;
}

/* "close, TE": true when one of the words is this one. */
static bool lists(struct slice value, struct slice word)
{
    struct slice item;
    while (cut(&value, ',', &item)) {
        if (slice_equal_nocase(trim(item), word))
            return true;
    }
    return slice_equal_nocase(trim(value), word);
}

/*
 * "name", "name:80", "1.2.3.4", "[::1]:80": nothing that a path, a user or a
 * second host could hide in.
 */
static bool is_host(struct slice host)
{
    struct slice name = host;
    if (host.len > 0 && host.ptr[0] == '[') {
        const char *end = memchr(host.ptr, ']', host.len);
        if (!end)
            return false;
        name.len = (size_t)(end - host.ptr) + 1;
        for (size_t i = 1; i + 1 < name.len; i++) {
            if (!strchr("0123456789abcdefABCDEF:.", name.ptr[i]) ||
                name.ptr[i] == '\0')
                return false;
        }
    } else {
        const char *end = memchr(host.ptr, ':', host.len);
        if (end)
            name.len = (size_t)(end - host.ptr);
        for (size_t i = 0; i < name.len; i++) {
            unsigned char c = (unsigned char)name.ptr[i];
            if (!is_digit(c) && !((c | 32) >= 'a' && (c | 32) <= 'z') &&
                c != '-' && c != '.' && c != '_')
                return false;
        }
    }
    struct slice port = {host.ptr + name.len, host.len - name.len};
    if (name.len == 0 || port.len > 6)
        return false;
    return port.len == 0 ||
           (port.ptr[0] == ':' &&
            all((struct slice){port.ptr + 1, port.len - 1}, DIGIT));
}

/* What was seen of the fields that may come once. */
struct framing {
    unsigned hosts;
    unsigned lengths;
    unsigned codings;
    bool closes;
    bool keeps;
};

static int take_coding(struct http_head *head, struct slice value)
{
    if (head->minor == 0)
        return -400;
    if (!slice_equal_nocase(value, SLICE("chunked")))
        return -501;
    head->chunked = true;
    return 0;
}

static int take_field(struct http_head *head, const struct http_field *field,
                      struct framing *seen)
{
    struct slice value = field->value;
    switch (field->name.len) {
    case 4:
        if (slice_equal_nocase(field->name, SLICE("Host"))) {
            head->host = value;
            return seen->hosts++ || !is_host(value) ? -400 : 0;
        }
        return 0;
    case 6:
        if (slice_equal_nocase(field->name, SLICE("Expect"))) {
            head->expects_continue = true;
            return slice_equal_nocase(value, SLICE("100-continue")) ? 0 : -417;
        }
        return 0;
    case 10:
        if (slice_equal_nocase(field->name, SLICE("Connection"))) {
            seen->closes = seen->closes || lists(value, SLICE("close"));
            seen->keeps = seen->keeps || lists(value, SLICE("keep-alive"));
        }
        return 0;
    case 14:
        if (slice_equal_nocase(field->name, SLICE("Content-Length")))
            return seen->lengths++ ? -400
                                   : parse_length(value, &head->content_length);
        return 0;
    case 17:
        if (slice_equal_nocase(field->name, SLICE("Transfer-Encoding")))
            return seen->codings++ ? -400 : take_coding(head, value);
        return 0;
    default:
        return 0;
    }
}

static int parse_fields(struct slice rest, struct http_head *head,
                        struct framing *seen)
{
    struct slice line;
    while (cut(&rest, '\n', &line)) {
        line.len--; /* the CR, as http_head_end has seen */
        if (line.len == 0)
            break;
        int status = parse_field(line, head);
        if (status == 0)
            status =
                take_field(head, &head->fields[head->field_count - 1], seen);
        if (status < 0)
            return status;
    }
    return 0;
}

int http_head_parse(const char *bytes, size_t size, struct http_head *head)
{
    struct slice rest = {bytes, size};
    struct slice line;
    struct slice authority = {NULL, 0};
    struct framing seen = {0};
    head->field_count = 0;
    head->chunked = false;
    head->expects_continue = false;
    head->content_length = 0;
    if (!cut(&rest, '\n', &line) || line.len == 0)
        return -400;
    line.len--;
    int status = parse_request_line(line, head, &authority);
    if (status == 0)
        status = parse_fields(rest, head, &seen);
    if (status < 0)
        return status;
    if (seen.hosts != 1 || (seen.lengths > 0 && seen.codings > 0))
        return -400;
    if (authority.ptr && !slice_equal_nocase(authority, head->host))
        return -400;
    head->keep_alive = !seen.closes && (head->minor == 1 || seen.keeps);
    head->expects_continue = head->expects_continue && head->minor == 1;
    if (head->chunked)
        head->content_length = -1;
    return 0;
}

const struct http_field *http_head_field(const struct http_head *head,
                                         struct slice name)
{
    for (size_t i = 0; i < head->field_count; i++) {
        if (slice_equal_nocase(head->fields[i].name, name))
            return &head->fields[i];
    }
    return NULL;
}
