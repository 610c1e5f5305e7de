/* SPDX-License-Identifier: Apache-2.0 */
/* chat_terminal.h: the other end of a chat: standard input and output. */
#ifndef CHAT_TERMINAL_H
#define CHAT_TERMINAL_H

#include <runnel/runnel.h>

/*
 * Connects, names itself (unless nick is NULL), and sends and prints lines
 * until the input and then the server ends, or the context is done. An
 * exit status, after a message. Parks.
 */
int chat_terminal(struct rn_ctx *ctx, const char *address, const char *nick);

#endif
