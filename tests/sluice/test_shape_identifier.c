/* SPDX-License-Identifier: Apache-2.0 */
/* test_shape_identifier.c: names out of headers, sheets and files. */
#include "check.h"

#include "shape/identifier.h"

static void folding_keeps_letters_and_digits(void)
{
    static const char *const cases[][2] = {
        {"name", "name"},
        {"E-mail Address", "e_mail_address"},
        {"  (Phone)  #2 ", "phone_2"},
        {"__a__b__", "a_b"},
        {"Straße", "straße"},
        {"Año\xc2\xa0Uno", "año_uno"},
        {"価格（円）", "価格_円"},
        {"a\xe2\x80\x93z", "a_z"}, /* en dash */
        {"price €", "price"},
        {"2020", "2020"},
        {"---", ""},
        {"", ""},
    };
    char out[IDENTIFIER_MAX + 1];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        identifier_fold(slice_of(cases[i][0]), out);
        CHECK_EQ_STR(out, cases[i][1]);
    }
}

static void long_names_end_on_a_character(void)
{
    char text[200];
    struct identifier made;

    memset(text, 'a', sizeof(text));
    text[199] = '\0';
    identifier_make(slice_of(text), "x", &made);
    CHECK_EQ_INT(strlen(made.name), IDENTIFIER_MAX);
    for (int i = 0; i < 99; i++)
        memcpy(text + i * 2, "ä", 3);
    identifier_make(slice_of(text), "x", &made);
    CHECK_EQ_INT(strlen(made.name), 62);
    CHECK_EQ_INT(utf8_check(slice_of(made.name)), 62);
    memcpy(text, "1", 1);
    memset(text + 1, 'b', 100);
    text[101] = '\0';
    identifier_make(slice_of(text), "x", &made);
    CHECK_EQ_INT(strlen(made.name), IDENTIFIER_MAX);
    CHECK(strncmp(made.name, "_1bbb", 5) == 0);
}

static void names_begin_with_no_digit_and_are_never_empty(void)
{
    struct identifier made;

    identifier_make(SLICE("2020 sales"), "x", &made);
    CHECK_EQ_STR(made.name, "_2020_sales");
    identifier_make(SLICE("?!"), "column_3", &made);
    CHECK_EQ_STR(made.name, "column_3");
}

static void equal_names_are_numbered(void)
{
    static const char *const in[] = {"a", "a", "A", "a_2", "b", "a"};
    static const char *const out[] = {"a", "a_2", "a_3", "a_2_2", "b", "a_4"};
    struct identifier made[6];

    for (size_t i = 0; i < 6; i++) {
        identifier_make(slice_of(in[i]), "x", &made[i]);
        identifier_unique(made, i);
        CHECK_EQ_STR(made[i].name, out[i]);
    }
}

static void a_number_fits_behind_a_long_name(void)
{
    struct identifier made[2];
    char text[100];

    memset(text, 'q', sizeof(text));
    for (size_t i = 0; i < 2; i++) {
        identifier_make((struct slice){text, sizeof(text)}, "x", &made[i]);
        identifier_unique(made, i);
    }
    CHECK_EQ_INT(strlen(made[1].name), IDENTIFIER_MAX);
    CHECK_EQ_STR(made[1].name + IDENTIFIER_MAX - 3, "q_2");
}

static void a_file_names_a_table(void)
{
    static const char *const cases[][2] = {
        {"/data/My List 2024.xlsx", "my_list_2024"},
        {"list.tar.csv", "list_tar"},
        {".hidden", "hidden"},
        {"a/b/....", "import"},
        {"plain", "plain"},
        {"2024.csv", "_2024"},
    };
    struct identifier made;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        identifier_of_path(cases[i][0], &made);
        CHECK_EQ_STR(made.name, cases[i][1]);
    }
}

CHECK_MAIN(folding_keeps_letters_and_digits, long_names_end_on_a_character,
           names_begin_with_no_digit_and_are_never_empty,
           equal_names_are_numbered, a_number_fits_behind_a_long_name,
           a_file_names_a_table)
