/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_hub.c: names and rooms under one lock; a room's lines have their own.
 *
 * 1. hub->lock holds the table of nicknames, each member's nick and room, and
 *    which rooms there are. Members read their own without it: they alone
 *    change it.
 * 2. room->lock is taken inside hub->lock or alone.
 * 3. A room is given away only when it has no members, so nobody waits in it.
 */
#include "chat_hub.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS      4096
#define WHO_MAX      50
#define ANNOUNCE_MAX 100 /* larger rooms are not told who comes and goes */

struct chat_hub {
    struct rn_mutex lock;
    struct chat_member *members[BUCKETS]; /* by nickname */
    struct chat_room rooms[CHAT_ROOMS];
};

struct chat_hub *chat_hub_make(void)
{
    return calloc(1, sizeof(struct chat_hub));
}

/* ------------------------------------------------------------------ names */

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
        member->seen = chat_room_begin(room);
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

void chat_say(struct chat_member *member, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    chat_room_say(member->room, format, args);
    va_end(args);
}
