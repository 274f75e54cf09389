/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The gdbs and files that need `set osabi none`, and the changed arguments. */
#include "tests/unit/unit.h"

#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

#include "symbols/osabi.h"

#define GDB "A handler for the OS ABI \"%s\" is not built into this configuration\nof GDB."
#define FREEBSD "syscalls/freebsd.xml"

static char directory[UNIT_PATH];

/* Makes a file of this size that contains the given texts (NULL: none). */
static void make(const char *name, size_t size, const char *first, size_t at, const char *second)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, (off_t)size), 0);
    if (first != NULL)
        assert_int_equal(pwrite(fd, first, strlen(first), (off_t)at), strlen(first));
    if (second != NULL)
        assert_int_equal(pwrite(fd, second, strlen(second), 0), strlen(second));
    close(fd);
}

/* A header; `top` is the highest byte of a 64-bit file's entry. */
static void make_elf(const char *name, unsigned char osabi, uint16_t machine, unsigned char top)
{
    unsigned char header[64] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT, osabi};
    header[18] = (unsigned char)machine;
    header[19] = (unsigned char)(machine >> 8);
    header[31] = top; /* of e_entry */
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);
    assert_int_equal(write(fd, header, sizeof header), sizeof header);
    close(fd);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(unit_directory(directory, "osabi")) == NULL || chdir(directory) != 0)
        return -1;
    make("gdb", 1 << 20, GDB, 700000, NULL);
    make("multiarch", 1 << 20, GDB, 700000, FREEBSD);
    make("kgdb", 1 << 20, GDB, 700000, FREEBSD " FreeBSD/kernel");
    make_elf("kernel", ELFOSABI_FREEBSD, EM_X86_64, 0xff);
    make_elf("program", ELFOSABI_FREEBSD, EM_X86_64, 0);
    make_elf("kernel32", ELFOSABI_FREEBSD, EM_386, 0xff);
    make_elf("arm64", ELFOSABI_NONE, EM_AARCH64, 0xff);
    make_elf("arm64.9", ELFOSABI_FREEBSD, EM_AARCH64, 0xff);
    make_elf("linux", ELFOSABI_NONE, EM_X86_64, 0xff);
    make("short", 18, "\177ELF", 0, NULL);
    return 0;
}

static int teardown(void **state)
{
    static const char *const names[] = {"gdb",   "kgdb",      "kernel", "kernel32",
                                        "arm64", "arm64.9",   "linux",  "short",
                                        "edge",  "multiarch", "program"};
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        (void)unlink(names[i]);
    return chdir("/") != 0 || rmdir(directory) != 0;
}

static void only_x86_files_with_freebsds_abi_need_the_option(void **state)
{
    (void)state;
    assert_true(osabi_is_x86_freebsd("kernel"));
    assert_true(osabi_is_x86_freebsd("kernel32"));
    assert_false(osabi_is_x86_freebsd("arm64"));
    assert_false(osabi_is_x86_freebsd("arm64.9"));
    assert_false(osabi_is_x86_freebsd("linux"));
    assert_false(osabi_is_x86_freebsd("short"));
    assert_false(osabi_is_x86_freebsd("gdb"));
    assert_false(osabi_is_x86_freebsd("nothing"));
    assert_false(osabi_is_x86_freebsd("/"));
}

static void a_gdb_without_the_handlers_strings_lacks_the_abi(void **state)
{
    (void)state;
    assert_true(osabi_is_missing("gdb"));
    assert_false(osabi_is_missing("kgdb"));
    assert_false(osabi_is_missing("multiarch"));
    assert_false(osabi_is_missing("kernel"));
    assert_false(osabi_is_missing("nothing"));
    assert_false(osabi_is_missing("/"));
}

/* The file is read in blocks of 256 KiB. */
static void a_string_across_two_blocks_is_found(void **state)
{
    const size_t block = 256 << 10;
    (void)state;
    for (size_t at = block - sizeof GDB; at <= block + 1; at++) {
        make("edge", 2 * block + 1, GDB, at, NULL);
        assert_true(osabi_is_missing("edge"));
    }
    for (size_t at = block - sizeof FREEBSD; at <= block + 1; at++) {
        make("edge", 2 * block + 1, FREEBSD, at, GDB);
        assert_false(osabi_is_missing("edge"));
    }
}

enum { WORDS = 8 };

/* Expects these arguments for a command line; NULL: the line's own. */
static void expect(const char *line, const char *expected)
{
    char text[256], got[512] = "", *argv[WORDS + 1] = {NULL};
    int argc = 0;
    snprintf(text, sizeof text, "%s", line);
    for (char *word = strtok(text, " "); word != NULL && argc < WORDS; word = strtok(NULL, " "))
        argv[argc++] = word;
    char **longer = osabi_arguments(argv[0], argc, argv);
    for (char **word = longer; word != NULL && *word != NULL; word++) {
        strncat(got, *word, sizeof got - strlen(got) - 1);
        strncat(got, "|", sizeof got - strlen(got) - 1);
    }
    assert_string_equal(got, expected != NULL ? expected : "");
    free(longer);
}

static void the_option_comes_first_and_the_rest_is_unchanged(void **state)
{
    (void)state;
    expect("gdb kernel", "gdb|-iex|set osabi none|kernel|");
    expect("gdb kernel32", "gdb|-iex|set osabi none|kernel32|");
    expect("gdb -q -s kernel -e linux", "gdb|-iex|set osabi none|-q|-s|kernel|-e|linux|");
    expect("gdb -s linux -e kernel", "gdb|-iex|set osabi none|-s|linux|-e|kernel|");
    expect("gdb --args kernel -s x", "gdb|-iex|set osabi none|--args|kernel|-s|x|");
}

/* That handler takes relocatable modules for shared objects; kgdb's does not. */
static void a_gdb_with_the_handler_for_programs_needs_the_option_for_an_amd64_kernel(void **state)
{
    (void)state;
    expect("multiarch kernel", "multiarch|-iex|set osabi none|kernel|");
    expect("multiarch -s program -e kernel", "multiarch|-iex|set osabi none|-s|program|-e|kernel|");
    expect("multiarch program", NULL);
    expect("multiarch kernel32", NULL);
    expect("kgdb kernel", NULL);
    expect("gdb program", "gdb|-iex|set osabi none|program|");
}

static void arguments_are_unchanged_where_the_option_is_unneeded_or_harmful(void **state)
{
    char *none[] = {NULL}, gdb[] = "gdb", iex[] = "-iex", command[] = "set osabi none",
         kernel[] = "kernel", *chosen[] = {gdb, iex, command, kernel, NULL};
    (void)state;
    expect("gdb", NULL);
    expect("gdb linux", NULL);
    expect("gdb arm64", NULL);
    expect("gdb arm64.9", NULL);
    expect("gdb -x kernel", NULL);
    expect("gdb --nonsense kernel", NULL);
    expect("kgdb kernel", NULL);
    assert_null(osabi_arguments("gdb", 0, none));
    assert_null(osabi_arguments("gdb", 4, chosen)); /* so gdb is executed again only once */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_x86_files_with_freebsds_abi_need_the_option),
        cmocka_unit_test(a_gdb_without_the_handlers_strings_lacks_the_abi),
        cmocka_unit_test(a_string_across_two_blocks_is_found),
        cmocka_unit_test(the_option_comes_first_and_the_rest_is_unchanged),
        cmocka_unit_test(a_gdb_with_the_handler_for_programs_needs_the_option_for_an_amd64_kernel),
        cmocka_unit_test(arguments_are_unchanged_where_the_option_is_unneeded_or_harmful),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
