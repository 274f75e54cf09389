/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sessions that save to the same file: one of them has it, and what it writes has that name. */
#include "record/core_file.h"
#include "tests/unit/unit.h"

#include <elf.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 500, DELAYS = 20000, HAS_IT = 0, REFUSED = 1, LOST_IT = 2 };

static char directory[UNIT_PATH], path[UNIT_PATH + 16];

static const struct core_machine machine = {EM_X86_64, ELFOSABI_FREEBSD, true, false};

/* Waits for the other process. */
static void meet(atomic_int *count)
{
    atomic_fetch_add(count, 1);
    while (atomic_load(count) < 2)
        (void)sched_yield();
}

static int begin(atomic_int meetings[2], int delay)
{
    struct core_file f;
    const char *why;
    struct stat own, named;
    meet(&meetings[0]);
    for (volatile int i = 0; i < delay; i++)
        continue;
    bool good = core_file_create(&f, path, &machine, NULL, &why) == 0 && core_file_commit(&f) == 0;
    meet(&meetings[1]);
    if (!good)
        return REFUSED;
    return fstat(f.fd, &own) == 0 && stat(path, &named) == 0 && own.st_ino == named.st_ino
               ? HAS_IT
               : LOST_IT;
}

/* Returns how many of the two have the file; -1: one writes to a file that has no name. */
static int play(atomic_int meetings[2], int round)
{
    int status, have = 0, lost = 0;
    atomic_store(&meetings[0], 0);
    atomic_store(&meetings[1], 0);
    for (int i = 0; i < 2; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(begin(meetings, i == 0 ? 0 : round * 37 % DELAYS));
    }
    for (int i = 0; i < 2; i++) {
        assert_true(wait(&status) > 0);
        assert_true(WIFEXITED(status));
        have += WEXITSTATUS(status) == HAS_IT;
        lost += WEXITSTATUS(status) == LOST_IT;
    }
    (void)unlink(path);
    return lost != 0 ? -1 : have;
}

static void one_of_two_sessions_has_the_file(void **state)
{
    char left[sizeof path + 8];
    unsigned refused = 0;
    (void)state;
    atomic_int *meetings =
        mmap(NULL, 2 * sizeof *meetings, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(meetings != MAP_FAILED);
    assert_non_null(mkdtemp(unit_directory(directory, "race")));
    (void)snprintf(path, sizeof path, "%s/core", directory);
    (void)snprintf(left, sizeof left, "%s.new", path);
    for (int round = 0; round < ROUNDS; round++) {
        int have = play(meetings, round);
        assert_true(have == 0 || have == 1);
        refused += have == 0;
    }
    assert_true(refused < ROUNDS / 2); /* both, as each has seen the other */
    (void)unlink(left);
    assert_int_equal(rmdir(directory), 0);
    assert_int_equal(munmap(meetings, 2 * sizeof *meetings), 0);
}

/* In place of libc's. */
static void (*before_lock)(void);
int __real_flock(int fd, int operation);
int __wrap_flock(int fd, int operation);
int __wrap_flock(int fd, int operation)
{
    void (*act)(void) = before_lock;
    before_lock = NULL;
    if (act != NULL)
        act();
    return __real_flock(fd, operation);
}

static int make_file(void **state)
{
    struct core_file f;
    const char *why;
    (void)state;
    if (mkdtemp(unit_directory(directory, "race")) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/core", directory);
    int rc = core_file_create(&f, path, &machine, NULL, &why) == 0 ? core_file_commit(&f) : -1;
    core_file_close(&f);
    return rc;
}

static int remove_file(void **state)
{
    (void)state;
    (void)unlink(path);
    return rmdir(directory);
}

static void expect_another_session(void)
{
    struct core_file f;
    const char *why;
    assert_int_equal(core_file_open(&f, path, true, &why), -1);
    assert_string_equal(why, "another session writes to it");
}

static void a_file_that_is_about_to_be_replaced_is_not_continued(void **state)
{
    struct core_file other, f;
    const char *why;
    (void)state;
    assert_int_equal(core_file_create(&other, path, &machine, NULL, &why), 0);
    expect_another_session();
    core_file_close(&other); /* it gives up */
    assert_int_equal(core_file_open(&f, path, true, &why), 0);
    assert_int_equal(core_file_create(&other, path, &machine, NULL, &why), -1);
    assert_string_equal(why, "another session writes to it");
    core_file_close(&f);
}

static void replace_file(void)
{
    struct core_file f;
    const char *why;
    assert_int_equal(core_file_create(&f, path, &machine, NULL, &why), 0);
    assert_int_equal(core_file_commit(&f), 0);
    core_file_close(&f);
}

static void a_file_that_was_replaced_meanwhile_is_not_continued(void **state)
{
    (void)state;
    before_lock = replace_file; /* it is open already */
    expect_another_session();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_two_sessions_has_the_file),
        cmocka_unit_test_setup_teardown(a_file_that_is_about_to_be_replaced_is_not_continued,
                                        make_file, remove_file),
        cmocka_unit_test_setup_teardown(a_file_that_was_replaced_meanwhile_is_not_continued,
                                        make_file, remove_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
