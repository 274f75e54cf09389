/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The log file. */
#include "io/logfile.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/err.h"

struct fixture {
    char dir[32], path[48];
};

static int setup(void **state)
{
    struct fixture *f = test_calloc(1, sizeof *f);
    strcpy(f->dir, "/tmp/netgdb-log-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    (void)snprintf(f->path, sizeof f->path, "%s/log", f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    (void)logfile_open(NULL);
    (void)unlink(f->path);
    assert_int_equal(rmdir(f->dir), 0);
    test_free(f);
    return 0;
}

static void a_created_file_is_private_to_its_owner(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    mode_t before = umask(0);
    assert_int_equal(logfile_open(f->path), 0);
    (void)umask(before);
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
}

static void lines_are_appended_each_with_its_newline(void **state)
{
    struct fixture *f = *state;
    char text[64] = "";
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(logfile_open(f->path), 0);
        logfile_sink(NULL, LOG_WARN, i == 0 ? "netgdb: one" : "netgdb: two");
    }
    int fd = open(f->path, O_RDONLY | O_CLOEXEC);
    assert_true(read(fd, text, sizeof text - 1) > 0);
    close(fd);
    assert_string_equal(text, "netgdb: one\nnetgdb: two\n");
}

static void a_failed_open_returns_an_error_and_changes_nothing(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char missing[sizeof f->dir + sizeof "/none/log"];
    assert_int_equal(logfile_open(f->path), 0);
    (void)snprintf(missing, sizeof missing, "%s/none/log", f->dir);
    assert_int_equal(logfile_open(missing), NETGDB_IO);
    assert_int_equal(errno, ENOENT);
    logfile_sink(NULL, LOG_WARN, "netgdb: still here");
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_size, sizeof "netgdb: still here");
}

/* Neither open nor write waits for a reader. */
static void a_fifo_never_blocks(void **state)
{
    struct fixture *f = *state;
    char text[] = "netgdb: a line of 32 characters.";
    assert_int_equal(mkfifo(f->path, 0600), 0);
    assert_int_equal(logfile_open(f->path), NETGDB_IO);
    assert_int_equal(errno, ENXIO);
    int reader = open(f->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    int before = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_int_equal(logfile_open(f->path), 0);
    (void)dup2(null, STDERR_FILENO);    /* for lines after that */
    for (unsigned i = 0; i < 4096; i++) /* twice the capacity of a pipe */
        logfile_sink(NULL, LOG_WARN, text);
    (void)dup2(before, STDERR_FILENO);
    assert_int_equal(read(reader, text, sizeof text), sizeof text);
    assert_int_equal(text[sizeof text - 1], '\n');
    close(reader);
    close(null);
    close(before);
}

static void a_file_readable_by_others_is_detected(void **state)
{
    struct fixture *f = *state;
    assert_false(logfile_is_readable_by_others()); /* stderr */
    assert_int_equal(logfile_open(f->path), 0);
    assert_false(logfile_is_readable_by_others());
    assert_int_equal(chmod(f->path, 0640), 0);
    assert_true(logfile_is_readable_by_others());
    assert_int_equal(chmod(f->path, 0604), 0);
    assert_true(logfile_is_readable_by_others());
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_created_file_is_private_to_its_owner),
        TEST(a_fifo_never_blocks),
        TEST(a_file_readable_by_others_is_detected),
        TEST(lines_are_appended_each_with_its_newline),
        TEST(a_failed_open_returns_an_error_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
