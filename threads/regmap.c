/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Register maps; see regmap.h. Of the XML, only <reg>, <architecture> and xi:include are read. */
#include "threads/regmap.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"

enum { PIECE = 1000, VALUE_MAX = 64 }; /* bytes of one qXfer read; of an attribute's value */

struct description {
    struct regmap *map;
    struct target *target;
    char architecture[VALUE_MAX];
    char names[REGMAP_MAX][16]; /* of map->list */
    uint32_t next;              /* number of the next <reg> without regnum */
    unsigned annexes;
};

static int read_part(struct description *d, const char *annex, unsigned depth);

/* Reads a whole annex of the description. */
static int fetch_description(struct target *t, const char *annex, struct buf *xml)
{
    struct buf reply;
    char request[VALUE_MAX + 64];
    int rc;
    buf_init(&reply, TARGET_REPLY_MAX);
    do {
        snprintf(request, sizeof request, "qXfer:features:read:%s:%zx,%x", annex, xml->len, PIECE);
        rc = target_ask(t, request, &reply);
        if (rc == 0 && (reply.len == 0 || (reply.data[0] != 'l' && reply.data[0] != 'm')))
            rc = NETGDB_UNSUPPORTED;
        else if (rc == 0 && reply.data[0] == 'm' && reply.len == 1)
            rc = NETGDB_UNSUPPORTED;
        else if (rc == 0)
            rc = buf_add(xml, reply.data + 1, reply.len - 1);
    } while (rc == 0 && reply.data[0] == 'm');
    buf_free(&reply);
    return rc;
}

/* A tag: its text from '<' to '>'. */
struct tag {
    const char *text, *end;
};

/* Finds the value of an attribute in a tag. */
static bool tag_attribute(const struct tag *tag, const char *name, char *value, size_t size)
{
    size_t width = strlen(name);
    const char *at = tag->text + 1, *end = tag->end;
    for (; (at = memmem(at, (size_t)(end - at), name, width)) != NULL; at++) {
        if (strchr(" \t\r\n", at[-1]) == NULL || at[width] != '=' || end - at < (long)width + 2)
            continue;
        char quote = at[width + 1];
        const char *start = at + width + 2;
        const char *stop =
            quote == '"' || quote == '\'' ? memchr(start, quote, (size_t)(end - start)) : NULL;
        if (stop == NULL || (size_t)(stop - start) >= size)
            return false;
        memcpy(value, start, (size_t)(stop - start));
        value[stop - start] = '\0';
        return true;
    }
    return false;
}

static void take_register_tag(struct description *d, const struct tag *tag)
{
    struct regmap *map = d->map;
    char name[VALUE_MAX], bits[VALUE_MAX], number[VALUE_MAX];
    if (map->n == REGMAP_MAX || !tag_attribute(tag, "name", name, sizeof name) ||
        !tag_attribute(tag, "bitsize", bits, sizeof bits))
        return;
    unsigned long size = strtoul(bits, NULL, 10);
    if (tag_attribute(tag, "regnum", number, sizeof number))
        d->next = (uint32_t)strtoul(number, NULL, 10);
    snprintf(d->names[map->n], sizeof d->names[0], "%.15s", name);
    map->list[map->n++] = (struct regmap_register){
        .number = d->next++,
        .size = (uint16_t)(size % 8 == 0 && size / 8 <= REGMAP_REGISTER_MAX ? size / 8 : 0),
        .offset = -1,
    };
}

static void take_architecture(struct description *d, const char *text)
{
    size_t n = strcspn(text, "<");
    if (n < sizeof d->architecture) {
        memcpy(d->architecture, text, n);
        d->architecture[n] = '\0';
    }
}

static bool begins_with_tag(const char *at, const char *tag)
{
    return strncmp(at, tag, strlen(tag)) == 0;
}

/* Reads the tags of an annex in order; the last one ends, too. */
static int regmap_scan(struct description *d, const char *xml, unsigned depth)
{
    char annex[VALUE_MAX];
    int rc = 0;
    for (struct tag t = {.end = xml}; rc == 0 && (t.text = strchr(t.end, '<')) != NULL;) {
        bool comment = begins_with_tag(t.text, "<!--");
        t.end = comment ? strstr(t.text, "-->") : strchr(t.text, '>');
        if (t.end == NULL)
            break;
        if (begins_with_tag(t.text, "<reg "))
            take_register_tag(d, &t);
        else if (begins_with_tag(t.text, "<architecture>"))
            take_architecture(d, t.end + 1);
        else if (begins_with_tag(t.text, "<xi:include") &&
                 tag_attribute(&t, "href", annex, sizeof annex))
            rc = read_part(d, annex, depth + 1);
    }
    return rc;
}

static int read_part(struct description *d, const char *annex, unsigned depth)
{
    struct buf xml;
    if (depth > 4 || d->annexes++ == REGMAP_ANNEXES_MAX || strpbrk(annex, ":,#$}*") != NULL)
        return NETGDB_UNSUPPORTED;
    buf_init(&xml, REGMAP_XML_MAX);
    int rc = fetch_description(d->target, annex, &xml);
    if (rc == 0)
        rc = buf_addc(&xml, '\0');
    if (rc == 0)
        rc = regmap_scan(d, (const char *)xml.data, depth);
    buf_free(&xml);
    return rc;
}

static int by_number(const void *a, const void *b)
{
    const struct regmap_register *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

int regmap_ask(struct regmap *map, struct target *t, const struct arch *arch)
{
    struct description *d = calloc(1, sizeof *d);
    if (d == NULL)
        return NETGDB_NOMEM;
    *map = (struct regmap){.described = true};
    d->map = map;
    d->target = t;
    int rc = read_part(d, "target.xml", 0);
    map->arch = arch_of_name(d->architecture);
    const struct arch *a = map->arch != NULL ? map->arch : arch;
    for (size_t i = 0; a != NULL && i < map->n; i++)
        map->list[i].saved = arch_register(a, d->names[i], &map->list[i].is);
    qsort(map->list, map->n, sizeof map->list[0], by_number);
    free(d);
    if (rc == NETGDB_TOO_LONG || (rc == 0 && map->n == 0))
        rc = NETGDB_UNSUPPORTED;
    return rc;
}

static void add_mapping(struct regmap *map, unsigned number, unsigned size,
                        const struct arch_register *is)
{
    if (map->n == REGMAP_MAX)
        return;
    struct regmap_register *r = &map->list[map->n++];
    *r = (struct regmap_register){.number = number, .size = (uint16_t)size, .offset = -1};
    r->saved = is != NULL;
    if (is != NULL)
        r->is = *is;
}

/* Adds `n` registers from `number` on, each of `size` bytes and `words` internal registers. */
static void add_run(struct regmap *map, unsigned number, unsigned n, unsigned size, unsigned reg,
                    unsigned words)
{
    for (unsigned i = 0; i < n; i++) {
        struct arch_register is = {(uint8_t)(reg + i * words), (uint8_t)words, 0, 0};
        add_mapping(map, number + i, size, &is);
    }
}

static void arm_builtin(struct regmap *map, size_t g_len)
{
    add_run(map, 0, 16, 4, ARM_R0, 1);
    /* f0 to f7 and fps, 12 bytes and 4: contexts never save them. */
    if (g_len == 168) {
        for (unsigned i = 16; i < 24; i++)
            add_mapping(map, i, 12, NULL);
        add_mapping(map, 24, 4, NULL);
    }
    add_run(map, 25, 1, 4, ARM_PSR, 1);
    if (g_len != 168) { /* QEMU's, read by p */
        add_run(map, 26, 16, 8, ARM_S0, 2);
        add_run(map, 42, 1, 4, ARM_FPSCR, 1);
    }
}

void regmap_builtin(struct regmap *map, const struct arch *arch, size_t g_len)
{
    *map = (struct regmap){.arch = arch};
    switch (arch->machine) {
    case MACHINE_ARM:
        arm_builtin(map, g_len);
        break;
    case MACHINE_RISCV32:
    case MACHINE_RISCV64:
        add_run(map, 0, 33, arch->word, RISCV_X0, 1);
        add_run(map, 33, 32, 8, RISCV_F0, 1);
        break;
    case MACHINE_MICROBLAZE: /* microblaze_regnum of gdb/microblaze-tdep.h: up to rshr */
        add_run(map, 0, 34, 4, MICROBLAZE_R0, 1);
        add_mapping(map, 34, 4, NULL);
        add_mapping(map, 35, 4, NULL);
        add_run(map, 36, 1, 4, MICROBLAZE_FSR, 1);
        for (unsigned i = 37; i < 59; i++)
            add_mapping(map, i, 4, NULL);
        break;
    default:
        break;
    }
    regmap_place(map, g_len);
}

void regmap_place(struct regmap *map, size_t g_len)
{
    size_t at = 0;
    for (size_t i = 0; i < map->n; i++) {
        struct regmap_register *r = &map->list[i];
        bool in_g = r->size != 0 && at + r->size <= g_len;
        r->offset = in_g ? (int32_t)at : -1;
        at = in_g ? at + r->size : SIZE_MAX - REGMAP_REGISTER_MAX;
    }
}

const struct regmap_register *regmap_find(const struct regmap *map, uint64_t number)
{
    for (size_t i = 0; i < map->n; i++) {
        if (map->list[i].number == number)
            return &map->list[i];
    }
    return NULL;
}
