/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * ARM9 and Cortex-A, ARM state: the switch between two tasks with the saved context of ThreadX
 * (THREADX; with SOLICITED, of a thread that switches itself), or of FreeRTOS's ARM_CA9 port
 * (V10: up to V10.6). With FPU the task FLOATS has d0 to d31.
 */
    .syntax unified
    .arm
#ifdef FPU
    .fpu    neon
#endif

#ifdef THREADX
# define CURRENT _tx_thread_current_ptr
# define SP_AT 8
#else
# define CURRENT pxCurrentTCB
# define SP_AT 0
#endif
#define FLOATS_SEED (6 << 12)

    .section .vectors, "ax"
    .global reset
reset:
    .set    cps_svc, 0xd3           /* SVC mode, no interrupts */
    msr     cpsr_c, #cps_svc
    ldr     sp, =stack_of_main
#ifdef FPU
    mrc     p15, 0, r0, c1, c0, 2   /* CPACR: full access to CP10 and CP11 */
    orr     r0, r0, #0xf << 20
    mcr     p15, 0, r0, c1, c0, 2
    isb
    mov     r0, #1 << 30            /* FPEXC.EN */
    vmsr    fpexc, r0
#endif
    bl      main_loop
hang:
    b       hang

    .text
/* r1: the current task's saved stack pointer is in sp. */
next:
    ldr     r1, =CURRENT
    ldr     r1, [r1]
    str     sp, [r1, #SP_AT]
    ldr     sp, =stack_of_main
    bl      kernel_next
    .global start_first
start_first:
    ldr     r1, =CURRENT
    ldr     r1, [r1]
    ldr     sp, [r1, #SP_AT]
#ifdef THREADX
    pop     {r0, r1}                /* type, cpsr */
# ifdef FPU
    ldr     r2, =CURRENT
    ldr     r2, [r2]
    ldr     r2, [r2, #144]          /* VFP enabled */
    cmp     r2, #0
    beq     1f
    cmp     r0, #0
    vldmiane sp!, {d0-d7}
    vldmia  sp!, {d8-d15}
    vldmia  sp!, {d16-d31}
    pop     {r2}
    vmsr    fpscr, r2
1:
# endif
    cmp     r0, #0
    beq     2f
    msr     spsr_cxsf, r1
    ldmia   sp!, {r0-r12, lr, pc}^
2:  msr     cpsr_cxsf, r1
    pop     {r4-r11, lr}
    bx      lr
#else
    pop     {r0}                    /* has floating-point registers */
    cmp     r0, #0
    beq     1f
# ifdef V10
    pop     {r1}
    vmsr    fpscr, r1
# endif
    vldmia  sp!, {d16-d31}
    vldmia  sp!, {d0-d15}
# ifndef V10
    pop     {r1}
    vmsr    fpscr, r1
# endif
1:  pop     {r1}                    /* nesting */
    pop     {r0-r12, lr}
    rfeia   sp!
#endif

/* r0: top, r1: entry, r2: its argument. */
    .global first_context
first_context:
    mov     r3, #0
    mov     r12, #0x13
#ifdef THREADX
    str     r1, [r0, #-4]!          /* pc */
    str     r3, [r0, #-4]!          /* lr */
    sub     r0, r0, #48
    str     r2, [r0, #-4]!          /* r0 */
# ifdef FPU
    cmp     r2, #6                  /* FLOATS */
    subeq   r0, r0, #4 * 65
    streq   r3, [r0, #4 * 64]       /* fpscr */
# endif
    str     r12, [r0, #-4]!
    mov     r3, #1
    str     r3, [r0, #-4]!
#else
    str     r12, [r0, #-4]!
    str     r1, [r0, #-4]!
    str     r3, [r0, #-4]!          /* lr */
    sub     r0, r0, #48
    str     r2, [r0, #-4]!          /* r0 */
    str     r3, [r0, #-4]!          /* nesting */
    str     r3, [r0, #-4]!          /* no floating-point registers */
#endif
    bx      lr

    .macro  pattern n
    add     r\n, r0, #\n
    .endm

    .global yield_with_pattern
    .type   yield_with_pattern, %function
yield_with_pattern:
    .cfi_startproc
    push    {r4-r11, lr}
    .cfi_adjust_cfa_offset 36
    .cfi_offset r4, -36
    .cfi_offset r5, -32
    .cfi_offset r6, -28
    .cfi_offset r7, -24
    .cfi_offset r8, -20
    .cfi_offset r9, -16
    .cfi_offset r10, -12
    .cfi_offset r11, -8
    .cfi_offset lr, -4
#ifdef FPU
    cmp     r0, #FLOATS_SEED
    bne     1f
    add     r1, r0, #0x100
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    add     r2, r1, #\n
    vmov    s\n, r2
    .endr
    add     r1, r0, #0x200
    .irp n, 16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    add     r2, r1, #\n
    vmov    d\n, r2, r2
    .endr
    ldr     r1, =0x03c00010         /* rounding, NaN and flush modes, an exception flag */
    vmsr    fpscr, r1
1:
#endif
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12
    pattern \n
    .endr
#ifdef SOLICITED
    bl      solicit
#else
    bl      interrupt
#endif
    mov     r0, r4
    pop     {r4-r11, pc}
    .cfi_endproc
    .size   yield_with_pattern, . - yield_with_pattern

/* Saves the context of the caller as an interrupt does. All registers but lr are its own. */
interrupt:
#ifdef THREADX
    str     lr, [sp, #-4]!          /* pc */
    push    {r0-r12, lr}
# ifdef FPU
    ldr     r1, =CURRENT
    ldr     r1, [r1]
    ldr     r1, [r1, #144]
    cmp     r1, #0
    beq     1f
    vmrs    r1, fpscr
    push    {r1}
    vstmdb  sp!, {d16-d31}
    vstmdb  sp!, {d0-d15}
1:
# endif
    mov     r0, #1
    mrs     r1, cpsr
    push    {r0, r1}
#else
    sub     sp, sp, #8
    push    {r0-r12, lr}
    str     lr, [sp, #56]           /* pc */
    mrs     r1, cpsr
    str     r1, [sp, #60]
    mov     r1, #0                  /* nesting */
    push    {r1}
    mov     r2, #0
# ifdef FPU
    cmp     r0, #FLOATS_SEED
    bne     1f
    vmrs    r1, fpscr
#  ifdef V10
    vstmdb  sp!, {d0-d15}
    vstmdb  sp!, {d16-d31}
    push    {r1}
#  else
    push    {r1}
    vstmdb  sp!, {d0-d15}
    vstmdb  sp!, {d16-d31}
#  endif
    mov     r2, #1
1:
# endif
    push    {r2}
#endif
    b       next

/* Saves the context of the caller as _tx_thread_system_return does. */
solicit:
    push    {r4-r11, lr}
#ifdef FPU
    ldr     r4, =CURRENT
    ldr     r5, [r4]
    ldr     r1, [r5, #144]
    cmp     r1, #0
    beq     1f
    vmrs    r1, fpscr
    push    {r1}
    vstmdb  sp!, {d16-d31}
    vstmdb  sp!, {d8-d15}
1:
#endif
    mov     r0, #0
    mrs     r1, cpsr
    push    {r0, r1}
    b       next
    .ltorg
