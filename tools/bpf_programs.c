/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Options and files of eBPF programs; see bpf.h. */
#include "tools/bpf.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "proto/rsp/rsp.h"
#include "proto/visible.h"
#include "tools/tools.h"

enum { INPUT_MAX = 64 << 20 };

static uint64_t monotonic(void *context)
{
    struct timespec t;
    (void)context;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * IO_SECOND + (uint64_t)t.tv_nsec;
}

void bpf_programs_init(struct bpf_programs *p)
{
    *p = (struct bpf_programs){.world = {.now = monotonic, .seed = 1},
                               .machine = {.budget = EBPF_NO_BUDGET},
                               .arch = EBPF_ARCH_AARCH64};
    p->machine.world = &p->world;
    p->machine.error = p->error;
    p->machine.stubs = p->stub;
    p->load.kconfig = p->kconfig;
}

void bpf_programs_free(struct bpf_programs *p)
{
    for (unsigned i = 0; i < p->count; i++)
        ebpf_image_free(p->image[i]);
    for (size_t i = 0; i < p->machine.stub_count; i++)
        free((char *)p->stub[i].name);
    free(p->input);
    free(p->btf);
}

void bpf_programs_no_machine(const struct bpf_programs *p, const struct ebpf_image *image)
{
    complain("%s: does not fit the machine: %s", image->name, p->error);
}

void bpf_print(void *context, const uint8_t *text, size_t len)
{
    struct buf visible;
    (void)context;
    if (len == 0)
        return;
    buf_init(&visible, VISIBLE_MAX * len);
    (void)visible_add(&visible, text, len);
    fwrite(visible.data, 1, visible.len, stdout);
    fflush(stdout);
    buf_free(&visible);
}

uint8_t *bpf_read_file(const char *name, size_t max, size_t *size)
{
    FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    struct buf b;
    char chunk[16384];
    size_t n;
    if (f == NULL)
        return NULL;
    buf_init(&b, max);
    (void)buf_add(&b, "", 0);
    errno = 0;
    while ((n = fread(chunk, 1, sizeof chunk, f)) > 0 && b.error == 0)
        (void)buf_add(&b, chunk, n);
    bool failed = ferror(f) != 0 || b.error != 0;
    int error = b.error != 0 ? EFBIG : errno;
    if (f != stdin)
        fclose(f);
    *size = b.len;
    uint8_t *data = failed ? NULL : b.data != NULL ? b.data : calloc(1, 1);
    if (failed)
        buf_free(&b);
    errno = error;
    return data;
}

uint8_t *bpf_from_hex(const char *text, size_t len, size_t *size)
{
    uint8_t *out = malloc(len / 2 + 1), digits[2];
    size_t n = 0, have = 0;
    bool ok = out != NULL;
    for (size_t i = 0; ok && i < len; i++) {
        if (isspace((unsigned char)text[i]))
            continue;
        digits[have++] = (uint8_t)text[i];
        if (have < 2)
            continue;
        int byte = rsp_hex_byte(digits);
        ok = byte >= 0;
        out[n++] = (uint8_t)byte;
        have = 0;
    }
    if (!ok || have != 0) {
        free(out);
        return NULL;
    }
    *size = n;
    return out;
}

static bool parse_u64(const char *text, uint64_t max, uint64_t *value)
{
    char *end;
    errno = 0;
    *value = strtoull(text, &end, 0);
    return isdigit((unsigned char)text[0]) && *end == 0 && errno == 0 && *value <= max;
}

/* 64 bits. */
static const char *take_u64(void *to, const char *value)
{
    return parse_u64(value, UINT64_MAX, to) ? NULL : "a number of 64 bits";
}

static const char *take_depth(void *to, const char *value)
{
    uint64_t n;
    if (!parse_u64(value, EBPF_DEPTH_MAX, &n) || n == 0)
        return "a number from 1 to 4096";
    *(unsigned *)to = (unsigned)n;
    return NULL;
}

static const char *take_frame_size(void *to, const char *value)
{
    uint64_t n;
    if (!parse_u64(value, EBPF_FRAME_MAX, &n) || n == 0 || n % 8 != 0)
        return "a multiple of 8 from 8 to 65536";
    *(uint32_t *)to = (uint32_t)n;
    return NULL;
}

static const char *take_input(void *to, const char *value)
{
    struct bpf_programs *p = to;
    free(p->input);
    if (value[0] == '@')
        p->input = bpf_read_file(value + 1, INPUT_MAX, &p->machine.input_size);
    else
        p->input = bpf_from_hex(value, strlen(value), &p->machine.input_size);
    p->machine.input = p->input;
    return p->input != NULL
               ? NULL
               : "hexadecimal digits, or @ and a file that can be read, of 64 MiB at most";
}

static const char *take_btf(void *to, const char *file)
{
    struct bpf_programs *p = to;
    free(p->btf);
    p->btf = bpf_read_file(file, EBPF_FILE_MAX * 16UL, &p->load.btf_size);
    p->load.btf = p->btf;
    return p->btf != NULL
               ? NULL
               : "a file that can be read, of 1 GiB at most, such as /sys/kernel/btf/vmlinux";
}

static const char *take_context(void *to, const char *value)
{
    static const char *const names[] = {
        [EBPF_CONTEXT_RAW] = "raw", [EBPF_CONTEXT_XDP] = "xdp", [EBPF_CONTEXT_SKB] = "skb"};
    for (size_t i = EBPF_CONTEXT_RAW; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(value, names[i]) == 0) {
            *(enum ebpf_context_kind *)to = (enum ebpf_context_kind)i;
            return NULL;
        }
    return "xdp, skb or raw";
}

static const char *take_arch(void *to, const char *value)
{
    const struct ebpf_arch *arch = ebpf_arch_named(value);
    if (arch == NULL)
        return "aarch64, bpf or sbpf (formerly seed)";
    *(enum ebpf_arch_kind *)to = arch->kind;
    return NULL;
}

/* NUMBER=VALUE or NAME=VALUE. */
static const char *take_stub_option(void *to, const char *text)
{
    static const char wanted[] = "NUMBER=VALUE or NAME=VALUE, such as 69=-1 (at most 256)";
    struct bpf_programs *p = to;
    const char *equals = strchr(text, '=');
    uint64_t id = 0, value;
    if (equals == NULL || equals == text || p->machine.stub_count == BPF_STUBS_MAX)
        return wanted;
    bool negative = equals[1] == '-';
    if (!parse_u64(equals + 1 + negative, UINT64_MAX, &value))
        return wanted;
    char *name = strndup(text, (size_t)(equals - text));
    if (name == NULL || (isdigit((unsigned char)text[0]) && !parse_u64(name, UINT32_MAX, &id))) {
        free(name);
        return wanted;
    }
    p->stub[p->machine.stub_count++] = (struct ebpf_helper){.id = (uint32_t)id,
                                                            .name = name,
                                                            .arguments = "",
                                                            .call = ebpf_constant,
                                                            .value = negative ? -value : value};
    return NULL;
}

static const char *take_kconfig(void *to, const char *text)
{
    struct bpf_programs *p = to;
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text || p->load.kconfig_count == BPF_STUBS_MAX)
        return "NAME=VALUE, such as CONFIG_HZ=250 (at most 256)";
    p->kconfig[p->load.kconfig_count++] = text;
    return NULL;
}

/* The former name of --arch. */
static const char *take_face(void *to, const char *value)
{
    (void)to;
    (void)value;
    return "no value any more: use --arch aarch64, bpf or sbpf";
}

const struct tool_option bpf_options_known[] = {
    OPTION("section", take_text, struct bpf_programs, load.section),
    OPTION("entry", take_text, struct bpf_programs, load.entry),
    OPTION("budget", take_u64, struct bpf_programs, machine.budget),
    OPTION("depth", take_depth, struct bpf_programs, machine.depth),
    OPTION("frame-size", take_frame_size, struct bpf_programs, machine.frame_size),
    {"input", 0, required_argument, take_input, 0},
    OPTION("seed", take_u64, struct bpf_programs, world.seed),
    OPTION("arch", take_arch, struct bpf_programs, arch),
    OPTION("context", take_context, struct bpf_programs, machine.context),
    {"helper", 0, required_argument, take_stub_option, 0},
    {"btf", 0, required_argument, take_btf, 0},
    {"kconfig", 0, required_argument, take_kconfig, 0},
    {"face", 0, required_argument, take_face, 0},
    {0}};

bool bpf_programs_load(struct bpf_programs *p, const char *file)
{
    char error[EBPF_ERROR_TEXT];
    size_t size;
    if (p->count == BPF_PROGRAMS_MAX) {
        complain("more than %d programs", BPF_PROGRAMS_MAX);
        return false;
    }
    uint8_t *bytes = bpf_read_file(file, EBPF_FILE_MAX, &size);
    if (bytes == NULL) {
        complain("%s: %s", file, strerror(errno));
        return false;
    }
    int rc = ebpf_load(&p->image[p->count], bytes, size, file, &p->load, error);
    free(bytes);
    if (rc != 0) {
        complain("%s: %s", file, error);
        return false;
    }
    unsigned local = p->image[p->count++]->local_types;
    if (local != 0)
        complain("%s: %u CO-RE relocation%s the object's own types; a kernel's: --btf FILE", file,
                 local, local == 1 ? " uses" : "s use");
    return true;
}
