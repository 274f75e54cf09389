/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file on gdb's command line, in all forms that gdb accepts. */
#include "tests/unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "symbols/find_elf.h"

enum { WORDS_MAX = 16 };

/* Splits a command line at spaces; a word '' is empty. */
static int split(char *text, const char **argv)
{
    int argc = 0;
    for (char *word = strtok(text, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = strcmp(word, "''") == 0 ? "" : word;
    return argc;
}

static void expect(const char *line, const char *symbols, const char *exec)
{
    char text[256];
    const char *argv[WORDS_MAX];
    struct gdb_files files;
    snprintf(text, sizeof text, "%s", line);
    gdb_files_parse(split(text, argv), argv, &files);
    if ((symbols != NULL) != (files.symbols != NULL) || (exec != NULL) != (files.exec != NULL))
        fail_msg("%s: symbols %s, exec %s", line, files.symbols, files.exec);
    if (symbols != NULL)
        assert_string_equal(files.symbols, symbols);
    if (exec != NULL)
        assert_string_equal(files.exec, exec);
}

static void the_first_word_is_the_program_and_the_second_a_core(void **state)
{
    (void)state;
    expect("gdb", NULL, NULL);
    expect("gdb kernel", "kernel", "kernel");
    expect("gdb kernel core.1", "kernel", "kernel");
    expect("gdb kernel 4711", "kernel", "kernel");
    expect("gdb -q kernel vmcore extra", "kernel", "kernel");
    expect("gdb -", "-", "-");
}

static void options_with_a_value_take_the_next_word(void **state)
{
    (void)state;
    expect("gdb -x script kernel", "kernel", "kernel");
    expect("gdb -ex file -iex set kernel", "kernel", "kernel");
    expect("gdb kernel -ex bt -batch", "kernel", "kernel");
    expect("gdb -p 123 kernel", "kernel", "kernel");
    expect("gdb -c core kernel", "kernel", "kernel");
    expect("gdb -d /src -D /data -cd / -b 9600 -l 5 -tty tty kernel", "kernel", "kernel");
    expect("gdb -i mi kernel", "kernel", "kernel");
    expect("gdb -i=mi3 kernel", "kernel", "kernel");
    expect("gdb --interpreter=dap kernel", "kernel", "kernel");
    expect("gdb --ui mi -eix a -eiex b -ix c kernel", "kernel", "kernel");
    expect("gdb -annotate=1 kernel", "kernel", "kernel");
    expect("gdb -x= kernel", "kernel", "kernel");
    expect("gdb -ex '' kernel", "kernel", "kernel");
}

static void options_without_a_value_do_not(void **state)
{
    (void)state;
    expect("gdb -q -nx -nh -batch -batch-silent -nw -tui kernel", "kernel", "kernel");
    expect("gdb --quiet --silent -n -f -fullname -w -r -write kernel", "kernel", "kernel");
    expect("gdb --readnow --readnever --statistics --return-child-result kernel", "kernel",
           "kernel");
}

static void files_given_by_options_are_used_unless_a_word_follows(void **state)
{
    (void)state;
    expect("gdb -s kernel.debug", "kernel.debug", NULL);
    expect("gdb --symbols=kernel.debug", "kernel.debug", NULL);
    expect("gdb -e kernel", NULL, "kernel");
    expect("gdb --exec kernel -s kernel.debug", "kernel.debug", "kernel");
    expect("gdb -se kernel", "kernel", "kernel");
    expect("gdb --se=kernel", "kernel", "kernel");
    expect("gdb -s first -s second", "second", NULL);
    expect("gdb -s other kernel", "kernel", "kernel");
}

static void unique_prefixes_are_options_and_others_are_errors(void **state)
{
    (void)state;
    expect("gdb -sym kernel.debug", "kernel.debug", NULL);
    expect("gdb --exe=kernel", NULL, "kernel");
    expect("gdb -com script kernel", "kernel", "kernel");
    expect("gdb -eval bt kernel", "kernel", "kernel");
    expect("gdb --init-c x kernel", "kernel", "kernel");
    expect("gdb -sil kernel", "kernel", "kernel");
    expect("gdb -qu kernel", "kernel", "kernel");
    expect("gdb -re kernel", NULL, NULL);     /* readnow, readnever, return-child-result */
    expect("gdb -init x kernel", NULL, NULL); /* init-command, init-eval-command */
    expect("gdb -t tty kernel", NULL, NULL);  /* tty, tui */
    expect("gdb --nonsense kernel", NULL, NULL);
    expect("gdb --batch=1 kernel", NULL, NULL);
    expect("gdb kernel -x", NULL, NULL);
}

static void after_args_comes_the_program_and_nothing_else(void **state)
{
    (void)state;
    expect("gdb --args program -x kernel", "program", "program");
    expect("gdb -args program --args other", "program", "program");
    expect("gdb -q -s debug --args program a b", "program", "program");
    expect("gdb ignored --args program", "program", "program");
    expect("gdb --a program x", NULL, NULL); /* annotate, args */
    expect("gdb --ar program x", "program", "program");
    expect("gdb -s debug --args", "debug", NULL);
}

static void after_two_dashes_come_only_words(void **state)
{
    (void)state;
    expect("gdb -q -- -kernel", "-kernel", "-kernel");
    expect("gdb first -- second", "first", "first");
    expect("gdb --", NULL, NULL);
}

static void kgdb_has_options_of_its_own(void **state)
{
    (void)state;
    expect("kgdb kernel", "kernel", "kernel");
    expect("kgdb -r netgdb:crash1 kernel", "kernel", "kernel");
    expect("/usr/local/bin/kgdb141 -rnetgdb:crash1 kernel", "kernel", "kernel");
    expect("kgdb -qvr netgdb:crash1 -b 9600 -d /var/crash kernel vmcore.0", "kernel", "kernel");
    expect("kgdb -n 5 kernel", "kernel", "kernel");
    expect("kgdb --quiet -fullname -afqvw kernel", "kernel", "kernel");
    expect("kgdb kernel -x", "kernel", "kernel"); /* a core */
    expect("kgdb -q -- kernel", "kernel", "kernel");
    expect("kgdb -x script kernel", NULL, NULL);
    expect("kgdb kernel.debug -r netgdb:crash1", "kernel.debug", "kernel.debug");
    expect("kgdb -r", NULL, NULL);
    expect("/kgdb/gdb -r kernel", "kernel", "kernel");
}

static char dir[] = "/tmp/netgdb-find-XXXXXX";

static void make(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fclose(f);
}

static int make_dir(void **state)
{
    char path[128];
    (void)state;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/bin", dir);
    assert_int_equal(mkdir(path, 0755), 0);
    make("kernel.found");
    make("bin/tool");
    return 0;
}

static int remove_dir(void **state)
{
    static const char *const names[] = {"kernel.found", "bin/tool", "bin", ""};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        assert_int_equal(remove(path), 0);
    }
    return 0;
}

/* `path` and `wanted` may begin with '@' for the directory of this test. */
static void resolve(const char *file, const char *cd, const char *home, const char *path,
                    const char *wanted)
{
    char text[3][128];
    const char *in[3] = {file, path, wanted};
    for (int i = 0; i < 3; i++) {
        if (in[i] != NULL && in[i][0] == '@') {
            snprintf(text[i], sizeof text[i], "%s%s", dir, in[i] + 1);
            in[i] = text[i];
        }
    }
    char *found = gdb_files_resolve(in[0], cd, home, in[1]);
    if (wanted == NULL)
        assert_null(found);
    else if (found == NULL)
        fail_msg("%s is not found", file);
    else
        assert_string_equal(found, in[2]);
    free(found);
}

static void a_file_is_resolved_as_by_gdb(void **state)
{
    (void)state;
    resolve("@/kernel.found", NULL, NULL, NULL, "@/kernel.found");
    resolve("@/none", NULL, NULL, NULL, NULL);
    resolve("@/bin", NULL, NULL, NULL, NULL);
    resolve("kernel.found", dir, NULL, NULL, "@/kernel.found");
    resolve("kernel.found", NULL, NULL, NULL, NULL);
    resolve("~/kernel.found", NULL, dir, NULL, "@/kernel.found");
    resolve("tool", dir, NULL, "@/bin", "@/bin/tool");
    resolve("tool", dir, NULL, "@:/x", NULL);
    resolve("./tool", dir, NULL, "@/bin", NULL);
}

/* As execvp(3): a file that may not be executed does not hide one that may. */
static void a_program_is_the_first_executable_of_its_name(void **state)
{
    char path[300], tool[128], *old = strdup(getenv("PATH"));
    (void)state;
    snprintf(path, sizeof path, "%s:%s/bin:/bin", dir, dir);
    snprintf(tool, sizeof tool, "%s/sh", dir);
    make("sh");
    assert_int_equal(setenv("PATH", path, 1), 0);
    char *found = find_program("sh"), *only = find_program("tool");
    assert_int_equal(setenv("PATH", old, 1), 0);
    assert_int_equal(unlink(tool), 0);
    assert_string_equal(found, "/bin/sh");
    assert_string_equal(only + strlen(dir), "/bin/tool"); /* execvp says why it is not executed */
    free(found);
    free(only);
    free(old);
}

static void words_with_a_nul_each_are_arguments(void **state)
{
    static const char none[] = "gdb\0-q", one[] = "gdb\0-q\0/bin/sh";
    (void)state;
    assert_null(find_elf_words(none, sizeof none));
    char *found = find_elf_words(one, sizeof one);
    assert_string_equal(found, "/bin/sh");
    free(found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_word_is_the_program_and_the_second_a_core),
        cmocka_unit_test(options_with_a_value_take_the_next_word),
        cmocka_unit_test(options_without_a_value_do_not),
        cmocka_unit_test(files_given_by_options_are_used_unless_a_word_follows),
        cmocka_unit_test(unique_prefixes_are_options_and_others_are_errors),
        cmocka_unit_test(after_args_comes_the_program_and_nothing_else),
        cmocka_unit_test(after_two_dashes_come_only_words),
        cmocka_unit_test(kgdb_has_options_of_its_own),
        cmocka_unit_test(a_file_is_resolved_as_by_gdb),
        cmocka_unit_test(a_program_is_the_first_executable_of_its_name),
        cmocka_unit_test(words_with_a_nul_each_are_arguments),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
