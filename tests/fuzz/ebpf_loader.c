/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Fuzz target: any bytes as an object. If it loads, the program runs for a while, all instructions
 * are disassembled, and the linked ELF is loaded again. Then the same with the object's types as
 * those of a kernel.
 */
#include <stdlib.h>

#include "ebpf/disasm.h"
#include "ebpf/load.h"
#include "ebpf/machine.h"

enum { BUDGET = 2000, LINES = 200 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void disassemble(const struct ebpf_image *image)
{
    const struct ebpf_segment *text = image->text;
    struct buf out;
    buf_init(&out, 1 << 20);
    size_t n, at = 0;
    for (int i = 0; i < LINES && at < text->given; i++, at += n) {
        n = ebpf_disassemble(&out, text->data + at, (size_t)text->given - at, text->base + at,
                             image);
        if (n == 0)
            break;
    }
    buf_free(&out);
}

static void run(const struct ebpf_image *image)
{
    const struct ebpf_options options = {
        .budget = BUDGET, .context = image->sbpf == NULL ? EBPF_CONTEXT_SKB : EBPF_CONTEXT_NONE};
    struct ebpf_machine *m;
    if (ebpf_machine_new(&m, image, &options) != 0)
        return;
    while (ebpf_run(m, BUDGET) == EBPF_RUNNING)
        ;
    (void)ebpf_machine_shadow(m);
    ebpf_machine_free(m);
}

/* The object's CO-RE relocations by its own types, in place of a kernel's. */
static void load_with_types(const uint8_t *data, size_t size)
{
    static const char *const kconfig[] = {"CONFIG_HZ=250", "CONFIG_NAME=\"text\""};
    const struct ebpf_load_options options = {
        .btf = data, .btf_size = size, .kconfig = kconfig, .kconfig_count = 2, .inspect = true};
    char error[EBPF_ERROR_TEXT];
    struct ebpf_image *image;
    if (ebpf_load(&image, data, size, "types", &options, error) != 0)
        return;
    run(image);
    ebpf_image_free(image);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char error[EBPF_ERROR_TEXT];
    struct ebpf_image *image, *again;
    if (ebpf_load(&image, data, size, "fuzz", NULL, error) != 0)
        return 0;
    disassemble(image);
    run(image);
    if (ebpf_load(&again, image->elf.data, image->elf.len, "again", NULL, error) == 0)
        ebpf_image_free(again);
    ebpf_image_free(image);
    load_with_types(data, size);
    return 0;
}
