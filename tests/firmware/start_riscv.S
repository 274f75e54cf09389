/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * RISC-V, 32 and 64 bits, machine mode: the switch between two tasks with the saved context of
 * FreeRTOS's RISC-V port: LAYOUT_A to V10.4, LAYOUT_B to V11.2, LAYOUT_C since, there with the
 * floating-point registers if __riscv_flen is set and mstatus.FS is Dirty. With FS_UNSAVED, FS is
 * Dirty in a kernel that does not save them. With CORES the second hart runs one task for ever.
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
#if __riscv_flen == 64
# define FS fsd
# define FL fld
# define F 8
# define FCVT fcvt.d.w
#elif __riscv_flen == 32
# define FS fsw
# define FL flw
# define F 4
# define FCVT fcvt.s.w
#endif

#ifdef LAYOUT_C
# define PC 0
# define MSTATUS 1
# define RA 2
# define X5 3
# define NESTING 30
# define SIZE 31
#else
# define PC 0
# define RA 1
# define X5 2
# ifdef LAYOUT_A
#  define MSTATUS 29
#  define SIZE 30
# else
#  define NESTING 29
#  define MSTATUS 30
#  define SIZE 31
# endif
#endif
#define FLOATS_SIZE (33 * F)
#define FIRST_MSTATUS 0x1880 /* MPP: machine, MPIE */
#define FS_INITIAL 0x2000
#define FS_DIRTY 0x6000

#ifdef CORES
# define CURRENT pxCurrentTCBs
#else
# define CURRENT pxCurrentTCB
#endif

    .section .vectors, "ax"
    .global reset
reset:
    csrr    t0, mhartid
#ifdef CORES
    bnez    t0, second_hart
#else
1:  bnez    t0, 1b
#endif
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    li      tp, 0x1234
    la      sp, stack_of_main
    la      t0, trap
    csrw    mtvec, t0
    csrw    mscratch, sp
#ifdef F
    li      t0, FS_INITIAL
    csrs    mstatus, t0
#endif
#ifdef FS_UNSAVED
    li      t0, FS_DIRTY
    csrs    mstatus, t0
#endif
    call    main_loop
2:  j       2b

#ifdef CORES
/* Waits for the first hart's flag, then starts its task. */
second_hart:
    .option push
    .option norelax
    la      gp, __global_pointer$
    .option pop
    li      tp, 0x1234
1:  la      t0, second_may_start
    lw      t0, 0(t0)
    beqz    t0, 1b
    fence
    la      t0, CURRENT
    L       t1, W(t0)
    j       take_up
#endif

    .text
    .macro  each_x op
    .set    n, 5
    .rept   27
    \op
    .set    n, n + 1
    .endr
    .endm
    .macro  each_f op
    .set    n, 0
    .rept   32
    \op
    .set    n, n + 1
    .endr
    .endm
    .altmacro
    .macro  xn insn, at, i
    \insn   x\i, \at
    .endm
    .macro  store_x
    xn      S, <(X5 + n - 5) * W(sp)>, %n
    .endm
    .macro  load_x
    xn      L, <(X5 + n - 5) * W(sp)>, %n
    .endm
#ifdef F
    .macro  fn insn, at, i
    \insn   f\i, \at
    .endm
    .macro  store_f
    fn      FS, <n * F(sp)>, %n
    .endm
    .macro  load_f
    fn      FL, <n * F(sp)>, %n
    .endm
#endif

    .align  2
trap:
#ifdef LAYOUT_C
    /* ra to nesting first, the floating-point block below it, pc and mstatus lowest. */
    addi    sp, sp, -(SIZE * W)
    S       ra, RA * W(sp)
    each_x  store_x
    S       zero, NESTING * W(sp)
    csrr    t0, mstatus
# ifdef F
    li      t1, FS_DIRTY
    and     t2, t0, t1
    bne     t1, t2, 1f
    addi    sp, sp, 2 * W
    addi    sp, sp, -FLOATS_SIZE
    each_f  store_f
    csrr    t1, fcsr
    sw      t1, 32 * F(sp)
    addi    sp, sp, -2 * W
1:
# endif
#else
    addi    sp, sp, -(SIZE * W)
    S       ra, RA * W(sp)
    each_x  store_x
    csrr    t0, mstatus
# ifdef NESTING
    S       zero, NESTING * W(sp)
# endif
#endif
    S       t0, MSTATUS * W(sp)
    csrr    t0, mepc
    addi    t0, t0, 4
    S       t0, PC * W(sp)
    L       t1, CURRENT
    S       sp, 0(t1)
    csrr    sp, mscratch
    call    kernel_next
restore:
    L       t1, CURRENT
take_up: /* t1: a control block */
    L       sp, 0(t1)
    L       t0, PC * W(sp)
    csrw    mepc, t0
    L       t0, MSTATUS * W(sp)
    csrw    mstatus, t0
#if defined(LAYOUT_C) && defined(F)
    li      t1, FS_DIRTY
    and     t2, t0, t1
    bne     t1, t2, 1f
    addi    sp, sp, 2 * W
    each_f  load_f
    lw      t1, 32 * F(sp)
    csrw    fcsr, t1
    addi    sp, sp, FLOATS_SIZE
    addi    sp, sp, -2 * W
1:
#endif
    L       ra, RA * W(sp)
    each_x  load_x
    addi    sp, sp, SIZE * W
    mret

    .global start_first
start_first:
    j       restore

/* a0: top, a1: entry, a2: its argument. */
    .global first_context
first_context:
    addi    a0, a0, -(SIZE * W)
    S       a1, PC * W(a0)
    S       zero, RA * W(a0)
    S       a2, (X5 + 5) * W(a0)
    li      t0, FIRST_MSTATUS
#ifdef F
    li      t1, FS_INITIAL
    or      t0, t0, t1
#endif
#ifdef FS_UNSAVED
    csrr    t1, mstatus
    or      t0, t0, t1
#endif
    S       t0, MSTATUS * W(a0)
#ifdef NESTING
    S       zero, NESTING * W(a0)
#endif
    ret

    .macro  setx i
    addi    x\i, a0, \i
    .endm
    .macro  pattern
    .if     n != 10
    setx    %n
    .endif
    .endm
#ifdef F
    .macro  setf i
    addi    t1, t0, \i
    FCVT    f\i, t1
    .endm
    .macro  fpattern
    setf    %n
    .endm
#endif
    .macro  save op
    \op     ra, 0 * W(sp)
    \op     s0, 1 * W(sp)
    \op     s1, 2 * W(sp)
    \op     s2, 3 * W(sp)
    \op     s3, 4 * W(sp)
    \op     s4, 5 * W(sp)
    \op     s5, 6 * W(sp)
    \op     s6, 7 * W(sp)
    \op     s7, 8 * W(sp)
    \op     s8, 9 * W(sp)
    \op     s9, 10 * W(sp)
    \op     s10, 11 * W(sp)
    \op     s11, 12 * W(sp)
    .endm

    .global yield_with_pattern
    .type   yield_with_pattern, %function
yield_with_pattern:
    .cfi_startproc
    addi    sp, sp, -16 * W
    .cfi_adjust_cfa_offset 16 * W
    save    S
    .cfi_offset ra, -16 * W
    .cfi_offset s0, -15 * W
    .cfi_offset s1, -14 * W
    .cfi_offset s2, -13 * W
    .cfi_offset s3, -12 * W
#ifdef F
    li      t0, 6 << 12             /* FLOATS, and it alone */
    bne     a0, t0, 1f
    addi    t0, t0, 0x100
    each_f  fpattern
    li      t1, 0x41                /* rounding mode 2, NX */
    csrw    fcsr, t1
1:
#endif
    addi    ra, a0, 1
    each_x  pattern
    ecall
    mv      a0, s2
    save    L
    addi    sp, sp, 16 * W
    .cfi_adjust_cfa_offset -16 * W
    .cfi_restore ra
    ret
    .cfi_endproc
    .size   yield_with_pattern, . - yield_with_pattern
