/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_serve.c: `sluice serve`.
 *
 *     targets, token, state ──▶ jobs ──▶ routes ──▶ server
 *                                 ▲                   │ SIGTERM, SIGINT
 *                                 └── stops after ────┘
 *
 * A DSN may hold a password, so none stays where others can see it: arguments
 * are copied and overwritten (/proc/PID/cmdline is readable by everybody), and
 * messages name a target by its name.
 */
#include <argp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <runnel/errno.h>
#include <runnel/runnel.h>

#include "cmd.h"
#include "serve/api.h"
#include "serve/auth.h"
#include "serve/http_log.h"
#include "serve/http_metrics.h"
#include "serve/jobs.h"
#include "serve/notify.h"
#include "serve/routes.h"
#include "serve/server.h"
#include "serve/upload.h"

#define TARGETS_MAX 64
#define HOSTS_MAX   64
#define DSN_MAX     4096

enum {
    OPT_TO = 256,
    OPT_TARGET,
    OPT_LISTEN,
    OPT_TOKEN_FILE,
    OPT_HOST,
    OPT_TLS_CERTIFICATE,
    OPT_TLS_KEY,
    OPT_STATE,
    OPT_IMPORTS,
    OPT_QUEUE,
    OPT_KEEP,
    OPT_UPLOADS,
    OPT_PREVIEWS,
    OPT_PREVIEW_TIMEOUT,
    OPT_MAX_SPOOL,
    OPT_MAX_REJECTS,
    OPT_MAX_UPLOAD,
    OPT_MAX_CONNECTIONS,
    OPT_HEAD_TIMEOUT,
    OPT_IDLE_TIMEOUT,
    OPT_BODY_TIMEOUT,
    OPT_BODY_RATE,
    OPT_DRAIN_TIMEOUT,
    OPT_LOG,
    OPT_NO_ACCESS_LOG
};

static const struct argp_option flags[] = {
    {"to", OPT_TO, "DSN", 0,
     "the database to import into, as for `sluice import`; @FILE: it stands in "
     "FILE; default: $SLUICE_TO",
     1},
    {"target", OPT_TARGET, "NAME=DSN", 0,
     "one more database, which clients ask for by NAME; may be repeated", 1},
    {"state", OPT_STATE, "FOLDER", 0,
     "keeps jobs and uploads; default: $STATE_DIRECTORY, else sluice in "
     "$XDG_STATE_HOME or ~/.local/state",
     1},
    {"imports", OPT_IMPORTS, "N", 0, "that run at once; default: 4", 1},
    {"queue", OPT_QUEUE, "N", 0, "imports that may wait; default: 1000", 1},
    {"keep", OPT_KEEP, "N", 0,
     "imports that have ended and are remembered; default: 1000", 1},
    {"uploads", OPT_UPLOADS, "N", 0,
     "files that are received at once; default: 256", 1},
    {"previews", OPT_PREVIEWS, "N", 0,
     "previews and reports that are made at once; default: 4", 1},
    {"listen", OPT_LISTEN, "ADDRESS", 0,
     "HOST:PORT, or unix:PATH; default: 127.0.0.1:8080", 2},
    {"token-file", OPT_TOKEN_FILE, "FILE", 0,
     "holds the token that clients must send; a must unless only this machine "
     "can reach ADDRESS",
     2},
    {"host", OPT_HOST, "NAME", 0,
     "a name that this server is asked by, besides localhost and numeric "
     "addresses; may be repeated",
     2},
    {"tls-certificate", OPT_TLS_CERTIFICATE, "FILE", 0,
     "PEM, with its chain: speak HTTPS", 2},
    {"tls-key", OPT_TLS_KEY, "FILE", 0, "PEM; default: the same file", 2},
    {"max-upload", OPT_MAX_UPLOAD, "MIB", 0, "default: 512", 3},
    {"max-spool", OPT_MAX_SPOOL, "MIB", 0,
     "of all files that are received or kept; default: 32768", 3},
    {"max-rejects", OPT_MAX_REJECTS, "MIB", 0,
     "of the rejected rows of one import; default: 1024", 3},
    {"preview-timeout", OPT_PREVIEW_TIMEOUT, "SECONDS", 0, "default: 30", 3},
    {"max-connections", OPT_MAX_CONNECTIONS, "N", 0, "default: 16384", 3},
    {"head-timeout", OPT_HEAD_TIMEOUT, "SECONDS", 0,
     "for a request's head; default: 10", 3},
    {"idle-timeout", OPT_IDLE_TIMEOUT, "SECONDS", 0,
     "between requests; default: 60", 3},
    {"body-timeout", OPT_BODY_TIMEOUT, "SECONDS", 0,
     "without a byte moving; default: 30", 3},
    {"body-rate", OPT_BODY_RATE, "BYTES", 0,
     "a second that a body must reach; default: 1024", 3},
    {"drain-timeout", OPT_DRAIN_TIMEOUT, "SECONDS", 0,
     "for what is in flight when the server stops; default: 30", 3},
    {"log", OPT_LOG, "FORMAT", 0, "text or json; default: text", 4},
    {"no-access-log", OPT_NO_ACCESS_LOG, 0, 0, "no line for each request", 4},
    {0}};

struct service {
    struct server_options server;
    struct jobs_options jobs;
    struct job_target targets[TARGETS_MAX];
    char *owned[2 * TARGETS_MAX]; /* what targets point to */
    size_t owned_count;
    const char *hosts[HOSTS_MAX];
    const char *token_file;
    char *token;
    char *state;
    int status;
};

/* --------------------------------------------------------------- DSNs */

/* The first line of a file; allocated, or NULL. */
static char *read_dsn_file(const char *path)
{
    char line[DSN_MAX];
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    bool read = fgets(line, sizeof(line), file) != NULL;
    fclose(file);
    struct slice dsn = slice_trim(slice_of(read ? line : ""));
    return dsn.len > 0 ? strndup(dsn.ptr, dsn.len) : NULL;
}

static char *own(struct service *service, char *text)
{
    if (text)
        service->owned[service->owned_count++] = text;
    return text;
}

/* `arg` is overwritten: whoever lists processes reads it. */
static void add_target(struct argp_state *state, struct service *service,
                       const char *name, size_t name_len, char *arg, bool first)
{
    struct jobs_options *jobs = &service->jobs;
    if (jobs->target_count == TARGETS_MAX)
        argp_error(state, "at most %d targets", TARGETS_MAX);
    char *dsn = *arg == '@' ? read_dsn_file(arg + 1) : strdup(arg);
    if (!dsn && *arg == '@')
        argp_failure(state, EXIT_USAGE, 0, "%s holds no DSN", arg + 1);
    memset(arg, *arg == '@' ? '@' : '*', strlen(arg));
    size_t at = first ? 0 : jobs->target_count;
    memmove(&service->targets[at + 1], &service->targets[at],
            (jobs->target_count - at) * sizeof(service->targets[0]));
    service->targets[at] = (struct job_target){
        own(service, strndup(name, name_len)), own(service, dsn)};
    jobs->target_count++;
    if (!service->targets[at].name || !service->targets[at].dsn)
        argp_failure(state, EXIT_INPUT, 0, "out of memory");
}

static void add_named_target(struct argp_state *state, struct service *service,
                             char *arg)
{
    size_t len = strcspn(arg, "=");
    if (len == 0 || arg[len] != '=' || arg[len + 1] == '\0')
        argp_error(state, "--target: write NAME=DSN");
    for (size_t i = 0; i < service->jobs.target_count; i++) {
        const char *name = service->targets[i].name;
        if (strlen(name) == len && memcmp(name, arg, len) == 0)
            argp_error(state, "--target %s: given twice", name);
    }
    add_target(state, service, arg, len, arg + len + 1, false);
}

/* What no import can ever use is said now, not to the first client. */
static void check_targets(struct argp_state *state,
                          const struct service *service)
{
    for (size_t i = 0; i < service->jobs.target_count; i++) {
        struct issue why;
        const struct job_target *target = &service->targets[i];
        if (sink_check_target(target->dsn, &why) < 0)
            argp_failure(state, EXIT_USAGE, 0, "target %s: %s", target->name,
                         why.text);
    }
}

static void finish_targets(struct argp_state *state, struct service *service)
{
    const char *from_environment = getenv("SLUICE_TO");
    if (service->jobs.target_count == 0 && from_environment &&
        *from_environment) {
        char *copy = strdup(from_environment);
        if (copy)
            add_target(state, service, "default", 7, copy, true);
        free(copy);
    }
    if (service->jobs.target_count == 0)
        argp_error(state, "into which database? --to DSN");
    check_targets(state, service);
    service->jobs.targets = service->targets;
}

/* -------------------------------------------------------------- the flags */

/* A number from 1 to max. */
static uint64_t count_of(struct argp_state *state, const char *flag,
                         const char *arg, int64_t max)
{
    int64_t count;
    if (!integer_from_text(slice_of(arg), &count) || count < 1 || count > max)
        argp_error(state, "--%s %s: a number from 1 to %lld", flag, arg,
                   (long long)max);
    return (uint64_t)count;
}

/* Seconds, with a fraction if wanted, up to a day. */
static int64_t time_of(struct argp_state *state, const char *flag,
                       const char *arg)
{
    double seconds;
    if (!number_from_text(slice_of(arg), &seconds) || seconds < 0.001 ||
        seconds > 86400)
        argp_error(state, "--%s %s: seconds, from 0.001 to 86400", flag, arg);
    return (int64_t)(seconds * (double)RN_S);
}

static void parse_limit(int key, const char *arg, struct argp_state *state,
                        struct service *service)
{
    struct server_limits *limits = &service->server.limits;
    switch (key) {
    case OPT_MAX_UPLOAD:
        limits->upload_bytes = count_of(state, "max-upload", arg, 1 << 20)
                               << 20;
        break;
    case OPT_MAX_CONNECTIONS:
        limits->connections =
            (size_t)count_of(state, "max-connections", arg, 1 << 20);
        break;
    case OPT_MAX_SPOOL:
        service->jobs.spool_bytes =
            count_of(state, "max-spool", arg, INT64_C(1) << 30) << 20;
        break;
    case OPT_MAX_REJECTS:
        service->jobs.rejects_bytes =
            count_of(state, "max-rejects", arg, INT64_C(1) << 30) << 20;
        break;
    case OPT_PREVIEW_TIMEOUT:
        service->jobs.look_ns = time_of(state, "preview-timeout", arg);
        break;
    case OPT_HEAD_TIMEOUT:
        limits->head_ns = time_of(state, "head-timeout", arg);
        break;
    case OPT_IDLE_TIMEOUT:
        limits->idle_ns = time_of(state, "idle-timeout", arg);
        break;
    case OPT_BODY_TIMEOUT:
        limits->stall_ns = time_of(state, "body-timeout", arg);
        break;
    case OPT_BODY_RATE:
        limits->body_rate = count_of(state, "body-rate", arg, INT64_C(1) << 40);
        break;
    case OPT_DRAIN_TIMEOUT:
        limits->drain_ns = time_of(state, "drain-timeout", arg);
        break;
    default:
        break;
    }
}

static void parse_log(struct argp_state *state, const char *arg)
{
    bool json = strcmp(arg, "json") == 0;
    if (!json && strcmp(arg, "text") != 0)
        argp_error(state, "--log %s: it is text or json", arg);
    log_use_json(json);
}

static void finish(struct argp_state *state, struct service *service)
{
    if (service->server.tls_key && !service->server.tls_certificate)
        argp_error(state, "--tls-key needs --tls-certificate");
    if (!service->server.tls_key)
        service->server.tls_key = service->server.tls_certificate;
    finish_targets(state, service);
}

static error_t parse_flag(int key, char *arg, struct argp_state *state)
{
    struct service *service = state->input;
    if (arg && *arg == '\0')
        argp_error(state, "an option without its value");
    switch (key) {
    case OPT_TO:
        add_target(state, service, "default", 7, arg, true);
        return 0;
    case OPT_TARGET:
        add_named_target(state, service, arg);
        return 0;
    case OPT_LISTEN:
        service->server.address = arg;
        return 0;
    case OPT_TOKEN_FILE:
        service->token_file = arg;
        return 0;
    case OPT_HOST:
        if (service->server.host_count == HOSTS_MAX)
            argp_error(state, "at most %d hosts", HOSTS_MAX);
        service->hosts[service->server.host_count++] = arg;
        return 0;
    case OPT_TLS_CERTIFICATE:
        service->server.tls_certificate = arg;
        return 0;
    case OPT_TLS_KEY:
        service->server.tls_key = arg;
        return 0;
    case OPT_STATE:
        service->state = own(service, strdup(arg));
        return 0;
    case OPT_IMPORTS:
        service->jobs.running = (unsigned)count_of(state, "imports", arg, 256);
        return 0;
    case OPT_QUEUE:
        service->jobs.waiting = (unsigned)count_of(state, "queue", arg, 100000);
        return 0;
    case OPT_KEEP:
        service->jobs.keep = (unsigned)count_of(state, "keep", arg, 100000);
        return 0;
    case OPT_UPLOADS:
        service->jobs.uploads =
            (unsigned)count_of(state, "uploads", arg, 65536);
        return 0;
    case OPT_PREVIEWS:
        service->jobs.looks = (unsigned)count_of(state, "previews", arg, 256);
        return 0;
    case OPT_LOG:
        parse_log(state, arg);
        return 0;
    case OPT_NO_ACCESS_LOG:
        service->server.access_log = false;
        return 0;
    case ARGP_KEY_ARG:
        argp_error(state, "what is %s? There are only options", arg);
        return 0;
    case ARGP_KEY_END:
        finish(state, service);
        return 0;
    default:
        if (key < OPT_TO)
            return ARGP_ERR_UNKNOWN;
        parse_limit(key, arg, state, service);
        return 0;
    }
}

/* -------------------------------------------------------------- the state */

/* Makes the folder and those above it; 0 or -1 with *why. */
static int make_folder(char *path, struct issue *why)
{
    for (char *slash = strchr(path + 1, '/');; slash = strchr(slash + 1, '/')) {
        if (slash)
            *slash = '\0';
        int made = mkdir(path, 0700);
        if (made == 0)
            upload_sync_name(path);
        if (made < 0 && errno != EEXIST && !slash)
            return issue_set(why, ISSUE_IO, "%s cannot be made: %s", path,
                             rn_status_text(-errno));
        if (!slash)
            return 0;
        *slash = '/';
    }
}

/* Where jobs are kept when nothing was said. */
static int choose_state(struct service *service, struct issue *why)
{
    const char *systemd = getenv("STATE_DIRECTORY");
    const char *xdg = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    char *path = NULL;
    int made = -1;
    if (service->state)
        return make_folder(service->state, why);
    if (systemd && *systemd)
        made = asprintf(&path, "%.*s", (int)strcspn(systemd, ":"), systemd);
    else if (xdg && *xdg == '/')
        made = asprintf(&path, "%s/sluice", xdg);
    else if (home && *home)
        made = asprintf(&path, "%s/.local/state/sluice", home);
    if (made < 0)
        return issue_set(why, ISSUE_USAGE,
                         "where may jobs be kept? --state FOLDER");
    service->state = own(service, path);
    return make_folder(path, why);
}

/* ---------------------------------------------------------------- the run */

struct watch {
    struct rn_ctx *stop;
    rn_receiver(int) signals;
};

/* The second signal ends the program: somebody is in a hurry. */
static int watch_signals(struct rn_ctx *ctx, struct watch *own)
{
    int number;
    if (rn_recv_ctx(ctx, own->signals, &number) != RN_OK)
        return RN_OK;
    notify_systemd("STOPPING=1");
    log_message(LOG_INFO, "stop", "%s", strsignal(number));
    rn_ctx_cancel(own->stop);
    if (rn_recv_ctx(ctx, own->signals, &number) == RN_OK)
        _exit(EXIT_INTERRUPTED);
    return RN_OK;
}

static void announce(const struct server *server)
{
    log_message(LOG_INFO, "listen", "%s", server_address(server));
    printf("sluice: listening on %s\n", server_address(server));
    fflush(stdout);
    notify_systemd("READY=1");
}

static int serve(struct service *service, struct jobs *jobs,
                 struct rn_ctx *stop, struct issue *why)
{
    struct server *server;
    struct routes *routes = routes_open(jobs, &service->targets[0]);
    if (!routes)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    service->server.tables[0] = routes_table(routes);
    service->server.tables[1] =
        (struct server_routes){api_routes, api_route_count, jobs};
    int status = server_open(&server, &service->server, why);
    if (status == 0) {
        announce(server);
        server_run(server, stop);
        server_free(server);
    }
    metrics_clear();
    routes_close(routes);
    return status;
}

static int serve_until(struct service *service, struct rn_ctx *stop,
                       struct issue *why)
{
    struct jobs *jobs;
    if (service->token_file) {
        service->token =
            own(service, auth_read_token(service->token_file, why));
        if (!service->token)
            return -1;
    }
    service->server.token = service->token;
    if (choose_state(service, why) < 0)
        return -1;
    service->jobs.state = service->state;
    if (jobs_open(&jobs, &service->jobs, why) < 0)
        return -1;
    int status = serve(service, jobs, stop, why);
    jobs_stop(jobs);
    jobs_close(jobs);
    return status;
}

static int run(void *arg)
{
    struct service *service = arg;
    struct issue why;
    struct rn_ctx *stop = rn_ctx_with_cancel(rn_ctx_background());
    struct rn_group *watchers = rn_group_make(rn_ctx_background(), 0);
    rn_chan(int) signals = rn_chan_make(int, 2);
    rn_signal_notify(signals, SIGINT);
    rn_signal_notify(signals, SIGTERM);
    rn_group_go(watchers, watch_signals,
                (struct watch){stop, rn_recv_end(signals)});
    if (serve_until(service, stop, &why) < 0)
        service->status = cmd_fail(&why, NULL);
    rn_ctx_cancel(rn_group_ctx(watchers));
    rn_group_wait(watchers);
    rn_signal_stop(signals);
    rn_chan_free(signals);
    rn_ctx_release(stop);
    return 0;
}

int cmd_serve(int argc, char **argv)
{
    static const struct argp parser = {
        flags, parse_flag,
        NULL,  "Imports what is sent to it over HTTP into a database.",
        NULL,  NULL,
        NULL};
    const struct rn_options runtime = {.stack_size = JOBS_STACK};
    static struct service service = {
        .server = {.address = "127.0.0.1:8080", .access_log = true}};
    static char name[] = "sluice serve"; /* as messages name it */
    argp_err_exit_status = EXIT_USAGE;
    argv[0] = name;
    service.server.hosts = service.hosts;
    argp_parse(&parser, argc, argv, 0, NULL, &service);
    signal(SIGPIPE, SIG_IGN); /* OpenSSL writes without asking not to */
    int status = rn_run_with(&runtime, run, &service);
    for (size_t i = 0; i < service.owned_count; i++)
        free(service.owned[i]);
    if (status < 0) {
        fprintf(stderr, "sluice: cannot start: %s\n", rn_status_text(status));
        return EXIT_INPUT;
    }
    return service.status;
}
