/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch.h: leave one stack and go on with another.
 *
 * A context at rest is one word, its stack pointer; what it goes on with lies on
 * its stack. The floating-point control words (rounding, exceptions) are
 * not switched: they cost more than all the rest, and a goroutine that changes
 * them puts them back before it parks.
 */
#ifndef RUNNEL_SWITCH_H
#define RUNNEL_SWITCH_H

#include "base.h"

/*
 * Saves the caller at *save and goes on with the context at rest in `load`,
 * whose own rn_switch_ returns `word`.
 */
void *rn_switch_(void **save, void *load, void *word);

/*
 * The same in the caller's own code. A call would leave a return address in the
 * processor's stack of predicted returns that nobody returns to, so that every
 * return on the way up would be predicted wrongly, one off. What the caller keeps
 * in registers it saves itself, once, in its own frame. Only for functions that
 * call others: they keep nothing below their stack pointer.
 */
#if defined(__x86_64__)
static put_in_line void *switch_here(void **save, void *load, void *word)
{
    void *got;
    __asm__ volatile(
        "leaq 1f(%%rip), %%rcx\n\t"
        "pushq %%rcx\n\t"
        "pushq %%rbp\n\t"
        "movq %%rsp, (%%rdi)\n\t"
        "movq %%rsi, %%rsp\n\t"
        "popq %%rbp\n\t"
        "popq %%rcx\n\t"
        "movq %%rdx, %%rax\n\t"
        "jmpq *%%rcx\n"
        "1:"
        : "=a"(got), "+D"(save), "+S"(load), "+d"(word)
        :
        : "rbx", "rcx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
          "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
          "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15",
          "st", "st(1)", "st(2)", "st(3)", "st(4)", "st(5)", "st(6)", "st(7)",
#ifdef __AVX512F__
          "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22",
          "xmm23", "xmm24", "xmm25", "xmm26", "xmm27", "xmm28", "xmm29",
          "xmm30", "xmm31", "k1", "k2", "k3", "k4", "k5", "k6", "k7",
#endif
          "cc", "memory");
    return got;
}
#else
#define switch_here rn_switch_
#endif

/* What a context does; its argument is what the context was made with. */
typedef void switch_body(void *argument);

/*
 * A context at rest that, once switched to, calls begin(argument) on the stack
 * that ends (excluding) at `top`, aligned to 16, and then what that returns,
 * which must not return. Unwinders end there.
 */
void *switch_prepare(void *top, switch_body *(*begin)(void *), void *argument);

/*
 * Calls function(arg), on the caller's stack, so that an unwinder that comes
 * through finds the context at rest in the caller's place.
 */
void rn_switch_walk_(void *rest, void (*function)(void *arg), void *arg);

/* Where a context at rest goes on, and its frame pointer; for backtraces. */
struct switch_frame {
    uintptr_t pc;
    uintptr_t fp;
};
struct switch_frame switch_frame_of(void *rest);

#endif
