/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list.h: an intrusive doubly linked list.
 *
 * A list is a ring through its head; a node that is in no list points to
 * itself, so taking out twice is harmless and "is it queued?" has an answer.
 */
#ifndef RUNNEL_LIST_H
#define RUNNEL_LIST_H

#include "base.h"

struct list {
    struct list *next;
    struct list *prev;
};

static inline void list_init(struct list *l)
{
    l->next = l;
    l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* At the end of the list. */
static inline void list_append(struct list *head, struct list *node)
{
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* At the front of the list. */
static inline void list_prepend(struct list *head, struct list *node)
{
    list_append(head->next, node);
}

/* Out of whatever list it is in. */
static inline void list_remove(struct list *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

#endif
