/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job_folder.h: the state directory: where uploads and rejected rows are.
 *
 *     FOLDER/jobs.sqlite  FOLDER/spool/ID  FOLDER/rejects/ID
 *
 * Calls block for moments, and do not park.
 */
#ifndef SLUICE_JOB_FOLDER_H
#define SLUICE_JOB_FOLDER_H

#include "issue.h"

struct job_folder {
    char *path;
    char *spool;
    char *rejects;
};

/* Makes what is missing, for this user alone. -1 with *why. */
int job_folder_open(struct job_folder *folder, const char *path,
                    struct issue *why);
void job_folder_close(struct job_folder *folder);

/* "PATH/NAME"; owned, NULL when memory is out. */
char *job_folder_path(const char *path, const char *name);

/*
 * Removes what stands in a folder (spool, rejects) and is not wanted: uploads
 * that never became a job, or whose job has ended well; reports that were being
 * made.
 */
void job_folder_sweep(const char *path,
                      bool (*is_wanted)(void *arg, const char *name),
                      void *arg);

#endif
