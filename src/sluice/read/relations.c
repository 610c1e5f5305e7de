/* SPDX-License-Identifier: Apache-2.0 */
/* relations.c: reads lists of relationships and resolves their targets. */
#include "read/relations.h"

#include <stdlib.h>
#include <string.h>

#include "read/part.h"
#include "sluice_limits.h"

struct reading {
    struct relations found;
    size_t capacity;
    struct arena *arena;
    const char *part;
};

/* The name, terminated; NULL when memory is out. */
static char *keep(struct arena *arena, const char *text, size_t len)
{
    char *copy = arena_alloc(arena, len + 1);

    if (copy) {
        memcpy(copy, text, len);
        copy[len] = '\0';
    }
    return copy;
}

/* Bytes of the folder that a part lies in, its slash included. */
static size_t folder_length(const char *part)
{
    const char *slash = strrchr(part, '/');

    return slash ? (size_t)(slash - part) + 1 : 0;
}

static bool is_slash(char c)
{
    return c == '/' || c == '\\';
}

/* Drops the last folder of a path of `len` bytes that ends with a slash. */
static size_t parent_length(const char *path, size_t len)
{
    if (len > 0)
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    return len;
}

/*
 * The name in the archive of a target seen from `part`: absolute, or relative
 * to its folder; "." and ".." are followed, but not above the root.
 */
static char *resolve(struct arena *arena, const char *part, const char *target)
{
    size_t len = is_slash(*target) ? 0 : folder_length(part);
    char *full = arena_alloc(arena, len + strlen(target) + 1);

    if (!full)
        return NULL;
    memcpy(full, part, len);
    while (*target) {
        size_t n = 0;

        while (target[n] && !is_slash(target[n]))
            n++;
        if (n == 2 && memcmp(target, "..", 2) == 0) {
            len = parent_length(full, len);
        } else if (n > 0 && !(n == 1 && *target == '.')) {
            memcpy(full + len, target, n);
            len += n;
            if (target[n])
                full[len++] = '/';
        }
        target += n + (target[n] != '\0');
    }
    full[len] = '\0';
    return full;
}

static int on_open(void *context, unsigned depth, const char *name,
                   const char *space, const char **attributes,
                   struct issue *why)
{
    struct reading *r = context;
    const char *id = part_attribute(attributes, "Id");
    const char *type = part_attribute(attributes, "Type");
    const char *target = part_attribute(attributes, "Target");
    const char *mode = part_attribute(attributes, "TargetMode");
    const char *slash = type ? strrchr(type, '/') : NULL;
    struct relation *item;

    (void)space;
    if (depth != 1 || strcmp(name, "Relationship") != 0 || !id || !slash ||
        !target || (mode && strcmp(mode, "External") == 0))
        return 0;
    if (r->found.count == LIMIT_ARCHIVE_ENTRIES)
        return issue_set(why, ISSUE_LIMIT, "holds too many relationships");
    if (r->found.count == r->capacity) {
        size_t want = r->capacity ? r->capacity * 2 : 16;

        item = realloc(r->found.items, want * sizeof(*item));
        if (!item)
            return issue_set(why, ISSUE_MEMORY, "memory is out");
        r->found.items = item;
        r->capacity = want;
    }
    item = &r->found.items[r->found.count];
    item->id = keep(r->arena, id, strlen(id));
    item->kind = keep(r->arena, slash + 1, strlen(slash + 1));
    item->target = resolve(r->arena, r->part, target);
    if (!item->id || !item->kind || !item->target)
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    r->found.count++;
    return 0;
}

int relations_read(struct relations *relations, const struct zip *zip,
                   const char *part, struct arena *arena, struct issue *why)
{
    struct reading r = {.arena = arena, .part = part};
    size_t folder = folder_length(part);
    size_t len = strlen(part);
    const struct zip_entry *entry;
    char *name = arena_alloc(arena, len + sizeof("_rels/.rels"));

    if (!name)
        return issue_set(why, ISSUE_MEMORY, "memory is out");
    memcpy(name, part, folder);
    memcpy(name + folder, "_rels/", 6);
    memcpy(name + folder + 6, part + folder, len - folder);
    memcpy(name + len + 6, ".rels", 6);
    *relations = (struct relations){0};
    entry = zip_find(zip, slice_of(name));
    if (!entry)
        return 0;
    if (part_read(zip, entry, on_open, &r, why) < 0) {
        relations_clear(&r.found);
        return -1;
    }
    *relations = r.found;
    return 0;
}

void relations_clear(struct relations *relations)
{
    free(relations->items);
    *relations = (struct relations){0};
}

const struct relation *relations_by_id(const struct relations *relations,
                                       const char *id)
{
    for (size_t i = 0; i < relations->count; i++) {
        if (strcmp(relations->items[i].id, id) == 0)
            return &relations->items[i];
    }
    return NULL;
}

int relations_by_kind(const struct relations *relations, const char *kind,
                      const struct relation **found, struct issue *why)
{
    const struct relation *first = NULL;

    for (size_t i = 0; i < relations->count; i++) {
        const struct relation *item = &relations->items[i];

        if (strcmp(item->kind, kind) != 0)
            continue;
        if (first && strcmp(first->target, item->target) != 0)
            return issue_set(why, ISSUE_AMBIGUOUS,
                             "is refused: it has two different parts of the "
                             "kind \"%s\"",
                             kind);
        first = item;
    }
    *found = first;
    return 0;
}
