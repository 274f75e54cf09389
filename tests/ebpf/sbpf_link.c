/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Makes programs for Solana without Solana's tools:
 *   sbpf_link VERSION OBJECT FILE  links an object of clang -target bpf (-mcpu=v1 for version 0,
 *                                  v3 for version 3), with its debug information
 *   sbpf_link VERSION FILE         a program of all versions' own instructions (4: version 3 as
 *                                  first proposed): entrypoint calls outer, outer calls inner
 */
#include <fcntl.h>
#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ebpf/sbpf.h"
#include "tests/ebpf/asm.h"
#include "tests/ebpf/sbpf_write.h"

enum { PIECES_MAX = 64, R_64_64 = 1, R_ABS64 = 2, R_RELATIVE = 8, R_CALL = 10 };

enum kind { NOWHERE, TEXT, RODATA, DEBUG };

struct part {
    const char *name;
    enum kind kind;
    uint64_t at; /* distance from the start of the text or of the data */
    uint8_t *data;
    size_t size;
};

static Elf *elf;
static struct part part[PIECES_MAX];
static size_t parts;
static struct sbpf_file out;
static Elf_Data *symbols;
static size_t names;

static void give_up(const char *what)
{
    fprintf(stderr, "sbpf_link: %s\n", what);
    exit(1);
}

static enum kind kind_of(const GElf_Shdr *h, const char *name)
{
    if (h->sh_type != SHT_PROGBITS || h->sh_size == 0)
        return NOWHERE;
    if (strcmp(name, ".text") == 0)
        return TEXT;
    if (strncmp(name, ".rodata", 7) == 0)
        return RODATA;
    return strncmp(name, ".debug_", 7) == 0 ? DEBUG : NOWHERE;
}

static void read_part(size_t index, size_t strings, uint64_t *rodata)
{
    Elf_Scn *scn = elf_getscn(elf, index);
    GElf_Shdr h;
    struct part *p = &part[index];
    if (scn == NULL || gelf_getshdr(scn, &h) == NULL)
        give_up("a section cannot be read");
    p->name = elf_strptr(elf, strings, h.sh_name);
    if (h.sh_type == SHT_SYMTAB) {
        symbols = elf_getdata(scn, NULL);
        names = h.sh_link;
    }
    p->kind = kind_of(&h, p->name);
    if (p->kind == NOWHERE)
        return;
    Elf_Data *d = elf_rawdata(scn, NULL);
    p->size = d->d_size;
    p->data = malloc(p->size);
    memcpy(p->data, d->d_buf, p->size);
    if (p->kind == RODATA) {
        p->at = *rodata;
        *rodata += (p->size + 7) / 8 * 8;
    }
}

/* The address of a part in the file, 0 for sections that are not loaded. */
static uint64_t base_of(const struct part *p)
{
    return p->kind == TEXT     ? sbpf_text_at(&out)
           : p->kind == RODATA ? sbpf_rodata_at(&out) + p->at
                               : 0;
}

static uint32_t at32(const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static void call(struct part *p, uint64_t offset, const GElf_Sym *s, const char *name)
{
    uint8_t *insn = p->data + offset;
    int32_t imm = s->st_shndx != SHN_UNDEF
                      ? (int32_t)(((int64_t)s->st_value - (int64_t)offset) / 8 - 1)
                      : (int32_t)sbpf_hash(name, strlen(name));
    if (out.version < 3 && s->st_shndx == SHN_UNDEF) {
        imm = -1;
        sbpf_add_relocation(&out, base_of(p) + offset, R_CALL, sbpf_add_symbol(&out, name, 0, 0));
    }
    insn[1] = s->st_shndx == SHN_UNDEF && out.version == 3 ? 0x00 : 0x10;
    memcpy(insn + 4, &imm, sizeof imm);
}

static void relocate_one(struct part *p, const GElf_Rel *r)
{
    GElf_Sym s;
    if (gelf_getsym(symbols, (int)GELF_R_SYM(r->r_info), &s) == NULL)
        give_up("a relocation without a symbol");
    const char *name = elf_strptr(elf, names, s.st_name);
    uint8_t *at = p->data + r->r_offset;
    uint64_t value = s.st_shndx < parts ? base_of(&part[s.st_shndx]) + s.st_value : 0;
    unsigned type = (unsigned)GELF_R_TYPE(r->r_info);
    if (type == R_CALL)
        call(p, r->r_offset, &s, name);
    else if (type == R_64_64) {
        value += at32(at + 4) | (uint64_t)at32(at + 12) << 32;
        uint32_t low = (uint32_t)value, high = (uint32_t)(value >> 32);
        memcpy(at + 4, &low, 4);
        memcpy(at + 12, &high, 4);
        if (out.version < 3)
            sbpf_add_relocation(&out, base_of(p) + r->r_offset, R_RELATIVE, 0);
    } else {
        size_t size = type == R_ABS64 ? 8 : 4;
        uint64_t addend = 0;
        memcpy(&addend, at, size);
        value += addend;
        memcpy(at, &value, size);
    }
}

static void relocate_part(size_t index)
{
    Elf_Scn *scn = elf_getscn(elf, index);
    GElf_Shdr h;
    GElf_Rel r;
    if (gelf_getshdr(scn, &h) == NULL || h.sh_type != SHT_REL || h.sh_info >= parts ||
        part[h.sh_info].kind == NOWHERE)
        return;
    Elf_Data *d = elf_getdata(scn, NULL);
    for (int i = 0; gelf_getrel(d, i, &r) != NULL; i++)
        relocate_one(&part[h.sh_info], &r);
}

static void add_functions(void)
{
    GElf_Sym s;
    for (int i = 0; gelf_getsym(symbols, i, &s) != NULL; i++)
        if (GELF_ST_TYPE(s.st_info) == STT_FUNC && s.st_shndx < parts &&
            part[s.st_shndx].kind == TEXT) {
            const char *name = elf_strptr(elf, names, s.st_name);
            sbpf_add_symbol(&out, name, base_of(&part[s.st_shndx]) + s.st_value, s.st_size);
            if (strcmp(name, "entrypoint") == 0)
                out.entry = s.st_value;
        }
}

static void link_object(const char *object)
{
    int fd = open(object, O_RDONLY);
    uint64_t rodata = 0;
    size_t strings;
    elf_version(EV_CURRENT);
    elf = elf_begin(fd, ELF_C_READ, NULL);
    if (elf == NULL || elf_getshdrnum(elf, &parts) != 0 || parts > PIECES_MAX ||
        elf_getshdrstrndx(elf, &strings) != 0)
        give_up("not an object, or too many sections");
    for (size_t i = 1; i < parts; i++)
        read_part(i, strings, &rodata);
    uint8_t *joined = calloc(1, (size_t)rodata + 1);
    for (size_t i = 1; i < parts; i++)
        if (part[i].kind == TEXT) {
            out.text = part[i].data;
            out.text_size = part[i].size;
        }
    if (out.text == NULL || symbols == NULL)
        give_up("no code");
    out.rodata = joined;
    out.rodata_size = (size_t)rodata;
    add_functions();
    for (size_t i = 1; i < parts; i++)
        relocate_part(i);
    for (size_t i = 1; i < parts; i++) {
        if (part[i].kind == RODATA)
            memcpy(joined + part[i].at, part[i].data, part[i].size);
        if (part[i].kind != DEBUG)
            continue;
        out.extra[out.extras].name = part[i].name;
        out.extra[out.extras].data = part[i].data;
        out.extra[out.extras++].size = part[i].size;
    }
    close(fd);
}

/* Functions of 4 instructions: entrypoint, outer, inner. */
static void link_own(void)
{
    static uint64_t text[12];
    static const uint8_t data[8] = {42};
    bool pqr = out.version == 2 || out.draft, dynamic = out.version == 1 || pqr;
    uint64_t leave = out.draft ? INSN(0x9d, 0, 0, 0, 0) : EXIT;
    uint64_t move = dynamic ? ALU_K(BPF_ADD, 10, -64) : MOV_X(7, 10);
    const uint64_t own[12] = {
        MOV_K(6, 1),
        INSN(BPF_JMP | BPF_CALL, 0, 1, 0, 2),
        ALU_X(BPF_ADD, 0, 6),
        leave,
        MOV_K(6, 10),
        move,
        INSN(BPF_JMP | BPF_CALL, 0, 1, 0, 1),
        leave,
        MOV_K(0, 100),
        pqr ? INSN(0x9f, 10, 0, -8, 0) : STX(BPF_DW, 10, -8, 0),
        ALU_X(BPF_ADD, 0, 6),
        leave,
    };
    memcpy(text, own, sizeof text);
    out.text = text;
    out.text_size = sizeof text;
    out.rodata = data;
    out.rodata_size = sizeof data;
    static const char *const functions[] = {"entrypoint", "outer", "inner"};
    for (unsigned i = 0; i < 3; i++)
        sbpf_add_symbol(&out, functions[i], sbpf_text_at(&out) + 32U * i, 32);
}

int main(int argc, char **argv)
{
    struct buf file;
    if (argc < 3 || argc > 4)
        give_up("VERSION [OBJECT] FILE");
    unsigned version = (unsigned)(argv[1][0] - '0');
    out.version = version == 4 ? 3 : version;
    out.draft = version == 4;
    if (argc == 4)
        link_object(argv[2]);
    else
        link_own();
    buf_init(&file, 1 << 24);
    sbpf_write(&out, &file);
    FILE *f = fopen(argv[argc - 1], "wb");
    if (f == NULL || fwrite(file.data, 1, file.len, f) != file.len || fclose(f) != 0)
        give_up("the file cannot be written");
    buf_free(&file);
    return 0;
}
