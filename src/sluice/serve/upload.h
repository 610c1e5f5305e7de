/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload.h: a file that a client sends, streamed to disk.
 *
 * It comes as the field `file` of a form (multipart/form-data) or as the whole
 * body of another type. Memory is one buffer, whatever its size. The file on
 * disk has no name: it is gone when it is closed, however the program ends.
 * What the client calls it is a label, and never a path.
 *
 *     struct upload upload;
 *     if (upload_receive(&upload, &spool, request, response) < 0)
 *         return;                       // it was answered
 *     import(upload.path, upload.name);
 *     upload_clear(&upload);
 */
#ifndef SLUICE_UPLOAD_H
#define SLUICE_UPLOAD_H

#include <stdatomic.h>

#include <runnel/sync.h>

#include "serve/http.h"

/*
 * Where uploads are put, how many are received at once, and how many bytes are
 * there at once, from the first that is received until the file is gone. Who
 * waits for a place has sent no more than what the kernel holds for him.
 */
struct upload_spool {
    const char *folder;
    uint64_t bytes_max;     /* 0: no limit */
    _Atomic uint64_t bytes; /* relaxed: a count, which orders nothing */
    struct rn_semaphore places;
};
#define UPLOADS_AT_ONCE 256 /* each has 192 KiB of buffers */

/* Once, before the first. */
void upload_register_metrics(void);

/* Takes bytes away that upload_keep left to the caller: the file is gone. */
void upload_spool_release(struct upload_spool *spool, uint64_t bytes);
/* The same amount before it is kept; false: there is no room for it. */
bool upload_spool_charge(struct upload_spool *spool, uint64_t bytes);

enum upload_kind {
    UPLOAD_XLSX,  /* a workbook by name and bytes; also .xls and those with a
                     password, so that the reader can say what is wrong */
    UPLOAD_TEXT,  /* .csv, .tsv or .txt by name, and no archive by bytes */
    UPLOAD_OTHER, /* nothing that is read: .ods, a picture, ... */
};

#define UPLOAD_NAME_MAX 256

struct upload {
    int fd; /* readable and writable, without a name; -1: cleared */
    /* Opens that file anew, as long as fd is open: "/proc/self/fd/7". */
    char path[32];
    char name[UPLOAD_NAME_MAX]; /* without folders; UTF-8, no control
                                   characters; "upload" when there was none */
    uint64_t size;
    unsigned char first[16]; /* the first bytes */
    size_t first_size;
    enum upload_kind kind; /* by the first bytes and the ending of the name */
    json_t *fields;        /* other fields of the form: {"name": "text"} */
    char *temporary; /* its name, where the file system cannot do without */
    struct upload_spool *spool; /* borrowed */
    uint64_t charged;           /* bytes that count there, by this upload */
};

/*
 * Reads the request's body into a new file in the spool's folder, when there is
 * a place. RN_OK with the upload in *upload, the caller's to clear; or a
 * negative status after the refusal was answered: 400 {"error":"No file
 * uploaded"} and other faults of the form, 408, 413, 500, 503 when no place
 * became free, 507 when the disk or the spool is full. `name` of a raw body is
 * the query's `name`, or the X-File-Name header. Parks.
 */
int upload_receive(struct upload *upload, struct upload_spool *spool,
                   struct http_request *request,
                   struct http_response *response);

/*
 * Gives the file a name, and waits until both are on disk, so that it outlives
 * the program and a power failure: RN_OK, -EEXIST, or another negative status.
 * `path` is in the spool folder; its `size` bytes count there until the caller
 * has removed the file and called upload_spool_release. Parks.
 */
int upload_keep(struct upload *upload, const char *path);

/*
 * Waits until the name of a new file is on disk, which it is when its folder
 * is: 0 or a negative status. Blocks.
 */
int upload_sync_name(const char *path);

/* Closes it, and with it the file unless it was kept. Again: does nothing. */
void upload_clear(struct upload *upload);

/* "folder/..\\x.xlsx" -> "x.xlsx": what upload_receive does to a name. */
void upload_label(const char *name, char out[UPLOAD_NAME_MAX]);

/* What a file is, by its name and its first bytes. */
enum upload_kind upload_kind_of(const char *name, const void *first,
                                size_t size);

#endif
