/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Maps the stub's register numbers (`p`, `P`) and offsets in `g` to the registers of arch.h, from
 * the stub's target description or, without one, from the usual layout for the architecture.
 * Source: GDB manual, "Target Descriptions", and gdb/remote.c map_regcache_remote_table: `g` has
 * the registers in the order of their numbers, without gaps; registers after its end are read by
 * `p`.
 */
#ifndef NETGDB_THREADS_REGMAP_H
#define NETGDB_THREADS_REGMAP_H

#include "proto/target.h"
#include "threads/arch.h"

enum {
    REGMAP_MAX = 320,            /* registers of a stub */
    REGMAP_G_MAX = 8192,         /* bytes of its `g` */
    REGMAP_XML_MAX = 256 * 1024, /* bytes of one annex of its description */
    REGMAP_ANNEXES_MAX = 32,     /* annexes of its description */
    REGMAP_REGISTER_MAX = 64,    /* bytes of a register */
};

struct regmap_register {
    uint32_t number; /* in p and P */
    uint16_t size;   /* bytes; 0: unknown, or more than REGMAP_REGISTER_MAX */
    int32_t offset;  /* in `g`, bytes; -1: not in `g`, or after a register of unknown size */
    struct arch_register is;
    bool saved; /* contexts save it: `is` is valid */
};

struct regmap {
    const struct arch *arch; /* from the description's <architecture>; NULL: none given */
    struct regmap_register list[REGMAP_MAX]; /* ascending by number */
    size_t n;
    bool described; /* from the stub's target description */
};

/*
 * Reads the stub's target description into *map. `arch` is used if the description names no
 * architecture; NULL: unknown. Returns 0 with map->n != 0 and without offsets, NETGDB_UNSUPPORTED
 * if the stub has no usable description, NETGDB_NOMEM, or the target's error; after an error *map
 * is undefined.
 */
int regmap_ask(struct regmap *map, struct target *t, const struct arch *arch);

/* Fills *map with the usual layout of an architecture whose `g` has g_len bytes. */
void regmap_builtin(struct regmap *map, const struct arch *arch, size_t g_len);

/* Sets the offsets of all registers for a `g` of g_len bytes (half its hexadecimal digits). */
void regmap_place(struct regmap *map, size_t g_len);

/* Returns the register with this number, or NULL. */
const struct regmap_register *regmap_find(const struct regmap *map, uint64_t number);

#endif
