/* SPDX-License-Identifier: Apache-2.0 */
/* chat_command.c: what a client can say, and what it does. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "chat_session.h"

/* 1 to CHAT_NAME_MAX letters, digits, "-" and "_". */
static bool is_name(const char *name)
{
    size_t size = 0;

    while (isalnum((unsigned char)name[size]) || name[size] == '-' ||
           name[size] == '_')
        size++;
    return size > 0 && size <= CHAT_NAME_MAX && name[size] == '\0';
}

static void join(struct chat_session *s, const char *name)
{
    if (!is_name(name)) {
        chat_tell(s, "! which room?\n");
        return;
    }
    chat_stop_hearing(s);
    size_t members = chat_enter(s->server->hub, &s->member, name);
    if (members == 0)
        chat_tell(s, "! there are %d rooms, and that is all\n", CHAT_ROOMS);
    else
        chat_tell(s, "* this is %s, %zu here\n", name, members);
    if (s->member.room) /* else even the lobby has gone; /nick tries again */
        chat_start_hearing(s);
}

static void take_nick(struct chat_session *s, const char *name)
{
    if (!is_name(name)) {
        chat_tell(s, "! a name has 1 to %d letters, digits, - and _\n",
                  CHAT_NAME_MAX);
    } else if (!chat_rename(s->server->hub, &s->member, name)) {
        chat_tell(s, "! %s is taken\n", name);
    } else if (!s->member.room) {
        rn_conn_set_read_deadline(s->conn, RN_NEVER);
        join(s, "lobby");
    }
}

static void tell_who(struct chat_session *s)
{
    char *who = chat_who(s->server->hub, &s->member);

    if (who)
        chat_tell(s, "%s", who);
    free(who);
}

/* A line with a slash in front; false when the client wants to go. */
static bool command(struct chat_session *s, char *line)
{
    char *rest = line;
    const char *word = strsep(&rest, " ");

    if (strcmp(word, "/quit") == 0)
        return false;
    if (strcmp(word, "/nick") == 0)
        take_nick(s, rest ? rest : "");
    else if (!s->member.room)
        chat_tell(s, "! first say /nick NAME\n");
    else if (strcmp(word, "/join") == 0)
        join(s, rest ? rest : "");
    else if (strcmp(word, "/who") == 0)
        tell_who(s);
    else
        chat_tell(s, "! there are /nick, /join, /who and /quit\n");
    return true;
}

bool chat_obey(struct chat_session *s, char *line)
{
    for (char *c = line; *c; c++) { /* nobody moves another's cursor */
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    }
    if (line[0] == '/')
        return command(s, line);
    if (!s->member.room)
        chat_tell(s, "! first say /nick NAME\n");
    else if (line[strspn(line, " ")] != '\0')
        chat_say(&s->member, "%s: %s", s->member.nick, line);
    return true;
}
