/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_import.c: `sluice import`.
 */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <runnel/runnel.h>

#include "cmd.h"
#include "import.h"
#include "report/summary.h"

enum {
    OPT_TO = 256,
    OPT_TABLE,
    OPT_SHEET,
    OPT_METHOD,
    OPT_WORKERS,
    OPT_BATCH_SIZE,
    OPT_MAP,
    OPT_PRESET,
    OPT_REJECTS,
    OPT_SEPARATOR,
    OPT_JSON,
    OPT_QUIET
};

static const struct argp_option flags[] = {
    {"to", OPT_TO, "DSN", 0,
     "sqlite:PATH, postgresql://..., or null: (reads only); default: a .sqlite "
     "file beside FILE",
     0},
    {"table", OPT_TABLE, "NAME", 0, "default: from the name of FILE", 0},
    {"sheet", OPT_SHEET, "SHEET", 0,
     "name or number; default: the first that is visible and not empty", 0},
    {"method", OPT_METHOD, "M", 0,
     "auto, sequential, concurrent, batch or copy", 0},
    {"workers", OPT_WORKERS, "N", 0, "connections to use at most", 0},
    {"batch-size", OPT_BATCH_SIZE, "N", 0, "rows a batch at most", 0},
    {"map", OPT_MAP, "HEADER=COLUMN", 0,
     "put a sheet's column into this column of the table; HEADER= drops it", 0},
    {"preset", OPT_PRESET, "NAME", 0, "create a known table: businesses", 0},
    {"rejects", OPT_REJECTS, "FILE", 0,
     "write the rejected rows here, as .csv or .xlsx", 0},
    {"separator", OPT_SEPARATOR, "CHAR", 0,
     "of a CSV file: , ; | or tab; default: found out", 0},
    {"json", OPT_JSON, 0, 0, "print the summary as one JSON object", 0},
    {"quiet", OPT_QUIET, 0, 0, "print no progress and no summary", 0},
    {0}};

struct command {
    struct import_options options;
    const char **maps; /* what options.maps points to */
    bool json;
    bool quiet;
    int signals; /* readable when SIGINT or SIGTERM came; or -1 */
    int status;
};

/* -------------------------------------------------------------- the flags */

static const char *const methods[] = {"sequential", "concurrent", "batch",
                                      "copy"};

static bool set_method(struct command *command, const char *name)
{
    command->options.has_method = false;
    if (strcmp(name, "auto") == 0)
        return true;
    for (int i = 0; i <= METHOD_COPY; i++) {
        if (strcmp(name, methods[i]) == 0) {
            command->options.has_method = true;
            command->options.method = (enum load_method)i;
            return true;
        }
    }
    return false;
}

/* A number from 1 to max. */
static bool set_count(const char *text, int64_t max, int64_t *count)
{
    return integer_from_text(slice_of(text), count) && *count >= 1 &&
           *count <= max;
}

static bool set_separator(struct command *command, const char *text)
{
    if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0)
        text = "\t";
    bool known = strlen(text) == 1 && strchr(",;|\t", *text);
    if (known)
        command->options.separator = *text;
    return known;
}

static error_t parse_flag(int key, char *arg, struct argp_state *state)
{
    struct command *command = state->input;
    struct import_options *options = &command->options;
    int64_t count;
    if (arg && *arg == '\0')
        argp_error(state, "an option without its value");
    switch (key) {
    case OPT_TO:
        options->target = arg;
        return 0;
    case OPT_TABLE:
        options->table = arg;
        return 0;
    case OPT_SHEET:
        options->sheet = arg;
        return 0;
    case OPT_PRESET:
        options->preset = arg;
        return 0;
    case OPT_REJECTS:
        options->rejects = arg;
        return 0;
    case OPT_JSON:
        command->json = true;
        return 0;
    case OPT_QUIET:
        command->quiet = true;
        return 0;
    case OPT_METHOD:
        if (!set_method(command, arg))
            argp_error(state,
                       "--method %s: it is auto, sequential, concurrent, "
                       "batch or copy",
                       arg);
        return 0;
    case OPT_WORKERS:
        if (!set_count(arg, 256, &count))
            argp_error(state, "--workers %s: a number from 1 to 256", arg);
        options->workers = (unsigned)count;
        return 0;
    case OPT_BATCH_SIZE:
        if (!set_count(arg, 100000, &count))
            argp_error(state, "--batch-size %s: a number from 1 to 100000",
                       arg);
        options->batch_rows = (size_t)count;
        return 0;
    case OPT_SEPARATOR:
        if (!set_separator(command, arg))
            argp_error(state, "--separator %s: it is , ; | or tab", arg);
        return 0;
    case OPT_MAP:
        if (!strchr(arg, '='))
            argp_error(state, "--map %s: write HEADER=COLUMN", arg);
        command->maps[options->map_count++] = arg;
        return 0;
    case ARGP_KEY_ARG:
        if (options->file)
            argp_error(state, "one FILE at a time: %s", arg);
        options->file = arg;
        return 0;
    case ARGP_KEY_END:
        if (!options->file)
            argp_error(state, "which FILE?");
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

/* ---------------------------------------------------------------- signals */

/*
 * SIGINT and SIGTERM arrive by the descriptor. Called before the runtime
 * starts, so that its threads inherit the mask.
 */
static int signals_open(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

struct watch {
    struct rn_ctx *import; /* canceled by the first signal */
    int signals;
};

/* The second signal ends the program: somebody is in a hurry. */
static int watch_signals(struct rn_ctx *ctx, struct watch *own)
{
    struct signalfd_siginfo info;
    for (int seen = 0; rn_wait_fd_ctx(ctx, own->signals, RN_READ) > 0;) {
        if (read(own->signals, &info, sizeof(info)) != sizeof(info))
            continue;
        if (seen++ > 0)
            _exit(EXIT_INTERRUPTED);
        rn_ctx_cancel(own->import);
    }
    return RN_OK;
}

/* ---------------------------------------------------------------- the run */

static void show_progress(void *arg, const struct progress *now)
{
    char line[PROGRESS_LINE_MAX];
    (void)arg;
    progress_line(now, line);
    fprintf(stderr, "\r\033[K%s", line);
    fflush(stderr);
}

static void show_samples(const struct import_result *result)
{
    char text[2048];
    for (size_t i = 0; i < result->sample_count; i++) {
        issue_format(&result->samples[i], NULL, text, sizeof(text));
        fprintf(stderr, "rejected: %s\n", text);
    }
    if (result->errors > result->sample_count)
        fprintf(stderr, "rejected: %llu more; --rejects FILE writes them all\n",
                (unsigned long long)(result->errors - result->sample_count));
}

static void show_result(const struct command *command,
                        const struct import_result *result, const char *error)
{
    struct summary summary = {.file = command->options.file,
                              .sheet = result->sheet ? result->sheet : "",
                              .target = result->target ? result->target : "",
                              .table = result->table ? result->table : "",
                              .method = methods[result->method],
                              .total = result->total,
                              .success = result->success,
                              .errors = result->errors,
                              .unsettled = result->unsettled,
                              .unknown = result->unknown,
                              .duration = result->duration,
                              .rejects = command->options.rejects,
                              .error = error};
    if (command->json)
        summary_print_json(stdout, &summary);
    else if (!command->quiet && result->started)
        summary_print(stdout, &summary);
    if (!command->options.rejects && !command->quiet && !command->json)
        show_samples(result);
}

static int run(void *arg)
{
    struct command *command = arg;
    struct import_options *options = &command->options;
    struct rn_ctx *import = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_group *watchers = rn_group_make(rn_ctx_background(), 0);
    if (command->signals >= 0)
        rn_group_go(watchers, watch_signals,
                    (struct watch){import, command->signals});
    bool shows = !command->quiet && !command->json && isatty(STDERR_FILENO);
    if (shows)
        options->on_progress = show_progress;

    struct import_result result = {0};
    struct issue why;
    int status = import_run(import, options, &result, &why);
    if (shows)
        fputs("\r\033[K", stderr);
    show_result(command, &result, status < 0 ? why.text : NULL);
    if (status < 0)
        command->status = cmd_fail(&why, options->file);
    else
        command->status = result.errors > 0 ? EXIT_REJECTED : EXIT_DONE;

    import_result_clear(&result);
    rn_ctx_cancel(rn_group_ctx(watchers));
    rn_group_wait(watchers);
    rn_ctx_cancel(import);
    rn_ctx_release(import);
    return 0;
}

int cmd_import(int argc, char **argv)
{
    static const struct argp parser = {
        flags,
        parse_flag,
        "FILE",
        "Loads a sheet of FILE (.xlsx or .csv) into a table of a database.",
        NULL,
        NULL,
        NULL};
    /* libpq, OpenSSL and libxlsxwriter keep buffers on the stack. */
    const struct rn_options runtime = {.stack_size = 256 * 1024};
    struct command command = {0};
    argp_err_exit_status = EXIT_USAGE;
    static char name[] = "sluice import"; /* as messages name it */
    argv[0] = name;
    command.maps = calloc((size_t)argc, sizeof(char *));
    if (!command.maps)
        return EXIT_INPUT;
    command.options.maps = command.maps;
    argp_parse(&parser, argc, argv, 0, NULL, &command);
    command.signals = signals_open();
    int status = rn_run_with(&runtime, run, &command);
    if (command.signals >= 0)
        close(command.signals);
    free(command.maps);
    if (status < 0) {
        fprintf(stderr, "sluice: cannot start: %s\n", rn_status_text(status));
        return EXIT_INPUT;
    }
    return command.status;
}
