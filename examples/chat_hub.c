/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_hub.c: names and rooms under one lock, a room's lines under its own.
 *
 * 1. hub->lock holds the table of nicknames, each member's nick and room, and
 *    which rooms there are. Members read their own without it: they alone
 *    change it.
 * 2. room->lock holds the lines and `next`. It is taken inside hub->lock or
 *    alone, and never held while anything is sent.
 * 3. A room is given away only when it has no members, so nobody waits in it.
 */
#include "chat_hub.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RING         256 /* lines that a slow member may be behind */
#define HISTORY      20  /* lines that a new member is shown */
#define BUCKETS      4096
#define WHO_MAX      50
#define ANNOUNCE_MAX 100 /* larger rooms are not told who comes and goes */

struct chat_room {
    char name[CHAT_NAME_MAX + 1]; /* "": never used */
    size_t members;
    struct rn_mutex lock;
    struct rn_cond said;
    uint64_t next; /* the number of the next line */
    char lines[RING][CHAT_LINE_MAX];
};

struct chat_hub {
    struct rn_mutex lock;
    struct chat_member *members[BUCKETS]; /* by nickname */
    struct chat_room rooms[CHAT_ROOMS];
};

struct chat_hub *chat_hub_make(void)
{
    return calloc(1, sizeof(struct chat_hub));
}

void chat_hub_free(struct chat_hub *hub)
{
    free(hub);
}

/* ------------------------------------------------------------------ names */

bool chat_name_good(const char *name)
{
    size_t size = 0;

    while (isalnum((unsigned char)name[size]) || name[size] == '-' ||
           name[size] == '_')
        size++;
    return size > 0 && size <= CHAT_NAME_MAX && name[size] == '\0';
}

/* Where the member with that nickname is linked in, or would be. */
static struct chat_member **place_of(struct chat_hub *hub, const char *nick)
{
    uint32_t hash = 2166136261u; /* FNV-1a */

    for (const char *c = nick; *c; c++)
        hash = (hash ^ (unsigned char)*c) * 16777619u;
    struct chat_member **place = &hub->members[hash % BUCKETS];
    while (*place && strcmp((*place)->nick, nick) != 0)
        place = &(*place)->next;
    return place;
}

static void unlink_member(struct chat_hub *hub, struct chat_member *member)
{
    if (member->nick[0])
        *place_of(hub, member->nick) = member->next;
}

bool chat_rename(struct chat_hub *hub, struct chat_member *member,
                 const char *nick)
{
    char before[CHAT_NAME_MAX + 1];

    rn_mutex_lock(&hub->lock);
    bool taken = *place_of(hub, nick) != NULL;
    strcpy(before, member->nick);
    if (!taken) {
        unlink_member(hub, member);
        strcpy(member->nick, nick);
        member->next = NULL;
        *place_of(hub, nick) = member;
    }
    rn_mutex_unlock(&hub->lock);
    if (!taken && member->room)
        chat_say(member, "* %s is now %s", before, nick);
    return !taken;
}

char *chat_who(struct chat_hub *hub, const struct chat_member *member)
{
    char *text = NULL;
    size_t size, count = 0;
    FILE *out = open_memstream(&text, &size);

    if (!out)
        return NULL;
    rn_mutex_lock(&hub->lock);
    fprintf(out, "* %zu in %s:", member->room->members, member->room->name);
    for (size_t i = 0; i < BUCKETS && count <= WHO_MAX; i++) {
        for (const struct chat_member *m = hub->members[i]; m; m = m->next) {
            if (m->room == member->room && count++ < WHO_MAX)
                fprintf(out, " %s", m->nick);
        }
    }
    rn_mutex_unlock(&hub->lock);
    fputs(count > WHO_MAX ? " ...\n" : "\n", out);
    return fclose(out) == 0 ? text : NULL;
}

/* ------------------------------------------------------------------ rooms */

/* The room of that name, or one that nobody is in; NULL: all are in use. */
static struct chat_room *find_room(struct chat_hub *hub, const char *name)
{
    struct chat_room *empty = NULL;

    for (size_t i = 0; i < CHAT_ROOMS; i++) {
        struct chat_room *room = &hub->rooms[i];
        if (strcmp(room->name, name) == 0)
            return room;
        if (room->members == 0 &&
            (!empty || (empty->name[0] && !room->name[0])))
            empty = room;
    }
    if (empty) {
        strcpy(empty->name, name);
        empty->next = 0;
    }
    return empty;
}

/* With the hub's lock. */
static void leave_room(struct chat_member *member)
{
    struct chat_room *room = member->room;

    if (!room)
        return;
    room->members--;
    if (room->members < ANNOUNCE_MAX)
        chat_say(member, "* %s has left", member->nick);
    member->room = NULL;
}

size_t chat_enter(struct chat_hub *hub, struct chat_member *member,
                  const char *name)
{
    size_t members = 0;

    rn_mutex_lock(&hub->lock);
    struct chat_room *room = find_room(hub, name);
    if (room) {
        members = ++room->members; /* before it leaves: it may be the same */
        leave_room(member);
        members = room->members;
        member->room = room;
        rn_mutex_lock(&room->lock);
        member->seen =
            room->next - (room->next < HISTORY ? room->next : HISTORY);
        rn_mutex_unlock(&room->lock);
        if (members <= ANNOUNCE_MAX)
            chat_say(member, "* %s is here", member->nick);
    }
    rn_mutex_unlock(&hub->lock);
    return members;
}

void chat_leave(struct chat_hub *hub, struct chat_member *member)
{
    rn_mutex_lock(&hub->lock);
    leave_room(member);
    unlink_member(hub, member);
    rn_mutex_unlock(&hub->lock);
}

/* ------------------------------------------------------------------ lines */

void chat_say(struct chat_member *member, const char *format, ...)
{
    struct chat_room *room = member->room;
    va_list args;

    va_start(args, format);
    rn_mutex_lock(&room->lock);
    vsnprintf(room->lines[room->next % RING], CHAT_LINE_MAX, format, args);
    room->next++;
    rn_mutex_unlock(&room->lock);
    va_end(args);
    rn_cond_broadcast(&room->said);
}

size_t chat_wait(struct rn_ctx *ctx, struct chat_member *member, char *lines,
                 size_t size)
{
    struct chat_room *room = member->room;
    size_t used = 0;
    int status = RN_OK;

    rn_mutex_lock(&room->lock);
    while (member->seen == room->next && status == RN_OK)
        status = rn_cond_wait_ctx(ctx, &room->said, &room->lock);
    uint64_t behind = room->next - member->seen;
    if (behind > RING) {
        used = (size_t)snprintf(lines, size, "* %llu lines were missed\n",
                                (unsigned long long)(behind - RING));
        member->seen = room->next - RING;
    }
    while (member->seen < room->next && size - used > CHAT_LINE_MAX) {
        used += (size_t)snprintf(lines + used, size - used, "%s\n",
                                 room->lines[member->seen++ % RING]);
    }
    rn_mutex_unlock(&room->lock);
    return used;
}
