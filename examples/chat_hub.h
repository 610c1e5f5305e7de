/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_hub.h: who is there, under which name, in which room, and what was said.
 *
 * A room keeps its last lines in a ring, and every member reads them at a pace
 * of his own: `seen` is his place. So there is no queue a member, saying a line
 * never waits for anybody, and whoever is too slow misses lines and no one
 * else does.
 */
#ifndef CHAT_HUB_H
#define CHAT_HUB_H

#include <runnel/runnel.h>

#define CHAT_NAME_MAX 20  /* bytes of a nickname or a room's name */
#define CHAT_LINE_MAX 544 /* bytes of a line in a room, with its NUL */
#define CHAT_ROOMS    100 /* at once; one that is empty makes place */

struct chat_hub;
struct chat_room;

/* In the memory of whoever serves the client; zeroed at first. */
struct chat_member {
    char nick[CHAT_NAME_MAX + 1]; /* "" until chat_rename */
    struct chat_room *room;       /* NULL until chat_enter */
    uint64_t seen;                /* lines of the room, for chat_wait */
    struct chat_member *next;     /* of the hub */
};

struct chat_hub *chat_hub_make(void); /* NULL: out of memory */
void chat_hub_free(struct chat_hub *hub);

/* 1 to CHAT_NAME_MAX letters, digits, "-" and "_". */
bool chat_name_good(const char *name);

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

/*
 * Parks until there is something to see in the member's room, or the context
 * is done. Copies as many whole lines as there is room for, says of those that
 * were overwritten how many, and returns how many bytes there are: 0 when the
 * context is done and all has been seen.
 */
size_t chat_wait(struct rn_ctx *ctx, struct chat_member *member, char *lines,
                 size_t size);

/* The names in the member's room, for free(); NULL: out of memory. */
char *chat_who(struct chat_hub *hub, const struct chat_member *member);

#endif
