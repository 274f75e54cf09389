/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: requests to the stub, one per line; the first byte selects the register layout.
 * Every request gets its replies, and the machine stays consistent.
 */
#include <stdlib.h>
#include <string.h>

#include "ebpf/target.h"
#include "proto/err.h"
#include "tests/ebpf/asm.h"
#include "tests/requests.h"

enum { BUDGET = 20000, PACKETS_MAX = 100 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint64_t program[] = {
    MOV_K(6, 10),
    MOV_X(1, 6),
    CALL_LOCAL(3),
    ALU_K(BPF_ADD, 6, -1),
    JMP_K(BPF_JNE, 6, 0, -4),
    EXIT,
    STX(BPF_DW, 10, -8, 1),
    LDX(BPF_DW, 0, 10, -8),
    EXIT,
};

static uint64_t still(struct io *io)
{
    (void)io;
    return 0;
}

static unsigned nothing(struct io *io, uint64_t deadline, unsigned reasons)
{
    (void)io;
    (void)deadline;
    (void)reasons;
    return 0;
}

static const struct io_ops ops = {.now = still, .wait = nothing};

static void one(struct target *t, const uint8_t *request, size_t len)
{
    struct buf reply;
    bool final = false;
    buf_init(&reply, TARGET_REPLY_MAX);
    struct request r;
    request_parse(&r, request, len);
    if (r.packet->id == PACKET_D)
        (void)target_leave(t, &r, &reply);
    else if (target_send(t, &r) == 0)
        for (int i = 0; i < PACKETS_MAX && !final; i++)
            if (target_recv(t, &reply, &final, 0) != 0)
                break;
    buf_free(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t input[32] = "input";
    struct ebpf_image *image;
    struct target *t;
    struct io io;
    if (size == 0 || ebpf_image_from_code(&image, (const uint8_t *)program, sizeof program) != 0)
        return 0;
    struct ebpf_target_options o = {
        .images = &image,
        .count = 1,
        .arch = (enum ebpf_arch_kind)(data[0] % 3),
        .io = &io,
        .machine = {.budget = BUDGET, .input = input, .input_size = sizeof input}};
    io_init(&io, &ops);
    if (ebpf_target_new(&t, &o) == 0) {
        for (size_t at = 1; at < size;) {
            const uint8_t *end = memchr(data + at, '\n', size - at);
            size_t len = end != NULL ? (size_t)(end - data) - at : size - at;
            one(t, data + at, len);
            at += len + 1;
        }
        target_free(t);
    }
    ebpf_image_free(image);
    return 0;
}
