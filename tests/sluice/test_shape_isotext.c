/* SPDX-License-Identifier: Apache-2.0 */
/* test_shape_isotext.c: ISO dates and times, and what only looks like them. */
#include "check.h"

#include "shape/isotext.h"

#define HOUR (3600 * USECS_PER_SECOND)

static void dates_are_read(void)
{
    static const struct {
        const char *text;
        int64_t days;
    } cases[] = {
        {"1970-01-01", 0},     {"1969-12-31", -1},      {"2000-02-29", 11016},
        {"2024-02-29", 19782}, {"0001-01-01", -719162}, {"9999-12-31", 2932896},
    };
    struct iso_datetime d;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (!CHECK(iso_datetime_read(slice_of(cases[i].text), &d)))
            continue;
        CHECK_EQ_INT(d.usecs, cases[i].days * USECS_PER_DAY);
        CHECK(!d.has_clock && !d.zoned);
    }
}

static void clocks_and_zones_are_read(void)
{
    static const struct {
        const char *text;
        int64_t usecs;
        bool seconds;
        bool zoned;
        size_t digits;
    } cases[] = {
        {"1970-01-01T00:00:01", 1000000, true, false, 0},
        {"1970-01-01 00:00:01", 1000000, true, false, 0},
        {"1970-01-01T01:02", HOUR + 120000000, false, false, 0},
        {"1970-01-01T00:00:00.5", 500000, true, false, 1},
        {"1970-01-01T00:00:00.1234565", 123457, true, false, 7},
        {"1970-01-01T23:59:59.9999999", USECS_PER_DAY, true, false, 7},
        {"1970-01-01T00:00:00Z", 0, true, true, 0},
        {"1970-01-01T02:00:00+02", 0, true, true, 0},
        {"1970-01-01T02:30:00+0230", 0, true, true, 0},
        {"1970-01-01T00:00:00.25-05:30", 5 * HOUR + HOUR / 2 + 250000, true,
         true, 2},
        {"1970-01-01T05:00+05:00", 0, false, true, 0},
    };
    struct iso_datetime d;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        if (!CHECK_MSG(iso_datetime_read(slice_of(cases[i].text), &d),
                       "%s is not read", cases[i].text))
            continue;
        CHECK_EQ_INT(d.usecs, cases[i].usecs);
        CHECK_EQ_INT(d.has_seconds, cases[i].seconds);
        CHECK_EQ_INT(d.zoned, cases[i].zoned);
        CHECK_EQ_INT(d.fraction_digits, cases[i].digits);
        CHECK(d.has_clock);
    }
}

static void other_forms_are_not_dates(void)
{
    static const char *const cases[] = {
        "",
        "2024",
        "2023-02-29",
        "2024-13-01",
        "2024-00-01",
        "2024-01-00",
        "2024-04-31",
        "0000-01-01",
        "2024-1-01",
        "24-01-01x",
        "01/02/2024",
        "2024/01/02",
        "20240102",
        "2024-01-02 ",
        " 2024-01-02",
        "2024-01-02T",
        "2024-01-02T1:00",
        "2024-01-02T24:00",
        "2024-01-02T10:60",
        "2024-01-02T10:00:60",
        "2024-01-02T10:00:00.",
        "2024-01-02T10:00:00+",
        "2024-01-02T10:00:00+1",
        "2024-01-02T10:00:00+01:",
        "2024-01-02T10:00:00+16:00",
        "2024-01-02T10:00:00Zx",
        "2024-01-02Z",
        "+2024-01-02",
    };
    struct iso_datetime d;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        CHECK_MSG(!iso_datetime_read(slice_of(cases[i]), &d), "%s is read",
                  cases[i]);
}

static void durations_are_not_wrapped(void)
{
    struct iso_clock c;

    CHECK(iso_clock_read(SLICE("25:00"), &c) && c.usecs == 25 * HOUR);
    CHECK(!c.has_seconds);
    CHECK(iso_clock_read(SLICE("-00:00:00.25"), &c) && c.usecs == -250000);
    CHECK_EQ_INT(c.fraction_digits, 2);
    CHECK(iso_clock_read(SLICE("1000:00:01"), &c) &&
          c.usecs == 1000 * HOUR + USECS_PER_SECOND);
    CHECK(iso_clock_read(SLICE("2562047788:00:54.775807"), &c) &&
          c.usecs == INT64_MAX);
    CHECK(!iso_clock_read(SLICE("2562047788:00:54.775808"), &c));
    CHECK(!iso_clock_read(SLICE("99999999999999999999:00"), &c));
    CHECK(!iso_clock_read(SLICE("1:00"), &c));
    CHECK(!iso_clock_read(SLICE("10"), &c));
    CHECK(!iso_clock_read(SLICE("10:00:"), &c));
    CHECK(!iso_clock_read(SLICE("+10:00"), &c));
    CHECK(!iso_clock_read(SLICE("10:00 "), &c));
    CHECK(!iso_clock_read(SLICE(""), &c));
}

CHECK_MAIN(dates_are_read, clocks_and_zones_are_read, other_forms_are_not_dates,
           durations_are_not_wrapped)
