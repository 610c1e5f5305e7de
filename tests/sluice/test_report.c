/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_report.c: figures, the progress line, the summary, the rejects report.
 */
#include <stdlib.h>
#include <unistd.h>

#include "check.h"
#include "report/figures.h"
#include "report/progress.h"
#include "report/reject.h"
#include "report/summary.h"

/* ------------------------------------------------------------ figures */

static const char *count_text(uint64_t count)
{
    static char text[FIGURE_MAX];
    figure_count(count, text);
    return text;
}

static void counts_have_commas(void)
{
    CHECK_EQ_STR(count_text(0), "0");
    CHECK_EQ_STR(count_text(999), "999");
    CHECK_EQ_STR(count_text(1000), "1,000");
    CHECK_EQ_STR(count_text(123456), "123,456");
    CHECK_EQ_STR(count_text(1234567), "1,234,567");
    CHECK_EQ_STR(count_text(UINT64_MAX), "18,446,744,073,709,551,615");
}

static const char *duration_text(int64_t ns)
{
    static char text[FIGURE_MAX];
    figure_duration(ns, text);
    return text;
}

static void durations_are_seconds(void)
{
    CHECK_EQ_STR(duration_text(0), "0.000s");
    CHECK_EQ_STR(duration_text(131400000), "0.131s");
    CHECK_EQ_STR(duration_text(3100000000), "3.1s");
    CHECK_EQ_STR(duration_text(3725000000000), "3725.0s");
}

static void rates_are_rounded_and_never_divide_by_zero(void)
{
    CHECK_EQ_INT(figure_rate(10000, 3100000000), 3226);
    CHECK_EQ_INT(figure_rate(10, 0), 0);
    CHECK_EQ_INT(figure_rate(10, -5), 0);
}

/* ------------------------------------------------------------ progress */

static const char *progress_text(struct progress now)
{
    static char line[PROGRESS_LINE_MAX];
    size_t size = progress_line(&now, line);
    CHECK_EQ_INT(size, strlen(line));
    return line;
}

static void progress_forecasts_the_rest(void)
{
    CHECK_EQ_STR(progress_text((struct progress){.rows = 12000,
                                                 .position = 250,
                                                 .size = 1000,
                                                 .elapsed = 2000000000}),
                 "12,000 rows, 6,000 rows/s, 25 %, 6 s left");
}

static void progress_counts_rejects(void)
{
    CHECK_EQ_STR(progress_text((struct progress){
                     .rows = 1000, .rejected = 13, .elapsed = 1000000000}),
                 "1,000 rows, 13 rejected, 1,000 rows/s");
}

static void progress_makes_no_forecast_from_little(void)
{
    CHECK_EQ_STR(
        progress_text((struct progress){
            .rows = 10, .position = 1, .size = 1000, .elapsed = 1000000000}),
        "10 rows, 10 rows/s");
    /* More than all of it: the size was wrong. */
    CHECK_EQ_STR(
        progress_text((struct progress){
            .rows = 10, .position = 3000, .size = 1000, .elapsed = 1000000000}),
        "10 rows, 10 rows/s");
}

static void progress_fits_its_line(void)
{
    CHECK(strlen(progress_text((struct progress){
              UINT64_MAX, UINT64_MAX, UINT64_MAX / 2, UINT64_MAX, 1})) <
          PROGRESS_LINE_MAX);
}

/* ------------------------------------------------------------- summary */

static struct summary a_summary(void)
{
    return (struct summary){.file = "list.xlsx",
                            .sheet = "Sheet1",
                            .target = "sqlite:list.sqlite",
                            .table = "businesses",
                            .method = "copy",
                            .total = 10000,
                            .success = 9987,
                            .errors = 13,
                            .duration = 3100000000};
}

/* What a printer prints; the caller frees. */
static char *printed(void (*print)(FILE *, const struct summary *),
                     const struct summary *summary)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    print(out, summary);
    fclose(out);
    return text;
}

static void json_has_the_figures(void)
{
    struct summary summary = a_summary();
    char *text = printed(summary_print_json, &summary);
    CHECK_EQ_STR(text, "{\"total_records\":10000,\"success_count\":9987,"
                       "\"error_count\":13,\"duration\":\"3.1s\","
                       "\"records_per_second\":3226,\"method\":\"copy\","
                       "\"target\":\"sqlite:list.sqlite\","
                       "\"table\":\"businesses\"}\n");
    free(text);
}

static void json_says_what_ended_the_import(void)
{
    struct summary summary = a_summary();
    summary.error = "the \"server\"\nhung up \\o/";
    summary.unsettled = 7;
    summary.unknown = 1;
    char *text = printed(summary_print_json, &summary);
    CHECK(strstr(text, ",\"unsettled_count\":7,\"unknown_count\":1,"
                       "\"error\":\"the \\\"server\\\"\\u000ahung up "
                       "\\\\o/\"}\n"));
    free(text);
}

static void people_read_the_same_figures(void)
{
    struct summary summary = a_summary();
    summary.rejects = "bad.csv";
    char *text = printed(summary_print, &summary);
    CHECK(strstr(text, "list.xlsx, sheet \"Sheet1\" -> sqlite:list.sqlite"));
    CHECK(strstr(text, "10,000\n"));
    CHECK(strstr(text, "9,987\n"));
    CHECK(strstr(text, "3.1s by method copy, 3,226 rows/s\n"));
    CHECK(strstr(text, "bad.csv"));
    CHECK(!strstr(text, "unknown"));
    free(text);

    summary.errors = 0;
    summary.unsettled = 3;
    summary.unknown = 2;
    text = printed(summary_print, &summary);
    CHECK(!strstr(text, "bad.csv"));
    CHECK(strstr(text, "not loaded"));
    CHECK(strstr(text, "did not answer"));
    free(text);
}

/* ------------------------------------------------------------- rejects */

static char folder[] = "/tmp/sluice-report-XXXXXX";

static bool enter_folder(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    return CHECK(mkdtemp(folder) != NULL) && CHECK(chdir(folder) == 0);
}

static void leave_folder(void)
{
    CHECK(chdir("/") == 0);
    CHECK(rmdir(folder) == 0);
}

/* A file's content, cut to 1,000 bytes; "" when it is not there. */
static const char *content(const char *path)
{
    static char text[1000];
    FILE *in = fopen(path, "r");
    size_t size = in ? fread(text, 1, sizeof(text) - 1, in) : 0;
    text[size] = '\0';
    if (in)
        fclose(in);
    return text;
}

static struct issue a_reject(uint64_t row, const char *value)
{
    struct issue reject;
    issue_set(&reject, ISSUE_CONVERT, "is not a whole number");
    reject.row = row;
    reject.column = 28;
    strcpy(reject.sheet, "Sheet1");
    strcpy(reject.header, "age, years");
    strcpy(reject.value, value);
    return reject;
}

static void a_report_appears_when_it_is_whole(void)
{
    struct reject_file *file;
    struct issue why;
    struct issue reject = a_reject(7, "old");
    if (!enter_folder())
        return;
    CHECK_EQ_INT(reject_open(&file, "bad.csv", &why), 0);
    CHECK_EQ_INT(reject_add(file, &reject, &why), 0);
    CHECK(access("bad.csv", F_OK) != 0);
    CHECK_EQ_INT(reject_close(file, true, &why), 0);
    CHECK_EQ_STR(content("bad.csv"),
                 "sheet,row,column,header,value,code,reason\r\n"
                 "Sheet1,7,AB,\"age, years\",old,convert,"
                 "is not a whole number\r\n");
    CHECK_EQ_INT(unlink("bad.csv"), 0);
    leave_folder();
}

static void a_report_that_is_not_kept_leaves_nothing(void)
{
    struct reject_file *file;
    struct issue why;
    struct issue reject = a_reject(7, "old");
    if (!enter_folder())
        return;
    for (int i = 0; i < 2; i++) {
        CHECK_EQ_INT(reject_open(&file, i ? "bad.xlsx" : "bad.csv", &why), 0);
        CHECK_EQ_INT(reject_add(file, &reject, &why), 0);
        CHECK_EQ_INT(reject_close(file, false, &why), 0);
    }
    leave_folder();
}

static void a_report_that_cannot_be_made_says_why(void)
{
    struct reject_file *file = NULL;
    struct issue why;
    CHECK_EQ_INT(reject_open(&file, "/no/such/folder/bad.csv", &why), -1);
    CHECK_EQ_INT(why.code, ISSUE_IO);
    CHECK(strstr(why.text, "/no/such/folder/bad.csv"));
    CHECK(strstr(why.text, "No such file"));
    CHECK(file == NULL);
}

static void a_full_disk_is_an_error(void)
{
    struct reject_file *file;
    struct issue why;
    struct issue reject = a_reject(7, "old");
    if (!enter_folder())
        return;
    /* The name that the report is written under. */
    CHECK_EQ_INT(symlink("/dev/full", "bad.csv.part"), 0);
    if (CHECK_EQ_INT(reject_open(&file, "bad.csv", &why), 0)) {
        int status = reject_add(file, &reject, &why);
        if (reject_close(file, true, &why) < 0)
            status = -1;
        CHECK_EQ_INT(status, -1);
        CHECK_EQ_INT(why.code, ISSUE_IO);
    }
    CHECK(access("bad.csv", F_OK) != 0);
    unlink("bad.csv.part");
    leave_folder();
}

static void formulas_are_guarded_and_numbers_are_not(void)
{
    static const struct {
        const char *value;
        const char *shown;
    } cases[] = {
        {"=1+1", ",\"'=1+1\","},
        {"+x", ",\"'+x\","},
        {"-x", ",\"'-x\","},
        {"@x", ",\"'@x\","},
        {"\tx", ",\"'\tx\","},
        {"\rx", ",\"'\rx\","},
        {"-5", ",-5,"},
        {"+1.5e3", ",+1.5e3,"},
        {"a\"b", ",\"a\"\"b\","},
        {"a\nb", ",\"a\nb\","},
        {"", ",\"age, years\",,"},
    };
    struct reject_file *file;
    struct issue why;
    if (!enter_folder())
        return;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct issue reject = a_reject(7, cases[i].value);
        CHECK_EQ_INT(reject_open(&file, "bad.csv", &why), 0);
        CHECK_EQ_INT(reject_add(file, &reject, &why), 0);
        CHECK_EQ_INT(reject_close(file, true, &why), 0);
        CHECK_MSG(strstr(content("bad.csv"), cases[i].shown), "%s is %s",
                  cases[i].value, content("bad.csv"));
    }
    CHECK_EQ_INT(unlink("bad.csv"), 0);
    leave_folder();
}

static void a_workbook_is_one(void)
{
    struct reject_file *file;
    struct issue why;
    struct issue reject = a_reject(7, "=1+1");
    if (!enter_folder())
        return;
    CHECK_EQ_INT(reject_open(&file, "bad.xlsx", &why), 0);
    for (int i = 0; i < 1000; i++)
        CHECK_EQ_INT(reject_add(file, &reject, &why), 0);
    CHECK_EQ_INT(reject_close(file, true, &why), 0);
    CHECK(memcmp(content("bad.xlsx"), "PK\3\4", 4) == 0);
    CHECK_EQ_INT(unlink("bad.xlsx"), 0);
    leave_folder();
}

CHECK_MAIN(counts_have_commas, durations_are_seconds,
           rates_are_rounded_and_never_divide_by_zero,
           progress_forecasts_the_rest, progress_counts_rejects,
           progress_makes_no_forecast_from_little, progress_fits_its_line,
           json_has_the_figures, json_says_what_ended_the_import,
           people_read_the_same_figures, a_report_appears_when_it_is_whole,
           a_report_that_is_not_kept_leaves_nothing,
           a_report_that_cannot_be_made_says_why, a_full_disk_is_an_error,
           formulas_are_guarded_and_numbers_are_not, a_workbook_is_one)
