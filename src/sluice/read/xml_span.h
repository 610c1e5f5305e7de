/* SPDX-License-Identifier: Apache-2.0 */
/*
 * xml_span.h: the way past the events, for what a sheet repeats a million
 * times.
 *
 * A reader may match the bytes of the scanner's window itself, from x->pos on,
 * and move x->pos behind what it took. It must take whole elements only, and
 * only shapes it knows to the byte; for everything else it leaves x->pos where
 * it was and asks for events. The NUL at x->end and the padding behind it let
 * it compare without asking how much is left: no shape contains NUL.
 */
#ifndef SLUICE_XML_SPAN_H
#define SLUICE_XML_SPAN_H

#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "read/xml.h"

/* What a text holds that may need decoding or checking. */
enum {
    XML_SPAN_ODD = 1,  /* '&', CR and other controls */
    XML_SPAN_BAR = 2,  /* '_' */
    XML_SPAN_HIGH = 4, /* not ASCII */
};

/* Text up to the next tag. */
struct xml_span {
    const char *end; /* the '<', or NULL if it is not in the window */
    unsigned special;
};

#ifdef __SSE2__

static inline struct xml_span xml_span(const char *p, const char *end)
{
    const __m128i tag = _mm_set1_epi8('<');
    const __m128i amp = _mm_set1_epi8('&');
    const __m128i bar = _mm_set1_epi8('_');
    const __m128i space = _mm_set1_epi8(' ');
    unsigned odds = 0;
    unsigned bars = 0;
    unsigned highs = 0;

    for (; p < end; p += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)p);
        /* Signed: what is not ASCII counts as below the space, too. */
        __m128i odd =
            _mm_or_si128(_mm_cmplt_epi8(v, space), _mm_cmpeq_epi8(v, amp));
        unsigned found = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, tag));
        unsigned before = found ? (found & -found) - 1 : 0xffff;
        unsigned high = (unsigned)_mm_movemask_epi8(v);

        odds |= (unsigned)_mm_movemask_epi8(odd) & ~high & before;
        bars |= (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(v, bar)) & before;
        highs |= high & before;
        if (found) {
            p += __builtin_ctz(found);
            return (struct xml_span){p < end ? p : NULL,
                                     (odds ? XML_SPAN_ODD : 0u) |
                                         (bars ? XML_SPAN_BAR : 0u) |
                                         (highs ? XML_SPAN_HIGH : 0u)};
        }
    }
    return (struct xml_span){NULL, 0};
}

#else

static inline struct xml_span xml_span(const char *p, const char *end)
{
    unsigned special = 0;

    for (; p < end; p++) {
        unsigned char c = (unsigned char)*p;

        if (c == '<')
            return (struct xml_span){p, special};
        if (c >= 0x80)
            special |= XML_SPAN_HIGH;
        else if (c < ' ' || c == '&')
            special |= XML_SPAN_ODD;
        else if (c == '_')
            special |= XML_SPAN_BAR;
    }
    return (struct xml_span){NULL, 0};
}

#endif

/* Is the text from p on, special or not, its own decoded form? */
static inline bool xml_span_is_plain(struct xml_span span, const char *p)
{
    struct slice s = {p, (size_t)(span.end - p)};

    if ((span.special & XML_SPAN_ODD) &&
        (memchr(p, '&', s.len) || memchr(p, '\r', s.len) ||
         xml_check_text(s) != ISSUE_NONE))
        return false;
    if ((span.special & XML_SPAN_BAR) && memmem(p, s.len, "_x", 2))
        return false;
    return !(span.special & XML_SPAN_HIGH) || utf8_check(s) == s.len;
}

#endif
