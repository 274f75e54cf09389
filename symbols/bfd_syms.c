/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Symbol tables by libbfd; see bfd_syms.h. */
#include "config.h" /* bfd.h requires that it comes first */

#include "symbols/bfd_syms.h"

#include <bfd.h>
#include <elf.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/err.h"

/* libbfd's global state: its current error, its handlers, its list of open files. */
static pthread_mutex_t bfd_lock = PTHREAD_MUTEX_INITIALIZER;

/*
 * Names of libbfd's formats, by machine: [32-bit little, 32-bit big, 64-bit little, big]. A number:
 * FreeBSD's elf.h, or that of an old glibc, does not have the name.
 */
static const struct {
    uint16_t machine;
    const char *names[4];
} formats[] = {
    {EM_386, {"elf32-i386"}},
    {EM_X86_64, {"elf32-x86-64", NULL, "elf64-x86-64", NULL}},
    {EM_ARM, {"elf32-littlearm", "elf32-bigarm"}},
    {EM_AARCH64,
     {"elf32-littleaarch64", "elf32-bigaarch64", "elf64-littleaarch64", "elf64-bigaarch64"}},
    {EM_RISCV, {"elf32-littleriscv", "elf32-bigriscv", "elf64-littleriscv", "elf64-bigriscv"}},
    {EM_PPC, {"elf32-powerpcle", "elf32-powerpc"}},
    {EM_PPC64, {NULL, NULL, "elf64-powerpcle", "elf64-powerpc"}},
    {EM_MIPS,
     {"elf32-tradlittlemips", "elf32-tradbigmips", "elf64-tradlittlemips", "elf64-tradbigmips"}},
    {EM_SPARC, {NULL, "elf32-sparc"}},
    {EM_SPARC32PLUS, {NULL, "elf32-sparc"}},
    {EM_SPARCV9, {NULL, NULL, NULL, "elf64-sparc"}},
    {EM_S390, {NULL, "elf32-s390", NULL, "elf64-s390"}},
    {EM_68K, {NULL, "elf32-m68k"}},
    {EM_SH, {"elf32-shl", "elf32-sh"}},
    {EM_XTENSA, {"elf32-xtensa-le", "elf32-xtensa-be"}},
    {189 /* EM_MICROBLAZE */, {"elf32-microblazeel", "elf32-microblaze"}},
    {113 /* EM_ALTERA_NIOS2 */, {"elf32-littlenios2", "elf32-bignios2"}},
    {EM_OPENRISC, {NULL, "elf32-or1k"}},
    {EM_AVR, {"elf32-avr"}},
    {EM_MSP430, {"elf32-msp430"}},
    {173 /* EM_RX */, {"elf32-rx-le"}},
    {EM_V850, {"elf32-v850"}},
    {195 /* EM_ARCV2 */, {"elf32-littlearc", "elf32-bigarc"}},
    {247 /* EM_BPF */, {NULL, NULL, "elf64-bpfle", "elf64-bpfbe"}},
    {258 /* EM_LOONGARCH */, {"elf32-loongarch", NULL, "elf64-loongarch"}},
    {EM_ALPHA, {NULL, NULL, "elf64-alpha"}},
    {EM_IA_64, {"elf32-ia64-little", "elf32-ia64-big", "elf64-ia64-little", "elf64-ia64-big"}},
    {EM_PARISC, {NULL, "elf32-hppa-linux", NULL, "elf64-hppa-linux"}},
};

static const char *format_name(const struct elf_ident *ident)
{
    static const char *const generic[4] = {"elf32-little", "elf32-big", "elf64-little",
                                           "elf64-big"};
    int variant = 2 * ident->is64 + ident->big;
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const char *name = formats[i].names[variant];
        if (formats[i].machine == ident->machine && name != NULL &&
            bfd_find_target(name, NULL) != NULL)
            return name;
    }
    return generic[variant];
}

const char *bfd_syms_target(const struct elf_ident *ident)
{
    pthread_mutex_lock(&bfd_lock);
    const char *name = bfd_init() != 0 ? format_name(ident) : "";
    pthread_mutex_unlock(&bfd_lock);
    return name;
}

const char *bfd_syms_version(void)
{
    return "libbfd " BFD_VERSION;
}

uint32_t bfd_syms_crc32(uint32_t crc, const uint8_t *bytes, size_t len)
{
    return (uint32_t)bfd_calc_gnu_debuglink_crc32(crc, bytes, len);
}

/* Discards libbfd's messages: printf does not know its formats (%pB), and the terminal is GDB's. */
static void ignore_error(const char *format, va_list args)
{
    (void)format;
    (void)args;
}

static void ignore_assert(const char *format, const char *version, const char *file, int line)
{
    (void)format;
    (void)version;
    (void)file;
    (void)line;
}

/* libbfd's access to the file: through the caller's descriptor, which it does not close. */
static void *stream_open(bfd *abfd, void *file)
{
    (void)abfd;
    return file;
}

static file_ptr stream_read(bfd *abfd, void *file, void *bytes, file_ptr len, file_ptr offset)
{
    const struct elf_file *f = file;
    (void)abfd;
    return pread(f->fd, bytes, (size_t)len, (off_t)offset);
}

static int stream_close(bfd *abfd, void *file)
{
    (void)abfd;
    (void)file;
    return 0;
}

static int stream_stat(bfd *abfd, void *file, struct stat *st)
{
    const struct elf_file *f = file;
    (void)abfd;
    return fstat(f->fd, st);
}

/*
 * If the named format does not match, bfd_check_format() tries every format it knows. This does
 * only the first step (bfd/format.c, bfd_check_format_matches).
 */
static bool is_its_format(bfd *abfd)
{
    abfd->format = bfd_object;
    if (BFD_SEND_FMT(abfd, _bfd_check_format, (abfd)) != NULL)
        return true;
    abfd->format = bfd_unknown;
    return false;
}

static void bfd_describe(const asymbol *symbol, struct bfd_sym *s)
{
    const asection *section = symbol->section;
    s->name = symbol->name != NULL ? symbol->name : "";
    s->value = symbol->value + section->vma;
    s->undefined = bfd_is_und_section(section) || bfd_is_com_section(section);
    s->absolute = bfd_is_abs_section(section);
    s->allocated = (section->flags & SEC_ALLOC) != 0;
    s->code = (section->flags & SEC_CODE) != 0;
    s->global = (symbol->flags & (BSF_GLOBAL | BSF_WEAK | BSF_GNU_UNIQUE)) != 0;
    s->special = (symbol->flags & (BSF_FILE | BSF_SECTION_SYM | BSF_DEBUGGING)) != 0;
}

static int give(asymbol **symbols, size_t n, bfd_sym_fn each, void *context)
{
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < n; i++) {
            struct bfd_sym s;
            bfd_describe(symbols[i], &s);
            int rc = each(context, pass, i + 1, &s);
            if (rc != 0)
                return rc;
        }
    }
    return 0;
}

static int bfd_fail(const char **why)
{
    bfd_error_type error = bfd_get_error();
    *why = bfd_errmsg(error);
    return error == bfd_error_no_memory ? NETGDB_NOMEM : NETGDB_PROTO;
}

static int read_symbol_table(bfd *abfd, bool dynamic, bfd_sym_fn each, void *context,
                             const char **why)
{
    long bytes =
        dynamic ? bfd_get_dynamic_symtab_upper_bound(abfd) : bfd_get_symtab_upper_bound(abfd);
    if (bytes < 0)
        return bfd_fail(why);
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): room for one more pointer */
    asymbol **symbols = malloc((size_t)bytes + sizeof *symbols);
    if (symbols == NULL) {
        *why = "out of memory";
        return NETGDB_NOMEM;
    }
    long n = dynamic ? bfd_canonicalize_dynamic_symtab(abfd, symbols)
                     : bfd_canonicalize_symtab(abfd, symbols);
    int rc = n < 0 ? bfd_fail(why) : give(symbols, (size_t)n, each, context);
    free(symbols);
    return rc;
}

static int open_and_read(const struct elf_file *f, const char *path, bool dynamic, bfd_sym_fn each,
                         void *context, const char **why)
{
    bfd *abfd = bfd_openr_iovec(path, format_name(&f->ident), stream_open, (void *)f, stream_read,
                                stream_close, stream_stat);
    if (abfd == NULL)
        return bfd_fail(why);
    int rc =
        is_its_format(abfd) ? read_symbol_table(abfd, dynamic, each, context, why) : bfd_fail(why);
    bfd_close(abfd);
    return rc;
}

int bfd_syms_read(const struct elf_file *f, const char *path, bool dynamic, bfd_sym_fn each,
                  void *context, const char **why)
{
    pthread_mutex_lock(&bfd_lock);
    /* First, because that of binutils 2.44 sets the default handlers. */
    bool ready = bfd_init() != 0;
    bfd_error_handler_type errors = bfd_set_error_handler(ignore_error);
    bfd_assert_handler_type asserts = bfd_set_assert_handler(ignore_assert);
    int rc = ready ? open_and_read(f, path, dynamic, each, context, why) : bfd_fail(why);
    bfd_set_assert_handler(asserts);
    bfd_set_error_handler(errors);
    pthread_mutex_unlock(&bfd_lock);
    return rc;
}
