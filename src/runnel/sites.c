/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sites.c: two tables by hash, open addressing, and arrays in order.
 */
#include "sites.h"

#include <stdlib.h>
#include <string.h>

#include "os.h"
#include "symbols.h"

#define WORDS   131072 /* powers of two; half of them are used at most */
#define SITES   131072
#define LETTERS ((size_t)16 * 1024 * 1024)

/* More than any call of a program has different places. */
struct tables {
    uint32_t word_slots[WORDS]; /* number + 1; 0: free */
    const char *words[WORDS / 2];
    uint32_t word_count;
    uint32_t site_slots[SITES]; /* number; 0: free */
    struct site sites[SITES / 2];
    uintptr_t keys[SITES / 2];
    uint32_t site_count;
    uint32_t function_count;
    size_t letters_used;
    char letters[LETTERS];
};

static struct tables *tables;

bool sites_open(void)
{
    tables = os_map(sizeof(*tables));
    if (!tables)
        return false;
    tables->site_count = 1; /* 0 says: none */
    (void)word_of("");
    return true;
}

static uint64_t mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ (hash >> 29);
}

static uint64_t hash_of(const char *text)
{
    uint64_t hash = 0;
    for (; *text; text++)
        hash = mix(hash, (unsigned char)*text);
    return hash;
}

uint32_t word_of(const char *text)
{
    size_t size = strlen(text) + 1;
    size_t at = hash_of(text) % WORDS;
    for (; tables->word_slots[at] != 0; at = (at + 1) % WORDS)
        if (strcmp(tables->words[tables->word_slots[at] - 1], text) == 0)
            return tables->word_slots[at] - 1;
    if (tables->word_count == WORDS / 2 ||
        size > LETTERS - tables->letters_used)
        return 0;
    char *copy = tables->letters + tables->letters_used;
    memcpy(copy, text, size);
    tables->letters_used += size;
    tables->words[tables->word_count++] = copy;
    tables->word_slots[at] = tables->word_count;
    return tables->word_count - 1;
}

const char *word_text(uint32_t word)
{
    return tables->words[word];
}

uint32_t words_count(void)
{
    return tables->word_count;
}

/* "dir/file.c:12" into its two parts. */
static void split_place(struct site *site, char *place)
{
    char *colon = strrchr(place, ':');
    if (colon && colon[1] >= '0' && colon[1] <= '9') {
        site->line = (uint32_t)strtoul(colon + 1, NULL, 10);
        *colon = '\0';
    }
    site->file = word_of(place);
}

/* A function's number: that of an earlier site with its name and file. */
static uint32_t function_of(const struct site *site)
{
    for (uint32_t i = 1; i < tables->site_count; i++)
        if (tables->sites[i].name == site->name &&
            tables->sites[i].file == site->file)
            return tables->sites[i].function;
    return ++tables->function_count;
}

/* The place of a key in the table; a free one when it is new. */
static size_t slot_of(uintptr_t key)
{
    size_t at = mix(0, key) % SITES;
    while (tables->site_slots[at] != 0 &&
           tables->keys[tables->site_slots[at]] != key)
        at = (at + 1) % SITES;
    return at;
}

static uint32_t add(size_t slot, uintptr_t key, struct site site)
{
    if (tables->site_count == SITES / 2)
        return 0;
    site.function = function_of(&site);
    uint32_t number = tables->site_count++;
    tables->sites[number] = site;
    tables->keys[number] = key;
    tables->site_slots[slot] = number;
    return number;
}

uint32_t site_of(const void *pc)
{
    size_t slot = slot_of((uintptr_t)pc);
    if (tables->site_slots[slot] != 0)
        return tables->site_slots[slot];
    struct symbol symbol;
    struct site site = {.address = (uintptr_t)pc - 1};
    symbols_find(pc, &symbol);
    site.name = word_of(symbol.name[0] ? symbol.name : symbol.place);
    split_place(&site, symbol.place);
    return add(slot, (uintptr_t)pc, site);
}

uint32_t site_named(const char *name)
{
    uint32_t word = word_of(name);
    size_t slot = slot_of(word); /* no address is so small */
    if (tables->site_slots[slot] != 0)
        return tables->site_slots[slot];
    return add(slot, word, (struct site){.name = word});
}

const struct site *site_at(uint32_t number)
{
    return &tables->sites[number];
}

uint32_t sites_count(void)
{
    return tables->site_count;
}
