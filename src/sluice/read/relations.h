/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relations.h: how the parts of an archive refer to each other.
 *
 * A part "a/b.xml" has its relationships in "a/_rels/b.xml.rels"; the archive
 * itself has them in "_rels/.rels". Targets are resolved to names in the
 * archive; those outside of it are dropped unseen.
 */
#ifndef SLUICE_RELATIONS_H
#define SLUICE_RELATIONS_H

#include "arena.h"
#include "issue.h"
#include "read/zip.h"

struct relation {
    const char *id;
    const char *kind;   /* the last segment of the type: "worksheet" */
    const char *target; /* name in the archive */
};

struct relations {
    struct relation *items;
    size_t count;
};

/*
 * Reads the relationships of a part (of the archive if `part` is ""); none if
 * it has no such list. Names come from the arena.
 */
int relations_read(struct relations *relations, const struct zip *zip,
                   const char *part, struct arena *arena, struct issue *why);
void relations_clear(struct relations *relations);

/* NULL if there is none. */
const struct relation *relations_by_id(const struct relations *relations,
                                       const char *id);

/*
 * The one relationship of a kind, NULL in *found if there is none. Two that
 * lead to different parts are refused.
 */
int relations_by_kind(const struct relations *relations, const char *kind,
                      const struct relation **found, struct issue *why);

#endif
