/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of files: positions and offsets, many at once, and that a file that
 * keeps its caller waiting holds no worker.
 */
#include "file_check.h"

/* Position and offset: what each reads and writes, and which moves on. */
static void positions_and_offsets(void)
{
    struct file_folder folder;
    char buffer[16] = "";
    int fd;

    if (!file_folder_make(&folder))
        return;
    fd = rn_file_open(folder.file, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (!CHECK(fd >= 0))
        return;
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    CHECK_EQ_INT(rn_file_read(fd, buffer, 4), 0);
    CHECK_EQ_INT(rn_file_write(fd, "abcd", 4), RN_OK);
    CHECK_EQ_INT(rn_file_write(fd, "efgh", 4), RN_OK);
    CHECK_EQ_INT(rn_file_write_at(fd, "XY", 2, 2), RN_OK);
    CHECK_EQ_INT(rn_file_size(fd), 8);
    CHECK_EQ_INT(rn_file_read(fd, buffer, 4), 0);
    CHECK_EQ_INT(rn_file_read_at(fd, buffer, 8, 0), 8);
    CHECK_EQ_STR(buffer, "abXYefgh");
    CHECK_EQ_INT(rn_file_read_at(fd, buffer, 8, 6), 2);
    CHECK_EQ_INT(rn_file_read_at(fd, buffer, 8, 100), 0);
    CHECK_EQ_INT(rn_file_sync(fd), RN_OK);
    CHECK_EQ_INT(lseek(fd, 4, SEEK_SET), 4);
    CHECK_EQ_INT(rn_file_read(fd, buffer, 2), 2);
    CHECK_EQ_INT(rn_file_read(fd, buffer, 8), 2);
    CHECK_EQ_INT(memcmp(buffer, "gh", 2), 0);
    CHECK_EQ_INT(rn_file_close(fd), RN_OK);
    file_folder_remove(&folder);
}

/* What the system refuses comes back as its status. */
static void statuses(void)
{
    struct file_folder folder;
    char byte;
    int fd;

    if (!file_folder_make(&folder))
        return;
    CHECK_EQ_INT(rn_file_open(folder.file, O_RDONLY, 0), RN_NOT_FOUND);
    fd = rn_file_open(folder.file, O_WRONLY | O_CREAT, 0600);
    CHECK(fd >= 0);
    CHECK_EQ_INT(rn_file_open(folder.file, O_CREAT | O_EXCL, 0600), -EEXIST);
    CHECK_EQ_INT(rn_file_read(fd, &byte, 1), -EBADF);
    CHECK_EQ_INT(rn_file_read_at(fd, &byte, 1, -1), RN_INVALID);
    CHECK_EQ_INT(rn_file_write_at(fd, &byte, 1, -1), RN_INVALID);
    CHECK_EQ_INT(rn_file_close(fd), RN_OK);
    CHECK_EQ_INT(rn_file_close(-1), -EBADF);
    CHECK_EQ_INT(rn_file_size(-1), -EBADF);
    CHECK_EQ_INT(rn_file_sync(-1), -EBADF);
    CHECK_EQ_INT(rn_file_write(-1, "x", 1), -EBADF);
    CHECK_EQ_INT(rn_file_read(-1, &byte, 1), -EBADF);
    fd = rn_file_open("/dev/full", O_WRONLY, 0);
    if (fd >= 0) {
        CHECK_EQ_INT(rn_file_write(fd, "x", 1), -ENOSPC);
        CHECK_EQ_INT(rn_file_close(fd), RN_OK);
    }
    file_folder_remove(&folder);
}

#define PART  1000
#define PARTS 40

struct part {
    int fd;
    int index;
    struct rn_waitgroup *all;
};

static void write_and_read_part(struct part *own)
{
    char bytes[PART];
    char back[PART];
    int64_t offset = (int64_t)own->index * PART;

    memset(bytes, 'A' + own->index % 26, sizeof(bytes));
    for (int i = 0; i < 5; i++) {
        CHECK_EQ_INT(rn_file_write_at(own->fd, bytes, PART, offset), RN_OK);
        CHECK_EQ_INT(rn_file_read_at(own->fd, back, PART, offset), PART);
        CHECK(memcmp(bytes, back, PART) == 0);
    }
    rn_waitgroup_done(own->all);
}

/* Many goroutines use one descriptor by offset. */
static void many_at_once(void)
{
    struct rn_waitgroup all = {0};
    struct file_folder folder;
    int fd;

    if (!file_folder_make(&folder))
        return;
    fd = rn_file_open(folder.file, O_RDWR | O_CREAT, 0600);
    CHECK(fd >= 0);
    rn_waitgroup_add(&all, PARTS);
    for (int i = 0; i < PARTS; i++)
        rn_go(write_and_read_part, (struct part){fd, i, &all});
    rn_waitgroup_wait(&all);
    CHECK_EQ_INT(rn_file_size(fd), PART * PARTS);
    CHECK_EQ_INT(rn_file_close(fd), RN_OK);
    file_folder_remove(&folder);
}

struct opener {
    const char *path;
    rn_chan(int) opened;
};

static void open_to_read(struct opener *own)
{
    rn_send(own->opened, rn_file_open(own->path, O_RDONLY, 0));
}

/* An open that blocks (a named pipe without a writer) holds no worker. */
static void blocking_open_holds_no_worker(void)
{
    rn_chan(int) opened = rn_chan_make(int, 0);
    struct file_folder folder;
    char buffer[8] = "";
    int reader = -1;
    int writer;

    if (!file_folder_make(&folder))
        return;
    CHECK_EQ_INT(mkfifo(folder.file, 0600), 0);
    rn_go(open_to_read, (struct opener){folder.file, opened});
    for (int i = 0; i < 100; i++)
        rn_yield();
    writer = rn_file_open(folder.file, O_WRONLY, 0);
    rn_recv(opened, &reader);
    if (CHECK(reader >= 0 && writer >= 0)) {
        CHECK_EQ_INT(rn_file_write(writer, "through", 7), RN_OK);
        CHECK_EQ_INT(rn_file_read(reader, buffer, 8), 7);
        CHECK_EQ_STR(buffer, "through");
    }
    CHECK_EQ_INT(rn_file_close(reader), RN_OK);
    CHECK_EQ_INT(rn_file_close(writer), RN_OK);
    while (rn_task_count() > 1)
        rn_yield();
    rn_chan_free(opened);
    file_folder_remove(&folder);
}

RN_CHECK_MAIN(positions_and_offsets, statuses, many_at_once,
              blocking_open_holds_no_worker)
