/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rn_death.h: cases that must end their program, and what they must say.
 *
 * Each case is run as a child: this program itself, started anew with the name
 * of the case. Its status and its standard error are then checked.
 *
 *     static const struct rn_death deaths[] = {
 *         {"send_on_closed", send_on_closed, 2, {"send on closed channel"}},
 *     };
 *     RN_DEATH_MAIN(deaths)
 */
#ifndef RN_DEATH_H
#define RN_DEATH_H

#include <poll.h>
#include <signal.h>

#include "rn_check.h"

#define RN_DEATH_SIGNAL(number) (256 + (number))
/* Any end but a success or a hang. */
#define RN_DEATH_ANY            (-1)

struct rn_death {
    const char *name;
    void (*run)(void);
    int status;          /* of exit, RN_DEATH_SIGNAL(n), or RN_DEATH_ANY */
    const char *says[8]; /* each must be part of what it prints */
};

static struct {
    const struct rn_death *running;
    char text[65536];
} rn_death;

/* The child's side: never returns to the harness. */
static inline int rn_death_run(const struct rn_death *deaths, size_t count,
                               const char *name)
{
    for (size_t i = 0; i < count; i++) {
        struct check_case child = {deaths[i].name, deaths[i].run};
        struct rn_options options = rn_check_options();

        if (strcmp(deaths[i].name, name) != 0)
            continue;
        alarm(30);
        signal(SIGQUIT,
               SIG_DFL); /* what a shell starts beside itself ignores it */
        rn_check.running = &child;
        return rn_run_with(&options, rn_check_start, NULL);
    }
    return 125;
}

/* Reads the child's words to their end, or for half a minute. */
static inline void rn_death_listen(int fd)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    size_t length = 0;

    while (length + 1 < sizeof(rn_death.text) && poll(&poller, 1, 40000) > 0) {
        ssize_t got = read(fd, rn_death.text + length,
                           sizeof(rn_death.text) - 1 - length);

        if (got <= 0)
            break;
        length += (size_t)got;
    }
    rn_death.text[length] = '\0';
}

static inline void rn_death_exec(int out)
{
    /* A program that runs others, where the system cannot run this one. */
    const char *runner = getenv("RN_CHECK_RUNNER");
    char procs[16];

    snprintf(procs, sizeof(procs), "%u", rn_check.procs);
    dup2(out, STDERR_FILENO);
    if (runner)
        execl(runner, runner, rn_check.program, "--child",
              rn_death.running->name, "--procs", procs, (char *)NULL);
    execl("/proc/self/exe", rn_check.program, "--child", rn_death.running->name,
          "--procs", procs, (char *)NULL);
    _exit(126);
}

static inline void rn_death_judge(int status)
{
    const struct rn_death *death = rn_death.running;
    int got = WIFSIGNALED(status) ? RN_DEATH_SIGNAL(WTERMSIG(status))
                                  : WEXITSTATUS(status);
    bool held;

    if (death->status == RN_DEATH_ANY)
        held = CHECK_MSG(got != 0 && got != RN_DEATH_SIGNAL(SIGALRM),
                         "%s ended with %d", death->name, got);
    else
        held = CHECK_MSG(got == death->status, "%s ended with %d, not %d",
                         death->name, got, death->status);
    for (size_t i = 0; i < 8 && death->says[i]; i++)
        held =
            CHECK_MSG(strstr(rn_death.text, death->says[i]),
                      "%s does not say \"%s\"", death->name, death->says[i]) &&
            held;
    if (!held)
        fprintf(stderr, "# it said:\n%s\n", rn_death.text);
}

static inline void rn_death_check(void)
{
    int status = 0;
    int fds[2];
    pid_t child;

    if (!CHECK_EQ_INT(pipe(fds), 0))
        return;
    fflush(NULL);
    child = fork();
    if (child == 0)
        rn_death_exec(fds[1]);
    close(fds[1]);
    if (CHECK(child > 0)) {
        rn_death_listen(fds[0]);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
            continue;
        rn_death_judge(status);
    }
    close(fds[0]);
}

static inline int rn_death_main(int argc, char **argv,
                                const struct rn_death *deaths, size_t count)
{
    const char *child = NULL;
    size_t number = 0;
    size_t failed = 0;

    if (argc > 2 && strcmp(argv[1], "--child") == 0) {
        child = argv[2];
        argv[2] = argv[0];
        argv += 2;
        argc -= 2;
    }
    if (!rn_check_prepare(&argc, argv))
        return 2;
    if (child)
        return rn_death_run(deaths, count, child);
    for (size_t i = 0; i < count; i++) {
        struct check_case death = {deaths[i].name, rn_death_check};

        if (!check_selected(argc, argv, deaths[i].name))
            continue;
        rn_death.running = &deaths[i];
        number++;
        failed += !check_run(&death, number);
    }
    printf("1..%zu\n", number);
    return failed > 0 || number == 0;
}

#define RN_DEATH_MAIN(deaths)                                       \
    int main(int argc, char **argv)                                 \
    {                                                               \
        return rn_death_main(argc, argv, deaths,                    \
                             sizeof(deaths) / sizeof((deaths)[0])); \
    }

#endif
