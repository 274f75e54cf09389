/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Where the stub's `g` has which register, and which number `p` and `P` call it by: from the
 * stub's target description, else as stubs of the machine do it. Source: GDB manual, "Target
 * Descriptions", and gdb/remote.c map_regcache_remote_table: `g` has the registers in the order
 * of their numbers, without gaps; those that do not fit any more are read by `p` only.
 */
#ifndef NETGDB_THREADS_REGMAP_H
#define NETGDB_THREADS_REGMAP_H

#include "proto/target.h"
#include "threads/arch.h"

enum {
    REGMAP_MAX = 320,            /* registers of a stub */
    REGMAP_G_MAX = 8192,         /* bytes of its `g` */
    REGMAP_XML_MAX = 256 * 1024, /* bytes of a part of its description */
    REGMAP_PARTS_MAX = 32,       /* parts of its description */
    REGMAP_REGISTER_MAX = 64,    /* bytes of a register */
};

struct regmap_register {
    uint32_t number; /* as p and P name it */
    uint16_t size;   /* bytes */
    int32_t offset;  /* in `g`, bytes; -1: not in it */
    struct arch_register is;
    bool saved; /* it is one that `is` names */
};

struct regmap {
    const struct arch *arch; /* of the description's <architecture>; NULL: it has none */
    struct regmap_register list[REGMAP_MAX];
    size_t n;
    bool described; /* by the stub */
};

/*
 * Asks the stub for its target description. Returns 0 with map->n != 0; NETGDB_UNSUPPORTED when
 * it has none that can be used; or the target's error. `arch` names the registers when the
 * description does not say what it is; NULL: not known.
 */
int regmap_ask(struct regmap *map, struct target *t, const struct arch *arch);

/* As stubs without a description have it. */
void regmap_builtin(struct regmap *map, const struct arch *arch, size_t g_len);

/* Sets the offsets for a `g` of so many bytes. */
void regmap_place(struct regmap *map, size_t g_len);

/* The register of this number, or NULL. */
const struct regmap_register *regmap_find(const struct regmap *map, uint64_t number);

#endif
