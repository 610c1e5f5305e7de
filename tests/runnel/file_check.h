/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_check.h: a folder of a test's own.
 */
#ifndef FILE_CHECK_H
#define FILE_CHECK_H

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "rn_check.h"

struct file_folder {
    char path[64];
    char file[96]; /* a name in it */
};

static inline bool file_folder_make(struct file_folder *folder)
{
    strcpy(folder->path, "/tmp/runnel-file-XXXXXX");
    if (!CHECK(mkdtemp(folder->path)))
        return false;
    snprintf(folder->file, sizeof(folder->file), "%s/file", folder->path);
    return true;
}

/* How many names are in it. */
static inline int file_folder_count(const struct file_folder *folder)
{
    DIR *dir = opendir(folder->path);
    int count = 0;

    if (!CHECK(dir))
        return -1;
    while (readdir(dir))
        count++;
    closedir(dir);
    return count - 2;
}

/* Nothing but the file may be left in it. */
static inline void file_folder_remove(struct file_folder *folder)
{
    unlink(folder->file);
    CHECK_EQ_INT(rmdir(folder->path), 0);
}

#endif
