/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_hub.h: who is there, under which name, and in which room.
 */
#ifndef CHAT_HUB_H
#define CHAT_HUB_H

#include "chat_room.h"

#define CHAT_ROOMS 100 /* at once; one that is empty makes place */

struct chat_hub;

/* In the memory of whoever serves the client; zeroed at first. */
struct chat_member {
    char nick[CHAT_NAME_MAX + 1]; /* "" until chat_rename */
    struct chat_room *room;       /* NULL until chat_enter */
    uint64_t seen;                /* his place in the room's lines */
    struct chat_member *next;     /* of the hub */
};

struct chat_hub *chat_hub_make(void); /* for free(); NULL: out of memory */

/* False when the nickname is taken; tells the room, if any. */
bool chat_rename(struct chat_hub *hub, struct chat_member *member,
                 const char *nick);

/*
 * Into a room, out of the one before; its last lines are still to be seen. The
 * number of its members; 0 when there are too many rooms: nothing has changed.
 */
size_t chat_enter(struct chat_hub *hub, struct chat_member *member,
                  const char *name);

/* Out of the room, and the nickname is free; does not need either. */
void chat_leave(struct chat_hub *hub, struct chat_member *member);

/* A line for everyone in the member's room. Parks for the room's lock alone. */
void chat_say(struct chat_member *member, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The names in the member's room, for free(); NULL: out of memory. */
char *chat_who(struct chat_hub *hub, const struct chat_member *member);

#endif
