/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch.c: what a context at rest looks like; the layouts are those of the .S
 * file of each architecture.
 */
#include "switch.h"

#ifdef __aarch64__
#include <string.h>
#endif

extern void rn_switch_boot_(void);

#if defined(__x86_64__)

enum { AT_RBP, AT_PC, AT_FUNCTION, AT_ARGUMENT, WORDS };
enum { BOOT_NOP = 1 }; /* bytes of what rn_switch_boot_ begins with */

void *switch_prepare(void *top, switch_body *(*begin)(void *), void *argument)
{
    uintptr_t *rest = (uintptr_t *)top - WORDS;
    rest[AT_RBP] = 0;
    rest[AT_PC] = (uintptr_t)rn_switch_boot_ + BOOT_NOP;
    rest[AT_FUNCTION] = (uintptr_t)begin;
    rest[AT_ARGUMENT] = (uintptr_t)argument;
    return rest;
}

struct switch_frame switch_frame_of(void *rest)
{
    const uintptr_t *words = rest;
    return (struct switch_frame){.pc = words[AT_PC], .fp = words[AT_RBP]};
}

#elif defined(__aarch64__)

enum { AT_X19 = 0, AT_X20 = 1, AT_X29 = 10, AT_X30 = 11, WORDS = 20 };
enum { BOOT_NOP = 4 };

void *switch_prepare(void *top, switch_body *(*begin)(void *), void *argument)
{
    uintptr_t *rest = (uintptr_t *)top - WORDS;
    memset(rest, 0, sizeof(*rest) * WORDS);
    rest[AT_X19] = (uintptr_t)argument;
    rest[AT_X20] = (uintptr_t)begin;
    rest[AT_X30] = (uintptr_t)rn_switch_boot_ + BOOT_NOP;
    return rest;
}

struct switch_frame switch_frame_of(void *rest)
{
    const uintptr_t *words = rest;
    return (struct switch_frame){.pc = words[AT_X30], .fp = words[AT_X29]};
}

#else
#error "runnel has no context switch for this architecture"
#endif
