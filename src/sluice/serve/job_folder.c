/* SPDX-License-Identifier: Apache-2.0 */
/* job_folder.c: makes and sweeps the state directory. */
#include "serve/job_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "serve/upload.h"

char *job_folder_path(const char *path, const char *name)
{
    char *joined;
    return asprintf(&joined, "%s/%s", path, name) < 0 ? NULL : joined;
}

static int make_folder(const char *path, struct issue *why)
{
    bool made = mkdir(path, 0700) == 0;
    if ((made && upload_sync_name(path) == 0) || (!made && errno == EEXIST))
        return 0;
    return issue_set(why, ISSUE_IO, "%s cannot be made: %s", path,
                     strerror(errno));
}

int job_folder_open(struct job_folder *folder, const char *path,
                    struct issue *why)
{
    folder->path = strdup(path);
    folder->spool = job_folder_path(path, "spool");
    folder->rejects = job_folder_path(path, "rejects");
    if (!folder->path || !folder->spool || !folder->rejects)
        return issue_set(why, ISSUE_MEMORY, "out of memory");
    return make_folder(path, why) == 0 &&
                   make_folder(folder->spool, why) == 0 &&
                   make_folder(folder->rejects, why) == 0
               ? 0
               : -1;
}

void job_folder_close(struct job_folder *folder)
{
    free(folder->path);
    free(folder->spool);
    free(folder->rejects);
    *folder = (struct job_folder){0};
}

/* A file, or the folder of a report. */
static void remove_entry(int folder, const char *name)
{
    struct dirent *entry;
    if (unlinkat(folder, name, 0) == 0)
        return;
    int fd = openat(folder, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    while (dir && (entry = readdir(dir)) != NULL)
        unlinkat(fd, entry->d_name, 0);
    if (dir)
        closedir(dir);
    unlinkat(folder, name, AT_REMOVEDIR);
}

void job_folder_sweep(const char *path,
                      bool (*is_wanted)(void *arg, const char *name), void *arg)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    while (dir && (entry = readdir(dir)) != NULL) {
        const char *name = entry->d_name;
        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
            !is_wanted(arg, name))
            remove_entry(dirfd(dir), name);
    }
    if (dir)
        closedir(dir);
}
