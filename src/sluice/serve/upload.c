/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upload.c: a file that a client sends, streamed to disk.
 *
 *     socket ──▶ window (64 KiB) ── multipart_next ──▶ block (128 KiB) ──▶ file
 *
 * The disk is written in blocks, on a thread where that may block.
 */
#include "serve/upload.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <runnel/errno.h>
#include <runnel/runnel.h>

#include "serve/http_metrics.h"
#include "serve/multipart.h"
#include "text.h"

#define WINDOW       ((size_t)64 * 1024)
#define BLOCK        ((size_t)128 * 1024)
/* The other fields of a form, together: options, written by people. */
#define FIELDS_MAX   ((size_t)64 * 1024)
/* What may follow the end of a form. */
#define EPILOGUE_MAX 4096u

struct receiver {
    struct upload *upload;
    struct upload_spool *spool;
    struct http_request *request;
    struct http_response *response;
    struct multipart form;
    bool has_file;
    bool in_file; /* the part that comes is the file */
    char *field;  /* the part that comes is this field */
    size_t field_len;
    size_t fields_len;
    size_t block_len;
    char *block;
    char *window;
};

/* Longer than most uploads take; then the client is told to come again. */
#define PLACE_PATIENCE (10 * RN_S)
#define RETRY_AFTER_S  5

/* ------------------------------------------------------------------- names */

static bool ends_in(const char *name, const char *ending)
{
    size_t len = strlen(name);
    size_t ending_len = strlen(ending);
    return len > ending_len &&
           slice_equal_nocase(
               (struct slice){name + len - ending_len, ending_len},
               slice_of(ending));
}

void upload_label(const char *name, char out[UPLOAD_NAME_MAX])
{
    const char *last = name;
    for (const char *c = name; *c; c++) {
        if (*c == '/' || *c == '\\')
            last = c + 1;
    }
    struct slice label = slice_trim(slice_of(last));
    size_t len = utf8_prefix(label, UPLOAD_NAME_MAX - 1);
    len = utf8_check((struct slice){label.ptr, len}) < len ? 0 : len;
    size_t put = 0;
    for (size_t i = 0; i < len; i++) {
        size_t control = text_control((struct slice){label.ptr + i, len - i});
        out[put++] = control ? '?' : label.ptr[i];
        i += control > 1;
    }
    out[put] = '\0';
    if (len == 0 || strcmp(out, ".") == 0 || strcmp(out, "..") == 0)
        strcpy(out, "upload");
}

enum upload_kind upload_kind_of(const char *name, const void *first,
                                size_t size)
{
    bool archive = size >= 4 && memcmp(first, "PK\3\4", 4) == 0;
    bool compound = size >= 4 && memcmp(first, "\xd0\xcf\x11\xe0", 4) == 0;
    bool excel = ends_in(name, ".xlsx") || ends_in(name, ".xlsm") ||
                 ends_in(name, ".xls");
    bool text =
        ends_in(name, ".csv") || ends_in(name, ".tsv") || ends_in(name, ".txt");
    bool bare = !strchr(name, '.');
    if ((excel || bare) && (archive || compound))
        return UPLOAD_XLSX;
    if ((text || bare) && !archive && !compound)
        return UPLOAD_TEXT;
    return UPLOAD_OTHER;
}

/* ---------------------------------------------------------------- the disk */

struct disk_call {
    struct upload *upload;
    const char *path;
    const char *data;
    size_t size;
    int status;
};

/* A folder's file system may not know files without a name. */
static void open_file(void *arg)
{
    struct disk_call *call = arg;
    struct upload *upload = call->upload;
    upload->fd = open(call->path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (upload->fd < 0 &&
        (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
        if (asprintf(&upload->temporary, "%s/upload-XXXXXX", call->path) < 0)
            upload->temporary = NULL;
        upload->fd =
            upload->temporary ? mkostemp(upload->temporary, O_CLOEXEC) : -1;
    }
    call->status = upload->fd < 0 ? -errno : RN_OK;
}

static void write_block(void *arg)
{
    struct disk_call *call = arg;
    while (call->size > 0) {
        ssize_t put = write(call->upload->fd, call->data, call->size);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0) {
            call->status = -errno;
            return;
        }
        call->data += put;
        call->size -= (size_t)put;
    }
}

int upload_sync_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder =
        slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    if (!folder)
        return RN_NOMEM;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int status = fd < 0 ? -errno : RN_OK;
    /* EINVAL: the file system has nothing of the kind. */
    if (fd >= 0 && fsync(fd) < 0 && errno != EINVAL)
        status = -errno;
    if (fd >= 0)
        close(fd);
    free(folder);
    return status;
}

/* First what the name stands for, then the name. */
static void link_file(void *arg)
{
    struct disk_call *call = arg;
    struct upload *upload = call->upload;
    if (fsync(upload->fd) < 0) {
        call->status = -errno;
        return;
    }
    int made = upload->temporary ? link(upload->temporary, call->path)
                                 : linkat(AT_FDCWD, upload->path, AT_FDCWD,
                                          call->path, AT_SYMLINK_FOLLOW);
    call->status = made < 0 ? -errno : upload_sync_name(call->path);
}

static void close_file(void *arg)
{
    struct upload *upload = arg;
    if (upload->temporary)
        unlink(upload->temporary);
    close(upload->fd);
}

/* RN_OK, or a negative status after it was answered. */
static int answer_disk(struct receiver *r, int status)
{
    if (status == RN_OK)
        return RN_OK;
    if (status == -ENOSPC || status == -EDQUOT || status == -EFBIG)
        http_reply_error(r->response, 507, "The disk of the server is full");
    else
        http_reply_error(r->response, 500, "The upload cannot be stored: %s",
                         rn_status_text(status));
    return status;
}

void upload_spool_release(struct upload_spool *spool, uint64_t bytes)
{
    atomic_fetch_sub_explicit(&spool->bytes, bytes, memory_order_relaxed);
}

bool upload_spool_charge(struct upload_spool *spool, uint64_t bytes)
{
    uint64_t before =
        atomic_fetch_add_explicit(&spool->bytes, bytes, memory_order_relaxed);
    if (spool->bytes_max == 0 || before + bytes <= spool->bytes_max)
        return true;
    upload_spool_release(spool, bytes);
    return false;
}

static int answer_full(struct receiver *r)
{
    http_reply_error(r->response, 507,
                     "The server keeps no more than %llu MiB of files: remove "
                     "imports that did not end well, or wait for those that "
                     "are queued",
                     (unsigned long long)(r->spool->bytes_max >> 20));
    return -ENOSPC;
}

/* Counts bytes before they are kept. */
static int charge(struct receiver *r, uint64_t bytes)
{
    if (!upload_spool_charge(r->spool, bytes))
        return answer_full(r);
    r->upload->charged += bytes;
    return RN_OK;
}

static int start_file(struct receiver *r, const char *name)
{
    struct upload *upload = r->upload;
    struct disk_call call = {.upload = upload, .path = r->spool->folder};
    upload_label(name, upload->name);
    rn_block(open_file, &call);
    snprintf(upload->path, sizeof(upload->path), "/proc/self/fd/%d",
             upload->fd);
    r->has_file = true;
    return answer_disk(r, call.status);
}

static int flush(struct receiver *r)
{
    struct disk_call call = {
        .upload = r->upload, .data = r->block, .size = r->block_len};
    if (r->block_len > 0)
        rn_block(write_block, &call);
    r->block_len = 0;
    return answer_disk(r, call.status);
}

static int add_to_file(struct receiver *r, struct slice data)
{
    struct upload *upload = r->upload;
    int counted = charge(r, data.len);
    if (counted < 0)
        return counted;
    size_t room = sizeof(upload->first) - upload->first_size;
    size_t len = data.len < room ? data.len : room;
    memcpy(upload->first + upload->first_size, data.ptr, len);
    upload->first_size += len;
    upload->size += data.len;
    while (data.len > 0) {
        len = data.len < BLOCK - r->block_len ? data.len : BLOCK - r->block_len;
        memcpy(r->block + r->block_len, data.ptr, len);
        r->block_len += len;
        data.ptr += len;
        data.len -= len;
        int status = r->block_len == BLOCK ? flush(r) : RN_OK;
        if (status < 0)
            return status;
    }
    return RN_OK;
}

static int end_file(struct receiver *r)
{
    struct upload *upload = r->upload;
    int status = flush(r);
    upload->kind =
        upload_kind_of(upload->name, upload->first, upload->first_size);
    return status;
}

/* ---------------------------------------------------------------- the form */

static int refuse(struct receiver *r, const char *text)
{
    http_reply_error(r->response, 400, "%s", text);
    return RN_INVALID;
}

/* Whether reading failed; then it is answered. */
static int refuse_unread(struct receiver *r, int64_t got)
{
    http_reply_unread(r->response, (int)got);
    return (int)got;
}

static int begin_part(struct receiver *r)
{
    struct multipart *form = &r->form;
    /* A browser sends an empty one when nothing was chosen. */
    r->in_file = strcmp(form->name, "file") == 0 && form->has_file_name &&
                 form->file_name[0];
    if (r->in_file)
        return r->has_file ? refuse(r, "Only one file at a time")
                           : start_file(r, form->file_name);
    r->field_len = 0;
    return RN_OK;
}

static int add_to_field(struct receiver *r, struct slice data)
{
    if (r->fields_len + data.len > FIELDS_MAX)
        return refuse(r, "The fields of the form are too long");
    if (!r->field)
        r->field = malloc(FIELDS_MAX);
    if (!r->field)
        return answer_disk(r, RN_NOMEM);
    memcpy(r->field + r->field_len, data.ptr, data.len);
    r->field_len += data.len;
    r->fields_len += data.len;
    return RN_OK;
}

static int end_part(struct receiver *r)
{
    if (r->in_file)
        return end_file(r);
    /* Two readers of a form could each believe another one of them. */
    if (json_object_get(r->upload->fields, r->form.name))
        return refuse(r, "A field of the form comes twice");
    json_t *text = json_stringn(r->field_len ? r->field : "", r->field_len);
    if (!text || json_object_set_new(r->upload->fields, r->form.name, text) < 0)
        return refuse(r, "A field of the form is not UTF-8");
    return RN_OK;
}

static int take_event(struct receiver *r, enum multipart_event event,
                      struct slice data)
{
    switch (event) {
    case MULTIPART_PART:
        return begin_part(r);
    case MULTIPART_DATA:
        return r->in_file ? add_to_file(r, data) : add_to_field(r, data);
    case MULTIPART_PART_END:
        return end_part(r);
    case MULTIPART_BAD:
        http_reply_error(r->response, 400, "The form is wrong: %s",
                         r->form.why);
        return RN_INVALID;
    default:
        return RN_OK;
    }
}

/* What follows the form means nothing, but must end; `skipped` is here. */
static int skip_epilogue(struct receiver *r, size_t skipped)
{
    int64_t got = 0;
    while (skipped <= EPILOGUE_MAX) {
        got = http_request_read(r->request, r->window, EPILOGUE_MAX);
        if (got <= 0)
            break;
        skipped += (size_t)got;
    }
    if (got < 0)
        return refuse_unread(r, got);
    return skipped > EPILOGUE_MAX ? refuse(r, "The form goes on behind its end")
                                  : RN_OK;
}

static int receive_form(struct receiver *r)
{
    size_t begin = 0;
    size_t end = 0;
    bool last = false;
    for (;;) {
        struct slice data = {NULL, 0};
        size_t used;
        enum multipart_event event = multipart_next(
            &r->form, (struct slice){r->window + begin, end - begin}, last,
            &used, &data);
        begin += used;
        int status = take_event(r, event, data);
        if (status < 0)
            return status;
        if (event == MULTIPART_END)
            return skip_epilogue(r, end - begin);
        if (event != MULTIPART_MORE)
            continue;
        memmove(r->window, r->window + begin, end - begin);
        end -= begin;
        begin = 0;
        int64_t got =
            http_request_read(r->request, r->window + end, WINDOW - end);
        if (got < 0)
            return refuse_unread(r, got);
        last = got == 0;
        end += (size_t)got;
    }
}

/* ------------------------------------------------------------ the raw body */

static int receive_raw(struct receiver *r)
{
    const char *name = http_request_query(r->request, "name");
    if (!name)
        name = http_request_header(r->request, "X-File-Name");
    int status = start_file(r, name ? name : "");
    while (status == RN_OK) {
        int64_t got = http_request_read(r->request, r->window, WINDOW);
        if (got < 0)
            return refuse_unread(r, got);
        if (got == 0)
            return end_file(r);
        status = add_to_file(r, (struct slice){r->window, (size_t)got});
    }
    return status;
}

static int receive(struct receiver *r)
{
    const char *type = http_request_header(r->request, "Content-Type");
    if (r->request->content_length == 0 ||
        http_request_is_type(r->request, "application/x-www-form-urlencoded"))
        return refuse(r, "No file uploaded");
    if (!http_request_is_type(r->request, "multipart/form-data"))
        return receive_raw(r);
    if (!multipart_open(&r->form, type))
        return refuse(r, "The form has no boundary");
    int status = receive_form(r);
    if (status < 0)
        return status;
    return r->has_file ? RN_OK : refuse(r, "No file uploaded");
}

static struct metric receiving =
    METRIC_GAUGE("sluice_uploads_receiving", "Files that are being received.");

void upload_register_metrics(void)
{
    metric_register(&receiving);
}

static int take_place(struct receiver *r)
{
    int status = rn_semaphore_acquire_until(rn_deadline(PLACE_PATIENCE),
                                            &r->spool->places, 1);
    if (status != RN_OK) {
        http_header(r->response, "Retry-After", "%d", RETRY_AFTER_S);
        http_reply_error(r->response, 503,
                         "Too many files are being sent; try again soon");
    } else {
        metric_add(&receiving, 1);
    }
    return status;
}

int upload_receive(struct upload *upload, struct upload_spool *spool,
                   struct http_request *request, struct http_response *response)
{
    struct receiver r = {.upload = upload,
                         .spool = spool,
                         .request = request,
                         .response = response};
    *upload = (struct upload){.fd = -1, .spool = spool};
    if (take_place(&r) != RN_OK)
        return RN_TIMEOUT;
    upload->fields = json_object();
    r.block = malloc(BLOCK);
    r.window = malloc(WINDOW);
    int status = upload->fields && r.block && r.window
                     ? receive(&r)
                     : answer_disk(&r, RN_NOMEM);
    free(r.block);
    free(r.window);
    free(r.field);
    metric_add(&receiving, -1);
    rn_semaphore_release(&spool->places, 1);
    if (status < 0)
        upload_clear(upload);
    return status;
}

int upload_keep(struct upload *upload, const char *path)
{
    struct disk_call call = {.upload = upload, .path = path};
    rn_block(link_file, &call);
    if (call.status == RN_OK)
        upload->charged = 0; /* the caller's now */
    return call.status;
}

void upload_clear(struct upload *upload)
{
    if (upload->fd >= 0)
        rn_block(close_file, upload);
    upload->fd = -1;
    if (upload->charged > 0)
        upload_spool_release(upload->spool, upload->charged);
    upload->charged = 0;
    free(upload->temporary);
    upload->temporary = NULL;
    json_decref(upload->fields);
    upload->fields = NULL;
}
