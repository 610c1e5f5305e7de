/* SPDX-License-Identifier: Apache-2.0 */
/*
 * light.h: words that whoever holds them lets go without a locked instruction.
 *
 * A lock is a word with a bit that says it is held. Taking it is one
 * compare-and-swap; letting it go would be a plain store, were it not for marks
 * that others leave in it meanwhile (somebody waits), which the store would wipe
 * out. So the store is the end of a restartable sequence (rseq(2)): "is the word
 * still as I took it? then it is 0". The kernel breaks a sequence off where its
 * thread is preempted, moved or interrupted, and, as a system call of whoever
 * is about to leave the first mark asks, wherever one is under way.
 *
 *     0 -> held            compare-and-swap, by who takes it
 *     held -> 0            light_leave: the sequence
 *     held -> ASKED        light_share, by who is to leave a mark; then the fence
 *     ASKED -> 0           by a sequence that had looked before: light_share sees
 *                          that, and has no lock to wait for
 *     ASKED -> SHARED      light_share after the fence, or the holder as it leaves
 *                          by compare-and-swap: no sequence is under way
 *     SHARED               for good: every change is a compare-and-swap
 *
 * 1. Only the holder has a sequence under way, and it can only end in 0 where it
 *    began with the bare `held`.
 * 2. A mark is left in a word that is SHARED, never in another.
 * 3. One thread at a time shares (a lock of its own), so ASKED after the fence is
 *    the one from before it.
 * 4. The store is the last that the holder does to the word: whoever sees it may
 *    take the lock and free its memory.
 *
 * So what one thread at a time uses never costs more than one locked instruction,
 * and what is fought over pays one system call once. Where there are no restartable
 * sequences (an older kernel or library, Valgrind, another processor) light_leave is
 * false, and the holder leaves by compare-and-swap, as when one is broken off.
 *
 * Limits: a thread that the C library did not make (by a clone of one's own, or in
 * the child of a vfork) is not known to the kernel and must not let go of a lock;
 * and who links the static library into one that can be closed links that with
 * -Wl,-z,nodelete, for the kernel may look at a thread's last sequence later.
 *
 * Rejected: a store and then a look for marks, with membarrier on the other side:
 * by then the memory may be gone. A bias to one thread, as of Java's monitors: it
 * would save the compare-and-swap as well, but measured no faster behind a call,
 * and pays for each lock that wanders.
 */
#ifndef RUNNEL_LIGHT_H
#define RUNNEL_LIGHT_H

#include "base.h"

#if defined(__x86_64__) && __has_include(<sys/rseq.h>) && \
    !defined(RN_TSAN) && !defined(LIGHT_MODEL)
#define LIGHT_SEQUENCES
#endif

/* The words' bits beside these, and what is held lightly, are their owners'. */
enum { LIGHT_ASKED = 4, LIGHT_SHARED = 8 };

/* When a runtime begins; words may be in use, by threads without it. */
void light_open(void);

/*
 * Of a word that is held: returns it SHARED, or 0 when it came free meanwhile. A
 * system call, once for a word: 0.3 us alone, 3 us beside a busy thread.
 */
uint32_t light_share(_Atomic(uint32_t) *word);

#ifdef LIGHT_MODEL /* the model check steps through it */
bool light_leave(_Atomic(uint32_t) *word, uint32_t held);
#elif defined(LIGHT_SEQUENCES)

/* Where a thread keeps the address of its sequence, from its pointer; 0: not. */
extern _Atomic(ptrdiff_t) light_sequence __attribute__((visibility("hidden")));

/*
 * Held -> 0, releasing. False: it is not bare, or the sequence was broken off. The
 * caller has looked at the word before: a fault in here has no callers, for the
 * kernel breaks the sequence off first. Neither has a sample of the profiler.
 */
static inline bool light_leave(_Atomic(uint32_t) *word, uint32_t held)
{
    ptrdiff_t sequence =
        atomic_load_explicit(&light_sequence, memory_order_relaxed);
    if (unlikely(!sequence))
        return false;
    /* What the kernel reads; where it goes on, behind the signature (RSEQ_SIG). */
    __asm__ goto(".pushsection __rseq_cs, \"aw\"\n"
                 ".balign 32\n"
                 "1: .long 0, 0\n"
                 ".quad 2f, 3f - 2f, 4f\n"
                 ".popsection\n"
                 ".pushsection __rseq_failure, \"ax\"\n"
                 ".byte 0x0f, 0xb9, 0x3d\n"
                 ".long 0x53053053\n"
                 "4: jmp %l[broken]\n"
                 ".popsection\n"
                 "leaq 1b(%%rip), %%rax\n"
                 "movq %%rax, %%fs:(%[sequence])\n"
                 "2: cmpl %[held], (%[word])\n"
                 "jne %l[broken]\n"
                 "movl $0, (%[word])\n"
                 "3:\n"
                 :
                 : [sequence] "r"(sequence), [word] "r"(word), [held] "r"(held)
                 : "memory", "rax", "cc"
                 : broken);
    return true;
broken:
    return false;
}

#else

static inline bool light_leave(_Atomic(uint32_t) *word, uint32_t held)
{
    (void)word;
    (void)held;
    return false;
}

#endif

#endif
