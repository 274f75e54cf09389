/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netgdb-bpf-plugin: the machine as the plug-in of the public bpf_conformance suite.
 *
 *   netgdb-bpf-plugin [MEMORY] [--elf]
 *
 * MEMORY is hexadecimal; the program comes on stdin, hexadecimal too, or with --elf as a whole
 * object (hexadecimal or as it is). r0 goes to stdout in hexadecimal. Helper 5 returns its first
 * argument; there are no others but those of compilers. A program may run 2^28 instructions.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ebpf/library.h"
#include "tools/bpf.h"
#include "tools/tools.h"

static EBPF_HELPER_FUNCTION(first_argument)
{
    *result = arg[0];
    return EBPF_RUNNING;
}

static const struct ebpf_helper helpers[] = {{5, "helper_5", "a", first_argument, 0}, EBPF_LIBRARY};

enum { COUNT = sizeof helpers / sizeof helpers[0], PLUGIN_BUDGET = 1 << 28 };

static int run_plugin(const struct ebpf_image *image, const uint8_t *memory, size_t memory_size)
{
    const struct ebpf_options options = {.helpers = helpers,
                                         .helper_count = COUNT,
                                         .budget = PLUGIN_BUDGET,
                                         .input = memory,
                                         .input_size = memory_size};
    struct ebpf_machine *m;
    enum ebpf_stop stop;
    if (ebpf_machine_new(&m, image, &options) != 0) {
        complain("the program does not fit the machine");
        return EXIT_FAILED;
    }
    do
        stop = ebpf_run(m, EBPF_SLICE_MAX);
    while (stop == EBPF_RUNNING);
    if (stop == EBPF_EXITED)
        printf("%" PRIx64 "\n", m->reg[0]);
    else
        complain("%s", m->fault.text);
    ebpf_machine_free(m);
    return stop == EBPF_EXITED ? EXIT_DONE : EXIT_FAILED;
}

/* Returns the image of the bytes from stdin, or NULL after an error message. */
static struct ebpf_image *read_image(bool elf)
{
    const struct ebpf_load_options options = {.helpers = helpers, .helper_count = COUNT};
    struct ebpf_image *image = NULL;
    char error[EBPF_ERROR_TEXT] = "not a program in hexadecimal";
    size_t size, text_size;
    uint8_t *text = bpf_read_file("-", 2UL * EBPF_FILE_MAX, &text_size), *bytes = NULL;
    if (text != NULL && elf && text_size > 4 && memcmp(text, "\177ELF", 4) == 0) {
        bytes = text;
        size = text_size;
        text = NULL;
    } else if (text != NULL)
        bytes = bpf_from_hex((const char *)text, text_size, &size);
    if (bytes != NULL && elf)
        (void)ebpf_load(&image, bytes, size, "stdin", &options, error);
    else if (bytes != NULL && ebpf_image_from_code(&image, bytes, size) != 0)
        image = NULL;
    if (image == NULL)
        complain("%s", error);
    free(bytes);
    free(text);
    return image;
}

int main(int argc, char **argv)
{
    const char *hex = NULL;
    bool elf = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            printf("usage: netgdb-bpf-plugin [MEMORY] [--elf] <PROGRAM\n");
            return finish_output(EXIT_DONE);
        }
        if (strcmp(argv[i], "--elf") == 0)
            elf = true;
        else if (strncmp(argv[i], "--", 2) == 0 || hex != NULL) {
            complain("usage: netgdb-bpf-plugin [MEMORY] [--elf] <PROGRAM");
            return EXIT_USAGE;
        } else
            hex = argv[i];
    }
    size_t memory_size = 0;
    uint8_t *memory =
        bpf_from_hex(hex != NULL ? hex : "", hex != NULL ? strlen(hex) : 0, &memory_size);
    struct ebpf_image *image = memory == NULL ? NULL : read_image(elf);
    if (memory == NULL)
        complain("the memory is not hexadecimal");
    int end = image == NULL ? EXIT_FAILED : run_plugin(image, memory, memory_size);
    ebpf_image_free(image);
    free(memory);
    return end;
}
