/* SPDX-License-Identifier: Apache-2.0 */
/*
 * light.c: the rare side (see light.h).
 */
#include "light.h"

#include "fatal.h"
#include "mutant.h"
#include "os.h"

#if defined(LIGHT_SEQUENCES)

#include <sys/rseq.h>

_Static_assert(RSEQ_SIG == 0x53053053, "as it stands in light.h");

_Atomic(ptrdiff_t) light_sequence;

/*
 * Once on, it stays so. Who shares a word looks whether a fence is needed after
 * it has left ASKED, in full order: so it sees it on if a sequence under way did.
 */
void light_open(void)
{
    if (__rseq_size != 0 && os_sequences_ready())
        atomic_store_explicit(&light_sequence,
                              __rseq_offset +
                                  (ptrdiff_t)offsetof(struct rseq, rseq_cs),
                              memory_order_seq_cst);
}

static bool needs_fence(void)
{
    return atomic_load_explicit(&light_sequence, memory_order_seq_cst) != 0;
}

#else

void light_open(void)
{
}

static bool needs_fence(void)
{
#ifdef LIGHT_MODEL
    return true;
#else
    return false;
#endif
}

#endif

/* Held by who shares: 0 free, 1 held, 2 held and somebody may sleep on it. */
static _Atomic(uint32_t) sharing;

static void begin_sharing(void)
{
    uint32_t free = 0;
    /* Acquire: pairs with the release of whoever shared before. */
    if (!atomic_compare_exchange_strong_explicit(
            &sharing, &free, 1, memory_order_acquire, memory_order_relaxed))
        while (atomic_exchange_explicit(&sharing, 2, memory_order_acquire) != 0)
            os_futex_wait(&sharing, 2, -1);
}

static void end_sharing(void)
{
    if (atomic_exchange_explicit(&sharing, 0, memory_order_release) == 2)
        os_futex_wake(&sharing, 1);
}

static bool replace(_Atomic(uint32_t) *word, uint32_t *state, uint32_t wanted)
{
    bool done = atomic_compare_exchange_strong_explicit(
        word, state, wanted, memory_order_seq_cst, memory_order_relaxed);
    if (done)
        *state = wanted;
    return done;
}

noinline uint32_t light_share(_Atomic(uint32_t) *word)
{
    begin_sharing();
    uint32_t state = atomic_load_explicit(word, memory_order_relaxed);
    while (state != 0 && !(state & LIGHT_SHARED)) {
        if (!replace(word, &state, state | LIGHT_ASKED))
            continue;
        if (needs_fence() && !MUTANT(SHARES_UNFENCED) &&
            unlikely(!os_sequences_break()))
            fatal("the kernel has no membarrier any more"); /* a filter */
        state = atomic_load_explicit(word, memory_order_relaxed);
        while (state & LIGHT_ASKED &&
               !replace(word, &state, (state & ~LIGHT_ASKED) | LIGHT_SHARED))
            ;
    }
    end_sharing();
    return state;
}
