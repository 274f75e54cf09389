/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opens ELF files and reads everything but symbols; see elf_file.h. */
#include "symbols/elf_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/err.h"

/* O_NONBLOCK: the open of a FIFO must not block; the next check refuses it. */
static int open_regular(struct elf_file *f, const char *path, const char **why)
{
    struct stat st;
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (f->fd < 0 || fstat(f->fd, &st) != 0) {
        *why = strerror(errno);
        return NETGDB_IO;
    }
    if (!S_ISREG(st.st_mode)) {
        *why = "not a regular file";
        return NETGDB_IO;
    }
    f->size = (uint64_t)st.st_size;
    return 0;
}

static int open_elf_file(struct elf_file *f, const char *path, bool relocatable, const char **why)
{
    *f = (struct elf_file){.fd = -1};
    int rc = open_regular(f, path, why);
    if (rc == 0)
        rc = elf_check(f->fd, f->size, relocatable, &f->ident, why);
    if (rc == 0) {
        elf_version(EV_CURRENT);
        f->elf = elf_begin(f->fd, ELF_C_READ, NULL);
        if (f->elf == NULL || elf_kind(f->elf) != ELF_K_ELF) {
            *why = "libelf cannot read it";
            rc = NETGDB_PROTO;
        }
    }
    if (rc != 0)
        elf_file_close(f);
    return rc;
}

int elf_file_open(struct elf_file *f, const char *path, const char **why)
{
    return open_elf_file(f, path, false, why);
}

int elf_file_open_module(struct elf_file *f, const char *path, const char **why)
{
    return open_elf_file(f, path, true, why);
}

void elf_file_close(struct elf_file *f)
{
    elf_end(f->elf);
    if (f->fd >= 0)
        close(f->fd);
    *f = (struct elf_file){.fd = -1};
}

int elf_file_check(const char *path, const char **why)
{
    struct elf_file f;
    int rc = elf_file_open(&f, path, why);
    elf_file_close(&f);
    return rc;
}

void elf_file_loader(const struct elf_file *f, char *out, size_t size)
{
    GElf_Phdr segment;
    size_t count;
    out[0] = '\0';
    if (elf_getphdrnum(f->elf, &count) != 0)
        return;
    for (size_t i = 0; i < count; i++) {
        if (gelf_getphdr(f->elf, (int)i, &segment) == NULL || segment.p_type != PT_INTERP ||
            segment.p_filesz >= size)
            continue;
        ssize_t got = pread(f->fd, out, (size_t)segment.p_filesz, (off_t)segment.p_offset);
        out[got == (ssize_t)segment.p_filesz ? got : 0] = '\0';
        return;
    }
}

/* Returns the name of a section, "" if it has none. Owned by the file. */
static const char *section_name(const struct elf_file *f, const GElf_Shdr *header)
{
    size_t strings;
    const char *name = NULL;
    if (elf_getshdrstrndx(f->elf, &strings) == 0)
        name = elf_strptr(f->elf, strings, header->sh_name);
    return name != NULL ? name : "";
}

Elf_Scn *elf_file_section(const struct elf_file *f, uint32_t type, const char *name,
                          GElf_Shdr *header)
{
    for (Elf_Scn *s = NULL; (s = elf_nextscn(f->elf, s)) != NULL;) {
        if (gelf_getshdr(s, header) == NULL)
            continue;
        if (name == NULL ? header->sh_type == type : strcmp(section_name(f, header), name) == 0)
            return s;
    }
    return NULL;
}

/* Finds the header of the section that contains a link-time address. */
static bool find_section_at(const struct elf_file *f, uint64_t address, GElf_Shdr *header)
{
    for (Elf_Scn *s = NULL; (s = elf_nextscn(f->elf, s)) != NULL;) {
        if (gelf_getshdr(s, header) != NULL && (header->sh_flags & SHF_ALLOC) != 0 &&
            (header->sh_flags & SHF_TLS) == 0 && address >= header->sh_addr &&
            address - header->sh_addr < header->sh_size)
            return true;
    }
    return false;
}

size_t elf_file_contents(const struct elf_file *f, uint64_t address, void *bytes, size_t len)
{
    GElf_Shdr header;
    if (!find_section_at(f, address, &header) || header.sh_type == SHT_NOBITS)
        return 0;
    uint64_t at = address - header.sh_addr;
    if (len > header.sh_size - at)
        len = (size_t)(header.sh_size - at);
    ssize_t got = pread(f->fd, bytes, len, (off_t)(header.sh_offset + at));
    return got < 0 ? 0 : (size_t)got;
}

static const char note_owner[] = "GNU";

/* A note in libelf's memory. */
struct elf_note {
    uint32_t name_len, len, type; /* name_len: with its NUL */
    const uint8_t *name, *bytes;
};

/*
 * Reads the note at this offset; libelf has converted its header to this machine's byte order. Name
 * and content are padded to 4 bytes, or to 8 in a section that is aligned so. Returns the offset of
 * the next note; 0: none here.
 */
static size_t next_note(const Elf_Data *data, size_t at, struct elf_note *note)
{
    const uint8_t *bytes = data->d_buf;
    size_t size = data->d_size, mask = data->d_align == 8 ? 7 : 3;
    Elf32_Nhdr header; /* the same for 64 bits */
    if (at > size || size - at < sizeof header)
        return 0;
    memcpy(&header, bytes + at, sizeof header);
    size_t name = at + sizeof header;
    if (header.n_namesz > size - name)
        return 0;
    size_t desc = (name + header.n_namesz + mask) & ~mask;
    if (desc > size || header.n_descsz > size - desc)
        return 0;
    *note = (struct elf_note){header.n_namesz, header.n_descsz, header.n_type, bytes + name,
                              bytes + desc};
    size_t next = (desc + header.n_descsz + mask) & ~mask;
    return next < size ? next : size;
}

/* Finds the build-id among the notes of a section. */
static bool find_build_id(Elf_Scn *section, const GElf_Shdr *header, struct build_id *id)
{
    Elf_Data *data = elf_getdata(section, NULL);
    struct elf_note note;
    size_t next;
    if (data == NULL || data->d_buf == NULL)
        return false;
    for (size_t at = 0; (next = next_note(data, at, &note)) > 0; at = next) {
        if (note.type != NT_GNU_BUILD_ID || note.name_len != sizeof note_owner ||
            memcmp(note.name, note_owner, sizeof note_owner) != 0 || note.len == 0 ||
            note.len > BUILD_ID_MAX)
            continue;
        memcpy(id->bytes, note.bytes, note.len);
        id->len = note.len;
        id->address = (header->sh_flags & SHF_ALLOC) != 0 ? header->sh_addr + at : 0;
        return true;
    }
    return false;
}

void elf_file_build_id(const struct elf_file *f, struct build_id *id)
{
    GElf_Shdr header;
    memset(id, 0, sizeof *id);
    for (Elf_Scn *s = NULL; (s = elf_nextscn(f->elf, s)) != NULL;) {
        if (gelf_getshdr(s, &header) != NULL && header.sh_type == SHT_NOTE &&
            find_build_id(s, &header, id))
            return;
    }
}

/* The section has a name, its NUL, padding to 4 bytes, and the CRC in the file's byte order. */
const char *elf_file_debuglink(const struct elf_file *f, uint32_t *crc)
{
    GElf_Shdr header;
    Elf_Scn *section = elf_file_section(f, SHT_NULL, ".gnu_debuglink", &header);
    Elf_Data *data = section != NULL ? elf_rawdata(section, NULL) : NULL;
    if (data == NULL || data->d_buf == NULL || data->d_size < 8)
        return NULL;
    const uint8_t *bytes = data->d_buf, *end = memchr(bytes, '\0', data->d_size);
    if (end == NULL || end == bytes)
        return NULL;
    size_t at = ((size_t)(end - bytes) + 4) & ~(size_t)3;
    if (at + 4 > data->d_size || memchr(bytes, '/', (size_t)(end - bytes)) != NULL)
        return NULL;
    const uint8_t *c = bytes + at;
    *crc = f->ident.big ? (uint32_t)c[0] << 24 | (uint32_t)c[1] << 16 | (uint32_t)c[2] << 8 | c[3]
                        : (uint32_t)c[3] << 24 | (uint32_t)c[2] << 16 | (uint32_t)c[1] << 8 | c[0];
    return data->d_buf;
}

uint64_t elf_file_base(const struct elf_file *f)
{
    size_t n;
    uint64_t base = UINT64_MAX;
    if (elf_getphdrnum(f->elf, &n) != 0)
        return 0;
    for (size_t i = 0; i < n; i++) {
        GElf_Phdr segment;
        if (gelf_getphdr(f->elf, (int)i, &segment) != NULL && segment.p_type == PT_LOAD &&
            segment.p_vaddr < base)
            base = segment.p_vaddr;
    }
    return base == UINT64_MAX ? 0 : base;
}
