/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Saved contexts on ARM. Sources: FreeRTOS portable/GCC/ARM_* (portasm and xPortPendSVHandler),
 * ThreadX ports/cortex_m*, arm9 (tx_thread_schedule), Zephyr arch/arm (swap_helper), ChibiOS
 * os/common/ports/ARMCMx (port_switch).
 */
#include "threads/frame.h"

#define R4_TO_R11                                                                                  \
    {                                                                                              \
        PIECE_REGS, ARM_R0 + 4, 8, ALWAYS, 0                                                       \
    }
#define S16_TO_S31                                                                                 \
    {                                                                                              \
        PIECE_REGS, ARM_S0 + 16, 16, WITH_FPU, 0                                                   \
    }
#define EXC_RETURN                                                                                 \
    {                                                                                              \
        PIECE_EXC_RETURN, 0, 1, ALWAYS, 0                                                          \
    }
#define SKIP(n)                                                                                    \
    {                                                                                              \
        PIECE_SKIP, 0, n, ALWAYS, 0                                                                \
    }
#define END                                                                                        \
    {                                                                                              \
        PIECE_END, 0, 0, ALWAYS, 0                                                                 \
    }

/* What the CPU pushes at an exception: ARMv7-M ARM B1.5.6. */
#define HARDWARE                                                                                   \
    {PIECE_REGS, ARM_R0, 4, ALWAYS, 0}, {PIECE_REGS, 12, 1, ALWAYS, 0},                            \
        {PIECE_REGS, ARM_LR, 3, ALWAYS, 0}, {PIECE_REGS, ARM_S0, 16, WITH_FPU, 0},                 \
        {PIECE_REGS, ARM_FPSCR, 1, WITH_FPU, 0}, {PIECE_SKIP, 0, 1, WITH_FPU, 0}, END

/* Offsets 0 to 15: no EXC_RETURN, so no FPU. */
static const struct piece m3[] = {R4_TO_R11, HARDWARE};
static const struct piece m4f[] = {R4_TO_R11, EXC_RETURN, S16_TO_S31, HARDWARE};
static const struct piece m33[] = {
    {PIECE_SPLIM, 0, 1, ALWAYS, 0}, EXC_RETURN, R4_TO_R11, S16_TO_S31, HARDWARE};
static const struct piece m33_pac[] = {
    SKIP(4), {PIECE_SPLIM, 0, 1, ALWAYS, 0}, EXC_RETURN, R4_TO_R11, S16_TO_S31, HARDWARE};
static const struct piece m33_mpu_stack[] = {
    {PIECE_SPLIM, 0, 1, ALWAYS, 0}, SKIP(1), EXC_RETURN, R4_TO_R11, S16_TO_S31, HARDWARE};

/* With TrustZone the secure side's handle comes first. A task that was interrupted on the secure
 * side has its frame there (bit 6 of EXC_RETURN): all that is to be had is the stack pointer. */
#define EXC_RETURN_ON(side)                                                                        \
    {                                                                                              \
        PIECE_EXC_RETURN, EXC_RETURN_##side, 1, ALWAYS, 0                                          \
    }
static const struct piece m33_secure[] = {
    SKIP(1), {PIECE_SPLIM, 0, 1, ALWAYS, 0}, EXC_RETURN_ON(NON_SECURE), R4_TO_R11, S16_TO_S31,
    HARDWARE};
static const struct piece m33_secure_mpu_stack[] = {SKIP(1),   {PIECE_SPLIM, 0, 1, ALWAYS, 0},
                                                    SKIP(1),   EXC_RETURN_ON(NON_SECURE),
                                                    R4_TO_R11, S16_TO_S31,
                                                    HARDWARE};
static const struct piece m33_inside[] = {
    SKIP(1), {PIECE_SPLIM, 0, 1, ALWAYS, 0}, EXC_RETURN_ON(SECURE), END};
static const struct piece m33_inside_mpu_stack[] = {
    SKIP(1), {PIECE_SPLIM, 0, 1, ALWAYS, 0}, SKIP(1), EXC_RETURN_ON(SECURE), END};
static const struct piece m3_mpu[] = {SKIP(1), R4_TO_R11, HARDWARE}; /* CONTROL first */
static const struct piece m4f_mpu[] = {SKIP(1), R4_TO_R11, EXC_RETURN, S16_TO_S31, HARDWARE};

/* In the TCB, below the saved pointer: [s16–s31, s0–s15, FPSCR], r4–r11, a copy of the hardware's
 * frame (it is put back), [the secure side's handle], PSP, PSPLIM, CONTROL, EXC_RETURN, [PAC keys].
 * `tz` and `pac` are how many words these take. */
#define M33_MPU_TCB(tz, pac)                                                                       \
    {                                                                                              \
        {PIECE_BACK, 0, 1 + (pac), ALWAYS, 0}, EXC_RETURN, {PIECE_BACK, 0, 4 + (pac), ALWAYS, 0},  \
            {PIECE_SP, 0, 1, ALWAYS, 0}, {PIECE_BACK, 0, 53 + (tz) + (pac), WITH_FPU, 0},          \
            S16_TO_S31, FLOATS_OF_HARDWARE, {PIECE_BACK, 0, 20 + (tz) + (pac), ALWAYS, 0},         \
            R4_TO_R11, COPY_OF_HARDWARE, END                                                       \
    }
#define FLOATS_OF_HARDWARE                                                                         \
    {PIECE_REGS, ARM_S0, 16, WITH_FPU, 0},                                                         \
    {                                                                                              \
        PIECE_REGS, ARM_FPSCR, 1, WITH_FPU, 0                                                      \
    }
#define COPY_OF_HARDWARE                                                                           \
    {PIECE_REGS, ARM_R0, 4, ALWAYS, 0}, {PIECE_REGS, 12, 1, ALWAYS, 0},                            \
    {                                                                                              \
        PIECE_REGS, ARM_LR, 3, ALWAYS, 0                                                           \
    }
static const struct piece m33_mpu_tcb[] = M33_MPU_TCB(0, 0);
static const struct piece m33_mpu_tcb_pac[] = M33_MPU_TCB(0, 4);
static const struct piece m33_mpu_tcb_secure[] = M33_MPU_TCB(1, 0);
static const struct piece m33_mpu_tcb_secure_pac[] = M33_MPU_TCB(1, 4);

/* The same of Cortex-M3 and M4F: [s16–s31, s0–s15, FPSCR], CONTROL, r4–r11, EXC_RETURN, PSP, a copy
 * of the hardware's frame. And of Cortex-M0: r4–r11, the copy, PSP, CONTROL, EXC_RETURN. */
static const struct piece m4f_mpu_tcb[] = {{PIECE_BACK, 0, 10, ALWAYS, 0},
                                           EXC_RETURN,
                                           {PIECE_SP, 0, 1, ALWAYS, 0},
                                           COPY_OF_HARDWARE,
                                           {PIECE_BACK, 0, 52, WITH_FPU, 0},
                                           S16_TO_S31,
                                           FLOATS_OF_HARDWARE,
                                           {PIECE_BACK, 0, 18, ALWAYS, 0},
                                           R4_TO_R11,
                                           END};
static const struct piece m0_mpu_tcb[] = {{PIECE_BACK, 0, 1, ALWAYS, 0},
                                          EXC_RETURN,
                                          {PIECE_BACK, 0, 3, ALWAYS, 0},
                                          {PIECE_SP, 0, 1, ALWAYS, 0},
                                          {PIECE_BACK, 0, 19, ALWAYS, 0},
                                          R4_TO_R11,
                                          COPY_OF_HARDWARE,
                                          END};

/* ulCriticalNesting, SPSR, r0 to r14 of user mode, return address (SUBS pc, lr, #4). */
static const struct piece arm7[] = {{PIECE_NESTING, 0, 1, ALWAYS, 0},
                                    {PIECE_REGS, ARM_PSR, 1, ALWAYS, 0},
                                    {PIECE_REGS, ARM_R0, 13, ALWAYS, 0},
                                    {PIECE_SP, 0, 1, ALWAYS, 0},
                                    {PIECE_REGS, ARM_LR, 1, ALWAYS, 0},
                                    {PIECE_PC_AHEAD, 0, 1, ALWAYS, 0},
                                    END};

#define AR_TAIL                                                                                    \
    {PIECE_NESTING, 0, 1, ALWAYS, 0}, {PIECE_REGS, ARM_R0, 13, ALWAYS, 0},                         \
        {PIECE_REGS, ARM_LR, 3, ALWAYS, 0}, END
#define D_REGISTERS(first, n)                                                                      \
    {                                                                                              \
        PIECE_REGS, ARM_S0 + 2 * (first), 2 * (n), WITH_FPU, 4                                     \
    }
#define FPSCR                                                                                      \
    {                                                                                              \
        PIECE_REGS, ARM_FPSCR, 1, WITH_FPU, 0                                                      \
    }

static const struct piece cortex_a[] = {
    {PIECE_FPU_FLAG, 0, 1, ALWAYS, 0}, D_REGISTERS(16, 16), D_REGISTERS(0, 16), FPSCR, AR_TAIL};
static const struct piece cortex_r[] = {
    {PIECE_FPU_FLAG, 0, 1, ALWAYS, 0}, FPSCR, D_REGISTERS(0, 16), AR_TAIL};
static const struct piece cortex_r_d32[] = {
    {PIECE_FPU_FLAG, 0, 1, ALWAYS, 0}, FPSCR, D_REGISTERS(16, 16), D_REGISTERS(0, 16), AR_TAIL};

/* FreeRTOS on Cortex-M0 since V11 too, where it has no FPU. */
static const struct piece threadx_m[] = {EXC_RETURN, S16_TO_S31, R4_TO_R11, HARDWARE};
static const struct piece threadx_m0[] = {EXC_RETURN,
                                          {PIECE_REGS, ARM_R0 + 8, 4, ALWAYS, 0},
                                          {PIECE_REGS, ARM_R0 + 4, 4, ALWAYS, 0},
                                          HARDWARE};
static const struct piece threadx_arm9[] = {{PIECE_KIND, 0, 1, ALWAYS, 0},
                                            {PIECE_REGS, ARM_PSR, 1, ALWAYS, 0},
                                            {PIECE_REGS, ARM_R0 + 4, 8, SOLICITED, 0},
                                            {PIECE_REGS, ARM_LR, 1, SOLICITED, 0},
                                            {PIECE_COPY, ARM_PC, ARM_LR, SOLICITED, 0},
                                            {PIECE_REGS, ARM_R0, 13, INTERRUPTED, 0},
                                            {PIECE_REGS, ARM_LR, 2, INTERRUPTED, 0},
                                            END};

/* struct _callee_saved of k_thread: r4 to r11, then the stack pointer. */
static const struct piece zephyr_m[] = {{PIECE_TCB_EXC_RETURN, 0, 0, ALWAYS, 0},
                                        {PIECE_AT_FLOATS, 0, 0, ALWAYS, 0},
                                        S16_TO_S31,
                                        {PIECE_AT_FIELD, 0, 8, ALWAYS, 0},
                                        R4_TO_R11,
                                        {PIECE_AT_SP, 0, 0, ALWAYS, 0},
                                        HARDWARE};

/* struct port_intctx: what a call must preserve, and lr, where the switch returns to. */
static const struct piece chibios_v7m[] = {R4_TO_R11,
                                           {PIECE_REGS, ARM_LR, 1, ALWAYS, 0},
                                           {PIECE_COPY, ARM_PC, ARM_LR, ALWAYS, 0},
                                           {PIECE_THUMB, 0, 0, ALWAYS, 0},
                                           END};
static const struct piece chibios_v7m_fpu[] = {
    {PIECE_REGS, ARM_S0 + 16, 16, ALWAYS, 0}, R4_TO_R11,
    {PIECE_REGS, ARM_LR, 1, ALWAYS, 0},       {PIECE_COPY, ARM_PC, ARM_LR, ALWAYS, 0},
    {PIECE_THUMB, 0, 0, ALWAYS, 0},           END};
static const struct piece chibios_v6m[] = {
    {PIECE_REGS, ARM_R0 + 8, 4, ALWAYS, 0}, {PIECE_REGS, ARM_R0 + 4, 4, ALWAYS, 0},
    {PIECE_REGS, ARM_LR, 1, ALWAYS, 0},     {PIECE_COPY, ARM_PC, ARM_LR, ALWAYS, 0},
    {PIECE_THUMB, 0, 0, ALWAYS, 0},         END};

#define M (PROOF_M_PROFILE | PROOF_HARDWARE)
#define A PROOF_A_PROFILE
#define ARM                                                                                        \
    {                                                                                              \
        MACHINE_ARM, MACHINE_NONE                                                                  \
    }

const struct frame frame_m3 = {"Cortex-M0/M3", ARM, M, m3, 0};
const struct frame frame_m4f = {"Cortex-M4F/M7", ARM, M, m4f, 0};
const struct frame frame_m33 = {"Cortex-M33", ARM, M, m33, 0};
const struct frame frame_m33_pac = {"Cortex-M33 with PAC", ARM, M, m33_pac, 0};
const struct frame frame_m33_secure = {"Cortex-M33 with TrustZone", ARM, M, m33_secure, 0};
const struct frame frame_m0 = {"Cortex-M0, since V11", ARM, M, threadx_m, 0};
const struct frame frame_m33_secure_mpu_stack = {"Cortex-M33 with TrustZone and MPU, to V10.5", ARM,
                                                 M, m33_secure_mpu_stack, 0};
const struct frame frame_m33_inside = {"Cortex-M33, on the secure side", ARM, PROOF_SECURE,
                                       m33_inside, 0};
const struct frame frame_m33_inside_mpu_stack = {"Cortex-M33 with MPU, on the secure side", ARM,
                                                 PROOF_SECURE, m33_inside_mpu_stack, 0};
const struct frame frame_m33_mpu_stack = {"Cortex-M33 with MPU, to V10.5", ARM, M, m33_mpu_stack,
                                          0};
#define IN_TCB (PROOF_M_PROFILE | PROOF_HARDWARE_ELSEWHERE)
const struct frame frame_m33_mpu_tcb = {"Cortex-M33 with MPU, in the TCB", ARM, IN_TCB, m33_mpu_tcb,
                                        0};
const struct frame frame_m33_mpu_tcb_pac = {"Cortex-M33 with MPU and PAC, in the TCB", ARM, IN_TCB,
                                            m33_mpu_tcb_pac, 0};
const struct frame frame_m33_mpu_tcb_secure = {"Cortex-M33 with TrustZone and MPU, in the TCB", ARM,
                                               IN_TCB, m33_mpu_tcb_secure, 0};
const struct frame frame_m33_mpu_tcb_secure_pac = {
    "Cortex-M33 with TrustZone, MPU and PAC, in the TCB", ARM, IN_TCB, m33_mpu_tcb_secure_pac, 0};
const struct frame frame_m4f_mpu_tcb = {"Cortex-M3/M4F with MPU, in the TCB", ARM, IN_TCB,
                                        m4f_mpu_tcb, 0};
const struct frame frame_m0_mpu_tcb = {"Cortex-M0 with MPU, in the TCB", ARM, IN_TCB, m0_mpu_tcb,
                                       0};
const struct frame frame_m3_mpu = {"Cortex-M3 with MPU", ARM, M, m3_mpu, 0};
const struct frame frame_m4f_mpu = {"Cortex-M4F with MPU", ARM, M, m4f_mpu, 0};
const struct frame frame_arm7 = {"ARM7/ARM9", ARM, A, arm7, 0};
const struct frame frame_cortex_a = {"Cortex-A", ARM, A, cortex_a, 0};
const struct frame frame_cortex_r = {"Cortex-R", ARM, A, cortex_r, 0};
const struct frame frame_cortex_r_d32 = {"Cortex-R with d16 to d31", ARM, A, cortex_r_d32, 0};
const struct frame frame_threadx_m = {"Cortex-M", ARM, M, threadx_m, 0};
const struct frame frame_threadx_m0 = {"Cortex-M0", ARM, M | PROOF_V6M, threadx_m0, 0};
const struct frame frame_threadx_arm9 = {"ARM9", ARM, A, threadx_arm9, 0};
const struct frame frame_zephyr_m = {"Cortex-M", ARM, M, zephyr_m, 0};
const struct frame frame_chibios_v7m = {"ARMv7-M", ARM, PROOF_M_PROFILE | PROOF_LR_PC, chibios_v7m,
                                        0};
const struct frame frame_chibios_v7m_fpu = {"ARMv7-M with FPU", ARM, PROOF_M_PROFILE | PROOF_LR_PC,
                                            chibios_v7m_fpu, 0};
const struct frame frame_chibios_v6m = {"ARMv6-M", ARM, PROOF_M_PROFILE | PROOF_LR_PC | PROOF_V6M,
                                        chibios_v6m, 0};
