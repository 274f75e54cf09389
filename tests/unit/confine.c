/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Access of a process to files after it has confined itself. */
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tools/confine.h"

enum { NO_LANDLOCK = 77 };

static char directory[] = "/tmp/netgdb-confine-XXXXXX";

static char *in_directory(const char *name)
{
    static char path[100];
    (void)snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static int setup(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(directory));
    assert_int_equal(mkdir(in_directory("own"), 0700), 0);
    assert_int_equal(mkdir(in_directory("symbols"), 0700), 0);
    int fd = open(in_directory("symbols/kernel.debug"), O_CREAT | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    (void)unlink(in_directory("symbols/kernel.debug"));
    (void)rmdir(in_directory("symbols"));
    (void)rmdir(in_directory("own"));
    return rmdir(directory);
}

/* Opens a file. Returns 0 or its errno. */
static int try_open(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0600);
    int error = fd < 0 ? errno : 0;
    if (fd >= 0)
        close(fd);
    return error;
}

/* Confines this process. Returns 0, or the number of the failed check. */
static int confine_to(const char *own, const char *symbols)
{
    bool landlock = confine(own, "", symbols, "", NULL);
    int error = errno;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 1;
    if (!landlock)
        return error == ENOSYS || error == EOPNOTSUPP ? NO_LANDLOCK : 7;
    return try_open("/etc/passwd", O_RDONLY) == EACCES ? 0 : 2;
}

/* Runs in a child, because the restriction is permanent. Returns the number of the failed check. */
static int confined(void)
{
    char own[100], symbols[100];
    (void)snprintf(own, sizeof own, "%s", in_directory("own"));
    (void)snprintf(symbols, sizeof symbols, "%s", in_directory("symbols/kernel.debug"));
    int wrong = confine_to(own, symbols);
    if (wrong != 0)
        return wrong;
    if (try_open(in_directory("elsewhere"), O_CREAT | O_WRONLY) != EACCES)
        return 3;
    if (try_open(in_directory("own/session-1"), O_CREAT | O_RDWR) != 0 ||
        unlink(in_directory("own/session-1")) != 0)
        return 4;
    if (try_open(symbols, O_RDONLY) != 0 || try_open(symbols, O_WRONLY) != EACCES)
        return 5;
    (void)execl("/bin/true", "true", (char *)NULL);
    return errno == EACCES ? 0 : 6;
}

static int confined_without_files(void)
{
    return confine_to("/nonexistent/own", "/nonexistent/symbols/kernel.debug");
}

static int confined_to_nothing(void)
{
    return confine_to("", "");
}

static void in_child(int (*play)(void))
{
    int status = 0;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        _exit(play());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NO_LANDLOCK)
        UNIT_SKIP("no Landlock here");
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void only_state_files_and_symbols_stay_accessible(void **state)
{
    (void)state;
    in_child(confined);
}

static void missing_files_do_not_prevent_the_restriction(void **state)
{
    (void)state;
    in_child(confined_without_files);
    in_child(confined_to_nothing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(only_state_files_and_symbols_stay_accessible, setup,
                                        teardown),
        cmocka_unit_test(missing_files_do_not_prevent_the_restriction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
