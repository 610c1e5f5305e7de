/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile_format.c: write as it comes; words, sites and functions at the end.
 *
 * pprof's format is one protobuf message, whose fields may come in any order:
 * so samples are written when they come, with the numbers of their sites. Field
 * numbers below are those of its profile.proto. pprof takes it without gzip.
 */
#include "profile_format.h"

#include <stdio.h>
#include <string.h>

#include "os.h"
#include "sites.h"

static struct {
    enum rn_profile_format format;
    int value; /* folded: which is written */
    size_t used;
    char bytes[16384];
} out;

static void flush(void)
{
    os_print(out.bytes, out.used);
    out.used = 0;
}

static void put(const void *bytes, size_t size)
{
    const char *from = bytes;
    while (size > 0) {
        size_t room = sizeof(out.bytes) - out.used;
        size_t part = size < room ? size : room;
        memcpy(out.bytes + out.used, from, part);
        out.used += part;
        from += part;
        size -= part;
        if (out.used == sizeof(out.bytes))
            flush();
    }
}

/* --------------------------------------------------------------- protobuf */

/* A message that another one holds: its length stands before it. */
struct message {
    size_t size;
    unsigned char
        bytes[2048]; /* of a sample of TALLY_FRAMES sites: under 1 K */
};

enum { VARINT = 0, BYTES = 2 };

static size_t varint(unsigned char *to, uint64_t value)
{
    size_t size = 0;
    for (; value >= 128; value >>= 7)
        to[size++] = (unsigned char)(value | 128);
    to[size++] = (unsigned char)value;
    return size;
}

static void add_varint(struct message *m, uint64_t value)
{
    m->size += varint(m->bytes + m->size, value);
}

static void add_number(struct message *m, unsigned field, uint64_t value)
{
    add_varint(m, field << 3 | VARINT);
    add_varint(m, value);
}

static void add_message(struct message *m, unsigned field,
                        const struct message *inner)
{
    add_varint(m, field << 3 | BYTES);
    add_varint(m, inner->size);
    memcpy(m->bytes + m->size, inner->bytes, inner->size);
    m->size += inner->size;
}

static void put_varint(uint64_t value)
{
    unsigned char bytes[10];
    put(bytes, varint(bytes, value));
}

static void put_number(unsigned field, uint64_t value)
{
    put_varint(field << 3 | VARINT);
    put_varint(value);
}

static void put_bytes(unsigned field, const void *bytes, size_t size)
{
    put_varint(field << 3 | BYTES);
    put_varint(size);
    put(bytes, size);
}

static void put_message(unsigned field, const struct message *m)
{
    put_bytes(field, m->bytes, m->size);
}

/* ------------------------------------------------------------------ pprof */

/* Profile */
enum {
    SAMPLE_TYPE = 1,
    SAMPLE = 2,
    LOCATION = 4,
    FUNCTION = 5,
    STRING_TABLE = 6,
    TIME_NANOS = 9,
    DURATION_NANOS = 10,
    PERIOD_TYPE = 11,
    PERIOD = 12
};

static void put_unit(unsigned field, const struct format_unit *unit)
{
    struct message m = {.size = 0};
    add_number(&m, 1, word_of(unit->type));
    add_number(&m, 2, word_of(unit->unit));
    put_message(field, &m);
}

static void pprof_begin(const struct format_head *head)
{
    for (size_t i = 0; i < FORMAT_VALUES && head->values[i].type; i++)
        put_unit(SAMPLE_TYPE, &head->values[i]);
    put_unit(PERIOD_TYPE, &head->period_type);
    put_number(PERIOD, (uint64_t)head->period);
    put_number(TIME_NANOS, (uint64_t)head->began);
    put_number(DURATION_NANOS, (uint64_t)head->lasted_ns);
}

static void add_label(struct message *sample, const char *key,
                      const char *value)
{
    struct message m = {.size = 0};
    if (!value || !*value)
        return;
    add_number(&m, 1, word_of(key));
    add_number(&m, 2, word_of(value));
    add_message(sample, 3, &m);
}

static void pprof_sample(const struct format_sample *sample, size_t values)
{
    struct message m = {.size = 0};
    for (size_t i = 0; i < sample->depth; i++)
        add_number(&m, 1, sample->sites[i]);
    for (size_t i = 0; i < values; i++)
        add_number(&m, 2, sample->values[i]);
    add_label(&m, "created", sample->where);
    add_label(&m, "goroutine", sample->name);
    add_label(&m, "reason", sample->reason);
    put_message(SAMPLE, &m);
}

static void put_location(uint32_t number)
{
    const struct site *site = site_at(number);
    struct message line = {.size = 0};
    struct message m = {.size = 0};
    add_number(&line, 1, site->function);
    add_number(&line, 2, site->line);
    add_number(&m, 1, number);
    add_number(&m, 3, site->address);
    add_message(&m, 4, &line);
    put_message(LOCATION, &m);
}

static void put_function(const struct site *site)
{
    struct message m = {.size = 0};
    add_number(&m, 1, site->function);
    add_number(&m, 2, site->name);
    add_number(&m, 3, site->name);
    add_number(&m, 4, site->file);
    put_message(FUNCTION, &m);
}

static void pprof_end(void)
{
    uint32_t functions = 0; /* their numbers grow with those of the sites */
    for (uint32_t i = 1; i < sites_count(); i++) {
        put_location(i);
        if (site_at(i)->function > functions) {
            put_function(site_at(i));
            functions = site_at(i)->function;
        }
    }
    for (uint32_t i = 0; i < words_count(); i++)
        put_bytes(STRING_TABLE, word_text(i), strlen(word_text(i)));
}

/* ----------------------------------------------------------------- folded */

/* A frame may have no semicolon and no line end in it. */
static void put_frame(const char *text)
{
    for (; *text; text++) {
        char c = *text;
        if (c == ';')
            c = ',';
        else if ((unsigned char)c < ' ' || c == 127)
            c = '?';
        put(&c, 1);
    }
}

static void folded_sample(const struct format_sample *sample)
{
    char number[32];
    if (sample->where) {
        put_frame("created at ");
        put_frame(sample->where);
    } else {
        put_frame("no goroutine");
    }
    if (sample->name && sample->name[0]) {
        put_frame(": ");
        put_frame(sample->name);
    }
    for (size_t i = sample->depth; i-- > 0;) {
        put(";", 1);
        put_frame(word_text(site_at(sample->sites[i])->name));
    }
    if (sample->reason) {
        put(";[", 2);
        put_frame(sample->reason);
        put("]", 1);
    }
    int size = snprintf(number, sizeof(number), " %llu\n",
                        (unsigned long long)sample->values[out.value]);
    put(number, (size_t)size);
}

/* ------------------------------------------------------------------- both */

void format_begin(enum rn_profile_format format, const struct format_head *head)
{
    out.format = format;
    out.used = 0;
    out.value = head->values[1].type ? 1 : 0;
    if (format == RN_PROFILE_PPROF)
        pprof_begin(head);
}

void format_sample(const struct format_sample *sample)
{
    if (out.format == RN_PROFILE_PPROF)
        pprof_sample(sample, (size_t)out.value + 1);
    else
        folded_sample(sample);
}

void format_end(void)
{
    if (out.format == RN_PROFILE_PPROF)
        pprof_end();
    flush();
}
