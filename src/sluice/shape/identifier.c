/* SPDX-License-Identifier: Apache-2.0 */
/* identifier.c: sanitised names. */
#include "shape/identifier.h"

#include <stdio.h>
#include <string.h>

/*
 * Code point at the start of well-formed UTF-8. The reader has checked the
 * text; a byte that is not UTF-8 after all counts as one odd character.
 */
static uint32_t code_point(struct slice s, size_t *len)
{
    const unsigned char *p = (const unsigned char *)s.ptr;
    uint32_t c = p[0];
    size_t n = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;

    if (n > s.len)
        n = 1;
    if (n > 1)
        c &= 0x7fu >> n;
    for (size_t i = 1; i < n; i++)
        c = c << 6 | (p[i] & 0x3f);
    *len = n;
    return c;
}

/*
 * Letters and digits. Beyond ASCII that is everything but the blocks of signs
 * and spaces that headers meet: Latin-1's, general punctuation, currency,
 * letter-like symbols to boxes, CJK and full-width punctuation, the byte order
 * mark.
 */
static bool is_word(uint32_t c)
{
    if (c < 0x80)
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
               (c >= 'A' && c <= 'Z');
    if (c < 0xc0)
        return c == 0xaa || c == 0xb5 || c == 0xba;
    return c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c <= 0x206f) &&
           !(c >= 0x20a0 && c <= 0x2bff) && !(c >= 0x3000 && c <= 0x3004) &&
           !(c >= 0x3008 && c <= 0x3020) && !(c >= 0xff00 && c <= 0xff0f) &&
           !(c >= 0xff1a && c <= 0xff20) && !(c >= 0xff3b && c <= 0xff40) &&
           !(c >= 0xff5b && c <= 0xff65) && c != 0xfeff && c != 0xfffd;
}

void identifier_fold(struct slice text, char out[IDENTIFIER_MAX + 1])
{
    size_t used = 0;
    bool gap = false;
    size_t n;

    for (size_t i = 0; i < text.len; i += n) {
        struct slice rest = {text.ptr + i, text.len - i};
        uint32_t c = code_point(rest, &n);

        if (!is_word(c)) {
            gap = used > 0;
            continue;
        }
        if (used + gap + n > IDENTIFIER_MAX)
            break;
        if (gap)
            out[used++] = '_';
        gap = false;
        memcpy(out + used, rest.ptr, n);
        if (c >= 'A' && c <= 'Z')
            out[used] = (char)(c + ('a' - 'A'));
        used += n;
    }
    out[used] = '\0';
}

void identifier_make(struct slice text, const char *fallback,
                     struct identifier *out)
{
    char folded[IDENTIFIER_MAX + 1];
    struct slice name = {folded, 0};
    size_t start = 0;

    identifier_fold(text, folded);
    name.len = strlen(folded);
    if (name.len == 0)
        name = slice_of(fallback);
    if (name.len > 0 && name.ptr[0] >= '0' && name.ptr[0] <= '9')
        out->name[start++] = '_';
    name.len = utf8_prefix(name, IDENTIFIER_MAX - start);
    memcpy(out->name + start, name.ptr, name.len);
    out->name[start + name.len] = '\0';
    out->next = 2;
}

static struct identifier *find(struct identifier *made, size_t count,
                               const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(made[i].name, name) == 0)
            return &made[i];
    }
    return NULL;
}

/*
 * The name that is taken remembers where its suffixes have got to, so that a
 * thousand equal headers do not try a thousand suffixes each.
 */
void identifier_unique(struct identifier *made, size_t count)
{
    struct identifier *own = &made[count];
    struct identifier *first = find(made, count, own->name);
    struct slice base;

    if (!first)
        return;
    base = slice_of(first->name);
    do {
        char suffix[16];
        size_t len = (size_t)snprintf(suffix, sizeof(suffix), "_%u",
                                      (unsigned)first->next++);
        size_t kept = utf8_prefix(base, IDENTIFIER_MAX - len);

        memcpy(own->name, base.ptr, kept);
        memcpy(own->name + kept, suffix, len + 1);
    } while (find(made, count, own->name));
}

void identifier_of_path(const char *path, struct identifier *out)
{
    const char *slash = strrchr(path, '/');
    struct slice name = slice_of(slash ? slash + 1 : path);
    const char *dot = memrchr(name.ptr, '.', name.len);

    if (dot && dot > name.ptr)
        name.len = (size_t)(dot - name.ptr);
    identifier_make(name, "import", out);
}
