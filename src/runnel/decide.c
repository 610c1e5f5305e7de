/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.c: settle, note, hash.
 */
#include "decide.h"

#include "os.h"

/* Where the log lies: the counts first, then the decisions. Mapped once, kept
 * for the process; only what is written costs memory. */
struct journal {
    struct decisions made;
    struct decision decisions[DECISIONS_KEPT];
};

static struct journal *journal;
static struct decide_by by;
static size_t list_at;
static struct decisions nowhere; /* counts, when there is no memory */

static struct decisions *made(void)
{
    return journal ? &journal->made : &nowhere;
}

void decide_begin(const struct decide_by *given)
{
    if (!journal)
        journal = os_map_shared(sizeof(*journal));
    by = *given;
    list_at = 0;
    *made() = (struct decisions){.hash = UINT64_C(0xcbf29ce484222325)};
}

bool decide_takes_proposals(void)
{
    return !by.list && !by.ask;
}

/* FNV-1a (Fowler, Noll, Vo), a word at a time: to compare runs. */
static void mix(struct decisions *d, uint64_t word)
{
    d->hash = (d->hash ^ word) * UINT64_C(0x100000001b3);
}

static uint32_t listed(uint64_t number)
{
    while (list_at < by.list_count && by.list[list_at].at < number)
        list_at++;
    bool here = list_at < by.list_count && by.list[list_at].at == number;
    return here ? by.list[list_at].way : 0;
}

uint32_t decide(enum decision_kind kind, uint32_t count, uint32_t proposal)
{
    struct decisions *d = made();
    uint32_t way = proposal;
    if (by.list)
        way = listed(d->count) % count;
    else if (by.ask)
        way = by.ask(kind, count);
    if (journal && d->count < DECISIONS_KEPT)
        journal->decisions[d->count] = (struct decision){kind, count, way, 0};
    d->count++;
    mix(d, ((uint64_t)kind << 56) ^ ((uint64_t)count << 28) ^ way);
    return way;
}

void decide_note(uint32_t who, int64_t now, bool decided)
{
    struct decisions *d = made();
    mix(d, ((uint64_t)now << 20) ^ who);
    if (decided && journal && d->count > 0 && d->count <= DECISIONS_KEPT)
        journal->decisions[d->count - 1].who = who;
}

const struct decisions *decisions_made(void)
{
    return made();
}

const struct decision *decisions_log(void)
{
    return journal ? journal->decisions : NULL;
}
