/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modules as libraries; see libraries.h. */
#include "freebsd/libraries.h"

#include <inttypes.h>
#include <stdlib.h>

#include "proto/xml.h"
#include "symbols/build_id_match.h"

struct list {
    struct image *im;
    const struct module_places *places;
    enum libraries_form form;
    struct buf *xml;
    unsigned relocatable; /* modules that SVR4 libraries cannot express */
};

static void add_section_address(void *context, uint64_t address)
{
    struct list *l = context;
    (void)buf_printf(l->xml, "<section address=\"0x%" PRIx64 "\"/>", address);
}

/* The lowest address of the file's segments, and its dynamic section's. */
static void find_addresses(const struct elf_file *file, uint64_t *base, uint64_t *dynamic)
{
    GElf_Shdr header;
    *base = elf_file_base(file);
    *dynamic = elf_file_section(file, SHT_DYNAMIC, NULL, &header) != NULL ? header.sh_addr : 0;
}

static void add_target_library(struct list *l, const struct module *m, const char *path,
                               const struct elf_file *file)
{
    uint64_t base, dynamic;
    (void)buf_adds(l->xml, "<library name=\"");
    xml_add_text(l->xml, path);
    (void)buf_adds(l->xml, "\">");
    find_addresses(file, &base, &dynamic);
    if (m->relocatable)
        module_file_sections(m, file, add_section_address, l);
    else
        (void)buf_printf(l->xml, "<segment address=\"0x%" PRIx64 "\"/>", m->address + base);
    (void)buf_adds(l->xml, "</library>\n");
}

static void add_svr4_library(struct list *l, const struct module *m, const char *path,
                             const struct elf_file *file)
{
    uint64_t base, dynamic;
    find_addresses(file, &base, &dynamic);
    (void)buf_adds(l->xml, "<library name=\"");
    xml_add_text(l->xml, path);
    (void)buf_printf(l->xml,
                     "\" lmid=\"0x0\" lm=\"0x%" PRIx64 "\" l_addr=\"0x%" PRIx64
                     "\" l_ld=\"0x%" PRIx64 "\"/>\n",
                     m->file, m->address, m->address + dynamic);
}

/* Whether a module with addresses has the build-id of its file, where the note is loaded. */
static int is_same_build(struct list *l, const struct module *m, const char *path,
                         const struct elf_file *file, bool *same)
{
    enum file_match match = MATCH_UNKNOWN;
    struct build_id id;
    *same = true;
    if (m->relocatable)
        return 0; /* its sections' sizes were compared */
    elf_file_build_id(file, &id);
    int rc = match_build_id(l->im->memory.target, path, &file->ident, &id, m->address, l->im->log,
                            &match);
    *same = match != MATCH_MISMATCH;
    return rc;
}

static int add_found(struct list *l, const struct module *m, const char *path,
                     const struct elf_file *file)
{
    bool same;
    int rc = is_same_build(l, m, path, file, &same);
    if (rc != 0 || !same)
        return rc;
    if (l->form == LIBRARIES_SVR4)
        add_svr4_library(l, m, path, file);
    else
        add_target_library(l, m, path, file);
    return l->xml->error;
}

static int add_module(struct list *l, struct module *m)
{
    struct elf_file file;
    char why[512];
    int rc = m->relocatable ? module_read_sections(l->im, m) : 0;
    if (rc == IMAGE_UNREADABLE) {
        log_warn(l->im->log, "module %s: its sections cannot be read: left out", module_name(m));
        return 0;
    }
    if (rc != 0)
        return rc;
    char *path = module_file_open(m, l->places, &file, why, sizeof why);
    if (path == NULL) {
        log_warn(l->im->log, "module %s: %s", module_name(m), why);
        return 0;
    }
    rc = add_found(l, m, path, &file);
    elf_file_close(&file);
    free(path);
    return rc;
}

/* Adds all but the kernel itself, which comes first. */
static int add_modules(struct list *l, struct modules *modules)
{
    int rc = 0;
    for (size_t i = 1; rc == 0 && i < modules->n; i++) {
        bool possible = l->form == LIBRARIES_TARGET || !modules->list[i].relocatable;
        l->relocatable += !possible;
        if (possible)
            rc = add_module(l, &modules->list[i]);
    }
    if (modules->problem[0] != '\0')
        log_warn(l->im->log, "%s", modules->problem);
    if (l->relocatable != 0)
        log_warn(
            l->im->log,
            "%u modules are relocatable, which this gdb cannot load for FreeBSD's OS ABI: type "
            "\"set osabi none\" before the file is loaded",
            l->relocatable);
    return rc;
}

int libraries_add_xml(struct image *im, const struct module_places *places,
                      enum libraries_form form, struct buf *xml)
{
    static const char *const names[] = {
        [LIBRARIES_TARGET] = "library-list", [LIBRARIES_SVR4] = "library-list-svr4"};
    struct list l = {.im = im, .places = places, .form = form, .xml = xml};
    struct modules modules = {.list = NULL};
    uint64_t list;
    int rc = 0;
    (void)buf_printf(xml, "<%s version=\"1.0\">\n", names[form]);
    if (image_variable(im, "linker_files", &list)) /* else the kernel cannot load modules */
        rc = modules_read(im, &modules);
    if (rc == 0)
        rc = add_modules(&l, &modules);
    modules_free(&modules);
    (void)buf_printf(xml, "</%s>\n", names[form]);
    return rc == 0 ? xml->error : rc;
}
