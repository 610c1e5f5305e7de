/* SPDX-License-Identifier: Apache-2.0 */
/*
 * images.c: a worker pool for work that needs a processor.
 *
 * A folder of JPEG and PNG is resized, compressed or converted by as many
 * workers as there are CPUs: more would not be faster and would hold more
 * pictures in memory. Look at process: the pool calls it with each name, and a
 * broken picture is a result like any other, not an error that ends the rest.
 * Files are read and written where a thread may block, so a slow disk keeps no
 * worker from computing.
 *
 *     images resize photos small --size 800
 *     images compress photos smaller --quality 60
 *     images convert photos other         JPEG to PNG and PNG to JPEG
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "common/example.h"
#include "common/whole_file.h"
#include "picture.h"

static int64_t side = 800, quality = 80, workers;
static const char *const operations[PICTURE_OPERATIONS] = {"resize", "compress",
                                                           "convert"};

struct folder {
    struct picture_change change;
    const char *from, *to;
};

struct result {
    char name[256];
    char error[PICTURE_ERROR_MAX]; /* empty: it worked */
    size_t size_before, size_after;
    int width, height;
};

/* Reads, changes and writes; what went wrong stands in the result. */
static int change(const struct folder *folder, struct whole_file *file,
                  struct result *result)
{
    char path[4096];
    struct picture done;

    snprintf(path, sizeof(path), "%s/%s", folder->from, result->name);
    int status = whole_file_read(path, file);
    if (status != RN_OK)
        return picture_fail(result->error, rn_status_text(status));
    result->size_before = file->size;
    if (picture_change(&folder->change, &file->data, &file->size, &done,
                       result->error) != 0)
        return -1;
    result->width = done.width;
    result->height = done.height;
    result->size_after = file->size;
    const char *ending = done.format == PICTURE_JPEG ? ".jpg" : ".png";
    snprintf(path, sizeof(path), "%s/%s%s", folder->to, result->name,
             folder->change.operation == PICTURE_CONVERT ? ending : "");
    status = whole_file_write(path, file);
    if (status != RN_OK)
        snprintf(result->error, sizeof(result->error), "%s: %s", folder->to,
                 rn_status_text(status));
    return status;
}

static int process(struct rn_ctx *ctx, const struct folder *folder,
                   struct dirent **name, struct result *result)
{
    struct whole_file file = {NULL, 0};
    (void)ctx;

    *result = (struct result){.width = 0};
    snprintf(result->name, sizeof(result->name), "%s", (*name)->d_name);
    change(folder, &file, result);
    free(file.data);
    return RN_OK;
}

static int is_picture(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot &&
           (strcasecmp(dot, ".jpg") == 0 || strcasecmp(dot, ".jpeg") == 0 ||
            strcasecmp(dot, ".png") == 0);
}

/* Every name to the pool, every result to the terminal; how many failed. */
static int process_all(struct rn_ctx *ctx, const struct folder *folder,
                       struct dirent **names, int count)
{
    struct rn_group *group = rn_group_make(ctx, 0);
    rn_chan(struct dirent *) jobs =
        rn_group_chan(group, struct dirent *, (size_t)count);
    rn_chan(struct result) results = rn_group_chan(group, struct result, 8);
    int good = 0;

    for (int i = 0; i < count; i++)
        rn_send(jobs, names[i]);
    rn_close(jobs);
    rn_pool_map(group, (size_t)workers, jobs, results, process, folder);
    rn_range (struct result, result, results) {
        if (result.error[0]) {
            example_error("%s: %s", result.name, result.error);
            continue;
        }
        good++;
        printf("%s: %dx%d, %zu bytes, were %zu\n", result.name, result.width,
               result.height, result.size_after, result.size_before);
    }
    rn_group_wait(group);
    printf("%d of %d pictures done\n", good, count);
    return count - good;
}

static int run(struct rn_ctx *ctx, int argc, char **argv)
{
    (void)argc;
    struct folder folder = {
        {PICTURE_RESIZE, (int)side, (int)quality}, argv[1], argv[2]};
    struct dirent **names;

    while (strcmp(operations[folder.change.operation], argv[0]) != 0) {
        if (++folder.change.operation == PICTURE_OPERATIONS) {
            example_error("\"%s\" is not resize, compress or convert", argv[0]);
            return 2;
        }
    }
    if (workers == 0)
        workers = rn_procs();
    int count = scandir(folder.from, &names, is_picture, alphasort);
    if (count < 0 || (mkdir(folder.to, 0777) != 0 && errno != EEXIST)) {
        const char *why = rn_status_text(-errno);
        example_error("%s: %s", count < 0 ? folder.from : folder.to, why);
        return 1;
    }
    int failed = process_all(ctx, &folder, names, count);
    for (int i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return failed > 0;
}

int main(int argc, char **argv)
{
    static const struct example_option options[] = {
        {"size", "PIXELS", "the longer side after resize", .number = &side, 1,
         20000},
        {"quality", "N", "of JPEG, 1 to 100", .number = &quality, 1, 100},
        {"workers", "N", "pictures at once; 0: one a CPU", .number = &workers,
         0, 64},
        {0},
    };
    return example_main(
        argc, argv,
        &(struct example){
            .usage = "resize|compress|convert FROM TO [--size PIXELS]",
            .about = "Works on the JPEG and PNG files of a folder.",
            .options = options,
            .min_arguments = 3,
            .max_arguments = 3,
            .stack_size = (size_t)256 * 1024, /* codecs keep tables there */
            .run = run});
}
