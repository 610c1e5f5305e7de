/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sites.h: the words and the call sites of one profile, each once, numbered.
 *
 * Used in a copy of the process only (copy.h), which ends with it: what is
 * taken is never given back.
 */
#ifndef RUNNEL_SITES_H
#define RUNNEL_SITES_H

#include "base.h"

/* Before all else: false when there is no memory. */
bool sites_open(void);

/* The number of a text; "" is 0. When there is no room: 0. */
uint32_t word_of(const char *text);
const char *word_text(uint32_t word);
uint32_t words_count(void);

struct site {
    uint64_t address; /* 0: no code */
    uint32_t name;    /* words; never "" */
    uint32_t file;
    uint32_t line;     /* 0: not known */
    uint32_t function; /* from 1: the same name in the same file */
};

/* The number, from 1, of a return address; 0: no room. */
uint32_t site_of(const void *pc);
/* Of what is no code: "(running)". */
uint32_t site_named(const char *name);
const struct site *site_at(uint32_t number);
uint32_t sites_count(void);

#endif
