/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Prints gdb's and netgdb's answers to qSymbol for comparison, for all names of an ELF file, with
 * and without versions.
 *
 *   names stub FILE SLIDE RESULT BYTES    a stub on standard input and output with BYTES bytes of
 *                                         registers; reports SLIDE (hexadecimal), asks gdb for each
 *                                         name, and writes lines "NAME ADDRESS" or "NAME -" to
 * RESULT names ours FILE SLIDE                 prints the same lines for names that netgdb answers
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/rsp/rsp.h"
#include "symbols/bfd_syms.h"
#include "symbols/symbols.h"
#include "tests/rsp_plain.h"

enum { LINE_MAX_ = 70000, PATIENCE_MS = 300000, REGISTERS_MAX = 20000 };

struct names {
    char **list;
    size_t n, room;
};

static void add(struct names *all, const char *name, size_t len)
{
    if (len == 0 || len > 2000)
        return;
    if (all->n == all->room) {
        all->room = all->room * 2 + 1000;
        all->list = realloc(all->list, all->room * sizeof *all->list);
    }
    if (all->list == NULL || (all->list[all->n++] = strndup(name, len)) == NULL)
        err(1, NULL);
}

static int each(void *context, int pass, size_t i, const struct bfd_sym *s)
{
    (void)i;
    if (pass == 1 || s->undefined || s->special)
        return pass;
    const char *at = strchr(s->name, '@');
    add(context, s->name, strlen(s->name));
    if (at != NULL)
        add(context, s->name, (size_t)(at - s->name));
    return 0;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static struct names read_names(const char *path)
{
    struct names all = {.n = 0};
    struct elf_file file;
    const char *why = "";
    size_t kept = 0;
    if (elf_file_open(&file, path, &why) != 0)
        errx(1, "%s: %s", path, why);
    for (int dynamic = 0; dynamic < 2; dynamic++)
        (void)bfd_syms_read(&file, path, dynamic != 0, each, &all, &why);
    elf_file_close(&file);
    if (all.n == 0)
        errx(1, "%s: no names", path);
    qsort(all.list, all.n, sizeof *all.list, compare);
    for (size_t i = 1; i < all.n; i++) {
        if (strcmp(all.list[i], all.list[kept]) != 0)
            all.list[++kept] = all.list[i];
    }
    all.n = kept + 1;
    return all;
}

static void ours(const char *path, uint64_t slide)
{
    const struct symbols_options options = {.file = path, .have_slide = true, .slide = slide};
    struct names all = read_names(path);
    struct symbols *s = symbols_new(&options);
    uint64_t address;
    for (size_t i = 0; i < all.n; i++) {
        if (symbols_address(s, all.list[i], false, &address))
            printf("%s %llx\n", all.list[i], (unsigned long long)address);
    }
    symbols_free(s);
}

static void put(const char *content)
{
    unsigned sum = 0;
    for (const char *p = content; *p != '\0'; p++)
        sum += (unsigned char)*p;
    printf("+$%s#%02x", content, sum & 0xff);
    (void)fflush(stdout);
}

static void ask(const char *name)
{
    static char question[5000];
    char *p = question + sprintf(question, "qSymbol:");
    for (; *name != '\0'; name++)
        p += sprintf(p, "%02x", (unsigned char)*name);
    put(question);
}

static bool is_answer(const char *packet)
{
    return strncmp(packet, "qSymbol:", 8) == 0 && strcmp(packet, "qSymbol::") != 0;
}

/* Asks for all names once gdb has offered symbols. */
static void ask_all(const struct names *all, FILE *result)
{
    static char packet[LINE_MAX_];
    for (size_t i = 0; i < all->n; i++) {
        ask(all->list[i]);
        if (!rsp_get(0, packet, sizeof packet, PATIENCE_MS) || !is_answer(packet))
            errx(1, "no answer: %.100s", packet);
        size_t digits = strcspn(packet + 8, ":");
        fprintf(result, "%s %.*s\n", all->list[i], digits != 0 ? (int)digits : 1,
                digits != 0 ? packet + 8 : "-");
    }
}

static char registers[2 * REGISTERS_MAX + 1], offsets[100];

static const char *reply_to(const char *packet)
{
    const char *const replies[][2] = {
        {"?", "S05"},
        {"g", registers},
        {"H", "OK"},
        {"qAttached", "1"},
        {"qSupported", "PacketSize=10000"},
        {"D", "OK"},
        {"qOffsets", offsets},
    };
    for (size_t i = 0; i < sizeof replies / sizeof replies[0]; i++) {
        if (strncmp(packet, replies[i][0], strlen(replies[i][0])) == 0)
            return replies[i][1];
    }
    return packet[0] == 'm' ? "E01" : "";
}

static void stub(const char *path, const char *slide, const char *result_path, size_t bytes)
{
    static char packet[LINE_MAX_];
    struct names all = read_names(path);
    bool asked = false;
    (void)snprintf(offsets, sizeof offsets, "Text=%.20s;Data=%.20s;Bss=%.20s", slide, slide, slide);
    memset(registers, '0', 2 * (bytes < REGISTERS_MAX ? bytes : REGISTERS_MAX));
    while (rsp_get(0, packet, sizeof packet, PATIENCE_MS) && packet[0] != 'k') {
        if (strcmp(packet, "qSymbol::") == 0 && !asked) {
            FILE *result = fopen(result_path, "w");
            if (result == NULL)
                err(1, "%s", result_path);
            ask_all(&all, result);
            asked = fclose(result) == 0;
            put("OK");
        } else {
            put(reply_to(packet));
        }
    }
}

int main(int argc, char **argv)
{
    if (argc == 6 && strcmp(argv[1], "stub") == 0)
        stub(argv[2], argv[3], argv[4], strtoul(argv[5], NULL, 10));
    else if (argc == 4 && strcmp(argv[1], "ours") == 0)
        ours(argv[2], strtoull(argv[3], NULL, 16));
    else
        errx(2, "usage: names stub FILE SLIDE RESULT BYTES | ours FILE SLIDE");
    return 0;
}
