/* SPDX-License-Identifier: Apache-2.0 */
/* chat_room.c: a ring of lines, and a condition for those who have read all. */
#include "chat_room.h"

#include <stdio.h>

#define HISTORY 20 /* lines that a new member is shown */

void chat_room_say(struct chat_room *room, const char *format, va_list args)
{
    rn_mutex_lock(&room->lock);
    vsnprintf(room->lines[room->next % CHAT_RING], CHAT_LINE_MAX, format, args);
    room->next++;
    rn_mutex_unlock(&room->lock);
    rn_cond_broadcast(&room->said);
}

uint64_t chat_room_begin(struct chat_room *room)
{
    rn_mutex_lock(&room->lock);
    uint64_t seen = room->next - (room->next < HISTORY ? room->next : HISTORY);
    rn_mutex_unlock(&room->lock);
    return seen;
}

size_t chat_room_wait(struct rn_ctx *ctx, struct chat_room *room,
                      uint64_t *seen, char *lines, size_t size)
{
    size_t used = 0;
    int status = RN_OK;

    rn_mutex_lock(&room->lock);
    while (*seen == room->next && status == RN_OK)
        status = rn_cond_wait_ctx(ctx, &room->said, &room->lock);
    uint64_t behind = room->next - *seen;
    if (behind > CHAT_RING) {
        used = (size_t)snprintf(lines, size, "* %llu lines were missed\n",
                                (unsigned long long)(behind - CHAT_RING));
        *seen = room->next - CHAT_RING;
    }
    while (*seen < room->next && size - used > CHAT_LINE_MAX)
        used += (size_t)snprintf(lines + used, size - used, "%s\n",
                                 room->lines[(*seen)++ % CHAT_RING]);
    rn_mutex_unlock(&room->lock);
    return used;
}
