/* SPDX-License-Identifier: Apache-2.0 */
/* test_formats.c: which number formats make a number a date. */
#include "check.h"

#include "read/styles.h"
#include "read/value.h"

static void codes(void)
{
    static const struct {
        const char *code;
        enum number_class class;
    } cases[] = {
        {"General", NUMBER_PLAIN},
        {"", NUMBER_PLAIN},
        {"0.00", NUMBER_PLAIN},
        {"0.00E+00", NUMBER_PLAIN},
        {"0.00e-0", NUMBER_PLAIN},
        {"#,##0;[Red]-#,##0", NUMBER_PLAIN},
        {"\"days\" 0", NUMBER_PLAIN},
        {"0\\d", NUMBER_PLAIN},
        {"_d0*d", NUMBER_PLAIN},
        {"0;yyyy", NUMBER_PLAIN},
        {"@", NUMBER_PLAIN},
        {"[$-409]0.0", NUMBER_PLAIN},
        {"[$USD-409] #,##0", NUMBER_PLAIN},
        {"\"unclosed yyyy", NUMBER_PLAIN},
        {"[unclosed yyyy", NUMBER_PLAIN},
        {"0\\", NUMBER_PLAIN},
        {"yyyy-mm-dd", NUMBER_DATE},
        {"[$-F800]dddd\\,\\ mmmm\\ dd\\,\\ yyyy", NUMBER_DATE},
        {"mmm", NUMBER_DATE},
        {"m/d/yy h:mm AM/PM", NUMBER_DATE},
        {"[$-411]ggge\"x\"", NUMBER_DATE},
        {"aaaa", NUMBER_DATE},
        {"DD.MM.YYYY", NUMBER_DATE},
        {"h:mm", NUMBER_TIME},
        {"mm:ss.0", NUMBER_TIME},
        {"h:mm AM/PM", NUMBER_TIME},
        {"hh:mm A/P", NUMBER_TIME},
        {"[h]:mm:ss", NUMBER_DURATION},
        {"[HH]:mm", NUMBER_DURATION},
        {"[mm]:ss", NUMBER_DURATION},
        {"[s]", NUMBER_DURATION},
        {"[hm]", NUMBER_PLAIN},
        {"[Red][h]:mm", NUMBER_DURATION},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_MSG(number_class_of_code(slice_of(cases[i].code)) ==
                      cases[i].class,
                  "\"%s\" is of class %d", cases[i].code,
                  (int)number_class_of_code(slice_of(cases[i].code)));
}

static void built_in_formats(void)
{
    CHECK_EQ_INT(number_class_of_id(0), NUMBER_PLAIN);
    CHECK_EQ_INT(number_class_of_id(13), NUMBER_PLAIN);
    CHECK_EQ_INT(number_class_of_id(14), NUMBER_DATE);
    CHECK_EQ_INT(number_class_of_id(20), NUMBER_TIME);
    CHECK_EQ_INT(number_class_of_id(22), NUMBER_DATE);
    CHECK_EQ_INT(number_class_of_id(46), NUMBER_DURATION);
    CHECK_EQ_INT(number_class_of_id(49), NUMBER_PLAIN);
    CHECK_EQ_INT(number_class_of_id(58), NUMBER_DATE);
    CHECK_EQ_INT(number_class_of_id(UINT32_MAX), NUMBER_PLAIN);
}

static void a_code_is_read_once(void)
{
    static char code[1000000];

    memset(code, '[', sizeof(code));
    CHECK_EQ_INT(number_class_of_code((struct slice){code, sizeof(code)}),
                 NUMBER_PLAIN);
    memset(code, '"', sizeof(code));
    CHECK_EQ_INT(number_class_of_code((struct slice){code, sizeof(code)}),
                 NUMBER_PLAIN);
}

static void references(void)
{
    uint32_t column = 0;
    uint32_t row = 0;

    CHECK(value_reference(SLICE("A1"), &column, &row) && column == 1 &&
          row == 1);
    CHECK(value_reference(SLICE("XFD1048576"), &column, &row) &&
          column == 16384 && row == 1048576);
    CHECK(value_reference(SLICE("bc12"), &column, &row) && column == 55 &&
          row == 12);
    CHECK(!value_reference(SLICE("XFE1"), &column, &row));
    CHECK(!value_reference(SLICE("A1048577"), &column, &row));
    CHECK(!value_reference(SLICE("A0"), &column, &row));
    CHECK(!value_reference(SLICE("A"), &column, &row));
    CHECK(!value_reference(SLICE("1"), &column, &row));
    CHECK(!value_reference(SLICE(""), &column, &row));
    CHECK(!value_reference(SLICE("A1B"), &column, &row));
    CHECK(!value_reference(SLICE("$A$1"), &column, &row));
    CHECK_EQ_INT(column, 55);
}

CHECK_MAIN(codes, built_in_formats, a_code_is_read_once, references)
