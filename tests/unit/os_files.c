/* SPDX-License-Identifier: GPL-3.0-or-later */
/* io/os.h: files, and what a confined process can do; the same behaviour on each system. */
#include "io/os.h"
#include "io/os_private.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char directory[UNIT_PATH];
static int dir_fd;

static int setup(void **state)
{
    (void)state;
    assert_non_null(unit_directory(directory, "os-files"));
    assert_non_null(mkdtemp(directory));
    dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return dir_fd < 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlinkat(dir_fd, "a/file", 0);
    (void)unlinkat(dir_fd, "a", AT_REMOVEDIR);
    (void)unlinkat(dir_fd, "b/file", 0);
    (void)unlinkat(dir_fd, "b", AT_REMOVEDIR);
    close(dir_fd);
    return rmdir(directory);
}

/* ---- files ---- */

static void a_pipe_is_read_without_consuming_where_possible(void **state)
{
    int ends[2];
    char text[8] = "", again[8] = "";
    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(write(ends[1], "abc", 3), 3);
    ssize_t n = os_peek_pipe(ends[0], text, sizeof text);
    assert_true(n == 3 || (n == -1 && errno == ENOSYS));
    assert_string_equal(text, n == 3 ? "abc" : "");
    assert_int_equal(read(ends[0], again, sizeof again), 3);
    assert_string_equal(again, "abc");
    close(ends[0]);
    close(ends[1]);
}

static void make_directory(const char *name)
{
    char file[16];
    (void)snprintf(file, sizeof file, "%s/file", name);
    assert_int_equal(mkdirat(dir_fd, name, 0700), 0);
    int fd = openat(dir_fd, file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void remove_directory(const char *name)
{
    char file[16];
    (void)snprintf(file, sizeof file, "%s/file", name);
    assert_int_equal(unlinkat(dir_fd, file, 0), 0);
    assert_int_equal(unlinkat(dir_fd, name, AT_REMOVEDIR), 0);
}

static void check_rename(int (*rename_new)(int directory, const char *from, const char *to))
{
    make_directory("a");
    assert_int_equal(rename_new(dir_fd, "a", "b"), 0);
    make_directory("a");
    assert_int_equal(rename_new(dir_fd, "a", "b"), -1);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(faccessat(dir_fd, "a/file", R_OK, 0), 0);
    assert_int_equal(faccessat(dir_fd, "b/file", R_OK, 0), 0);
    assert_int_equal(rename_new(dir_fd, "none", "c"), -1);
    assert_int_equal(errno, ENOENT);
    remove_directory("a");
    remove_directory("b");
}

/* Also on a file system that does not know how, as NFS. */
static void a_rename_replaces_nothing(void **state)
{
    (void)state;
    check_rename(os_rename_new);
    check_rename(os_rename_checked);
}

/* Another process reads and writes it by its path. */
static void a_scratch_file_has_a_path_for_others(void **state)
{
    char path[OS_SCRATCH_PATH], text[16] = "";
    int status;
    struct stat st;
    (void)state;
    FILE *file = os_scratch_open("test", path);
    assert_non_null(file);
    pid_t pid = fork();
    if (pid == 0) {
        int fd = open(path, O_RDWR | O_CLOEXEC);
        _exit(fd >= 0 && fstat(fd, &st) == 0 && st.st_size == 0 && write(fd, "hello", 5) == 5 ? 0
                                                                                              : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(fread(text, 1, sizeof text, file), 5);
    assert_string_equal(text, "hello");
    os_scratch_close(file, path);
    assert_int_equal(stat(path, &st), -1);
}

/* ---- confinement ---- */

static int exit_status(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

enum { DONE, NOT_SUPPORTED, WRONG };

/* A process that may only change files in the directory. Returns one of the above. */
static int change_only_here(void)
{
    int set = os_confine_open();
    if (set < 0)
        return errno == ENOSYS || errno == EOPNOTSUPP ? NOT_SUPPORTED : WRONG;
    if (!os_no_new_privileges() || !os_confine_allow(set, directory, OS_CHANGE) ||
        !os_confine_allow(set, "/no/such/directory", OS_READ) || !os_confine_enter(set))
        return WRONG;
    close(set);
    int here = openat(dir_fd, "new", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    bool good = here >= 0 && unlinkat(dir_fd, "new", 0) == 0;
    return good && open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 && errno == EACCES ? DONE : WRONG;
}

static void a_process_confines_itself_to_directories(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0)
        _exit(change_only_here());
    int status = exit_status(pid);
    if (status == NOT_SUPPORTED)
        UNIT_SKIP("this system confines no process to directories");
    assert_int_equal(status, DONE);
}

/* A process with descriptors only: a pipe still works. */
static int use_only_descriptors(void)
{
    int ends[2], file = -1;
    char c;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return WRONG;
    os_confine_to_descriptors();
    file = open("/etc/passwd", O_RDONLY | O_CLOEXEC);
    if (file < 0 && errno == ENOENT)
        return NOT_SUPPORTED; /* a small system */
    if (write(ends[1], "x", 1) != 1 || read(ends[0], &c, 1) != 1)
        return WRONG;
    return file < 0 ? DONE : NOT_SUPPORTED;
}

static void a_process_confines_itself_to_its_descriptors(void **state)
{
    (void)state;
    pid_t pid = fork();
    if (pid == 0)
        _exit(use_only_descriptors());
    int status = exit_status(pid);
    if (status == NOT_SUPPORTED)
        UNIT_SKIP("this system confines no process");
    assert_int_equal(status, DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pipe_is_read_without_consuming_where_possible),
        cmocka_unit_test(a_rename_replaces_nothing),
        cmocka_unit_test(a_scratch_file_has_a_path_for_others),
        cmocka_unit_test(a_process_confines_itself_to_directories),
        cmocka_unit_test(a_process_confines_itself_to_its_descriptors),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
