/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The headers and notes of an ELF core; see elf_core.h. */
#include "record/elf_core.h"

#include <elf.h>
#include <string.h>

enum { NOTE_HEADER = 12 };

void core_number_put(uint8_t *out, unsigned size, bool big, uint64_t value)
{
    for (unsigned i = 0; i < size; i++)
        out[big ? size - 1 - i : i] = (uint8_t)(value >> (8 * i));
}

uint64_t core_number_get(const uint8_t *in, unsigned size, bool big)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)in[big ? size - 1 - i : i] << (8 * i);
    return value;
}

/* ---- headers ---- */

size_t core_header_size(bool is64)
{
    return is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
}

size_t core_entry_size(bool is64)
{
    return is64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
}

/* Puts a field of both classes' structures, at its offset and of its size in each. */
#define PUT(out, m, kind, field, value)                                                            \
    ((m)->is64 ? core_number_put((out) + offsetof(Elf64_##kind, field),                            \
                                 sizeof((Elf64_##kind *)0)->field, (m)->big, value)                \
               : core_number_put((out) + offsetof(Elf32_##kind, field),                            \
                                 sizeof((Elf32_##kind *)0)->field, (m)->big, value))

#define GET(in, m, kind, field)                                                                    \
    ((m)->is64 ? core_number_get((in) + offsetof(Elf64_##kind, field),                             \
                                 sizeof((Elf64_##kind *)0)->field, (m)->big)                       \
               : core_number_get((in) + offsetof(Elf32_##kind, field),                             \
                                 sizeof((Elf32_##kind *)0)->field, (m)->big))

void core_header_encode(const struct core_header *h, uint8_t out[ELF_CORE_HEADER])
{
    const struct core_machine *m = &h->machine;
    memset(out, 0, ELF_CORE_HEADER);
    memcpy(out, ELFMAG, SELFMAG);
    out[EI_CLASS] = m->is64 ? ELFCLASS64 : ELFCLASS32;
    out[EI_DATA] = m->big ? ELFDATA2MSB : ELFDATA2LSB;
    out[EI_VERSION] = EV_CURRENT;
    out[EI_OSABI] = m->osabi;
    PUT(out, m, Ehdr, e_type, ET_CORE);
    PUT(out, m, Ehdr, e_machine, m->machine);
    PUT(out, m, Ehdr, e_version, EV_CURRENT);
    PUT(out, m, Ehdr, e_phoff, h->table);
    PUT(out, m, Ehdr, e_ehsize, core_header_size(m->is64));
    PUT(out, m, Ehdr, e_phentsize, core_entry_size(m->is64));
    PUT(out, m, Ehdr, e_phnum, h->entries);
}

bool core_header_decode(const uint8_t *data, size_t len, struct core_header *h)
{
    struct core_machine *m = &h->machine;
    if (len < EI_NIDENT || memcmp(data, ELFMAG, SELFMAG) != 0 ||
        (data[EI_CLASS] != ELFCLASS64 && data[EI_CLASS] != ELFCLASS32) ||
        (data[EI_DATA] != ELFDATA2LSB && data[EI_DATA] != ELFDATA2MSB))
        return false;
    m->is64 = data[EI_CLASS] == ELFCLASS64;
    m->big = data[EI_DATA] == ELFDATA2MSB;
    m->osabi = data[EI_OSABI];
    if (len < core_header_size(m->is64))
        return false;
    m->machine = (uint16_t)GET(data, m, Ehdr, e_machine);
    h->table = GET(data, m, Ehdr, e_phoff);
    h->entries = (unsigned)GET(data, m, Ehdr, e_phnum);
    return GET(data, m, Ehdr, e_type) == ET_CORE &&
           GET(data, m, Ehdr, e_phentsize) == core_entry_size(m->is64);
}

void core_entry_encode(const struct core_machine *m, const struct core_entry *e,
                       uint8_t out[ELF_CORE_ENTRY])
{
    memset(out, 0, ELF_CORE_ENTRY);
    bool memory = e->type == PT_LOAD;
    PUT(out, m, Phdr, p_type, e->type);
    PUT(out, m, Phdr, p_offset, e->offset);
    PUT(out, m, Phdr, p_vaddr, e->address);
    PUT(out, m, Phdr, p_filesz, e->size);
    PUT(out, m, Phdr, p_memsz, memory ? e->size : 0);
    PUT(out, m, Phdr, p_flags, memory ? PF_R | PF_W | PF_X : PF_R);
    PUT(out, m, Phdr, p_align, memory ? 1 : 4);
}

size_t core_entry_sizes(const struct core_machine *m, const struct core_entry *e, size_t *offset,
                        uint8_t out[16])
{
    size_t one = m->is64 ? 8 : 4;
    *offset = m->is64 ? offsetof(Elf64_Phdr, p_filesz) : offsetof(Elf32_Phdr, p_filesz);
    core_number_put(out, (unsigned)one, m->big, e->size);
    core_number_put(out + one, (unsigned)one, m->big, e->size);
    return e->type == PT_LOAD ? 2 * one : one;
}

bool core_entry_decode(const struct core_machine *m, const uint8_t *data, struct core_entry *e)
{
    e->type = (uint32_t)GET(data, m, Phdr, p_type);
    e->offset = GET(data, m, Phdr, p_offset);
    e->address = GET(data, m, Phdr, p_vaddr);
    e->size = GET(data, m, Phdr, p_filesz);
    return e->type != PT_LOAD || GET(data, m, Phdr, p_memsz) == e->size;
}

/* ---- notes ---- */

static size_t pad4(size_t n)
{
    return (n + 3) & ~(size_t)3;
}

int core_note_add(struct buf *out, const struct core_machine *m, const char *name, uint32_t type,
                  const void *data, size_t len)
{
    static const uint8_t zeros[4];
    uint8_t header[NOTE_HEADER];
    size_t name_len = strlen(name) + 1;
    core_number_put(header, 4, m->big, name_len);
    core_number_put(header + 4, 4, m->big, len);
    core_number_put(header + 8, 4, m->big, type);
    (void)buf_add(out, header, sizeof header);
    (void)buf_add(out, name, name_len);
    (void)buf_add(out, zeros, pad4(name_len) - name_len);
    (void)buf_add(out, data, len);
    (void)buf_add(out, zeros, pad4(len) - len);
    return out->error;
}

bool core_note_next(const struct core_machine *m, const uint8_t **data, size_t *len,
                    struct core_note *note)
{
    if (*len < NOTE_HEADER)
        return false;
    const uint8_t *at = *data;
    size_t name_len = (size_t)core_number_get(at, 4, m->big), left = *len - NOTE_HEADER;
    note->len = (size_t)core_number_get(at + 4, 4, m->big);
    note->type = (uint32_t)core_number_get(at + 8, 4, m->big);
    note->name = (const char *)at + NOTE_HEADER;
    if (name_len > ELF_CORE_NOTE_NAME_MAX || pad4(name_len) > left ||
        note->len > left - pad4(name_len))
        return false;
    note->name_len = strnlen(note->name, name_len);
    note->data = at + NOTE_HEADER + pad4(name_len);
    left -= pad4(name_len) + note->len;
    size_t padding = pad4(note->len) - note->len;
    *data = note->data + note->len + (padding < left ? padding : left);
    *len = padding < left ? left - padding : 0;
    return true;
}
