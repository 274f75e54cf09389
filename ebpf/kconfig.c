/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * External variables with a value from the user (--kconfig NAME=VALUE), such as the kernel's
 * configuration in .kconfig (libbpf's extern __kconfig). They become a read-only section.
 */
#include <stdlib.h>
#include <string.h>

#include "ebpf/linker.h"
#include "proto/err.h"

/* The value of a variable, or NULL. */
static const char *value_of(const struct linker *l, const char *name)
{
    for (unsigned i = 0; i < l->options.kconfig_count; i++) {
        const char *text = l->options.kconfig[i];
        size_t n = strcspn(text, "=");
        if (text[n] == '=' && strncmp(text, name, n) == 0 && name[n] == 0)
            return text + n + 1;
    }
    return NULL;
}

/* Appends a value, padded to 8 bytes: a number, y, n, m (1, 0, 2), or a string with its NUL. */
static void add_value(struct buf *out, const char *text)
{
    char *end;
    uint64_t number = strtoull(text, &end, 0);
    size_t length = strlen(text);
    bool quoted = length >= 2 && text[0] == '"' && text[length - 1] == '"';
    if (strlen(text) == 1 && strchr("ynm", text[0]) != NULL)
        number = text[0] == 'y' ? 1 : text[0] == 'm' ? 2 : 0;
    else if (end == text || *end != 0) {
        (void)buf_add(out, text + quoted, length - 2 * (size_t)quoted);
        number = 0;
        (void)buf_add(out, &number, 8 - out->len % 8);
        return;
    }
    (void)buf_add(out, &number, sizeof number);
}

int link_kconfig(struct linker *l)
{
    struct buf values;
    GElf_Sym s;
    const char *name;
    l->kconfig = calloc(l->symbols + 1, sizeof *l->kconfig);
    if (l->kconfig == NULL)
        return NETGDB_NOMEM;
    buf_init(&values, EBPF_FILE_MAX);
    for (size_t i = 1; i < l->symbols; i++) {
        const char *value = NULL;
        if (link_symbol(l, i, &s, &name) && s.st_shndx == SHN_UNDEF && name[0] != 0)
            value = value_of(l, name);
        if (value == NULL)
            continue;
        l->kconfig[i] = values.len + 1;
        add_value(&values, value);
    }
    int rc = values.error;
    if (rc == 0 && values.len != 0) {
        l->piece[l->pieces++] = (struct piece){
            .name = ".kconfig",
            .header = {.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC, .sh_addralign = 8},
            .data = values.data,
            .size = values.len,
            .group = LINK_RODATA};
        return 0;
    }
    buf_free(&values);
    return rc;
}

uint64_t link_kconfig_address(const struct linker *l, size_t symbol)
{
    if (l->kconfig == NULL || symbol >= l->symbols || l->kconfig[symbol] == 0)
        return 0;
    return l->piece[l->pieces - 1].address + l->kconfig[symbol] - 1;
}
