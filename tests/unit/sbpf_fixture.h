/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A fixture: programs for Solana are written, loaded and run. */
#ifndef NETGDB_TESTS_SBPF_FIXTURE_H
#define NETGDB_TESTS_SBPF_FIXTURE_H

#include "tests/unit/unit.h"

#include "ebpf/load.h"
#include "ebpf/sbpf.h"
#include "proto/err.h"
#include "tests/ebpf/asm.h"
#include "tests/ebpf/sbpf_write.h"

enum { BUDGET = 10000 };

/* What is built and run next, and what came of it. */
static struct sbpf_file program;
static struct ebpf_image *image;
static struct ebpf_machine *machine;
static char error[EBPF_ERROR_TEXT];

#define TEXT(v, ...) set_text(v, (const uint64_t[]){__VA_ARGS__}, sizeof((uint64_t[]){__VA_ARGS__}))

/* Starts a new program of a version; 4: version 3 as first proposed. */
static inline void set_text(unsigned version, const uint64_t *text, size_t size)
{
    static uint64_t copy[512];
    assert_true(size <= sizeof copy);
    memcpy(copy, text, size);
    program = (struct sbpf_file){.version = version == 4 ? 3 : version,
                                 .draft = version == 4,
                                 .text = copy,
                                 .text_size = size};
}

static inline void set_rodata(const void *bytes, size_t size)
{
    program.rodata = bytes;
    program.rodata_size = size;
}

static inline int load_file(const struct buf *file)
{
    ebpf_image_free(image);
    image = NULL;
    return ebpf_load(&image, file->data, file->len, "program.so", NULL, error);
}

static inline int load_program(void)
{
    struct buf file;
    buf_init(&file, 1 << 20);
    sbpf_write(&program, &file);
    int rc = load_file(&file);
    buf_free(&file);
    return rc;
}

/* Loads the program and runs it with these options; the machine stays for inspection. */
static inline enum ebpf_stop run_with(const struct ebpf_options *options)
{
    enum ebpf_stop stop;
    ebpf_machine_free(machine);
    machine = NULL;
    if (load_program() != 0)
        fail_msg("does not load: %s", error);
    assert_int_equal(ebpf_machine_new(&machine, image, options), 0);
    do
        stop = ebpf_run(machine, BUDGET);
    while (stop == EBPF_RUNNING);
    return stop;
}

static inline enum ebpf_stop run(void)
{
    const struct ebpf_options options = {.budget = BUDGET};
    return run_with(&options);
}

/* The result of a program that has to return. */
static inline uint64_t result(void)
{
    enum ebpf_stop stop = run();
    if (stop != EBPF_EXITED)
        fail_msg("stopped: %s", machine->fault.text);
    return machine->reg[0];
}

static inline int sbpf_tear_down(void **state)
{
    (void)state;
    ebpf_machine_free(machine);
    ebpf_image_free(image);
    machine = NULL;
    image = NULL;
    return 0;
}

#endif
