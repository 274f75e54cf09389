/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The symbols of a session; see symbols.h. */
#include "symbols/symbols.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "proto/rsp/rsp.h"
#include "symbols/build_id_match.h"
#include "symbols/find_slide.h"
#include "symbols/symtab_private.h"

/* The facts about the file other than its symbols. */
struct facts {
    enum { FACTS_UNREAD, FACTS_READ, FACTS_BAD } state;
    struct elf_ident ident;
    struct build_id id;
    uint64_t base;          /* lowest address of its segments */
    struct regions regions; /* its allocated sections, at link-time addresses */
};

/* The stub's reply to qOffsets. */
struct offsets {
    bool seen;      /* there was a reply */
    bool moved;     /* all sections moved by `slide` */
    bool apart;     /* sections moved by different offsets */
    uint64_t slide; /* modulo 2^64 */
};

struct symbols {
    char *path;  /* NULL: no file */
    bool chosen; /* given by symbols= */
    struct symbols_options options;
    struct facts facts;
    struct symtab *table;
    bool load_tried;
    bool prepared; /* qOffsets was sent, and the file was compared */
    bool rejected; /* another target's file */
    struct offsets offsets;
    struct {
        bool known;
        uint64_t pc;
    } stop;
    bool slide_found; /* in memory; slide= and qOffsets take precedence */
    uint64_t slide;
    enum file_match match;
};

struct symbols *symbols_new(const struct symbols_options *options)
{
    struct symbols *s = calloc(1, sizeof *s);
    const char *path = options->file != NULL ? options->file : options->program;
    if (s == NULL)
        return NULL;
    s->options = *options;
    s->chosen = options->file != NULL;
    if (path != NULL && (s->path = strdup(path)) == NULL) {
        free(s);
        return NULL;
    }
    return s;
}

void symbols_free(struct symbols *s)
{
    if (s == NULL)
        return;
    symtab_free(s->table);
    regions_free(&s->facts.regions);
    free(s->path);
    free(s);
}

bool symbols_named(const struct symbols *s)
{
    return s->path != NULL;
}

/* Reads the facts once. Logs an unusable file, as symtab_open() does. */
static bool read_facts(struct symbols *s)
{
    struct elf_file file;
    const char *why = NULL;
    if (s->path == NULL || s->facts.state != FACTS_UNREAD)
        return s->facts.state == FACTS_READ;
    s->facts.state = FACTS_BAD;
    if (elf_file_open(&file, s->path, &why) != 0) {
        log_warn(s->options.log, "symbols%s%s: %s: continuing without its symbols",
                 s->chosen ? "=" : ": ", s->path, why);
        return false;
    }
    s->facts.ident = file.ident;
    s->facts.base = elf_file_base(&file);
    elf_file_build_id(&file, &s->facts.id);
    if (symtab_load_regions(&s->facts.regions, &file) != 0)
        regions_free(&s->facts.regions); /* too many: none is known */
    elf_file_close(&file);
    s->facts.state = FACTS_READ;
    return true;
}

const struct symtab *symbols_table(struct symbols *s)
{
    if (!s->load_tried && read_facts(s))
        s->table = symtab_open(s->path, s->options.log);
    s->load_tried = true;
    return s->table;
}

/* Parses a field "NAME=hex" and an optional ';', and moves *text past them. */
static bool parse_field(const uint8_t **text, size_t *len, const char *name, uint64_t *value)
{
    size_t width = strlen(name);
    if (*len < width || memcmp(*text, name, width) != 0)
        return false;
    size_t digits = rsp_hex_number(*text + width, *len - width, value);
    if (digits == 0)
        return false;
    *text += width + digits;
    *len -= width + digits;
    if (*len > 0 && **text == ';') {
        ++*text;
        --*len;
    }
    return true;
}

/*
 * "Text=zzz;Data=yyy[;Bss=xxx]" are offsets of sections, "TextSeg=zzz[;DataSeg=yyy]" addresses of
 * segments (GDB manual, "qOffsets"). Only one slide for all is supported; if sections moved by
 * different offsets, questions are left to GDB.
 */
static struct offsets parse_offsets(struct symbols *s, const uint8_t *reply, size_t len)
{
    struct offsets o = {.seen = true};
    uint64_t text = 0, data = 0;
    if (parse_field(&reply, &len, "TextSeg=", &text)) {
        o.apart = !read_facts(s) || len != 0;
        o.slide = text - s->facts.base;
    } else if (parse_field(&reply, &len, "Text=", &text)) {
        o.apart = !parse_field(&reply, &len, "Data=", &data) || data != text;
        o.slide = text;
    } else {
        return o;
    }
    o.moved = !o.apart;
    return o;
}

void symbols_offsets(struct symbols *s, const uint8_t *reply, size_t len)
{
    struct offsets now = parse_offsets(s, reply, len), *was = &s->offsets;
    /* A comparison at other addresses is void. */
    if (was->moved != now.moved || was->apart != now.apart || was->slide != now.slide) {
        s->prepared = false;
        s->match = MATCH_UNKNOWN;
    }
    *was = now;
}

void symbols_stopped_at(struct symbols *s, uint64_t pc)
{
    s->stop.known = true;
    s->stop.pc = pc;
}

void symbols_reject(struct symbols *s)
{
    s->rejected = true;
}

void symbols_forget(struct symbols *s)
{
    s->prepared = false;
    s->offsets = (struct offsets){0};
    s->stop.known = s->slide_found = false;
    s->match = MATCH_UNKNOWN;
}

bool symbols_slide(struct symbols *s, uint64_t *slide)
{
    const struct offsets *o = &s->offsets;
    *slide = s->options.have_slide ? s->options.slide
             : o->moved            ? o->slide
             : s->slide_found      ? s->slide
                                   : 0;
    if (!read_facts(s))
        return false;
    return s->options.have_slide || o->moved || s->slide_found ||
           (!o->apart && s->facts.ident.type == ET_EXEC);
}

static int ask_offsets(struct symbols *s, struct target *t)
{
    struct buf reply;
    buf_init(&reply, TARGET_REPLY_MAX);
    int rc = target_ask(t, "qOffsets", &reply);
    if (rc == 0)
        symbols_offsets(s, reply.data, reply.len);
    buf_free(&reply);
    return rc;
}

/* Searches memory for the kernel if it may be at another address. */
static int search_slide(struct symbols *s, struct target *t)
{
    enum file_match match;
    uint64_t slide;
    if (s->options.have_slide || s->offsets.moved || s->offsets.apart || !s->stop.known ||
        symbols_table(s) == NULL)
        return 0;
    int found = find_slide(t, s->path, s->table, &s->facts.id, s->stop.pc, &slide, &match);
    if (found != 1)
        return found;
    s->slide_found = true;
    s->slide = slide;
    s->match = match;
    log_warn(s->options.log, "the kernel is not at its link-time address: symbols move by %s%#llx",
             (int64_t)slide < 0 ? "-" : "",
             (unsigned long long)((int64_t)slide < 0 ? 0 - slide : slide));
    return 0;
}

/* Compares `version` only for FreeBSD, since that loads the symbols; x86 kernels have its OSABI. */
static int compare_with_target(struct symbols *s, struct target *t, uint64_t slide)
{
    const struct log *log = s->options.log;
    const struct elf_ident *ident = &s->facts.ident;
    const struct build_id *id = &s->facts.id;
    int rc = match_build_id(t, s->path, ident, id, slide, log, &s->match);
    bool freebsd = s->options.freebsd || ident->osabi == ELFOSABI_FREEBSD;
    if (rc != 0 || s->match != MATCH_UNKNOWN || !freebsd || symbols_table(s) == NULL)
        return rc;
    rc = match_version(t, s->path, s->table, slide, log, &s->match);
    if (rc == 0 && s->match == MATCH_UNKNOWN)
        rc = search_slide(s, t);
    if (rc == 0 && s->match == MATCH_UNKNOWN && !s->options.recorded)
        s->match = match_missing(s->path, s->table, id, slide, log);
    return rc;
}

int symbols_prepare(struct symbols *s, struct target *t)
{
    uint64_t slide;
    int rc = 0;
    if (s->prepared || s->rejected || !read_facts(s))
        return 0;
    if (!s->offsets.seen && !s->options.have_slide)
        rc = ask_offsets(s, t);
    if (rc == 0 && symbols_slide(s, &slide))
        rc = compare_with_target(s, t, slide);
    s->prepared = rc == 0;
    return rc;
}

bool symbols_may_answer(struct symbols *s)
{
    uint64_t slide;
    if (s->rejected || s->match == MATCH_MISMATCH || !symbols_slide(s, &slide))
        return false;
    return s->chosen || s->match == MATCH_BUILD_ID || s->options.only == NULL ||
           s->options.only(s->options.context);
}

bool symbols_region(struct symbols *s, uint64_t address, struct region *region)
{
    uint64_t slide;
    if (!symbols_may_answer(s) || !symbols_slide(s, &slide))
        return false;
    const struct region *found = regions_find(&s->facts.regions, address - slide);
    if (found == NULL)
        return false;
    *region = (struct region){found->first + slide, found->last + slide, found->kind};
    return region->first <= region->last;
}

const struct elf_ident *symbols_ident(struct symbols *s)
{
    return read_facts(s) ? &s->facts.ident : NULL;
}

bool symbols_base(struct symbols *s, uint64_t *base)
{
    bool read = read_facts(s);
    *base = s->facts.base;
    return read;
}

void symbols_describe_match(const struct symbols *s, char *text, size_t size)
{
    const struct build_id *id = &s->facts.id;
    const char *slash = s->path != NULL ? strrchr(s->path, '/') : NULL;
    const char *name = slash != NULL ? slash + 1 : s->path;
    text[0] = '\0';
    if (s->match == MATCH_BUILD_ID && id->len >= 4)
        (void)snprintf(text, size, "build-id %02x%02x%02x%02x… matches %s", id->bytes[0],
                       id->bytes[1], id->bytes[2], id->bytes[3], name);
    else if (s->match == MATCH_VERSION)
        (void)snprintf(text, size, "the version matches %s", name);
}

const uint8_t *symbols_build_id(const struct symbols *s, size_t *len)
{
    *len = s->match == MATCH_BUILD_ID ? s->facts.id.len : 0;
    return *len != 0 ? s->facts.id.bytes : NULL;
}

/* In a relocated program GDB also relocates absolute symbols, and does not relocate the code
 * address in ppc64's function descriptors (ELFv1, see symtab_load.c); so these are not certain. */
static bool is_certain_address(const struct symbols *s, const struct symbol *symbol, uint64_t slide)
{
    const struct elf_ident *ident = &s->facts.ident;
    bool descriptors = ident->machine == EM_PPC64 && (ident->flags & 3) < 2;
    bool odd = symbol->kind == SYMBOL_ABSOLUTE || (symbol->kind == SYMBOL_CODE && descriptors);
    return symbol->certain && (slide == 0 || !odd);
}

bool symbols_address(struct symbols *s, const char *name, bool guess, uint64_t *address)
{
    struct symbol symbol;
    uint64_t slide;
    const struct symtab *table = symbols_table(s);
    size_t n = table != NULL ? symtab_find(table, name, &symbol) : 0;
    if (n == 0 || symbol.kind == SYMBOL_TLS || symbol.ask || !symbols_slide(s, &slide) ||
        (!guess && !is_certain_address(s, &symbol, slide)))
        return false;
    if (n > 1)
        log_info(s->options.log, "symbols: %s: %zu symbols have this name, using the first (%s)",
                 name, n, symbol.name);
    *address = symbol.address + (symbol.kind == SYMBOL_ABSOLUTE ? 0 : slide);
    if (!s->facts.ident.is64)
        *address = (uint32_t)*address;
    return true;
}

bool symbols_function(struct symbols *s, uint64_t address, char *name, size_t size)
{
    struct symbol symbol;
    uint64_t slide;
    const struct symtab *table = symbols_may_answer(s) ? symbols_table(s) : NULL;
    if (table == NULL || !symbols_slide(s, &slide) || !symtab_at(table, address - slide, &symbol) ||
        symbol.kind != SYMBOL_CODE)
        return false;
    (void)snprintf(name, size, "%s", symbol.name);
    return true;
}
