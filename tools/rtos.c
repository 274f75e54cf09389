/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `netgdb rtos`: lists the known RTOSes, or shows the layout of one in an ELF file. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "proto/err.h"
#include "proto/nearest.h"
#include "symbols/elf_file.h"
#include "symbols/symbols.h"
#include "threads/engine.h"
#include "tools/tools.h"

static int rtos_help(void)
{
    printf(
        "Usage: netgdb rtos list\n"
        "       netgdb rtos show [--rtos NAME] ELF\n"
        "List the RTOSes whose threads can be shown, or the layout found in a program and where\n"
        "each number came from.\n\n"
        "  --rtos NAME  look only for this RTOS\n"
        "  -h, --help   print this and exit\n");
    return EXIT_DONE;
}

static int rtos_print_list(void)
{
    for (const struct rtos *const *r = rtos_all; *r != NULL; r++) {
        printf("%s\n", (*r)->name);
        for (const struct frame *const *f = (*r)->frames; *f != NULL; f++)
            printf("  context: %s\n", (*f)->name);
        printf("  symbols:");
        for (const struct rtos_symbol *s = (*r)->symbols; s->name != NULL; s++)
            printf(" %s", s->name);
        printf("\n");
    }
    return EXIT_DONE;
}

/* A target without memory: fields that need it stay unknown. */
static int no_send(struct target *t, const struct request *r)
{
    (void)t;
    (void)r;
    return 0;
}

static int no_recv(struct target *t, struct buf *reply, bool *final, unsigned watch)
{
    (void)t;
    (void)watch;
    *final = true;
    return buf_sets(reply, "E01");
}

static void print_symbols(const struct engine *e)
{
    for (size_t i = 0; e->rtos->symbols[i].name != NULL; i++) {
        const char *name = e->rtos->symbols[i].name;
        if (e->have[i])
            printf("symbol %-28s %#" PRIx64 ", %" PRIu64 " bytes\n", name, e->symbols[i].address,
                   e->symbols[i].size);
        else
            printf("symbol %-28s not there\n", name);
    }
}

static void print_layout(const struct engine *e)
{
    for (unsigned id = 0; id < RTOS_FIELDS; id++) {
        const struct layout_value *v = &e->layout[id];
        if (v->origin != ORIGIN_NONE)
            printf("%-36s %5" PRIu32 "  %s\n", rtos_field_name(id), v->offset,
                   rtos_origin_name(v->origin));
    }
}

/* Only the tasks show which of them a build uses. */
static void print_contexts(const struct engine *e)
{
    for (const struct frame *const *f = e->rtos->frames; *f != NULL; f++) {
        if ((*f)->machines[0] == e->arch->machine || (*f)->machines[1] == e->arch->machine)
            printf("context %s\n", (*f)->name);
    }
}

static int print_rtos(struct program *p, const struct rtos *rtos, const struct elf_ident *ident)
{
    static const struct target_ops ops = {.send = no_send, .recv = no_recv};
    struct target nothing = {.ops = &ops};
    struct memory memory;
    struct ids ids;
    struct engine e;
    const struct arch *a = arch_of_elf(ident->machine, ident->is64);
    if (a == NULL) {
        complain("%s: no saved contexts of this machine are known", rtos->name);
        return EXIT_FAILED;
    }
    memory_init(&memory, &nothing);
    memory.word = a->word;
    memory.big = ident->big;
    ids_init(&ids);
    bool good = engine_init(&e, rtos, a, &memory, p, &ids, NULL) == 0;
    if (good) {
        (void)engine_learn(&e);
        printf("%s on %s, %s-endian%s%s\n", rtos->name, a->name, ident->big ? "big" : "little",
               e.variant != NULL ? ", lists: " : "", e.variant != NULL ? e.variant : "");
        print_symbols(&e);
        print_layout(&e);
        if (e.lists != 0)
            printf("%-36s %5u\n", "priorities", e.lists);
        print_contexts(&e);
        engine_free(&e);
    }
    memory_free(&memory);
    ids_free(&ids);
    return good ? EXIT_DONE : EXIT_FAILED;
}

static int rtos_print(const char *path, const struct rtos *only)
{
    const struct log log = {.level = LOG_WARN, .sink = log_to_stderr};
    const struct symbols_options options = {.file = path, .have_slide = true, .log = &log};
    const char *why;
    struct program p;
    uint64_t slide;
    int status = EXIT_FAILED;
    if (elf_file_check(path, &why) != 0) {
        complain("%s: %s", path, why);
        return EXIT_FAILED;
    }
    struct symbols *symbols = symbols_new(&options);
    if (symbols == NULL) {
        complain("%s", netgdb_strerror(NETGDB_NOMEM));
        return EXIT_FAILED;
    }
    program_init(&p, symbols);
    const struct symtab *table = program_table(&p, &slide);
    const struct rtos *rtos = table != NULL ? engine_detect(&p, only) : NULL;
    if (rtos != NULL)
        status = print_rtos(&p, rtos, symtab_ident(table));
    else if (table != NULL)
        complain("%s: no symbols of %s", path, only != NULL ? only->name : "an RTOS that is known");
    program_free(&p);
    symbols_free(symbols);
    return status;
}

static int complain_rtos_name(const char *name)
{
    char meant[NEAREST_TEXT];
    struct nearest n = nearest_to(name);
    nearest_consider(&n, "list");
    nearest_consider(&n, "show");
    return complain_usage("rtos", "expected 'list' or 'show ELF'%s", nearest_text(&n, meant));
}

int rtos_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"help", no_argument, NULL, 'h'}, {"rtos", required_argument, NULL, 'r'}, {0}};
    const struct rtos *only = NULL;
    int c;
    while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (c == 'h')
            return rtos_help();
        if (c == '?')
            return hint_option("rtos", options, argv[optind - 1]);
        only = rtos_find(optarg);
        if (only == NULL)
            return complain_usage("rtos", "no RTOS '%s': see netgdb rtos list", optarg);
    }
    int rest = argc - optind;
    if (rest == 1 && strcmp(argv[optind], "list") == 0)
        return rtos_print_list();
    if (rest == 2 && strcmp(argv[optind], "show") == 0)
        return rtos_print(argv[optind + 1], only);
    return complain_rtos_name(rest > 0 ? argv[optind] : "");
}
