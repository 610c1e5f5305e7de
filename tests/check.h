/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h: the test harness, all of it.
 *
 * A test program is a list of cases; each is a function without arguments that
 * makes checks. A check that fails is counted and described, and the case goes
 * on: no check ever jumps, because a goroutine's stack is no place to longjmp
 * out of, and checks may be made on any goroutine and any thread at once. Guard
 * what must not be reached (`if (!CHECK(ptr)) return;`): every check is an
 * expression that tells whether it held.
 *
 *     static void closes_once(void)
 *     {
 *         CHECK_EQ_INT(1 + 1, 2);
 *     }
 *
 *     CHECK_MAIN(closes_once)
 *
 * The program prints TAP on stdout, one line a case; what failed goes to stderr
 * as well, because Meson shows only that of a TAP test. Arguments select cases:
 * those whose name contains one of them. The exit status is 1 when a case
 * failed. Arguments of a check are evaluated once.
 */
#ifndef CHECK_H
#define CHECK_H

#include <inttypes.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct check_case {
    const char *name;
    void (*run)(void);
};

/*
 * Failures and skips of the case that runs. Relaxed: check_main reads them
 * after the case has returned, and a case returns after what it started.
 */
static atomic_uint check_failures;
static _Atomic(const char *) check_skipped;

/* Counts and describes a failure; one write, so that lines stay whole. */
__attribute__((format(printf, 4, 5))) static inline bool check_that(
    bool held, const char *file, int line, const char *format, ...)
{
    char text[1024];
    va_list args;

    if (held)
        return true;
    atomic_fetch_add_explicit(&check_failures, 1, memory_order_relaxed);
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "# %s:%d: %s\n", file, line, text);
    return false;
}

static inline bool check_eq_int(intmax_t a, intmax_t b, const char *a_text,
                                const char *b_text, const char *file, int line)
{
    return check_that(a == b, file, line, "%s is %" PRIdMAX ", %s is %" PRIdMAX,
                      a_text, a, b_text, b);
}

static inline bool check_eq_str(const char *a, const char *b,
                                const char *a_text, const char *b_text,
                                const char *file, int line)
{
    bool held = a && b ? strcmp(a, b) == 0 : a == b;

    return check_that(held, file, line, "%s is \"%s\", %s is \"%s\"", a_text,
                      a ? a : "(null)", b_text, b ? b : "(null)");
}

#define CHECK(cond) \
    check_that((cond), __FILE__, __LINE__, "does not hold: %s", #cond)
#define CHECK_MSG(cond, ...) check_that((cond), __FILE__, __LINE__, __VA_ARGS__)
#define CHECK_EQ_INT(a, b) \
    check_eq_int((intmax_t)(a), (intmax_t)(b), #a, #b, __FILE__, __LINE__)
#define CHECK_EQ_STR(a, b) check_eq_str((a), (b), #a, #b, __FILE__, __LINE__)

/*
 * The case cannot run here (no server, no such file): reported as skipped with
 * the reason, a string that stays valid; return from the case after it.
 */
#define CHECK_SKIP(reason) \
    atomic_store_explicit(&check_skipped, (reason), memory_order_relaxed)

static inline bool check_selected(int argc, char **argv, const char *name)
{
    for (int i = 1; i < argc; i++) {
        if (strstr(name, argv[i]))
            return true;
    }
    return argc < 2;
}

/* Runs one case and prints its line; true when it did not fail. */
static inline bool check_run(const struct check_case *c, size_t number)
{
    const char *skipped;
    unsigned failures;

    atomic_store_explicit(&check_failures, 0, memory_order_relaxed);
    CHECK_SKIP(NULL);
    c->run();
    failures = atomic_load_explicit(&check_failures, memory_order_relaxed);
    skipped = atomic_load_explicit(&check_skipped, memory_order_relaxed);
    printf("%sok %zu - %s%s%s\n", failures ? "not " : "", number, c->name,
           skipped && !failures ? " # SKIP " : "",
           skipped && !failures ? skipped : "");
    if (failures)
        fprintf(stderr, "# %s: %u checks failed\n", c->name, failures);
    fflush(stdout);
    return failures == 0;
}

static inline int check_main(int argc, char **argv,
                             const struct check_case *cases, size_t count)
{
    size_t number = 0;
    size_t failed = 0;

    for (size_t i = 0; i < count; i++) {
        if (!check_selected(argc, argv, cases[i].name))
            continue;
        number++;
        failed += !check_run(&cases[i], number);
    }
    if (number == 0)
        fprintf(stderr, "# no case has such a name\n");
    printf("1..%zu\n", number);
    return failed > 0 || number == 0;
}

/* Fills in the names of `count` cases from "first, second, ..."; cuts it up. */
static inline void check_name(struct check_case *cases, size_t count,
                              char *names)
{
    for (size_t i = 0; i < count; i++) {
        cases[i].name = names;
        names += strcspn(names, ",");
        if (*names == ',')
            *names++ = '\0';
        names += strspn(names, " ");
    }
}

/* CHECK_MAIN(a, b, ...): main over cases that bear their functions' names. */
#define CHECK_MAIN(...)                                          \
    int main(int argc, char **argv)                              \
    {                                                            \
        void (*const runs[])(void) = {__VA_ARGS__};              \
        char names[] = #__VA_ARGS__;                             \
        struct check_case cases[sizeof(runs) / sizeof(runs[0])]; \
        const size_t count = sizeof(runs) / sizeof(runs[0]);     \
                                                                 \
        for (size_t i = 0; i < count; i++)                       \
            cases[i].run = runs[i];                              \
        check_name(cases, count, names);                         \
        return check_main(argc, argv, cases, count);             \
    }

#endif
