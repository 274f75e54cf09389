/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The program on the target; see program.h. */
#include "threads/program.h"

#include <stdio.h>
#include <string.h>

void program_init(struct program *p, struct symbols *symbols)
{
    memset(p, 0, sizeof *p);
    p->symbols = symbols;
}

void program_free(struct program *p)
{
    types_close(p->types);
    p->types = NULL;
}

const struct symtab *program_table(struct program *p, uint64_t *slide)
{
    if (p->symbols == NULL || !symbols_named(p->symbols) || !symbols_may_answer(p->symbols) ||
        !symbols_slide(p->symbols, slide))
        return NULL;
    return symbols_table(p->symbols);
}

static const struct program_answer *answered(const struct program *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++) {
        if (strcmp(p->answers[i].name, name) == 0)
            return &p->answers[i];
    }
    return NULL;
}

static const struct program_answer *answered_lto(const struct program *p, const char *name)
{
    char renamed[PROGRAM_NAME_MAX + sizeof PROGRAM_LTO];
    snprintf(renamed, sizeof renamed, "%s" PROGRAM_LTO, name);
    return answered(p, renamed);
}

bool program_find(struct program *p, const char *name, struct program_symbol *found)
{
    uint64_t slide;
    struct symbol symbol;
    const struct symtab *table = program_table(p, &slide);
    if (table != NULL) {
        if (symtab_find(table, name, &symbol) == 0 || symbol.kind == SYMBOL_TLS)
            return false;
        *found = (struct program_symbol){symbol.address, symbol.size};
        if (symbol.kind != SYMBOL_ABSOLUTE)
            found->address += slide;
        return true;
    }
    const struct program_answer *answer = answered(p, name);
    if (answer == NULL || !answer->found)
        answer = answered_lto(p, name);
    if (answer == NULL || !answer->found)
        return false;
    *found = (struct program_symbol){answer->address, 0};
    return true;
}

enum region_kind program_kind(struct program *p, uint64_t address, uint64_t len)
{
    uint64_t slide;
    const struct symtab *table = program_table(p, &slide);
    return table != NULL ? regions_kind(symtab_regions(table), address - slide, len)
                         : REGION_UNKNOWN;
}

bool program_knows_code(struct program *p)
{
    uint64_t slide;
    const struct symtab *table = program_table(p, &slide);
    const struct regions *r = table != NULL ? symtab_regions(table) : NULL;
    for (size_t i = 0; r != NULL && i < r->n; i++) {
        if (r->list[i].kind == REGION_CODE)
            return true;
    }
    return false;
}

bool program_object_at(struct program *p, uint64_t address, struct symbol *symbol)
{
    uint64_t slide;
    const struct symtab *table = program_table(p, &slide);
    return table != NULL && symtab_at(table, address - slide, symbol) &&
           symbol->kind == SYMBOL_DATA && symbol->size != 0;
}

struct types *program_types(struct program *p)
{
    uint64_t slide;
    const struct symtab *table = program_table(p, &slide);
    if (!p->types_tried && table != NULL) {
        p->types_tried = true;
        p->types = types_open(symtab_path(table));
    }
    return p->types;
}

void program_answer(struct program *p, const char *name, bool found, uint64_t address)
{
    struct program_answer *a = NULL;
    for (size_t i = 0; i < p->n && a == NULL; i++) {
        if (strcmp(p->answers[i].name, name) == 0)
            a = &p->answers[i];
    }
    if (a == NULL) {
        if (p->n == PROGRAM_ANSWERS_MAX || strlen(name) >= PROGRAM_NAME_MAX)
            return;
        a = &p->answers[p->n++];
        strcpy(a->name, name);
    }
    a->found = found;
    a->address = address;
}

bool program_was_asked(const struct program *p, const char *name)
{
    return answered(p, name) != NULL;
}

void program_forget_answers(struct program *p)
{
    p->n = 0;
}
