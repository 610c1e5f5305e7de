/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pg_error.c: SQLSTATE to what it means for a row and for the import.
 *
 * Decided by SQLSTATE alone: messages may be in any language.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "load/ledger.h"
#include "load/pg.h"

struct meaning {
    const char *sqlstate; /* or its class, the first two characters */
    enum pg_fault fault;
    enum issue_code code;
};

/* The first that fits counts; whole states stand before their class. */
static const struct meaning meanings[] = {
    {"23502", PG_ROW, ISSUE_REQUIRED},
    {"22001", PG_ROW, ISSUE_TEXT_TOO_LONG},
    {"22003", PG_ROW, ISSUE_OUT_OF_RANGE},
    {"22P02", PG_ROW, ISSUE_CONVERT},
    {"22P03", PG_ROW, ISSUE_CONVERT},
    {"22007", PG_ROW, ISSUE_CONVERT},
    {"22008", PG_ROW, ISSUE_CONVERT},
    {"22021", PG_ROW, ISSUE_ENCODING},
    {"22P05", PG_ROW, ISSUE_ENCODING},
    /* COPY's framing is ours, not the row's. */
    {"22P04", PG_END, ISSUE_DATABASE},
    {"42501", PG_END, ISSUE_PERMISSION},
    {"25006", PG_END, ISSUE_PERMISSION}, /* read-only transaction */
    {"57014", PG_END, ISSUE_DATABASE},   /* statement_timeout, an operator */
    {"57P", PG_LOST, ISSUE_CONNECTION_LOST},
    {"40001", PG_RETRY, ISSUE_DATABASE},
    {"40P01", PG_RETRY, ISSUE_DATABASE},
    {"08", PG_LOST, ISSUE_CONNECTION_LOST},
    {"21", PG_ROW, ISSUE_REFUSED}, /* what triggers and checks raise */
    {"22", PG_ROW, ISSUE_REFUSED},
    {"23", PG_ROW, ISSUE_REFUSED},
    {"27", PG_ROW, ISSUE_REFUSED},
    {"2F", PG_ROW, ISSUE_REFUSED},
    {"38", PG_ROW, ISSUE_REFUSED},
    {"39", PG_ROW, ISSUE_REFUSED},
    {"44", PG_ROW, ISSUE_REFUSED},
    {"54", PG_ROW, ISSUE_REFUSED}, /* a value too large for an index */
    {"P0", PG_ROW, ISSUE_REFUSED},
};

int pg_error_set(struct pg_error *error, enum pg_fault fault,
                 enum issue_code code, const char *text)
{
    *error = (struct pg_error){.fault = fault, .code = code};
    pg_one_line(error->text, sizeof(error->text), text);
    return -1;
}

void pg_one_line(char *out, size_t size, const char *text)
{
    size_t len = 0;
    const char *gap = ""; /* before the next word */
    for (; *text != '\0' && len + 3 < size; text++) {
        if ((unsigned char)*text <= ' ') {
            bool ends = len > 0 && !strchr(".,:;", out[len - 1]);
            if (len > 0 && *gap != ';')
                gap = *text == '\n' && ends ? "; " : " ";
            continue;
        }
        while (*gap)
            out[len++] = *gap++;
        out[len++] = *text;
    }
    struct slice whole = {out, len};
    if (*text != '\0')
        len = utf8_prefix(whole, utf8_check(whole));
    out[len] = '\0';
}

static const char *field(const PGresult *result, int code)
{
    const char *value = PQresultErrorField(result, code);
    return value ? value : "";
}

static void classify(struct pg_error *error, const PGresult *result)
{
    error->fault = PG_END;
    error->code = ISSUE_DATABASE;
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
        const struct meaning *m = &meanings[i];
        if (strncmp(error->sqlstate, m->sqlstate, strlen(m->sqlstate)) == 0) {
            error->fault = m->fault;
            error->code = m->code;
            break;
        }
    }
    /*
     * A row-level security policy that turns a row away has the same SQLSTATE
     * as a missing privilege; only the place in the server tells them apart.
     */
    if (error->code == ISSUE_PERMISSION &&
        strcmp(field(result, PG_DIAG_SOURCE_FUNCTION),
               "ExecWithCheckOptions") == 0) {
        error->fault = PG_ROW;
        error->code = ISSUE_REFUSED;
    }
    /*
     * The ledger's line may go in the statement of a row; that it is refused is
     * not the row's fault: another run of the import settles the same rows.
     */
    if (error->fault == PG_ROW &&
        strcmp(field(result, PG_DIAG_TABLE_NAME), LEDGER_TABLE) == 0) {
        error->fault = PG_END;
        error->code = ISSUE_DATABASE;
    }
    /* After FATAL and PANIC the server hangs up. */
    const char *severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    if (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0) {
        error->fault = PG_LOST;
        error->code = ISSUE_CONNECTION_LOST;
    }
}

/*
 * The last line of the context that reads "COPY table, line N[, column C...]":
 * last, because triggers of the row stand before it. In another language than
 * English it is not recognised, and the row is found by bisection.
 */
static void read_context(struct pg_error *error, const char *context,
                         const char *relation)
{
    static const char word[] = "COPY ";
    static const char middle[] = ", line ";
    static const char column[] = ", column ";
    size_t name_len = strlen(relation);
    const char *at = context;
    while (at) {
        const char *line = at;
        at = strchr(at, '\n');
        at = at ? at + 1 : NULL;
        if (strncmp(line, word, strlen(word)) != 0)
            continue;
        line += strlen(word);
        if (strncmp(line, relation, name_len) != 0)
            continue;
        line += name_len;
        if (strncmp(line, middle, strlen(middle)) != 0)
            continue;
        char *rest;
        error->line = strtoull(line + strlen(middle), &rest, 10);
        error->column[0] = '\0';
        if (strncmp(rest, column, strlen(column)) != 0)
            continue;
        rest += strlen(column);
        const char *end = strstr(rest, ": ");
        size_t len = end ? (size_t)(end - rest) : strcspn(rest, "\n");
        if (len < sizeof(error->column)) {
            memcpy(error->column, rest, len);
            error->column[len] = '\0';
        }
    }
}

/* "Key (email)=(x) already exists.": the column, when it is a single one. */
static void read_key(struct pg_error *error, const char *detail)
{
    const char *open = strchr(detail, '(');
    const char *close = open ? strstr(open, ")=(") : NULL;
    if (!close || error->column[0] != '\0')
        return;
    size_t len = (size_t)(close - open - 1);
    if (len == 0 || len >= sizeof(error->column) || memchr(open, ',', len))
        return;
    memcpy(error->column, open + 1, len);
    error->column[len] = '\0';
}

static void write_text(struct pg_error *error, const PGresult *result)
{
    const char *message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = field(result, PG_DIAG_MESSAGE_DETAIL);
    /* No fields: libpq's own words about the connection. */
    if (message[0] == '\0')
        message = PQresultErrorMessage(result);
    /* "Failing row contains (...)" repeats what the report shows anyway. */
    bool repeats = strcmp(error->sqlstate, "23502") == 0 ||
                   strcmp(error->sqlstate, "23514") == 0;
    pg_one_line(error->text, sizeof(error->text), message);
    size_t len = strlen(error->text);
    if (detail[0] == '\0' || repeats || len + 3 >= sizeof(error->text))
        return;
    memcpy(error->text + len, ": ", 3);
    pg_one_line(error->text + len + 2, sizeof(error->text) - len - 2, detail);
    len = strlen(error->text);
    if (len > 0 && error->text[len - 1] == '.')
        error->text[len - 1] = '\0';
}

void pg_error_from_result(struct pg_error *error, const PGresult *result,
                          const char *relation)
{
    *error = (struct pg_error){0};
    const char *state = field(result, PG_DIAG_SQLSTATE);
    memcpy(error->sqlstate, state, strnlen(state, 5));
    classify(error, result);
    write_text(error, result);

    const char *column = field(result, PG_DIAG_COLUMN_NAME);
    if (strlen(column) < sizeof(error->column))
        strcpy(error->column, column);
    if (relation) {
        char named[sizeof(error->column)];
        memcpy(named, error->column, sizeof(named));
        read_context(error, field(result, PG_DIAG_CONTEXT), relation);
        if (named[0] != '\0')
            memcpy(error->column, named, sizeof(named));
    }
    if (strncmp(error->sqlstate, "23", 2) == 0)
        read_key(error, field(result, PG_DIAG_MESSAGE_DETAIL));
}

int pg_error_issue(const struct pg_error *error, struct issue *why)
{
    return issue_set(why, error->code, "%s", error->text);
}
