/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Cortex-M, with or without FPU (__ARM_FP): vectors, the switch between two tasks with the saved
 * context of FreeRTOS's ARM_CM3 and ARM_CM4F ports, of its ARM_CM33 port without TrustZone
 * (LAYOUT_M33), or of ThreadX's (THREADX).
 */
    .syntax unified
    .thumb

    .section .vectors, "a"
    .word stack_of_main
    .word reset + 1
    .word hang + 1, hang + 1, hang + 1, hang + 1, hang + 1, 0, 0, 0, 0
    .word svc + 1
    .word hang + 1, 0
    .word pendsv + 1
    .word hang + 1

    .text
    .thumb_func
hang:
    b       hang

    .global reset
    .thumb_func
reset:
#ifdef __ARM_FP
    ldr     r0, =0xe000ed88         /* CPACR: full access to CP10 and CP11 */
    ldr     r1, [r0]
    orr     r1, r1, #0xf << 20
    str     r1, [r0]
    dsb
    isb
#endif
    ldr     r0, =0xe000ed20         /* SHPR3: PendSV has the lowest priority */
    ldr     r1, =0x00ff0000
    str     r1, [r0]
    bl      main_loop
    b       hang

    .thumb_func
svc:
    tst     lr, #4
    beq     1f                      /* from the handler's stack: the first task */
    ldr     r0, =0xe000ed04         /* ICSR: PendSV */
    mov     r1, #1 << 28
    str     r1, [r0]
    dsb
    bx      lr
1:  b       restore

    .thumb_func
pendsv:
    mrs     r0, psp
#ifdef THREADX
    stmdb   r0!, {r4-r11}
# ifdef __ARM_FP
    tst     lr, #0x10
    it      eq
    vstmdbeq r0!, {s16-s31}
# endif
    str     lr, [r0, #-4]!
    ldr     r2, =_tx_thread_current_ptr
    ldr     r1, [r2]
    str     r0, [r1, #8]
#else
# ifdef __ARM_FP
    tst     lr, #0x10
    it      eq
    vstmdbeq r0!, {s16-s31}
#  ifdef LAYOUT_M33
    mrs     r2, psplim
    mov     r3, lr
    stmdb   r0!, {r2-r11}
#  else
    stmdb   r0!, {r4-r11, lr}
#  endif
# else
    stmdb   r0!, {r4-r11}
# endif
    ldr     r2, =pxCurrentTCB
    ldr     r1, [r2]
    str     r0, [r1]
#endif
    bl      kernel_next

restore:
#ifdef THREADX
    ldr     r2, =_tx_thread_current_ptr
    ldr     r1, [r2]
    ldr     r0, [r1, #8]
    ldr     lr, [r0], #4
# ifdef __ARM_FP
    tst     lr, #0x10
    it      eq
    vldmiaeq r0!, {s16-s31}
# endif
    ldmia   r0!, {r4-r11}
#else
    ldr     r2, =pxCurrentTCB
    ldr     r1, [r2]
    ldr     r0, [r1]
# ifdef __ARM_FP
#  ifdef LAYOUT_M33
    ldmia   r0!, {r2-r11}
    msr     psplim, r2
    mov     lr, r3
#  else
    ldmia   r0!, {r4-r11, lr}
#  endif
    tst     lr, #0x10
    it      eq
    vldmiaeq r0!, {s16-s31}
# else
    ldmia   r0!, {r4-r11}
    ldr     lr, =0xfffffffd
# endif
#endif
    msr     psp, r0
    isb
    bx      lr

    .global start_first
    .thumb_func
start_first:
    svc     0
    b       hang

/* r0: top, r1: entry, r2: its argument. */
    .global first_context
    .thumb_func
first_context:
    mov     r12, r0
    mov     r3, #0x01000000
    str     r3, [r0, #-4]!
#ifndef THREADX
    bic     r1, r1, #1              /* ThreadX leaves bit 0 set here */
#endif
    str     r1, [r0, #-4]!
    ldr     r3, =hang + 1
    str     r3, [r0, #-4]!          /* lr */
    sub     r0, r0, #16             /* r12, r3 to r1 */
    str     r2, [r0, #-4]!          /* r0 */
#if defined(__ARM_FP) && !defined(THREADX) && !defined(LAYOUT_M33)
    ldr     r3, =0xfffffffd
    str     r3, [r0, #-4]!
#endif
    sub     r0, r0, #32             /* r4 to r11 */
#if defined(THREADX) || defined(LAYOUT_M33)
    ldr     r3, =0xfffffffd
    str     r3, [r0, #-4]!
#endif
#ifdef LAYOUT_M33
    sub     r3, r12, #4 * 256       /* WORDS */
    str     r3, [r0, #-4]!
#endif
    bx      lr

    .macro  pattern n
    add     r\n, r0, #\n
    .endm
    .macro  float n
    add     r1, r0, #0x100 + \n
    vmov    s\n, r1
    .endm

    .global yield_with_pattern
    .type   yield_with_pattern, %function
    .thumb_func
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
#ifdef __ARM_FP
    cmp     r0, #6 << 12            /* FLOATS, and it alone */
    bne     1f
    .irp n, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    float   \n
    .endr
    ldr     r1, =0x03c00010         /* FPSCR: rounding, NaN and flush modes, an exception bit */
    vmsr    fpscr, r1
1:
#endif
    .irp n, 1,2,3,4,5,6,7,8,9,10,11,12
    pattern \n
    .endr
    svc     0
    mov     r0, r4
    pop     {r4-r11, pc}
    .cfi_endproc
    .size   yield_with_pattern, . - yield_with_pattern
    .ltorg
