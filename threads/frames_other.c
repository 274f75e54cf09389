/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Saved contexts on RISC-V and MicroBlaze, and which kernel has which. Sources: FreeRTOS
 * portable/GCC/RISC-V (portASM.S to V10.4, portContext.h since), MicroBlazeV9 (portasm.S);
 * Zephyr arch/riscv (switch.S).
 */
#include "threads/frame.h"

#define RISCV                                                                                      \
    {                                                                                              \
        MACHINE_RISCV32, MACHINE_RISCV64                                                           \
    }
#define END                                                                                        \
    {                                                                                              \
        PIECE_END, 0, 0, ALWAYS, 0                                                                 \
    }

/* pc, ra, x5 … x31; gp and tp are the same for all tasks and are not saved. */
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

static const struct piece riscv_a[] = {PC_AND_X, MSTATUS, END};
static const struct piece riscv_b[] = {PC_AND_X, NESTING, MSTATUS, END};

/* With mstatus.FS = 3: 33 slots of FLEN bits behind mstatus. */
#define RISCV_C(flen)                                                                              \
    {                                                                                              \
        {PIECE_REGS, RISCV_PC, 1, ALWAYS, 0}, MSTATUS, {PIECE_REGS, RISCV_F0, 32, FS_DIRTY, flen}, \
            {PIECE_REGS, RISCV_FCSR, 1, FS_DIRTY, flen}, {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},     \
            {PIECE_REGS, RISCV_X0 + 5, 27, ALWAYS, 0}, NESTING, END                                \
    }
static const struct piece riscv_c[] = RISCV_C(0);
static const struct piece riscv_c_f[] = RISCV_C(4);
static const struct piece riscv_c_d[] = RISCV_C(8);

/* With mstatus.VS = 3, behind mstatus: vstart, vcsr, vl, vtype and 32 vector registers. How long
 * these are the CPU alone knows. */
#define RISCV_C_V(flen, vlenb)                                                                     \
    {                                                                                              \
        {PIECE_REGS, RISCV_PC, 1, ALWAYS, 0}, MSTATUS, {PIECE_SKIP, 0, 4, VS_DIRTY, 0},            \
            {PIECE_SKIP, 0, 32, VS_DIRTY, vlenb}, {PIECE_REGS, RISCV_F0, 32, FS_DIRTY, flen},      \
            {PIECE_REGS, RISCV_FCSR, 1, FS_DIRTY, flen}, {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},     \
            {PIECE_REGS, RISCV_X0 + 5, 27, ALWAYS, 0}, NESTING, END                                \
    }
static const struct piece riscv_c_v128[] = RISCV_C_V(8, 16);
static const struct piece riscv_c_v256[] = RISCV_C_V(8, 32);

/* RV32E has x1 to x15. */
#define PC_AND_X_E                                                                                 \
    {PIECE_REGS, RISCV_PC, 1, ALWAYS, 0}, {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},                    \
    {                                                                                              \
        PIECE_REGS, RISCV_X0 + 5, 11, ALWAYS, 0                                                    \
    }
static const struct piece riscv_e_b[] = {PC_AND_X_E, NESTING, MSTATUS, END};
static const struct piece riscv_e_c[] = {
    {PIECE_REGS, RISCV_PC, 1, ALWAYS, 0},      MSTATUS, {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},
    {PIECE_REGS, RISCV_X0 + 5, 11, ALWAYS, 0}, NESTING, END};

/* struct _callee_saved of k_thread: sp, ra, s0 to s11; the switch returns to ra. */
static const struct piece zephyr_riscv[] = {{PIECE_AFTER_FIELD, 0, 0, ALWAYS, 0},
                                            {PIECE_REGS, RISCV_RA, 1, ALWAYS, 0},
                                            {PIECE_COPY, RISCV_PC, RISCV_RA, ALWAYS, 0},
                                            {PIECE_REGS, 8, 2, ALWAYS, 0},
                                            {PIECE_REGS, 18, 10, ALWAYS, 0},
                                            {PIECE_AT_SP, 0, 0, ALWAYS, 0},
                                            END};

/* r(n) at 4 * (32 - n): r31 to r2 from 4 on; r14 is where the task goes on. */
#define MICROBLAZE_PIECES                                                                          \
    {PIECE_SKIP, 0, 1, ALWAYS, 0}, {PIECE_DOWN, 31, 30, ALWAYS, 0},                                \
        {PIECE_COPY, MICROBLAZE_PC, MICROBLAZE_R14, ALWAYS, 0}, NESTING,                           \
    {                                                                                              \
        PIECE_REGS, MICROBLAZE_MSR, 1, ALWAYS, 0                                                   \
    }
static const struct piece microblaze[] = {MICROBLAZE_PIECES, END};
static const struct piece microblaze_fpu[] = {
    MICROBLAZE_PIECES, {PIECE_REGS, MICROBLAZE_FSR, 1, ALWAYS, 0}, END};

static const struct frame frame_riscv_a = {"RISC-V, to V10.4", RISCV, PROOF_RISCV, riscv_a, 0};
static const struct frame frame_riscv_b = {"RISC-V, V10.5 to V11.2", RISCV, PROOF_RISCV, riscv_b,
                                           0};
static const struct frame frame_riscv_c = {"RISC-V, V11.3", RISCV, PROOF_RISCV, riscv_c, 0};
static const struct frame frame_riscv_c_f = {"RISC-V, V11.3 with F", RISCV, PROOF_RISCV, riscv_c_f,
                                             0};
static const struct frame frame_riscv_c_d = {"RISC-V, V11.3 with D", RISCV, PROOF_RISCV, riscv_c_d,
                                             0};
static const struct frame frame_riscv_c_v128 = {"RISC-V, V11.3 with D and 128-bit vectors", RISCV,
                                                PROOF_RISCV | PROOF_VECTORS, riscv_c_v128, 0};
static const struct frame frame_riscv_c_v256 = {"RISC-V, V11.3 with D and 256-bit vectors", RISCV,
                                                PROOF_RISCV | PROOF_VECTORS, riscv_c_v256, 0};
static const struct frame frame_riscv_e_b = {
    "RV32E, to V11.2", {MACHINE_RISCV32, MACHINE_NONE}, PROOF_RISCV, riscv_e_b, 0};
static const struct frame frame_riscv_e_c = {
    "RV32E, V11.3", {MACHINE_RISCV32, MACHINE_NONE}, PROOF_RISCV, riscv_e_c, 0};
static const struct frame frame_zephyr_riscv = {"RISC-V", RISCV, 0, zephyr_riscv, 0};
static const struct frame frame_microblaze = {
    "MicroBlaze", {MACHINE_MICROBLAZE, MACHINE_NONE}, PROOF_MICROBLAZE, microblaze, 4};
static const struct frame frame_microblaze_fpu = {
    "MicroBlaze with FPU", {MACHINE_MICROBLAZE, MACHINE_NONE}, PROOF_MICROBLAZE, microblaze_fpu, 4};

extern const struct frame frame_m3, frame_m4f, frame_m33, frame_m33_pac, frame_m33_secure, frame_m0,
    frame_m33_secure_mpu_stack, frame_m33_inside, frame_m33_inside_mpu_stack, frame_m33_mpu_tcb_pac,
    frame_m33_mpu_tcb_secure, frame_m33_mpu_tcb_secure_pac, frame_m4f_mpu_tcb, frame_m0_mpu_tcb,
    frame_threadx_m0, frame_m33_mpu_stack, frame_m33_mpu_tcb, frame_m3_mpu, frame_m4f_mpu,
    frame_arm7, frame_cortex_a, frame_cortex_r, frame_cortex_r_d32, frame_threadx_m,
    frame_threadx_arm9, frame_zephyr_m, frame_chibios_v7m, frame_chibios_v7m_fpu, frame_chibios_v6m;

/* Of two that fit as well the first is taken. */
const struct frame *const frames_freertos[] = {&frame_m3,
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
                                               &frame_cortex_r,
                                               &frame_cortex_r_d32,
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
const struct frame *const frames_threadx[] = {&frame_threadx_m, &frame_threadx_m0,
                                              &frame_threadx_arm9, NULL};
const struct frame *const frames_zephyr[] = {&frame_zephyr_m, &frame_zephyr_riscv, NULL};
const struct frame *const frames_chibios[] = {&frame_chibios_v7m, &frame_chibios_v7m_fpu,
                                              &frame_chibios_v6m, NULL};
