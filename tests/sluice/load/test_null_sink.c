/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_null_sink.c: the sink that counts, and what all sinks share.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sink_rig.h"

static void open_null(struct rig *rig, enum load_method method)
{
    *rig = (struct rig){0};
    CHECK(sink_open(&rig->sink, "null:", NULL, &rig->why) == 0);
    CHECK_EQ_INT(sink_describe(rig->sink, "t", &rig->table, &rig->why), 0);
    table_add_column(&rig->table, SLICE("a"));
    table_add_column(&rig->table, SLICE("b"))->type = COLUMN_INTEGER;
    CHECK(sink_create(rig->sink, &rig->table, &rig->why) == 0);
    rig->columns[0] = 1;
    rig->columns[1] = 0;
    rig->plan = (struct load_plan){&rig->table, rig->columns, 2};
    CHECK(session_open(&rig->session, rig->sink, &rig->plan, method,
                       &rig->why) == 0);
}

static void everything_is_taken_and_counted(void)
{
    struct value values[] = {INT(1), TEXT("x"), NIL, NIL, INT(2), TEXT("")};
    for (int m = 0; m < METHODS; m++) {
        struct rig rig;
        uint64_t rows = 0;
        open_null(&rig, (enum load_method)m);
        CHECK(rig_load(&rig, values, 3) == 0);
        CHECK(rig_load(&rig, values, 2) == 0);
        CHECK(sink_finish(rig.sink, &rig.table, &rig.why) == 0);
        CHECK(sink_count(rig.sink, "t", &rows, &rig.why) == 0);
        rig_check_exact(&rig, 5, rows);
        CHECK_EQ_STR(sink_label(rig.sink), "null:");
        CHECK_EQ_STR(sink_name(rig.sink), "null");
        CHECK(!sink_blocks(rig.sink));
        rig_close(&rig);
    }
}

static void rejects_are_appended_cleared(void)
{
    struct load_outcome outcome = {0};
    for (uint64_t i = 0; i < 100; i++) {
        struct issue *issue = load_outcome_reject(&outcome, i);
        CHECK(issue && issue->row == i && issue->code == ISSUE_NONE &&
              issue->text[0] == '\0');
        issue->text[0] = 'x';
    }
    CHECK_EQ_INT(outcome.reject_count, 100);
    load_outcome_clear(&outcome);
    CHECK(!outcome.rejects && outcome.reject_count == 0);
}

/* A value of another kind than its column's is a bug, and stops there. */
static void a_value_of_the_wrong_kind_aborts(void)
{
    struct rig rig;
    struct value values[] = {TEXT("no integer"), TEXT("x")};
    open_null(&rig, METHOD_COPY);
    pid_t child = fork();
    if (child == 0) {
        fclose(stderr);
        rig_load(&rig, values, 1);
        _exit(0);
    }
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
    rig_close(&rig);
}

static void a_table_without_columns_is_refused(void)
{
    struct rig rig;
    open_null(&rig, METHOD_COPY);
    struct table none = {.name = rig.table.name};
    CHECK(sink_create(rig.sink, &none, &rig.why) < 0);
    CHECK_EQ_INT(rig.why.code, ISSUE_MAPPING);
    rig_close(&rig);
}

CHECK_MAIN(everything_is_taken_and_counted, rejects_are_appended_cleared,
           a_value_of_the_wrong_kind_aborts, a_table_without_columns_is_refused)
