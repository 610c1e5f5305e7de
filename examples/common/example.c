/* SPDX-License-Identifier: Apache-2.0 */
/*
 * example.c: options, Ctrl-C and exit statuses of the examples.
 *
 * SIGINT is blocked before the first thread starts and read from a descriptor
 * by a goroutine; so it can come at any time, and nothing happens inside a
 * signal handler.
 */
#include "example.h"

#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#define OPTIONS_MAX 16
#define USAGE_ERROR 2
#define INTERRUPTED (128 + SIGINT)

static const char *program_name = "example";

void example_error(const char *format, ...)
{
    char text[1024];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    fprintf(stderr, "%s: %s\n", program_name, text);
}

int example_sleep(struct rn_ctx *ctx, int64_t ns)
{
    struct rn_timer *timer = rn_timer_make(ns);
    int status = rn_recv_ctx(ctx, rn_timer_chan(timer), NULL);

    rn_timer_free(timer);
    return status;
}

double example_ms_since(int64_t start)
{
    return (double)(rn_now() - start) / (double)RN_MS;
}

uint64_t example_random(uint64_t *state)
{
    uint64_t mixed = *state += 0x9e3779b97f4a7c15u;

    mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9u;
    mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebu;
    return mixed ^ (mixed >> 31);
}

/* ------------------------------------------------------------ the options */

static void print_help(const struct example *program)
{
    printf("usage: %s %s\n%s\n\n", program_name, program->usage,
           program->about);
    for (const struct example_option *o = program->options; o->name; o++) {
        char left[64];

        snprintf(left, sizeof(left), "--%s %s", o->name,
                 o->value ? o->value : "");
        printf("  %-22s %s", left, o->help);
        if (o->number)
            printf(" (%lld)", (long long)*o->number);
        else if (o->text && *o->text)
            printf(" (%s)", *o->text);
        putchar('\n');
    }
    printf("  %-22s %s\n", "--help", "this text");
}

static bool take_option(const struct example_option *option, const char *value)
{
    if (option->flag) {
        *option->flag = true;
        return true;
    }
    if (option->text) {
        *option->text = value;
        return true;
    }
    char *end;
    long long number = strtoll(value, &end, 10);
    if (end == value || *end || number < option->min || number > option->max) {
        example_error("--%s takes a number from %lld to %lld, not \"%s\"",
                      option->name, (long long)option->min,
                      (long long)option->max, value);
        return false;
    }
    *option->number = number;
    return true;
}

static int usage_error(void)
{
    fprintf(stderr, "Try '%s --help'.\n", program_name);
    return USAGE_ERROR;
}

/* -1 to go on, else the exit status; optind is then at the arguments. */
static int take_options(int argc, char **argv, const struct example *program)
{
    struct option known[OPTIONS_MAX + 2] = {{0}};
    int count = 0;

    for (; program->options[count].name && count < OPTIONS_MAX; count++)
        known[count] = (struct option){
            program->options[count].name,
            program->options[count].flag ? no_argument : required_argument,
            NULL, count + 1};
    known[count] = (struct option){"help", no_argument, NULL, 'h'};

    int found;
    while ((found = getopt_long(argc, argv, "", known, NULL)) != -1) {
        if (found == 'h') {
            print_help(program);
            return 0;
        }
        if (found == '?' || !take_option(&program->options[found - 1], optarg))
            return usage_error();
    }
    int left = argc - optind;
    if (left < program->min_arguments ||
        (program->max_arguments >= 0 && left > program->max_arguments)) {
        example_error(left < program->min_arguments ? "an argument is missing"
                                                    : "too many arguments");
        return usage_error();
    }
    return -1;
}

/* --------------------------------------------------------------- the run */

struct running {
    const struct example *program;
    int argc;
    char **argv;
    int signals; /* a signalfd */
    struct rn_ctx *ctx;
    bool interrupted; /* written before ended is done */
    struct rn_ctx *watching;
    struct rn_waitgroup ended; /* the watcher */
};

/* The first signal cancels, the second ends the program where it stands. */
static void watch(struct running **own)
{
    struct running *r = *own;

    while (rn_wait_fd_ctx(r->watching, r->signals, RN_READ) > 0) {
        struct signalfd_siginfo info;

        if (read(r->signals, &info, sizeof(info)) != sizeof(info))
            continue;
        if (r->interrupted)
            _exit(128 + (int)info.ssi_signo);
        r->interrupted = true;
        rn_ctx_cancel(r->ctx);
    }
    rn_waitgroup_done(&r->ended);
}

static int start(void *arg)
{
    struct running *r = arg;
    const struct example *program = r->program;

    r->ctx = rn_ctx_with_cancel(rn_ctx_background());
    r->watching = rn_ctx_with_cancel(rn_ctx_background());
    rn_waitgroup_add(&r->ended, 1);
    rn_go(watch, r);
    int status = program->run(r->ctx, r->argc, r->argv);
    rn_ctx_cancel(r->watching);
    rn_waitgroup_wait(&r->ended);
    rn_ctx_release(r->watching);
    rn_ctx_release(r->ctx);

    if (fflush(stdout) != 0 || ferror(stdout)) {
        example_error("cannot write to standard output");
        return 1;
    }
    if (r->interrupted && !program->serves) {
        example_error("interrupted");
        return INTERRUPTED;
    }
    return status;
}

int example_main(int argc, char **argv, const struct example *program)
{
    const char *slash = strrchr(argv[0], '/');
    program_name = slash ? slash + 1 : argv[0];
    argv[0] = (char *)program_name; /* getopt begins its messages with it */
    int status = take_options(argc, argv, program);
    if (status >= 0)
        return status;

    sigset_t caught;
    sigemptyset(&caught);
    sigaddset(&caught, SIGINT);
    if (program->serves)
        sigaddset(&caught, SIGTERM);
    sigprocmask(SIG_BLOCK, &caught, NULL);
    signal(SIGPIPE, SIG_IGN);

    struct running running = {
        .program = program, .argc = argc - optind, .argv = argv + optind};
    running.signals = signalfd(-1, &caught, SFD_NONBLOCK | SFD_CLOEXEC);
    if (running.signals < 0) {
        example_error("cannot watch for signals");
        return 1;
    }
    struct rn_options options = {.stack_size = program->stack_size,
                                 .wait_all = true};
    status = rn_run_with(&options, start, &running);
    close(running.signals);
    if (status < 0) {
        example_error("cannot start: %s", rn_status_text(status));
        return 1;
    }
    return status;
}
