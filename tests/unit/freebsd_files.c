/* SPDX-License-Identifier: GPL-3.0-or-later */
/* freebsd/: the files of modules and kernels that it finds on this machine. */
#include "tests/unit/unit.h"

#include <elf.h>
#include <sys/stat.h>
#include <unistd.h>

#include "freebsd/find_kernel.h"
#include "freebsd/module_file.h"
#include "tests/kernel/stub.h"

enum { FILE_MAX = 1 << 20 }; /* bytes of a kernel.debug */

/* A directory for files; each file is a copy of one that tests/kernel/make has made. */
struct tree {
    char dir[UNIT_PATH];
    char files[4][UNIT_PATH + 64];
    unsigned n;
};

static void make_tree(struct tree *t)
{
    t->n = 0;
    assert_non_null(mkdtemp(unit_directory(t->dir, "kernel")));
}

/* Copies kernel.d/FROM to the tree's NAME, whose directories it makes. */
static const char *plant(struct tree *t, const char *name, const char *from)
{
    const char *top = getenv("top_builddir");
    char *to = t->files[t->n++], source[400];
    uint8_t bytes[4096];
    size_t n, len = strlen(t->dir);
    memcpy(to, t->dir, len);
    (void)snprintf(to + len, sizeof t->files[0] - len, "/%s", name);
    (void)snprintf(source, sizeof source, "%.200s/tests/kernel.d/%s", top != NULL ? top : ".",
                   from);
    for (char *at = to + len + 1; (at = strchr(at, '/')) != NULL; *at++ = '/') {
        *at = '\0';
        (void)mkdir(to, 0700);
    }
    FILE *in = fopen(source, "rb"), *out = fopen(to, "wb");
    assert_true(in != NULL && out != NULL);
    while ((n = fread(bytes, 1, sizeof bytes, in)) != 0)
        assert_int_equal(fwrite(bytes, 1, n, out), n);
    assert_int_equal(fclose(in) | fclose(out), 0);
    return to;
}

static void remove_tree(struct tree *t)
{
    for (unsigned i = 0; i < t->n; i++) {
        char *end;
        (void)unlink(t->files[i]);
        while ((end = strrchr(t->files[i], '/')) > t->files[i] + strlen(t->dir)) {
            *end = '\0';
            (void)rmdir(t->files[i]);
        }
    }
    assert_int_equal(rmdir(t->dir), 0);
}

/* Whether a module with this pathname is found when kernel.debug is there. */
static bool finds(const char *pathname, const char *kernel)
{
    char path[100], why[300];
    struct elf_file file;
    (void)snprintf(path, sizeof path, "%s", pathname);
    const struct module module = {.path = path};
    const struct module_places places = {.kernel = kernel};
    char *found = module_file_open(&module, &places, &file, why, sizeof why);
    if (found != NULL)
        elf_file_close(&file);
    free(found);
    return found != NULL;
}

/* A root may be this machine's own: a kernel must not name any of its files. */
static void below_a_root_only_boot_is_searched(void **state)
{
    struct tree t;
    (void)state;
    make_tree(&t);
    const char *kernel = plant(&t, "boot/kernel/kernel.debug", "arm64/kernel.debug");
    (void)plant(&t, "boot/modules/near.ko", "arm64/hello.ko");
    (void)plant(&t, "home/user/far.ko", "arm64/hello.ko");
    assert_true(finds("/boot/modules/near.ko", kernel));
    assert_false(finds("/home/user/far.ko", kernel));
    assert_false(finds("/boot/../home/user/far.ko", kernel));
    remove_tree(&t);
}

/* Directories are read in an order of the file system's: one of all orders is the worst. */
static void find_among(const char names[3])
{
    struct kernel_stub stub;
    struct tree t;
    char *path, name[32];
    make_tree(&t);
    kernel_stub_init(&stub);
    (void)snprintf(name, sizeof name, "%c/kernel", names[0]);
    kernel_stub_load(&stub, plant(&t, name, "amd64/kernel.debug"));
    (void)snprintf(name, sizeof name, "%c/kernel.debug", names[1]);
    (void)plant(&t, name, "other/kernel.debug"); /* of another build */
    assert_int_equal(find_kernel(&stub.target, t.dir, EM_X86_64, true, &path), 0);
    assert_string_equal(path, t.files[0]);
    free(path);
    (void)snprintf(name, sizeof name, "%c/kernel.debug", names[2]);
    const char *best = plant(&t, name, "amd64/kernel.debug");
    assert_int_equal(find_kernel(&stub.target, t.dir, EM_X86_64, true, &path), 0);
    assert_string_equal(path, best);
    free(path);
    assert_int_equal(find_kernel(&stub.target, t.dir, EM_AARCH64, true, &path), 0);
    assert_null(path);
    remove_tree(&t);
    kernel_stub_done(&stub);
}

/* Makes the note another one. */
static void drop_build_id(const char *path)
{
    static const char id[] = "GNU\0\x00\x11\x22\x33";
    FILE *file = fopen(path, "r+b");
    char *bytes = malloc(FILE_MAX);
    assert_non_null(file);
    assert_non_null(bytes);
    size_t len = fread(bytes, 1, FILE_MAX, file);
    char *note = memmem(bytes, len, id, sizeof id - 1);
    assert_non_null(note);
    assert_int_equal(fseek(file, note - bytes, SEEK_SET), 0);
    assert_int_equal(fputc('X', file), 'X');
    assert_int_equal(fclose(file), 0);
    free(bytes);
}

/* The kernel in memory is of another version. */
static void change_version(struct kernel_stub *stub)
{
    static const char version[] = "FreeBSD 14.9-TEST #0";
    bool found = false;
    for (unsigned i = 0; i < stub->n; i++) {
        char *at =
            memmem(stub->segments[i].bytes, stub->segments[i].len, version, sizeof version - 1);
        if (at != NULL) {
            at[9]++;
            found = true;
        }
    }
    assert_true(found);
}

static void a_file_without_a_build_id_is_found_by_its_version(void **state)
{
    struct kernel_stub stub;
    struct tree t;
    char *path;
    (void)state;
    make_tree(&t);
    kernel_stub_init(&stub);
    const char *file = plant(&t, "a/kernel.debug", "amd64/kernel.debug");
    drop_build_id(file);
    kernel_stub_load(&stub, file);
    assert_int_equal(find_kernel(&stub.target, t.dir, EM_X86_64, true, &path), 0);
    assert_string_equal(path, file);
    free(path);
    change_version(&stub);
    assert_int_equal(find_kernel(&stub.target, t.dir, EM_X86_64, true, &path), 0);
    assert_null(path);
    remove_tree(&t);
    kernel_stub_done(&stub);
}

static void the_kernel_debug_with_the_build_id_is_found(void **state)
{
    static const char *const orders[] = {"abc", "acb", "bac", "bca", "cab", "cba"};
    (void)state;
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++)
        find_among(orders[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(below_a_root_only_boot_is_searched),
        cmocka_unit_test(the_kernel_debug_with_the_build_id_is_found),
        cmocka_unit_test(a_file_without_a_build_id_is_found_by_its_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
