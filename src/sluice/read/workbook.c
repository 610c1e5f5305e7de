/* SPDX-License-Identifier: Apache-2.0 */
/*
 * workbook.c: from the archive's root to the list of sheets.
 *
 *     _rels/.rels --officeDocument--> workbook --worksheet-----> sheets
 *                                              --sharedStrings-> strings
 *                                              --styles--------> styles
 *
 * An archive that leads somewhere else is told by what it is, because "not a
 * workbook" helps nobody who is holding an .ods or a .docx.
 */
#include "read/workbook.h"

#include <stdlib.h>
#include <string.h>

#include "read/part.h"
#include "read/relations.h"
#include "sluice_limits.h"

#define DEFAULT_PART "xl/workbook.xml"

struct reading {
    struct xlsx *book;
    const struct relations *relations;
    size_t capacity;
    bool in_sheets;
};

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text);
    size_t b = strlen(end);

    return a >= b && slice_equal_nocase((struct slice){text + a - b, b},
                                        (struct slice){end, b});
}

static bool is_true(const char *text)
{
    return text && (strcmp(text, "1") == 0 || strcmp(text, "true") == 0 ||
                    strcmp(text, "on") == 0);
}

/* Says what an archive is that holds no workbook. */
static int not_a_workbook(const struct xlsx *book, struct issue *why)
{
    if (zip_find(&book->zip, SLICE("content.xml")) &&
        zip_find(&book->zip, SLICE("mimetype")))
        return issue_set(why, ISSUE_UNSUPPORTED,
                         "is an OpenDocument file, which is not read; save it "
                         "as .xlsx");
    if (zip_find(&book->zip, SLICE("Index/Document.iwa")))
        return issue_set(why, ISSUE_UNSUPPORTED,
                         "is an Apple Numbers file, which is not read; export "
                         "it as .xlsx");
    return issue_set(why, ISSUE_FORMAT,
                     "is not a workbook: it is an archive of something else");
}

/* Makes room for one more sheet and clears it; NULL with *why. */
static struct xlsx_entry *add_sheet(struct reading *r, struct issue *why)
{
    struct xlsx *book = r->book;

    if (book->sheet_count == LIMIT_SHEETS) {
        issue_set(why, ISSUE_LIMIT, "has more than %u sheets", LIMIT_SHEETS);
        return NULL;
    }
    if (book->sheet_count == r->capacity) {
        size_t want = r->capacity ? r->capacity * 2 : 16;
        struct xlsx_entry *larger =
            realloc(book->sheets, want * sizeof(*larger));

        if (!larger) {
            issue_set(why, ISSUE_MEMORY, "memory is out");
            return NULL;
        }
        book->sheets = larger;
        r->capacity = want;
    }
    book->sheets[book->sheet_count] = (struct xlsx_entry){0};
    return &book->sheets[book->sheet_count++];
}

/* The value of r:id, whichever of its two namespaces is used. */
static const char *relation_id(const char **attributes)
{
    for (; *attributes; attributes += 2) {
        if (ends_with(attributes[0], "/relationships id"))
            return attributes[1];
    }
    return NULL;
}

static enum sheet_visibility visibility(const char *state)
{
    if (state && strcmp(state, "hidden") == 0)
        return SHEET_HIDDEN;
    if (state && strcmp(state, "veryHidden") == 0)
        return SHEET_VERY_HIDDEN;
    return SHEET_VISIBLE;
}

static int on_sheet(struct reading *r, const char **attributes,
                    struct issue *why)
{
    const char *name = part_attribute(attributes, "name");
    const char *id = relation_id(attributes);
    const struct relation *relation =
        id ? relations_by_id(r->relations, id) : NULL;
    struct xlsx_entry *sheet;

    if (relation && strcmp(relation->kind, "worksheet") != 0)
        return 0;
    sheet = add_sheet(r, why);
    if (!sheet)
        return -1;
    if (!name)
        name = "";
    sheet->name =
        arena_copy(&r->book->arena, (struct slice){name, strlen(name) + 1}).ptr;
    if (!sheet->name)
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    sheet->visibility = visibility(part_attribute(attributes, "state"));
    if (relation)
        sheet->part = zip_find(&r->book->zip, slice_of(relation->target));
    return 0;
}

static int on_open(void *context, unsigned depth, const char *name,
                   const char *space, const char **attributes,
                   struct issue *why)
{
    struct reading *r = context;

    (void)space;
    if (depth == 0 && strcmp(name, "workbook") != 0)
        return issue_set(why, ISSUE_FORMAT,
                         "is not a workbook, but a \"%.40s\"", name);
    if (depth == 1) {
        r->in_sheets = strcmp(name, "sheets") == 0;
        if (strcmp(name, "workbookPr") == 0)
            r->book->epoch_1904 =
                is_true(part_attribute(attributes, "date1904"));
    }
    if (depth == 2 && r->in_sheets && strcmp(name, "sheet") == 0)
        return on_sheet(r, attributes, why);
    return 0;
}

/* Finds the workbook's part, with its name in *name. -1 with *why. */
static int find_workbook(struct xlsx *book, const struct zip_entry **part,
                         const char **name, struct issue *why)
{
    struct relations root = {0};
    const struct relation *main = NULL;
    int result = -1;

    /* A list that is no XML leads nowhere; the usual name may still do. */
    if (relations_read(&root, &book->zip, "", &book->arena, why) < 0 &&
        why->code != ISSUE_FORMAT)
        return -1;
    if (relations_by_kind(&root, "officeDocument", &main, why) < 0)
        goto out;
    *name = main ? main->target : DEFAULT_PART;
    *part = zip_find(&book->zip, slice_of(*name));
    if (!*part && main)
        *part = zip_find(&book->zip, SLICE(DEFAULT_PART));
    if (!*part) {
        not_a_workbook(book, why);
        goto out;
    }
    if (ends_with(*name, ".bin")) {
        issue_set(why, ISSUE_UNSUPPORTED,
                  "is a binary workbook (.xlsb), which is not read; save it "
                  "as .xlsx");
        goto out;
    }
    result = 0;
out:
    relations_clear(&root);
    return result;
}

/*
 * The part that the workbook's one relationship of a kind leads to. Where that
 * leads nowhere, the part that is always called so; else NULL.
 */
static int find_part(const struct xlsx *book, const struct relations *relations,
                     const char *kind, const char *usual,
                     const struct zip_entry **part, struct issue *why)
{
    const struct relation *relation;

    if (relations_by_kind(relations, kind, &relation, why) < 0)
        return -1;
    *part = relation ? zip_find(&book->zip, slice_of(relation->target)) : NULL;
    if (!*part)
        *part = zip_find(&book->zip, slice_of(usual));
    return 0;
}

static int read_parts(struct xlsx *book, const struct zip_entry *part,
                      const struct relations *relations, struct issue *why)
{
    struct reading r = {.book = book, .relations = relations};
    const struct zip_entry *styles;

    if (part_read(&book->zip, part, on_open, &r, why) < 0)
        return -1;
    if (find_part(book, relations, "sharedStrings", "xl/sharedStrings.xml",
                  &book->strings_part, why) < 0 ||
        find_part(book, relations, "styles", "xl/styles.xml", &styles, why) < 0)
        return -1;
    return styles ? styles_read(&book->styles, &book->zip, styles, why) : 0;
}

int xlsx_open(struct xlsx *book, const struct mapped_file *file,
              struct issue *why)
{
    struct relations relations = {0};
    const struct zip_entry *part;
    const char *name;
    int result = -1;

    *book = (struct xlsx){0};
    arena_init(&book->arena);
    if (zip_open(&book->zip, file, why) < 0 ||
        find_workbook(book, &part, &name, why) < 0 ||
        relations_read(&relations, &book->zip, name, &book->arena, why) < 0)
        goto out;
    result = read_parts(book, part, &relations, why);
out:
    relations_clear(&relations);
    return result;
}

void xlsx_close(struct xlsx *book)
{
    strings_clear(&book->strings);
    styles_clear(&book->styles);
    free(book->sheets);
    arena_clear(&book->arena);
    zip_close(&book->zip);
    *book = (struct xlsx){0};
}

int xlsx_load_strings(struct xlsx *book, struct issue *why)
{
    if (book->strings_loaded)
        return 0;
    if (book->strings_part &&
        strings_read(&book->strings, &book->zip, book->strings_part, why) < 0)
        return -1;
    book->strings_loaded = true;
    return 0;
}
