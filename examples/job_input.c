/* SPDX-License-Identifier: Apache-2.0 */
/* job_input.c: as many jobs a statement as lines were read at once. */
#include "job_input.h"

#include <stdlib.h>
#include <string.h>

#include "common/example.h"
#include "common/line_input.h"

/* Adds the lines that are jobs, and says which are none. */
static int add_lines(struct pg_go *pg, char *lines, size_t size,
                     int64_t *number, int64_t *added)
{
    char *good = lines; /* they are moved together */
    int64_t count = 0;

    for (char *line = lines, *next; line < lines + size; line = next) {
        next = (char *)memchr(line, '\n', size - (size_t)(line - lines)) + 1;
        size_t length = (size_t)(next - 1 - line);
        ++*number;
        if (!job_good(line, length)) {
            example_error("line %lld is no job: %.*s", (long long)*number,
                          (int)(length < 40 ? length : 40), line);
            continue;
        }
        memmove(good, line, length + 1);
        good += length + 1;
        count++;
    }
    if (count == 0)
        return 0;
    good[-1] = '\0';
    if (job_add(pg, lines) != 0)
        return -1;
    *added += count;
    return 0;
}

int job_add_input(struct rn_ctx *ctx, struct pg_go *pg, int64_t *number,
                  int64_t *added)
{
    struct line_input input;
    char *lines = malloc(LINE_INPUT_SIZE + 1);
    int more = lines ? line_input_open(&input, "-") : RN_NOMEM;
    int status = 0;
    size_t size;

    *number = *added = 0;
    if (more == RN_OK) {
        do {
            more = line_input_lines(ctx, &input, lines, &size);
            if (more >= 0 && size > 0)
                status = add_lines(pg, lines, size, number, added);
        } while (more > 0 && status == 0);
        line_input_close(&input);
    }
    free(lines);
    if (status != 0)
        example_error("%s", pg->error);
    else if (more < 0 && rn_ctx_err(ctx) == RN_OK)
        example_error("standard input: %s", rn_status_text(more));
    return status != 0 || more < 0 ? -1 : 0;
}
