/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A stopped kernel as data; see image.h. */
#include "freebsd/image.h"

#include <stdio.h>
#include <string.h>

#include "proto/visible.h"

enum {
    PAGE_BYTES = 4096,  /* the smallest page */
    STRING_PIECE = 256, /* bytes of a string that are read at once */
};

static const struct {
    const char *unit, *path;
} paths[IMAGE_FIELDS] = {
    [FILE_NEXT] = {"kern_linker.c", "linker_file.link.tqe_next"},
    [FILE_PATHNAME] = {"kern_linker.c", "linker_file.pathname"},
    [FILE_FILENAME] = {"kern_linker.c", "linker_file.filename"},
    [FILE_ID] = {"kern_linker.c", "linker_file.id"},
    [FILE_REFS] = {"kern_linker.c", "linker_file.refs"},
    [FILE_ADDRESS] = {"kern_linker.c", "linker_file.address"},
    [FILE_SIZE] = {"kern_linker.c", "linker_file.size"},
    [FILE_OPS] = {"kern_linker.c", "linker_file.ops"},
    [OPS_CLASS] = {"kern_linker.c", "linker_file.ops->cls"},
    [CLASS_NAME] = {"kern_linker.c", "linker_file.ops->cls->name"},
    [OBJECT_SECTIONS] = {"link_elf_obj.c", "elf_file.progtab"},
    [OBJECT_COUNT] = {"link_elf_obj.c", "elf_file.nprogtab"},
    [SECTION_ADDRESS] = {"link_elf_obj.c", "elf_file.progtab->addr"},
    [SECTION_SIZE] = {"link_elf_obj.c", "elf_file.progtab->size"},
    [SECTION_NUMBER] = {"link_elf_obj.c", "elf_file.progtab->sec"},
    [SECTION_ENTRY] = {"link_elf_obj.c", "elf_file.progtab->"},
    [PROC_NEXT] = {"kern_proc.c", "proc.p_list.le_next"},
    [PROC_PID] = {"kern_proc.c", "proc.p_pid"},
    [PROC_STATE] = {"kern_proc.c", "proc.p_state"},
    [PROC_COMMAND] = {"kern_proc.c", "proc.p_comm"},
    [PROC_THREADS] = {"kern_proc.c", "proc.p_threads.tqh_first"},
    [THREAD_NEXT] = {"kern_proc.c", "thread.td_plist.tqe_next"},
    [THREAD_PROC] = {"kern_proc.c", "thread.td_proc"},
    [THREAD_TID] = {"kern_proc.c", "thread.td_tid"},
    [THREAD_NAME] = {"kern_proc.c", "thread.td_name"},
    [THREAD_STATE] = {"kern_proc.c", "thread.td_state"},
    [THREAD_INHIBITORS] = {"kern_proc.c", "thread.td_inhibitors"},
    [THREAD_WAIT_CHANNEL] = {"kern_proc.c", "thread.td_wchan"},
    [THREAD_WAIT_MESSAGE] = {"kern_proc.c", "thread.td_wmesg"},
    [THREAD_LOCK_NAME] = {"kern_proc.c", "thread.td_lockname"},
    [THREAD_ON_CPU] = {"kern_proc.c", "thread.td_oncpu"},
    [THREAD_LAST_CPU] = {"kern_proc.c", "thread.td_lastcpu"},
    [THREAD_STACK] = {"kern_proc.c", "thread.td_kstack"},
    [THREAD_STACK_PAGES] = {"kern_proc.c", "thread.td_kstack_pages"},
    [MSGBUF_TEXT] = {"subr_msgbuf.c", "msgbuf.msg_ptr"},
    [MSGBUF_MAGIC] = {"subr_msgbuf.c", "msgbuf.msg_magic"},
    [MSGBUF_SIZE] = {"subr_msgbuf.c", "msgbuf.msg_size"},
    [MSGBUF_WRITTEN] = {"subr_msgbuf.c", "msgbuf.msg_wseq"},
    [MSGBUF_FLAGS] = {"subr_msgbuf.c", "msgbuf.msg_flags"},
    [PCPU_THREAD] = {"subr_pcpu.c", "pcpu.pc_curthread"},
    [PCPU_IDLE_THREAD] = {"subr_pcpu.c", "pcpu.pc_idlethread"},
    [PRISON_HOSTNAME] = {"kern_jail.c", "prison.pr_hostname"},
};

void image_init(struct image *im, struct target *target, struct symbols *symbols,
                const struct log *log)
{
    *im = (struct image){.symbols = symbols, .log = log};
    memory_init(&im->memory, target);
}

void image_free(struct image *im)
{
    memory_free(&im->memory);
    types_close(im->types);
    im->types = NULL;
}

void image_forget(struct image *im)
{
    memory_forget(&im->memory);
}

bool image_usable(struct image *im, const char **why)
{
    struct types_member pid;
    const struct elf_ident *ident = im->symbols != NULL ? symbols_ident(im->symbols) : NULL;
    *why = NULL;
    if (!types_built())
        *why = "this netgdb was built without libdw";
    else if (ident == NULL)
        *why = "it needs the kernel's symbols: start gdb with kernel.debug";
    else if (!symbols_may_answer(im->symbols))
        *why = "the symbols are not this kernel's";
    if (*why != NULL || ident == NULL)
        return false;
    im->memory.big = ident->big;
    im->memory.word = ident->is64 ? 8 : 4;
    const struct symtab *table = im->types == NULL ? symbols_table(im->symbols) : NULL;
    if (table != NULL)
        im->types = types_open(symtab_path(table));
    if (im->types == NULL)
        *why = "the kernel's file has no debug information: use kernel.debug";
    else if (!image_member(im, PROC_PID, &pid))
        *why = "the debug information has no struct proc of a FreeBSD kernel";
    return *why == NULL;
}

bool image_variable(struct image *im, const char *name, uint64_t *address)
{
    return symbols_address(im->symbols, name, true, address);
}

bool image_member(struct image *im, enum image_field field, struct types_member *m)
{
    if (im->fields[field].state == FIELD_UNKNOWN) {
        bool found =
            types_member(im->types, paths[field].unit, paths[field].path, &im->fields[field].at);
        im->fields[field].state = found ? FIELD_FOUND : FIELD_MISSING;
    }
    *m = im->fields[field].at;
    return im->fields[field].state == FIELD_FOUND;
}

int image_pointer(struct image *im, const char *name, uint64_t *value)
{
    return image_number(im, name, im->memory.word, value);
}

int image_number(struct image *im, const char *name, unsigned size, uint64_t *value)
{
    uint64_t address;
    *value = 0;
    if (!image_variable(im, name, &address))
        return IMAGE_UNREADABLE;
    return memory_number(&im->memory, address, size, value);
}

int image_get(struct image *im, uint64_t base, enum image_field field, uint64_t *value)
{
    struct types_member m;
    *value = 0;
    if (base == 0 || !image_member(im, field, &m) || m.size == 0 || m.size > 8)
        return IMAGE_UNREADABLE;
    return memory_number(&im->memory, base + m.offset, (unsigned)m.size, value);
}

/* The range of the members that the kernel has. Returns false if it has none of them. */
static bool find_span(struct image *im, const enum image_field *fields, size_t n, uint64_t *first,
                      uint64_t *end)
{
    struct types_member m;
    *first = UINT64_MAX;
    *end = 0;
    for (size_t i = 0; i < n; i++) {
        if (!image_member(im, fields[i], &m))
            continue;
        *first = m.offset < *first ? m.offset : *first;
        *end = m.offset + m.size > *end ? m.offset + m.size : *end;
    }
    return *first < *end;
}

int object_read(struct image *im, struct image_object *o, uint64_t base,
                const enum image_field *fields, size_t n)
{
    uint64_t first, end;
    o->first = o->len = 0;
    if (base == 0 || !find_span(im, fields, n, &first, &end) || end - first > sizeof o->bytes)
        return IMAGE_UNREADABLE;
    o->first = first;
    o->len = (size_t)(end - first);
    int rc = memory_read(&im->memory, base + first, o->bytes, o->len);
    if (rc != 0)
        o->len = 0; /* it has no bytes */
    return rc;
}

/* The bytes of a member. NULL: it was not read. */
static const uint8_t *find_bytes(struct image *im, const struct image_object *o,
                                 enum image_field field, size_t *size)
{
    struct types_member m;
    if (!image_member(im, field, &m) || m.offset < o->first || m.size == 0 ||
        m.offset - o->first > o->len || m.size > o->len - (m.offset - o->first))
        return NULL;
    *size = (size_t)m.size;
    return o->bytes + (m.offset - o->first);
}

int object_get(struct image *im, const struct image_object *o, enum image_field field,
               uint64_t *value)
{
    size_t size;
    const uint8_t *bytes = find_bytes(im, o, field, &size);
    *value = 0;
    if (bytes == NULL || size > 8)
        return IMAGE_UNREADABLE;
    *value = memory_decode(&im->memory, bytes, (unsigned)size);
    return 0;
}

int object_text(struct image *im, const struct image_object *o, enum image_field field, char *text,
                size_t size)
{
    size_t len;
    const uint8_t *bytes = find_bytes(im, o, field, &len);
    text[0] = '\0';
    if (bytes == NULL)
        return IMAGE_UNREADABLE;
    (void)snprintf(text, size, "%.*s", (int)len, (const char *)bytes);
    visible_ascii_line(text);
    return 0;
}

/*
 * Reads a string up to a character of `ends`, or its NUL. The pieces do not cross a page: the next
 * one may not be mapped.
 */
static int read_string(struct image *im, uint64_t address, const char *ends, char *text,
                       size_t size)
{
    size_t done = 0, most = size - 1;
    int rc = address == 0 ? IMAGE_UNREADABLE : 0;
    text[0] = '\0';
    while (rc == 0 && done < most && strlen(text) == done) {
        size_t n = PAGE_BYTES - (size_t)((address + done) % PAGE_BYTES);
        n = n < STRING_PIECE ? n : STRING_PIECE;
        n = n < most - done ? n : most - done;
        rc = memory_read(&im->memory, address + done, text + done, n);
        text[rc == 0 ? done + n : done] = '\0';
        text[strcspn(text, ends)] = '\0';
        done += rc == 0 ? n : 0;
    }
    if (rc == IMAGE_UNREADABLE && done != 0)
        rc = 0; /* the text ends where the memory does */
    if (rc != 0)
        text[0] = '\0';
    visible_ascii_line(text);
    return rc;
}

static int read_ascii(struct image *im, uint64_t address, char *text, size_t size)
{
    return read_string(im, address, "", text, size);
}

int object_string(struct image *im, const struct image_object *o, enum image_field field,
                  char *text, size_t size)
{
    uint64_t address;
    text[0] = '\0';
    int rc = object_get(im, o, field, &address);
    return rc != 0 || address == 0 ? rc : read_ascii(im, address, text, size);
}

/* Brent's algorithm: the mark moves on whenever the number of addresses has doubled. */
bool walk_repeats(struct image_walk *w, uint64_t address)
{
    if (w->n != 0 && address == w->mark)
        return true;
    if ((w->n & (w->n + 1)) == 0) /* 0, 1, 3, 7, … */
        w->mark = address;
    w->n++;
    return false;
}

int image_text(struct image *im, uint64_t base, enum image_field field, char *text, size_t size)
{
    struct types_member m;
    text[0] = '\0';
    if (base == 0 || !image_member(im, field, &m) || m.size == 0)
        return IMAGE_UNREADABLE;
    return read_ascii(im, base + m.offset, text, m.size < size ? (size_t)m.size + 1 : size);
}

int image_line(struct image *im, uint64_t address, char *text, size_t size)
{
    return read_string(im, address, "\n", text, size);
}

int image_string_of(struct image *im, uint64_t base, enum image_field field, char *text,
                    size_t size)
{
    uint64_t address;
    text[0] = '\0';
    int rc = image_get(im, base, field, &address);
    return rc != 0 || address == 0 ? rc : read_ascii(im, address, text, size);
}

const char *image_enumerator(struct image *im, enum image_field field, uint64_t value)
{
    const char *name = types_enumerator(im->types, paths[field].unit, paths[field].path, value);
    const char *prefix = name != NULL ? strchr(name, '_') : NULL;
    return prefix != NULL ? prefix + 1 : name;
}
