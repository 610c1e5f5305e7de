/* SPDX-License-Identifier: Apache-2.0 */
/*
 * switch_aarch64.S: switch.h for the AAPCS64.
 *
 * At rest:   sp -> x19 x20 x21 x22 x23 x24 x25 x26 x27 x28 x29 x30 d8..d15
 */
    .text

    .globl rn_switch_
    .hidden rn_switch_
    .type rn_switch_, %function
    .p2align 4
rn_switch_:
    .cfi_startproc
    sub sp, sp, #160
    .cfi_adjust_cfa_offset 160
    stp x19, x20, [sp, #0]
    stp x21, x22, [sp, #16]
    stp x23, x24, [sp, #32]
    stp x25, x26, [sp, #48]
    stp x27, x28, [sp, #64]
    stp x29, x30, [sp, #80]
    .cfi_rel_offset x29, 80
    .cfi_rel_offset x30, 88
    stp d8, d9, [sp, #96]
    stp d10, d11, [sp, #112]
    stp d12, d13, [sp, #128]
    stp d14, d15, [sp, #144]
    mov x9, sp
    str x9, [x0]
    mov sp, x1
    ldp x19, x20, [sp, #0]
    ldp x21, x22, [sp, #16]
    ldp x23, x24, [sp, #32]
    ldp x25, x26, [sp, #48]
    ldp x27, x28, [sp, #64]
    ldp x29, x30, [sp, #80]
    ldp d8, d9, [sp, #96]
    ldp d10, d11, [sp, #112]
    ldp d12, d13, [sp, #128]
    ldp d14, d15, [sp, #144]
    add sp, sp, #160
    .cfi_adjust_cfa_offset -160
    mov x0, x2
    /* A plain branch: the return predictor knows nothing of this stack. */
    br x30
    .cfi_endproc
    .size rn_switch_, . - rn_switch_

/* The first frame of a goroutine: x19 holds the argument, x20 the function. */
    .globl rn_switch_boot_
    .hidden rn_switch_boot_
    .type rn_switch_boot_, %function
    .p2align 4
rn_switch_boot_:
    .cfi_startproc
    .cfi_undefined x30
    /* Entered behind it: unwinders look for the byte before a pc at rest. */
    nop
    mov x29, xzr
    mov x30, xzr
    mov x0, x19
    blr x20
    mov x16, x0
    mov x0, x19
    adr x30, 1f
    br x16
1:
    brk #1
    .cfi_endproc
    .size rn_switch_boot_, . - rn_switch_boot_

/*
 * For unwinders the caller is the context at rest in x0, which x19 keeps; the
 * offsets are those of rn_switch_, from the end of what it saved.
 */
    .globl rn_switch_walk_
    .hidden rn_switch_walk_
    .type rn_switch_walk_, %function
    .p2align 4
rn_switch_walk_:
    .cfi_startproc
    stp x29, x30, [sp, #-32]!
    .cfi_adjust_cfa_offset 32
    .cfi_rel_offset x29, 0
    .cfi_rel_offset x30, 8
    str x19, [sp, #16]
    .cfi_rel_offset x19, 16
    .cfi_remember_state
    mov x29, sp
    mov x19, x0
    .cfi_def_cfa x19, 160
    .cfi_offset x19, -160
    .cfi_offset x20, -152
    .cfi_offset x21, -144
    .cfi_offset x22, -136
    .cfi_offset x23, -128
    .cfi_offset x24, -120
    .cfi_offset x25, -112
    .cfi_offset x26, -104
    .cfi_offset x27, -96
    .cfi_offset x28, -88
    .cfi_offset x29, -80
    .cfi_offset x30, -72
    mov x0, x2
    blr x1
    nop
    .cfi_restore_state
    ldr x19, [sp, #16]
    .cfi_restore x19
    ldp x29, x30, [sp], #32
    .cfi_adjust_cfa_offset -32
    .cfi_restore x29
    .cfi_restore x30
    ret
    .cfi_endproc
    .size rn_switch_walk_, . - rn_switch_walk_

    .section .note.GNU-stack, "", %progbits
