/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_multipart.c: a form means the same however its bytes are cut.
 */
#include <stdlib.h>

#include "check.h"
#include "serve/multipart.h"

#define TYPE "multipart/form-data; boundary=XX"

/* What was seen: "[name|file name]content]...$", or "!" for what is bad. */
static char seen[200000];
static size_t seen_len;

static void see(const char *text, size_t len)
{
    memcpy(seen + seen_len, text, len);
    seen_len += len;
    seen[seen_len] = '\0';
}

static bool see_event(const struct multipart *m, enum multipart_event event,
                      struct slice data)
{
    switch (event) {
    case MULTIPART_PART:
        see("[", 1);
        see(m->name, strlen(m->name));
        if (m->has_file_name) {
            see("|", 1);
            see(m->file_name, strlen(m->file_name));
        }
        see("]", 1);
        return true;
    case MULTIPART_DATA:
        see(data.ptr, data.len);
        return true;
    case MULTIPART_PART_END:
        see(";", 1);
        return true;
    case MULTIPART_END:
        see("$", 1);
        return false;
    case MULTIPART_BAD:
        CHECK(m->why != NULL);
        see("!", 1);
        return false;
    default:
        return true;
    }
}

/* Offers `step` more bytes each time nothing can be done with what is there. */
static const char *read_by(const char *type, const char *body, size_t len,
                           size_t step)
{
    struct multipart m;
    size_t begin = 0;
    size_t end = 0;
    seen_len = 0;
    seen[0] = '\0';
    if (!multipart_open(&m, type))
        return "no form";
    for (;;) {
        struct slice data;
        size_t used;
        enum multipart_event event =
            multipart_next(&m, (struct slice){body + begin, end - begin},
                           end == len, &used, &data);
        begin += used;
        if (!see_event(&m, event, data))
            return seen;
        if (event == MULTIPART_MORE)
            end = len - end < step ? len : end + step;
    }
}

static void check_form(const char *body, const char *wanted)
{
    size_t len = strlen(body);
    for (size_t step = 1; step <= len + 1; step++) {
        const char *got = read_by(TYPE, body, len, step);
        CHECK_MSG(strcmp(got, wanted) == 0, "%s, not %s, by %zu: %s", got,
                  wanted, step, body);
    }
}

#define PART(fields, content) "--XX\r\n" fields "\r\n\r\n" content "\r\n"
#define FIELD(rest)           "Content-Disposition: form-data; " rest
#define FILE_A                FIELD("name=\"file\"; filename=\"a.xlsx\"")

static void reads_forms(void)
{
    check_form(PART(FILE_A, "data") "--XX--\r\n", "[file|a.xlsx]data;$");
    check_form(PART(FILE_A, "data") "--XX--", "[file|a.xlsx]data;$");
    check_form(PART(FIELD("name=a"), "1") PART(FILE_A "\r\nContent-Type: x/y",
                                               "2") "--XX--\r\nepilogue",
               "[a]1;[file|a.xlsx]2;$");
    check_form("before\r\nit\r\n" PART(FILE_A, "data") "--XX--",
               "[file|a.xlsx]data;$");
    check_form("\r\n" PART(FILE_A, "") "--XX--", "[file|a.xlsx];$");
    check_form("--XX--", "$");
    check_form(PART("content-disposition:form-data;name=file;filename=\"\"",
                    "") "--XX--",
               "[file|];$");
}

static void tells_content_from_boundaries(void)
{
    check_form(PART(FILE_A, "--XX") "--XX--", "[file|a.xlsx]--XX;$");
    check_form(PART(FILE_A, "\r\n--X\r\n-\r\n--\r\n") "--XX--",
               "[file|a.xlsx]\r\n--X\r\n-\r\n--\r\n;$");
    check_form(PART(FILE_A, "\r\n\r\n") "--XX--", "[file|a.xlsx]\r\n\r\n;$");
    check_form(PART(FILE_A, "\r\r\n--X\r") "--XX--",
               "[file|a.xlsx]\r\r\n--X\r;$");
    check_form(PART(FILE_A, "\n--XX\n") "--XX--", "[file|a.xlsx]\n--XX\n;$");
}

static void reads_names(void)
{
    check_form(PART(FIELD("name=\"a\\\"b\"; filename=\"C:\\dir\\x.xlsx\""),
                    "") "--XX--",
               "[a\"b|C:\\dir\\x.xlsx];$");
    check_form(PART(FIELD("filename=\"a;b\"; name=\"n\""), "") "--XX--",
               "[n|a;b];$");
    check_form(
        PART(FIELD("name=\"n\"; filename*=UTF-8''x; other=1"), "") "--XX--",
        "[n];$");
    check_form(PART(FIELD("name=\"\xc3\xa4\""), "") "--XX--", "[\xc3\xa4];$");
}

static void refuses(void)
{
    check_form("", "!");
    check_form("data", "!");
    check_form("--XY\r\n", "!");
    check_form("--XX", "!");
    check_form("--XXY\r\n", "!");
    check_form("--XX \r\n", "!");
    check_form("--XX\n", "!");
    check_form("--XX\r\n" FILE_A "\r\n\r\ndata", "[file|a.xlsx]data!");
    check_form("--XX\r\n" FILE_A "\r\n\r\ndata\r\n--XX", "[file|a.xlsx]data;!");
    check_form("--XX\r\n" FILE_A "\r\n\r\ndata\r\n--XXX",
               "[file|a.xlsx]data;!");
    check_form("--XX\r\n" FILE_A "\r\n", "!");
    check_form(PART("", "data") "--XX--", "!");
    check_form("--XX\r\n\r\ndata\r\n--XX--", "!");
    check_form(PART("Content-Type: a/b", "") "--XX--", "!");
    check_form(PART("Content-Disposition: attachment; name=a", "") "--XX--",
               "!");
    check_form(PART("Content-Disposition: form-data", "") "--XX--", "!");
    check_form(PART(FIELD("name"), "") "--XX--", "!");
    check_form(PART(FIELD("name=\"a"), "") "--XX--", "!");
    check_form(PART(FIELD("name=\"a\" x"), "") "--XX--", "!");
    check_form(PART(FIELD("name=a; name=b"), "") "--XX--", "!");
    check_form(PART(FIELD("name=a; filename=b; filename=c"), "") "--XX--", "!");
    check_form(PART(FILE_A "\r\n" FILE_A, "") "--XX--", "!");
    check_form(PART(FILE_A "\r\n folded", "") "--XX--", "!");
    check_form(PART(FILE_A "\r\nA : b", "") "--XX--", "!");
    check_form(PART(FILE_A "\r\nA: \x01", "") "--XX--", "!");
    check_form(
        PART(FILE_A "\r\nContent-Transfer-Encoding: base64", "") "--XX--", "!");
    check_form(
        PART(FILE_A "\r\nContent-Transfer-Encoding: binary", "") "--XX--",
        "[file|a.xlsx];$");
}

static void refuses_nul_in_fields(void)
{
    static const char body[] = "--XX\r\n" FIELD("name=\"a\0b\"") "\r\n\r\n";
    CHECK_EQ_STR(read_by(TYPE, body, sizeof(body) - 1, 1), "!");
}

static void reads_the_boundary(void)
{
    static const char *const good[] = {
        TYPE,
        "Multipart/Form-Data;charset=utf-8 ;  Boundary=\"XX\"",
        "multipart/form-data; boundary=XX;",
    };
    static const char *const wrong[] = {
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=\"\"",
        "multipart/form-data; boundary=\"a ",
        "multipart/form-data; boundary=\"a \"",
        "multipart/form-data; boundary=a@",
        "multipart/form-data; boundary=\"a\\\"\"",
        "multipart/form-data; boundary=XX; boundary=XX",
        "multipart/form-data boundary=XX",
        "multipart/form-datax; boundary=XX",
        "multipart/mixed; boundary=XX",
        "application/octet-stream",
        "",
    };
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
        CHECK_EQ_STR(read_by(good[i], "--XX--", 6, 6), "$");
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK_MSG(strcmp(read_by(wrong[i], "--XX--", 6, 6), "no form") == 0,
                  "%s", wrong[i]);
    char type[200];
    snprintf(type, sizeof(type), "multipart/form-data; boundary=%070d", 1);
    CHECK_EQ_STR(read_by(type, "x", 1, 1), "!");
    snprintf(type, sizeof(type), "multipart/form-data; boundary=%071d", 1);
    CHECK_EQ_STR(read_by(type, "x", 1, 1), "no form");
}

/* How a form of `parts` parts ends, whose last has fields of `size` bytes. */
static char ends(unsigned parts, size_t size, size_t preamble)
{
    char *body = malloc(parts * 100 + size + preamble + 1000);
    if (!body)
        abort();
    size_t len = 0;
    memset(body, 'p', preamble);
    len += preamble;
    len += (size_t)sprintf(body + len, preamble ? "\r\n" : "");
    for (unsigned i = 0; i + 1 < parts; i++)
        len += (size_t)sprintf(body + len, PART(FIELD("name=a"), ""));
    len += (size_t)sprintf(body + len, "--XX\r\n" FIELD("name=a") "\r\nA:");
    memset(body + len, 'x', size);
    len += size;
    len += (size_t)sprintf(body + len, "\r\n\r\n\r\n--XX--");
    char last = 0;
    for (size_t step = 1; step <= len; step += 1 + len / 5) {
        const char *got = read_by(TYPE, body, len, step);
        char end = got[strlen(got) - 1];
        CHECK(last == 0 || last == end);
        last = end;
    }
    free(body);
    return last;
}

static void limits(void)
{
    CHECK_EQ_INT(ends(MULTIPART_PARTS_MAX, 10, 0), '$');
    CHECK_EQ_INT(ends(MULTIPART_PARTS_MAX + 1, 10, 0), '!');
    CHECK_EQ_INT(ends(1, MULTIPART_HEAD_MAX - 100, 0), '$');
    CHECK_EQ_INT(ends(1, MULTIPART_HEAD_MAX, 0), '!');
    CHECK_EQ_INT(ends(1, 10, MULTIPART_PREAMBLE_MAX), '$');
    CHECK_EQ_INT(ends(1, 10, MULTIPART_PREAMBLE_MAX + 1), '!');
}

CHECK_MAIN(reads_forms, tells_content_from_boundaries, reads_names, refuses,
           refuses_nul_in_fields, reads_the_boundary, limits)
