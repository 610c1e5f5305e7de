/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_harness.c: the harness itself. A failed check is counted, from any
 * thread, goes on, and makes the program fail; a name selects a case.
 *
 * It runs cases that fail on purpose, with their output thrown away.
 */
#include "check.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static bool went_on;

static void holds(void)
{
    CHECK(1);
}

static void fails(void)
{
    CHECK_EQ_INT(1, 2);
    went_on = true;
}

static void skips(void)
{
    CHECK_SKIP("not here");
}

static void *fail_often(void *unused)
{
    (void)unused;
    for (int i = 0; i < 100; i++)
        CHECK_MSG(false, "failure %d", i);
    return NULL;
}

static void fails_in_threads(void)
{
    pthread_t threads[4];

    for (int i = 0; i < 4; i++) {
        if (pthread_create(&threads[i], NULL, fail_often, NULL) != 0)
            abort();
    }
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    went_on = atomic_load(&check_failures) == 400;
}

/*
 * Runs check_main over one inner case in a child whose output is read into
 * `out`; returns its exit status, +2 when the case went on after its failure.
 */
static int run_inner(struct check_case inner, char *argument, char *out,
                     size_t size)
{
    char program[] = "inner";
    char *argv[] = {program, argument, NULL};
    int fds[2];
    int status = -1;
    ssize_t got;
    size_t used = 0;
    pid_t child;

    if (pipe(fds) != 0)
        return -1;
    fflush(stdout);
    child = fork();
    if (child == 0) {
        dup2(fds[1], STDOUT_FILENO);
        close(STDERR_FILENO);
        close(fds[0]);
        close(fds[1]);
        status = check_main(argument ? 2 : 1, argv, &inner, 1);
        fflush(stdout);
        _exit(status + (went_on ? 2 : 0));
    }
    close(fds[1]);
    while (used < size - 1) {
        got = read(fds[0], out + used, size - 1 - used);
        if (got <= 0)
            break;
        used += (size_t)got;
    }
    out[used] = '\0';
    close(fds[0]);
    if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static void a_case_that_holds_is_ok(void)
{
    char out[256];
    struct check_case inner = {"holds", holds};

    CHECK_EQ_INT(run_inner(inner, NULL, out, sizeof(out)), 0);
    CHECK_EQ_STR(out, "ok 1 - holds\n1..1\n");
}

static void a_failed_check_goes_on_and_fails_the_program(void)
{
    char out[256];
    struct check_case inner = {"fails", fails};

    CHECK_EQ_INT(run_inner(inner, NULL, out, sizeof(out)), 1 + 2);
    CHECK_EQ_STR(out, "not ok 1 - fails\n1..1\n");
}

static void failures_of_threads_are_all_counted(void)
{
    char out[256];
    struct check_case inner = {"fails_in_threads", fails_in_threads};

    CHECK_EQ_INT(run_inner(inner, NULL, out, sizeof(out)), 1 + 2);
    CHECK_EQ_STR(out, "not ok 1 - fails_in_threads\n1..1\n");
}

static void a_skip_is_reported_as_one(void)
{
    char out[256];
    struct check_case inner = {"skips", skips};

    CHECK_EQ_INT(run_inner(inner, NULL, out, sizeof(out)), 0);
    CHECK_EQ_STR(out, "ok 1 - skips # SKIP not here\n1..1\n");
}

static void an_argument_selects_by_name(void)
{
    char out[256];
    char selecting[] = "old";
    char missing[] = "new";
    struct check_case inner = {"holds", holds};

    CHECK_EQ_INT(run_inner(inner, selecting, out, sizeof(out)), 0);
    CHECK_EQ_STR(out, "ok 1 - holds\n1..1\n");
    CHECK_EQ_INT(run_inner(inner, missing, out, sizeof(out)), 1);
    CHECK_EQ_STR(out, "1..0\n");
}

static void checks_tell_whether_they_held(void)
{
    CHECK(CHECK_EQ_INT(3, 3));
    CHECK(CHECK_EQ_STR("a", "a"));
    CHECK(CHECK_EQ_STR(NULL, NULL));
    CHECK(CHECK_MSG(true, "%d", 1));
}

CHECK_MAIN(a_case_that_holds_is_ok,
           a_failed_check_goes_on_and_fails_the_program,
           failures_of_threads_are_all_counted, a_skip_is_reported_as_one,
           an_argument_selects_by_name, checks_tell_whether_they_held)
