/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole files: read all, write all, and what they leave behind when they fail.
 */
#include "file_check.h"

/* What was written is read: nothing, a byte, a page, a megabyte. */
static void written_is_read(void)
{
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 1 << 20};
    static char bytes[1 << 20];
    struct file_folder folder;

    if (!file_folder_make(&folder))
        return;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)(i * 7 + i / 256);
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        char *data = NULL;
        size_t size = 99;

        CHECK_EQ_INT(rn_file_write_all(folder.file, bytes, sizes[i], 0644),
                     RN_OK);
        if (!CHECK_EQ_INT(rn_file_read_all(folder.file, sizes[i], &data, &size),
                          RN_OK))
            continue;
        CHECK_EQ_INT(size, sizes[i]);
        CHECK(memcmp(data, bytes, size) == 0);
        CHECK_EQ_INT(data[size], '\0');
        free(data);
    }
    CHECK_EQ_INT(file_folder_count(&folder), 1);
    file_folder_remove(&folder);
}

/* One byte more than the limit is too much. */
static void limit_of_a_read(void)
{
    struct file_folder folder;
    char *data = NULL;
    size_t size = 99;

    if (!file_folder_make(&folder))
        return;
    CHECK_EQ_INT(rn_file_write_all(folder.file, "12345", 5, 0644), RN_OK);
    CHECK_EQ_INT(rn_file_read_all(folder.file, 4, &data, &size), -EFBIG);
    CHECK_EQ_INT(rn_file_read_all(folder.file, 0, &data, &size), -EFBIG);
    CHECK(!data);
    CHECK_EQ_INT(size, 99);
    CHECK_EQ_INT(rn_file_read_all(folder.file, SIZE_MAX, &data, &size), RN_OK);
    CHECK_EQ_INT(size, 5);
    free(data);
    file_folder_remove(&folder);
}

/* Files that say they are empty, and endless ones: /proc, /dev/zero. */
static void sizes_that_lie(void)
{
    char *data = NULL;
    size_t size = 0;

    CHECK_EQ_INT(rn_file_read_all("/proc/self/status", 1 << 20, &data, &size),
                 RN_OK);
    CHECK(size > 0 && data && strstr(data, "Threads:"));
    free(data);
    data = NULL;
    CHECK_EQ_INT(rn_file_read_all("/dev/zero", 100000, &data, &size), -EFBIG);
    CHECK_EQ_INT(rn_file_read_all("/dev/zero", 0, &data, &size), -EFBIG);
    CHECK(!data);
    CHECK_EQ_INT(rn_file_read_all("/dev/null", 0, &data, &size), RN_OK);
    CHECK_EQ_INT(size, 0);
    free(data);
}

/* No such file, a folder, a folder that is not there. */
static void what_cannot_be_read_or_written(void)
{
    struct file_folder folder;
    char *data = NULL;
    size_t size;

    if (!file_folder_make(&folder))
        return;
    CHECK_EQ_INT(rn_file_read_all(folder.file, 100, &data, &size),
                 RN_NOT_FOUND);
    CHECK_EQ_INT(rn_file_read_all(folder.path, 100, &data, &size), -EISDIR);
    CHECK_EQ_INT(rn_file_write_all(folder.path, "x", 1, 0644), RN_INVALID);
    CHECK_EQ_INT(rn_file_write_all("/nowhere/at/all", "x", 1, 0644),
                 RN_NOT_FOUND);
    CHECK(!data);
    CHECK_EQ_INT(file_folder_count(&folder), 0);
    file_folder_remove(&folder);
}

/* A new file has the mode asked for; one that is replaced keeps its own. */
static void modes_of_files(void)
{
    struct file_folder folder;
    struct stat found;

    if (!file_folder_make(&folder))
        return;
    umask(022);
    CHECK_EQ_INT(rn_file_write_all(folder.file, "1", 1, 0666), RN_OK);
    CHECK_EQ_INT(stat(folder.file, &found), 0);
    CHECK_EQ_INT(found.st_mode & 0777, 0644);
    CHECK_EQ_INT(chmod(folder.file, 0600), 0);
    CHECK_EQ_INT(rn_file_write_all(folder.file, "2", 1, 0666), RN_OK);
    CHECK_EQ_INT(stat(folder.file, &found), 0);
    CHECK_EQ_INT(found.st_mode & 0777, 0600);
    file_folder_remove(&folder);
}

/* A name without a folder is one in the working folder. */
static void names_without_a_folder(void)
{
    struct file_folder folder;
    char *data = NULL;
    size_t size = 0;

    if (!file_folder_make(&folder))
        return;
    CHECK_EQ_INT(chdir(folder.path), 0);
    CHECK_EQ_INT(rn_file_write_all("file", "here", 4, 0644), RN_OK);
    CHECK_EQ_INT(rn_file_read_all("./file", 10, &data, &size), RN_OK);
    CHECK_EQ_INT(size, 4);
    free(data);
    CHECK_EQ_INT(chdir("/"), 0);
    file_folder_remove(&folder);
}

struct replacer {
    const char *path;
    int rounds;
};

#define VERSION 20000

static void replace_again_and_again(struct replacer *own)
{
    static char versions[2][VERSION];

    memset(versions[0], 'a', VERSION);
    memset(versions[1], 'b', VERSION);
    for (int i = 0; i < own->rounds; i++)
        CHECK_EQ_INT(
            rn_file_write_all(own->path, versions[i % 2], VERSION, 0644),
            RN_OK);
}

/* Who reads while it is replaced finds one version, whole. */
static void replaced_at_once(void)
{
    struct file_folder folder;

    if (!file_folder_make(&folder))
        return;
    CHECK_EQ_INT(rn_file_write_all(folder.file, "", 0, 0644), RN_OK);
    rn_go(replace_again_and_again,
          (struct replacer){folder.file, rn_check_rounds(100)});
    while (rn_task_count() > 1) {
        char *data = NULL;
        size_t size = 0;
        bool same = true;

        if (!CHECK_EQ_INT(rn_file_read_all(folder.file, VERSION, &data, &size),
                          RN_OK))
            break;
        CHECK(size == 0 || size == VERSION);
        for (size_t i = 0; i < size; i++)
            same = same && data[i] == data[0];
        CHECK(same);
        free(data);
    }
    CHECK_EQ_INT(file_folder_count(&folder), 1);
    file_folder_remove(&folder);
}

RN_CHECK_MAIN(written_is_read, limit_of_a_read, sizes_that_lie,
              what_cannot_be_read_or_written, modes_of_files,
              names_without_a_folder, replaced_at_once)
