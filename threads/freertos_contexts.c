/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Saved contexts of FreeRTOS. Sources: portable/GCC/ARM_* (portasm and xPortPendSVHandler),
 * RISC-V (portASM.S up to V10.4, portContext.h since), MicroBlazeV9 (portasm.S).
 */
#include "threads/frame_pieces.h"
#include "threads/freertos_private.h"

/* ---- ARM ---- */

/* Cortex-M0 and M3 have no EXC_RETURN in the context, so no FPU registers either. */
static const struct piece m3[] = {ARM_R4_TO_R11, ARM_EXCEPTION_FRAME};
static const struct piece m4f[] = {ARM_R4_TO_R11, ARM_EXC_RETURN, ARM_S16_TO_S31,
                                   ARM_EXCEPTION_FRAME};
static const struct piece m33[] = {{PIECE_SPLIM, 0, 1, ALWAYS, 0},
                                   ARM_EXC_RETURN,
                                   ARM_R4_TO_R11,
                                   ARM_S16_TO_S31,
                                   ARM_EXCEPTION_FRAME};
static const struct piece m33_pac[] = {FRAME_SKIP(4),  {PIECE_SPLIM, 0, 1, ALWAYS, 0},
                                       ARM_EXC_RETURN, ARM_R4_TO_R11,
                                       ARM_S16_TO_S31, ARM_EXCEPTION_FRAME};
static const struct piece m33_mpu_stack[] = {{PIECE_SPLIM, 0, 1, ALWAYS, 0},
                                             FRAME_SKIP(1),
                                             ARM_EXC_RETURN,
                                             ARM_R4_TO_R11,
                                             ARM_S16_TO_S31,
                                             ARM_EXCEPTION_FRAME};

/* With TrustZone the handle of the secure context comes first. When a task was interrupted in the
 * secure state (bit 6 of EXC_RETURN), its exception frame is on the secure stack, which cannot be
 * read: only the stack pointer is known. */
#define EXC_RETURN_ON(side)                                                                        \
    {                                                                                              \
        PIECE_EXC_RETURN, EXC_RETURN_##side, 1, ALWAYS, 0                                          \
    }
static const struct piece m33_secure[] = {FRAME_SKIP(1),
                                          {PIECE_SPLIM, 0, 1, ALWAYS, 0},
                                          EXC_RETURN_ON(NON_SECURE),
                                          ARM_R4_TO_R11,
                                          ARM_S16_TO_S31,
                                          ARM_EXCEPTION_FRAME};
static const struct piece m33_secure_mpu_stack[] = {
    FRAME_SKIP(1),      {PIECE_SPLIM, 0, 1, ALWAYS, 0},
    FRAME_SKIP(1),      EXC_RETURN_ON(NON_SECURE),
    ARM_R4_TO_R11,      ARM_S16_TO_S31,
    ARM_EXCEPTION_FRAME};
static const struct piece m33_inside[] = {
    FRAME_SKIP(1), {PIECE_SPLIM, 0, 1, ALWAYS, 0}, EXC_RETURN_ON(SECURE), FRAME_END};
static const struct piece m33_inside_mpu_stack[] = {
    FRAME_SKIP(1), {PIECE_SPLIM, 0, 1, ALWAYS, 0}, FRAME_SKIP(1), EXC_RETURN_ON(SECURE), FRAME_END};
static const struct piece m3_mpu[] = {FRAME_SKIP(1) /* CONTROL */, ARM_R4_TO_R11,
                                      ARM_EXCEPTION_FRAME};
static const struct piece m4f_mpu[] = {FRAME_SKIP(1), ARM_R4_TO_R11, ARM_EXC_RETURN, ARM_S16_TO_S31,
                                       ARM_EXCEPTION_FRAME};

/* In the TCB, below the saved pointer: [s16–s31, s0–s15, FPSCR], r4–r11, a copy of the exception
 * frame (the port restores it), [handle of the secure context], PSP, PSPLIM, CONTROL, EXC_RETURN,
 * [PAC keys]. `tz` and `pac`: words of the handle and of the keys. */
#define M33_MPU_TCB(tz, pac)                                                                       \
    {                                                                                              \
        {PIECE_BACK, 0, 1 + (pac), ALWAYS, 0}, ARM_EXC_RETURN,                                     \
            {PIECE_BACK, 0, 4 + (pac), ALWAYS, 0}, {PIECE_SP, 0, 1, ALWAYS, 0},                    \
            {PIECE_BACK, 0, 53 + (tz) + (pac), WITH_FPU, 0}, ARM_S16_TO_S31,                       \
            EXCEPTION_FRAME_FLOATS, {PIECE_BACK, 0, 20 + (tz) + (pac), ALWAYS, 0}, ARM_R4_TO_R11,  \
            EXCEPTION_FRAME_COPY, FRAME_END                                                        \
    }
#define EXCEPTION_FRAME_FLOATS                                                                     \
    {PIECE_REGS, ARM_S0, 16, WITH_FPU, 0},                                                         \
    {                                                                                              \
        PIECE_REGS, ARM_FPSCR, 1, WITH_FPU, 0                                                      \
    }
#define EXCEPTION_FRAME_COPY                                                                       \
    {PIECE_REGS, ARM_R0, 4, ALWAYS, 0}, {PIECE_REGS, 12, 1, ALWAYS, 0},                            \
    {                                                                                              \
        PIECE_REGS, ARM_LR, 3, ALWAYS, 0                                                           \
    }
static const struct piece m33_mpu_tcb[] = M33_MPU_TCB(0, 0);
static const struct piece m33_mpu_tcb_pac[] = M33_MPU_TCB(0, 4);
static const struct piece m33_mpu_tcb_secure[] = M33_MPU_TCB(1, 0);
static const struct piece m33_mpu_tcb_secure_pac[] = M33_MPU_TCB(1, 4);

/* The same for Cortex-M3 and M4F: [s16–s31, s0–s15, FPSCR], CONTROL, r4–r11, EXC_RETURN, PSP, a
 * copy of the exception frame; and for Cortex-M0: r4–r11, the copy, PSP, CONTROL, EXC_RETURN. */
static const struct piece m4f_mpu_tcb[] = {{PIECE_BACK, 0, 10, ALWAYS, 0},
                                           ARM_EXC_RETURN,
                                           {PIECE_SP, 0, 1, ALWAYS, 0},
                                           EXCEPTION_FRAME_COPY,
                                           {PIECE_BACK, 0, 52, WITH_FPU, 0},
                                           ARM_S16_TO_S31,
                                           EXCEPTION_FRAME_FLOATS,
                                           {PIECE_BACK, 0, 18, ALWAYS, 0},
                                           ARM_R4_TO_R11,
                                           FRAME_END};
static const struct piece m0_mpu_tcb[] = {
    {PIECE_BACK, 0, 1, ALWAYS, 0},  ARM_EXC_RETURN,
    {PIECE_BACK, 0, 3, ALWAYS, 0},  {PIECE_SP, 0, 1, ALWAYS, 0},
    {PIECE_BACK, 0, 19, ALWAYS, 0}, ARM_R4_TO_R11,
    EXCEPTION_FRAME_COPY,           FRAME_END};

/* ulCriticalNesting, SPSR, r0 to r14 of user mode, return address (SUBS pc, lr, #4). */
static const struct piece arm7[] = {{PIECE_NESTING, 0, 1, ALWAYS, 0},
                                    {PIECE_REGS, ARM_PSR, 1, ALWAYS, 0},
                                    {PIECE_REGS, ARM_R0, 13, ALWAYS, 0},
                                    {PIECE_SP, 0, 1, ALWAYS, 0},
                                    {PIECE_REGS, ARM_LR, 1, ALWAYS, 0},
                                    {PIECE_PC_AHEAD, 0, 1, ALWAYS, 0},
                                    FRAME_END};

#define AR_TAIL                                                                                    \
    {PIECE_NESTING, 0, 1, ALWAYS, 0}, {PIECE_REGS, ARM_R0, 13, ALWAYS, 0},                         \
        {PIECE_REGS, ARM_LR, 3, ALWAYS, 0}, FRAME_END
#define D_REGISTERS(first, n)                                                                      \
    {                                                                                              \
        PIECE_REGS, ARM_S0 + 2 * (first), 2 * (n), WITH_FPU, 4                                     \
    }
#define FPSCR                                                                                      \
    {                                                                                              \
        PIECE_REGS, ARM_FPSCR, 1, WITH_FPU, 0                                                      \
    }

#define FPU_FLAG                                                                                   \
    {                                                                                              \
        PIECE_FPU_FLAG, 0, 1, ALWAYS, 0                                                            \
    }

/* Up to V10.6 FPSCR is pushed last; since V11.1 first, so that it follows d0 to d15. */
static const struct piece cortex_a[] = {FPU_FLAG, D_REGISTERS(16, 16), D_REGISTERS(0, 16), FPSCR,
                                        AR_TAIL};
static const struct piece cortex_a_v10[] = {FPU_FLAG, FPSCR, D_REGISTERS(16, 16),
                                            D_REGISTERS(0, 16), AR_TAIL};
static const struct piece cortex_r[] = {FPU_FLAG, D_REGISTERS(0, 16), FPSCR, AR_TAIL};
static const struct piece cortex_r_v10[] = {FPU_FLAG, FPSCR, D_REGISTERS(0, 16), AR_TAIL};

/* Cortex-M0 since V11: EXC_RETURN is saved, but there is no FPU. */
static const struct piece m0_v11[] = {ARM_EXC_RETURN, ARM_S16_TO_S31, ARM_R4_TO_R11,
                                      ARM_EXCEPTION_FRAME};

static const struct frame frame_m3 = {"Cortex-M0/M3", ON_ARM, PROOF_ARM_M, m3, 0};
static const struct frame frame_m4f = {"Cortex-M4F/M7", ON_ARM, PROOF_ARM_M, m4f, 0};
static const struct frame frame_m33 = {"Cortex-M33", ON_ARM, PROOF_ARM_M, m33, 0};
static const struct frame frame_m33_pac = {"Cortex-M33 with PAC", ON_ARM, PROOF_ARM_M, m33_pac, 0};
static const struct frame frame_m33_secure = {"Cortex-M33 with TrustZone", ON_ARM, PROOF_ARM_M,
                                              m33_secure, 0};
static const struct frame frame_m0 = {"Cortex-M0, since V11", ON_ARM, PROOF_ARM_M, m0_v11, 0};
static const struct frame frame_m33_secure_mpu_stack = {
    "Cortex-M33 with TrustZone and MPU, to V10.5", ON_ARM, PROOF_ARM_M, m33_secure_mpu_stack, 0};
static const struct frame frame_m33_inside = {"Cortex-M33, on the secure side", ON_ARM,
                                              PROOF_SECURE, m33_inside, 0};
static const struct frame frame_m33_inside_mpu_stack = {
    "Cortex-M33 with MPU, on the secure side", ON_ARM, PROOF_SECURE, m33_inside_mpu_stack, 0};
static const struct frame frame_m33_mpu_stack = {"Cortex-M33 with MPU, to V10.5", ON_ARM,
                                                 PROOF_ARM_M, m33_mpu_stack, 0};
#define IN_TCB (PROOF_M_PROFILE | PROOF_HARDWARE_ELSEWHERE)
static const struct frame frame_m33_mpu_tcb = {"Cortex-M33 with MPU, in the TCB", ON_ARM, IN_TCB,
                                               m33_mpu_tcb, 0};
static const struct frame frame_m33_mpu_tcb_pac = {"Cortex-M33 with MPU and PAC, in the TCB",
                                                   ON_ARM, IN_TCB, m33_mpu_tcb_pac, 0};
static const struct frame frame_m33_mpu_tcb_secure = {
    "Cortex-M33 with TrustZone and MPU, in the TCB", ON_ARM, IN_TCB, m33_mpu_tcb_secure, 0};
static const struct frame frame_m33_mpu_tcb_secure_pac = {
    "Cortex-M33 with TrustZone, MPU and PAC, in the TCB", ON_ARM, IN_TCB, m33_mpu_tcb_secure_pac,
    0};
static const struct frame frame_m4f_mpu_tcb = {"Cortex-M3/M4F with MPU, in the TCB", ON_ARM, IN_TCB,
                                               m4f_mpu_tcb, 0};
static const struct frame frame_m0_mpu_tcb = {"Cortex-M0 with MPU, in the TCB", ON_ARM, IN_TCB,
                                              m0_mpu_tcb, 0};
static const struct frame frame_m3_mpu = {"Cortex-M3 with MPU", ON_ARM, PROOF_ARM_M, m3_mpu, 0};
static const struct frame frame_m4f_mpu = {"Cortex-M4F with MPU", ON_ARM, PROOF_ARM_M, m4f_mpu, 0};
static const struct frame frame_arm7 = {"ARM7/ARM9", ON_ARM, PROOF_A_PROFILE, arm7, 0};
static const struct frame frame_cortex_a = {"Cortex-A/R with d16 to d31, since V11.1", ON_ARM,
                                            PROOF_A_PROFILE, cortex_a, 0};
static const struct frame frame_cortex_a_v10 = {"Cortex-A/R with d16 to d31, to V10.6", ON_ARM,
                                                PROOF_A_PROFILE, cortex_a_v10, 0};
static const struct frame frame_cortex_r = {"Cortex-A/R, since V11.1", ON_ARM, PROOF_A_PROFILE,
                                            cortex_r, 0};
static const struct frame frame_cortex_r_v10 = {"Cortex-A/R, to V10.6", ON_ARM, PROOF_A_PROFILE,
                                                cortex_r_v10, 0};

/* ---- RISC-V ---- */

/* pc, ra, x5 to x31; gp and tp are the same for all tasks and are not saved. */
#define PC_AND_X                                                                                   \
    {PIECE_REGS, RISCV_PC, 1, ALWAYS, 0}, {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},                    \
    {                                                                                              \
        PIECE_REGS, RISCV_X0 + 5, 27, ALWAYS, 0                                                    \
    }
#define MSTATUS                                                                                    \
    {                                                                                              \
        PIECE_REGS, RISCV_MSTATUS, 1, ALWAYS, 0                                                    \
    }
#define NESTING                                                                                    \
    {                                                                                              \
        PIECE_NESTING, 0, 1, ALWAYS, 0                                                             \
    }

static const struct piece riscv_a[] = {PC_AND_X, MSTATUS, FRAME_END};
static const struct piece riscv_b[] = {PC_AND_X, NESTING, MSTATUS, FRAME_END};

/* A kernel built with FPU support saves 33 slots of FLEN bits after mstatus if mstatus.FS = 3. One
 * built without saves none, whatever FS says. */
static const struct piece riscv_c[] = {
    {PIECE_REGS, RISCV_PC, 1, ALWAYS, 0},      MSTATUS, {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},
    {PIECE_REGS, RISCV_X0 + 5, 27, ALWAYS, 0}, NESTING, FRAME_END};
#define RISCV_C(flen)                                                                              \
    {                                                                                              \
        {PIECE_REGS, RISCV_PC, 1, ALWAYS, 0}, MSTATUS, {PIECE_REGS, RISCV_F0, 32, FS_DIRTY, flen}, \
            {PIECE_REGS, RISCV_FCSR, 1, FS_DIRTY, flen}, {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},     \
            {PIECE_REGS, RISCV_X0 + 5, 27, ALWAYS, 0}, NESTING, FRAME_END                          \
    }
static const struct piece riscv_c_f[] = RISCV_C(4);
static const struct piece riscv_c_d[] = RISCV_C(8);

/* If mstatus.VS = 3, vstart, vcsr, vl, vtype and 32 vector registers follow mstatus. Only the CPU
 * knows the length of a vector register (vlenb, bytes), so each common length has a context. */
#define RISCV_C_V(flen, vlenb)                                                                     \
    {                                                                                              \
        {PIECE_REGS, RISCV_PC, 1, ALWAYS, 0}, MSTATUS, {PIECE_SKIP, 0, 4, VS_DIRTY, 0},            \
            {PIECE_SKIP, 0, 32, VS_DIRTY, vlenb}, {PIECE_REGS, RISCV_F0, 32, FS_DIRTY, flen},      \
            {PIECE_REGS, RISCV_FCSR, 1, FS_DIRTY, flen}, {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},     \
            {PIECE_REGS, RISCV_X0 + 5, 27, ALWAYS, 0}, NESTING, FRAME_END                          \
    }
static const struct piece riscv_c_v128[] = RISCV_C_V(8, 16);
static const struct piece riscv_c_v256[] = RISCV_C_V(8, 32);

/* RV32E has x1 to x15. */
#define PC_AND_X_E                                                                                 \
    {PIECE_REGS, RISCV_PC, 1, ALWAYS, 0}, {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},                    \
    {                                                                                              \
        PIECE_REGS, RISCV_X0 + 5, 11, ALWAYS, 0                                                    \
    }
static const struct piece riscv_e_b[] = {PC_AND_X_E, NESTING, MSTATUS, FRAME_END};
static const struct piece riscv_e_c[] = {
    {PIECE_REGS, RISCV_PC, 1, ALWAYS, 0},      MSTATUS, {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},
    {PIECE_REGS, RISCV_X0 + 5, 11, ALWAYS, 0}, NESTING, FRAME_END};

static const struct frame frame_riscv_a = {"RISC-V, to V10.4", ON_RISCV, PROOF_RISCV, riscv_a, 0};
static const struct frame frame_riscv_b = {"RISC-V, V10.5 to V11.2", ON_RISCV, PROOF_RISCV, riscv_b,
                                           0};
static const struct frame frame_riscv_c = {"RISC-V, V11.3", ON_RISCV, PROOF_RISCV, riscv_c, 0};
static const struct frame frame_riscv_c_f = {"RISC-V, V11.3 with F", ON_RISCV, PROOF_RISCV,
                                             riscv_c_f, 0};
static const struct frame frame_riscv_c_d = {"RISC-V, V11.3 with D", ON_RISCV, PROOF_RISCV,
                                             riscv_c_d, 0};
static const struct frame frame_riscv_c_v128 = {"RISC-V, V11.3 with D and 128-bit vectors",
                                                ON_RISCV, PROOF_RISCV | PROOF_VECTORS, riscv_c_v128,
                                                0};
static const struct frame frame_riscv_c_v256 = {"RISC-V, V11.3 with D and 256-bit vectors",
                                                ON_RISCV, PROOF_RISCV | PROOF_VECTORS, riscv_c_v256,
                                                0};
static const struct frame frame_riscv_e_b = {"RV32E, to V11.2", ON_RISCV32, PROOF_RISCV, riscv_e_b,
                                             0};
static const struct frame frame_riscv_e_c = {"RV32E, V11.3", ON_RISCV32, PROOF_RISCV, riscv_e_c, 0};

/* ---- MicroBlaze ---- */

/* r(n) is at offset 4 * (32 - n): r31 to r2 from 4 on. r14 is the address of the next
 * instruction. */
#define MICROBLAZE_PIECES                                                                          \
    {PIECE_SKIP, 0, 1, ALWAYS, 0}, {PIECE_DOWN, 31, 30, ALWAYS, 0},                                \
        {PIECE_COPY, MICROBLAZE_PC, MICROBLAZE_R14, ALWAYS, 0}, NESTING,                           \
    {                                                                                              \
        PIECE_REGS, MICROBLAZE_MSR, 1, ALWAYS, 0                                                   \
    }
static const struct piece microblaze[] = {MICROBLAZE_PIECES, FRAME_END};
static const struct piece microblaze_fpu[] = {
    MICROBLAZE_PIECES, {PIECE_REGS, MICROBLAZE_FSR, 1, ALWAYS, 0}, FRAME_END};

static const struct frame frame_microblaze = {"MicroBlaze", ON_MICROBLAZE, PROOF_MICROBLAZE,
                                              microblaze, 4};
static const struct frame frame_microblaze_fpu = {"MicroBlaze with FPU", ON_MICROBLAZE,
                                                  PROOF_MICROBLAZE, microblaze_fpu, 4};

/* Of two with equal scores the first is taken. */
const struct frame *const freertos_frames[] = {&frame_m3,
                                               &frame_m4f,
                                               &frame_m33,
                                               &frame_m33_pac,
                                               &frame_m33_secure,
                                               &frame_m33_mpu_stack,
                                               &frame_m33_secure_mpu_stack,
                                               &frame_m33_mpu_tcb,
                                               &frame_m33_mpu_tcb_pac,
                                               &frame_m33_mpu_tcb_secure,
                                               &frame_m33_mpu_tcb_secure_pac,
                                               &frame_m4f_mpu_tcb,
                                               &frame_m0,
                                               &frame_m0_mpu_tcb,
                                               &frame_m33_inside,
                                               &frame_m33_inside_mpu_stack,
                                               &frame_m3_mpu,
                                               &frame_m4f_mpu,
                                               &frame_arm7,
                                               &frame_cortex_a,
                                               &frame_cortex_a_v10,
                                               &frame_cortex_r,
                                               &frame_cortex_r_v10,
                                               &frame_riscv_b,
                                               &frame_riscv_a,
                                               &frame_riscv_c,
                                               &frame_riscv_c_f,
                                               &frame_riscv_c_d,
                                               &frame_riscv_c_v128,
                                               &frame_riscv_c_v256,
                                               &frame_riscv_e_b,
                                               &frame_riscv_e_c,
                                               &frame_microblaze,
                                               &frame_microblaze_fpu,
                                               NULL};
