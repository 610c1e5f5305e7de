/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch_x86_64.S: switch.h for the System V ABI on x86-64.
 *
 * At rest:   rsp -> rbp pc
 *
 * What else a function keeps for its caller it has saved above that, where its
 * own unwind table finds it.
 *
 * The switch ends in pop and jmp, not in ret: the processor's return predictor
 * expects the caller on this stack and would miss every time.
 */
    .text

    .globl rn_switch_
    .hidden rn_switch_
    .type rn_switch_, @function
    .p2align 4
rn_switch_:
    .cfi_startproc
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    pushq %r12
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r12, 0
    pushq %r13
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r13, 0
    pushq %r14
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r14, 0
    pushq %r15
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset r15, 0
    leaq 1f(%rip), %rcx
    pushq %rcx
    .cfi_adjust_cfa_offset 8
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbp, 0
    movq %rsp, (%rdi)
    movq %rsi, %rsp
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbp
    popq %rcx
    .cfi_adjust_cfa_offset -8
    movq %rdx, %rax
    jmpq *%rcx
1:
    popq %r15
    .cfi_adjust_cfa_offset -8
    .cfi_restore r15
    popq %r14
    .cfi_adjust_cfa_offset -8
    .cfi_restore r14
    popq %r13
    .cfi_adjust_cfa_offset -8
    .cfi_restore r13
    popq %r12
    .cfi_adjust_cfa_offset -8
    .cfi_restore r12
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    ret
    .cfi_endproc
    .size rn_switch_, . - rn_switch_

/*
 * The first frame of a goroutine: the function and its argument lie above. What
 * that returns is gone on with by a jump: nobody ever returns from there, and a
 * call would be left on the processor's stack of predicted returns, so that all
 * returns of whoever runs next would be predicted wrongly.
 */
    .globl rn_switch_boot_
    .hidden rn_switch_boot_
    .type rn_switch_boot_, @function
    .p2align 4
rn_switch_boot_:
    .cfi_startproc
    .cfi_undefined rip
    /* Entered behind it: unwinders look for the byte before a pc at rest. */
    nop
    movq 8(%rsp), %rdi
    callq *(%rsp)
    movq 8(%rsp), %rdi
    leaq 1f(%rip), %rcx
    pushq %rcx
    jmpq *%rax
1:
    ud2
    .cfi_endproc
    .size rn_switch_boot_, . - rn_switch_boot_

/*
 * For unwinders the caller is the context at rest in rdi, which rbx keeps.
 */
    .globl rn_switch_walk_
    .hidden rn_switch_walk_
    .type rn_switch_walk_, @function
    .p2align 4
rn_switch_walk_:
    .cfi_startproc
    pushq %rbp
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbp, 0
    pushq %rbx
    .cfi_adjust_cfa_offset 8
    .cfi_rel_offset rbx, 0
    subq $8, %rsp
    .cfi_adjust_cfa_offset 8
    .cfi_remember_state
    movq %rdi, %rbx
    .cfi_def_cfa rbx, 16
    .cfi_offset rbp, -16
    .cfi_offset rip, -8
    .cfi_undefined rbx
    .cfi_undefined r12
    .cfi_undefined r13
    .cfi_undefined r14
    .cfi_undefined r15
    movq %rdx, %rdi
    callq *%rsi
    nop
    .cfi_restore_state
    addq $8, %rsp
    .cfi_adjust_cfa_offset -8
    popq %rbx
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbx
    popq %rbp
    .cfi_adjust_cfa_offset -8
    .cfi_restore rbp
    ret
    .cfi_endproc
    .size rn_switch_walk_, . - rn_switch_walk_

    .section .note.GNU-stack, "", @progbits
