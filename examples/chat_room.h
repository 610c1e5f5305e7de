/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chat_room.h: what was said, for everyone at a pace of his own.
 *
 * A room keeps its last lines in a ring, and a reader's place in it is a
 * number. So there is no queue a member (broadcast.h would keep one for each of
 * ten thousand), saying a line never waits for anybody, and whoever is too slow
 * misses lines and no one else does.
 */
#ifndef CHAT_ROOM_H
#define CHAT_ROOM_H

#include <stdarg.h>

#include <runnel/runnel.h>

#define CHAT_NAME_MAX 20  /* bytes of a nickname or a room's name */
#define CHAT_LINE_MAX 544 /* bytes of a line in a room, with its NUL */
#define CHAT_RING     256 /* lines that a slow reader may be behind */

struct chat_room {
    char name[CHAT_NAME_MAX + 1]; /* "": never used; the hub's */
    size_t members;               /* the hub's */
    struct rn_mutex lock;         /* for what follows; never held in a send */
    struct rn_cond said;
    uint64_t next; /* the number of the next line */
    char lines[CHAT_RING][CHAT_LINE_MAX];
};

/* A line for everyone in the room. Parks for its lock alone. */
void chat_room_say(struct chat_room *room, const char *format, va_list args);

/* The place of a new reader, who is shown the last lines. */
uint64_t chat_room_begin(struct chat_room *room);

/*
 * Parks until there is something to read at *seen, or the context is done.
 * Copies as many whole lines as there is room for, says of those that were
 * overwritten how many, and returns how many bytes there are: 0 when the
 * context is done and all has been read.
 */
size_t chat_room_wait(struct rn_ctx *ctx, struct chat_room *room,
                      uint64_t *seen, char *lines, size_t size);

#endif
