/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_out.c: numbers and strings of JSON (RFC 8259).
 */
#include "trace_out.h"

#include <string.h>

/* An escaped character at most. */
#define CHARACTER_MAX 8
#define REPLACEMENT   "\xef\xbf\xbd" /* U+FFFD */

void out_flush(struct trace_out *out)
{
    if (out->status == RN_OK && out->used > 0)
        out->status = out->sink->write(out->sink->arg, out->buffer, out->used);
    out->used = 0;
}

static void bytes(struct trace_out *out, const char *data, size_t size)
{
    while (size > 0) {
        size_t room = TRACE_OUT_BYTES - out->used;
        size_t piece = size < room ? size : room;
        memcpy(out->buffer + out->used, data, piece);
        out->used += piece;
        data += piece;
        size -= piece;
        if (out->used == TRACE_OUT_BYTES)
            out_flush(out);
    }
}

void out_text(struct trace_out *out, const char *text)
{
    bytes(out, text, strlen(text));
}

void out_number(struct trace_out *out, uint64_t number)
{
    char digits[20];
    size_t at = sizeof(digits);
    do
        digits[--at] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    bytes(out, digits + at, sizeof(digits) - at);
}

void out_signed(struct trace_out *out, int64_t number)
{
    if (number < 0)
        out_text(out, "-");
    out_number(out, number < 0 ? 0 - (uint64_t)number : (uint64_t)number);
}

void out_time(struct trace_out *out, uint64_t ns)
{
    char part[4] = {'.', (char)('0' + ns / 100 % 10),
                    (char)('0' + ns / 10 % 10), (char)('0' + ns % 10)};
    out_number(out, ns / 1000);
    bytes(out, part, sizeof(part));
}

/*
 * Length of the well-formed character that begins there (Unicode 15, table 3-7:
 * shortest form, no surrogates, nothing above U+10FFFF); 0: there is none.
 */
static size_t character(const unsigned char *at)
{
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    size_t more;
    if (at[0] < 0x80)
        return 1;
    if (at[0] >= 0xc2 && at[0] <= 0xdf)
        more = 1;
    else if (at[0] >= 0xe0 && at[0] <= 0xef)
        more = 2;
    else if (at[0] >= 0xf0 && at[0] <= 0xf4)
        more = 3;
    else
        return 0;
    if (at[0] == 0xe0)
        low = 0xa0;
    else if (at[0] == 0xed)
        high = 0x9f;
    else if (at[0] == 0xf0)
        low = 0x90;
    else if (at[0] == 0xf4)
        high = 0x8f;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i <= more; i++)
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    return more + 1;
}

static void escape(struct trace_out *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char text[CHARACTER_MAX] = {'\\', (char)c};
    if (c < 0x20) {
        memcpy(text + 1, "u00", 3);
        text[4] = hex[c >> 4];
        text[5] = hex[c & 15];
    }
    out_text(out, text);
}

void out_string(struct trace_out *out, const char *prefix, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    out_text(out, "\"");
    out_text(out, prefix);
    while (*at) {
        size_t size = character(at);
        if (*at < 0x20 || *at == '"' || *at == '\\')
            escape(out, *at);
        else if (size > 0)
            bytes(out, (const char *)at, size);
        else
            out_text(out, REPLACEMENT);
        at += size ? size : 1;
    }
    out_text(out, "\"");
}
