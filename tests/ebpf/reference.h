/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A slow reference interpreter, written from the text of RFC 9669, section by section, without any
 * code of ebpf/. The machine is compared with it.
 */
#ifndef NETGDB_TESTS_EBPF_REFERENCE_H
#define NETGDB_TESTS_EBPF_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reference_stop {
    REF_RUNNING, /* the limit was reached */
    REF_EXIT,
    REF_MEMORY,  /* an access outside of all areas */
    REF_ILLEGAL, /* an undefined or reserved instruction */
    REF_JUMP,    /* out of the code */
    REF_DEPTH
};

struct reference_area {
    uint64_t base, size;
    uint8_t *bytes;
    bool writable;
};

enum { REF_AREAS = 3, REF_DEPTH_MAX = 64, REF_FRAME = 512 };

struct reference {
    const uint8_t *code;
    size_t slots;
    uint64_t text; /* address of the code */
    struct reference_area area[REF_AREAS];
    uint64_t packet, packet_size; /* for the legacy loads */
    uint64_t r[11];
    size_t pc; /* slot */
    uint64_t executed;
    struct {
        uint64_t saved[5];
        size_t ret;
    } frame[REF_DEPTH_MAX];
    unsigned depth;
    /* Calls a helper function; NULL: there are none. */
    bool (*helper)(struct reference *ref, uint32_t id);
};

/* Runs at most `limit` instructions in all. After a fault, the state is that before the
 * instruction. */
enum reference_stop reference_run(struct reference *ref, uint64_t limit);

#endif
