/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RISC-V, 32 and 64 bits, machine mode: the switch between two threads with the saved context of
 * ThreadX's RISC-V port, of an interrupted thread or (SOLICITED) of one that switches itself.
 */
#if __riscv_xlen == 64
# define S sd
# define L ld
# define W 8
#else
# define S sw
# define L lw
# define W 4
#endif
#define INTERRUPTED_SIZE (32 * W)
#define SOLICITED_SIZE (16 * W)
#define RA 28
#define MSTATUS 29
#define PC 30
#define FIRST_MSTATUS 0x1880 /* MPP: machine, MPIE */

    .section .vectors, "ax"
    .global reset
reset:
    csrr    t0, mhartid
1:  bnez    t0, 1b
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    li      tp, 0x1234
    la      sp, stack_of_main
    la      t0, trap
    csrw    mtvec, t0
    csrw    mscratch, sp
    call    main_loop
2:  j       2b

    .text
/* s11 to s0 at 1; and the rest of an interrupted context, up to a0 at 27. */
    .macro  callee op
    \op     s11, 1 * W(sp)
    \op     s10, 2 * W(sp)
    \op     s9, 3 * W(sp)
    \op     s8, 4 * W(sp)
    \op     s7, 5 * W(sp)
    \op     s6, 6 * W(sp)
    \op     s5, 7 * W(sp)
    \op     s4, 8 * W(sp)
    \op     s3, 9 * W(sp)
    \op     s2, 10 * W(sp)
    \op     s1, 11 * W(sp)
    \op     s0, 12 * W(sp)
    .endm
    .macro  rest op
    \op     t6, 13 * W(sp)
    \op     t5, 14 * W(sp)
    \op     t4, 15 * W(sp)
    \op     t3, 16 * W(sp)
    \op     t2, 17 * W(sp)
    \op     t1, 18 * W(sp)
    \op     t0, 19 * W(sp)
    \op     a7, 20 * W(sp)
    \op     a6, 21 * W(sp)
    \op     a5, 22 * W(sp)
    \op     a4, 23 * W(sp)
    \op     a3, 24 * W(sp)
    \op     a2, 25 * W(sp)
    \op     a1, 26 * W(sp)
    \op     a0, 27 * W(sp)
    .endm

    .align  2
trap:
    addi    sp, sp, -INTERRUPTED_SIZE
    callee  S
    rest    S
    S       ra, RA * W(sp)
    csrr    t0, mstatus
    S       t0, MSTATUS * W(sp)
    csrr    t0, mepc
    addi    t0, t0, 4
    S       t0, PC * W(sp)
    li      t0, 1
next: /* t0: the type */
    S       t0, 0(sp)
    L       t1, _tx_thread_current_ptr
    S       sp, 8(t1)
    csrr    sp, mscratch
    call    kernel_next
    .global start_first
start_first:
    L       t1, _tx_thread_current_ptr
    L       sp, 8(t1)
    L       t0, 0(sp)
    beqz    t0, 1f
    L       t0, PC * W(sp)
    csrw    mepc, t0
    L       t0, MSTATUS * W(sp)
    csrw    mstatus, t0
    L       ra, RA * W(sp)
    callee  L
    rest    L
    addi    sp, sp, INTERRUPTED_SIZE
    mret
1:  callee  L
    L       ra, 13 * W(sp)
    addi    sp, sp, SOLICITED_SIZE
    ret

/* As _tx_thread_system_return does. */
solicit:
    addi    sp, sp, -SOLICITED_SIZE
    callee  S
    S       ra, 13 * W(sp)
    csrr    t0, mstatus
    S       t0, 14 * W(sp)
    li      t0, 0
    j       next

/* a0: top, a1: entry, a2: its argument. */
    .global first_context
first_context:
    addi    a0, a0, -INTERRUPTED_SIZE
    li      t0, 1
    S       t0, 0(a0)
    S       a2, 27 * W(a0)
    S       zero, RA * W(a0)
    li      t0, FIRST_MSTATUS
    S       t0, MSTATUS * W(a0)
    S       a1, PC * W(a0)
    ret

    .global yield_with_pattern
    .type   yield_with_pattern, %function
yield_with_pattern:
    .cfi_startproc
    addi    sp, sp, -16 * W
    .cfi_adjust_cfa_offset 16 * W
    callee  S
    S       ra, 0(sp)
    .cfi_offset ra, -16 * W
    .cfi_offset s2, -6 * W
    .cfi_offset s1, -5 * W
    .cfi_offset s0, -4 * W
#ifndef SOLICITED
    addi    ra, a0, 1
#endif
    .irp n, 5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    addi    x\n, a0, \n
    .endr
#ifdef SOLICITED
    call    solicit
#else
    ecall
#endif
    mv      a0, s2
    callee  L
    L       ra, 0(sp)
    addi    sp, sp, 16 * W
    .cfi_adjust_cfa_offset -16 * W
    .cfi_restore ra
    ret
    .cfi_endproc
    .size   yield_with_pattern, . - yield_with_pattern
