/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Linked programs; see image.h. */
#include "ebpf/image.h"

#include <stdlib.h>
#include <string.h>

#include "ebpf/insn.h"
#include "ebpf/memory.h"
#include "ebpf/sbpf.h"
#include "proto/err.h"

int ebpf_image_from_code(struct ebpf_image **out, const uint8_t *code, size_t len)
{
    if (len == 0 || len % BPF_INSN_SIZE != 0)
        return NETGDB_PROTO;
    struct ebpf_image *image = calloc(1, sizeof *image);
    uint8_t *copy = malloc(len);
    char *name = strdup("code");
    if (image == NULL || copy == NULL || name == NULL) {
        free(image);
        free(copy);
        free(name);
        return NETGDB_NOMEM;
    }
    memcpy(copy, code, len);
    image->name = name;
    image->segment[0] = (struct ebpf_segment){.name = "text",
                                              .base = EBPF_TEXT_BASE,
                                              .size = len,
                                              .given = len,
                                              .data = copy,
                                              .flags = EBPF_READ | EBPF_EXEC};
    image->segments = 1;
    image->text = &image->segment[0];
    image->entry = image->code_at = EBPF_TEXT_BASE;
    image->code_size = len;
    *out = image;
    return 0;
}

void ebpf_image_free(struct ebpf_image *image)
{
    if (image == NULL)
        return;
    for (unsigned i = 0; i < image->segments; i++)
        free(image->segment[i].data);
    for (size_t i = 0; i < image->symbols; i++)
        free(image->symbol[i].name);
    free(image->symbol);
    for (unsigned i = 0; i < image->imports; i++)
        free(image->import[i]);
    free(image->import);
    free(image->import_place);
    buf_free(&image->elf);
    free(image->name);
    free(image);
}

const struct ebpf_symbol *ebpf_image_function(const struct ebpf_image *image, uint64_t address)
{
    for (size_t i = 0; i < image->symbols; i++) {
        const struct ebpf_symbol *s = &image->symbol[i];
        if (s->function && address - s->address < s->size)
            return s;
    }
    return NULL;
}

const struct ebpf_symbol *ebpf_image_symbol(const struct ebpf_image *image, const char *name)
{
    for (size_t i = 0; i < image->symbols; i++)
        if (strcmp(image->symbol[i].name, name) == 0)
            return &image->symbol[i];
    return NULL;
}

/* The place of a name in the hash table: its index plus 1, or 0. There is always a free one. */
static uint16_t *import_place(const struct ebpf_image *image, const char *name, size_t len)
{
    uint32_t at = sbpf_hash(name, len);
    for (;; at++) {
        uint16_t *place = &image->import_place[at % (2 * EBPF_IMPORTS_MAX)];
        if (*place == 0 || strcmp(image->import[*place - 1], name) == 0)
            return place;
    }
}

int ebpf_image_import(struct ebpf_image *image, const char *name)
{
    size_t len = strnlen(name, EBPF_IMPORT_NAME + 1);
    if (image->import == NULL)
        image->import = calloc(EBPF_IMPORTS_MAX, sizeof *image->import);
    if (image->import_place == NULL)
        image->import_place = calloc(2 * EBPF_IMPORTS_MAX, sizeof *image->import_place);
    if (len > EBPF_IMPORT_NAME || image->import == NULL || image->import_place == NULL)
        return -1;
    uint16_t *place = import_place(image, name, len);
    if (*place != 0)
        return *place - 1;
    if (image->imports == EBPF_IMPORTS_MAX)
        return -1;
    image->import[image->imports] = strdup(name);
    if (image->import[image->imports] == NULL)
        return -1;
    *place = (uint16_t)++image->imports;
    return (int)image->imports - 1;
}

const char *ebpf_image_import_called(const struct ebpf_image *image, uint32_t id)
{
    return id - EBPF_IMPORT_ID < image->imports ? image->import[id - EBPF_IMPORT_ID] : NULL;
}

const char *ebpf_image_import_at(const struct ebpf_image *image, uint64_t address)
{
    uint64_t index = (address - EBPF_IMPORT_BASE) / EBPF_IMPORT_BYTES;
    return index < image->imports ? image->import[index] : NULL;
}
