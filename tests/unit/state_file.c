/* SPDX-License-Identifier: GPL-3.0-or-later */
/* State files of sessions: claims by another server, and files that are not state files. */
#include "tests/unit/unit.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/os.h"
#include "session/rundir.h"
#include "session/state_file.h"

/* Claims the first state file of a dead server; NULL: there is none. */
static bool take_one(void *context, struct state_file *r)
{
    *(struct state_file **)context = r;
    return false;
}

static struct state_file *claim(uint32_t ip)
{
    struct state_file *r = NULL;
    state_file_claim_all(ip, take_one, &r);
    return r;
}

#define NAME "session-10.0.0.2-20026-5000"

static const struct net_addr own = {0x0a000001, 5000}, kernel = {0x0a000002, 20026};
static const struct net_addr other = {0x0a000003, 20026};

static char dir[UNIT_PATH];
static char path[UNIT_PATH + 32]; /* of NAME */

/* Called between open and flock of a state file (the linker wraps flock). */
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

/* The file system cannot reserve blocks, like ZFS. */
static bool no_fallocate;

/* In place of libc's. */
int posix_fallocate(int fd, off_t offset, off_t len)
{
    const char *name = sizeof(off_t) > sizeof(long) ? "posix_fallocate64" : "posix_fallocate";
    int (*real)(int, off_t, off_t) = NULL;
    *(void **)&real = dlsym(RTLD_NEXT, name);
    return no_fallocate || real == NULL ? EINVAL : real(fd, offset, len);
}

static int setup(void **state)
{
    (void)state;
    if (mkdtemp(unit_directory(dir, "record")) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/%s", dir, NAME);
    return setenv("NETGDB_RUNTIME_DIR", dir, 1);
}

static int teardown(void **state)
{
    (void)state;
    before_lock = NULL;
    no_fallocate = false;
    if (setenv("UNIT_DIRECTORY", dir, 1) != 0)
        return -1;
    return system("rm -rf -- \"$UNIT_DIRECTORY\"");
}

static bool exists(const char *file)
{
    struct stat st;
    return lstat(file, &st) == 0;
}

/* Creates the state file of a dead server. */
static void leave_record(const struct net_addr *from, const struct net_addr *to, uint32_t sent)
{
    struct state_file *r = state_file_create(from, to);
    assert_non_null(r);
    state_file_session_state(r)->sent = sent;
    state_file_session_state(r)->next = sent + 1;
    state_file_close(r);
}

static void a_state_file_describes_the_session(void **state)
{
    (void)state;
    leave_record(&own, &kernel, 17);
    struct state_file *r = claim(kernel.ip);
    struct net_addr ours, its;
    assert_non_null(r);
    ours = state_file_own(r);
    its = state_file_kernel(r);
    assert_true(net_addr_equal(&ours, &own));
    assert_true(net_addr_equal(&its, &kernel));
    assert_int_equal(state_file_session_state(r)->sent, 17);
    assert_int_equal(state_file_session_state(r)->next, 18);
    state_file_close(r);
    assert_true(exists(path));
}

static void a_file_system_that_reserves_no_blocks_has_state_files(void **state)
{
    (void)state;
    no_fallocate = true;
    leave_record(&own, &kernel, 17);
    struct state_file *r = claim(kernel.ip);
    assert_non_null(r);
    assert_int_equal(state_file_own(r).port, own.port);
    assert_int_equal(state_file_session_state(r)->sent, 17);
    state_file_close(r);
}

static void only_a_state_file_of_the_host_is_claimed(void **state)
{
    (void)state;
    leave_record(&own, &kernel, 1);
    assert_null(claim(other.ip));
    assert_null(claim(0x0a000020)); /* an address whose text starts with the other's */
    struct state_file *r = claim(0);
    assert_non_null(r);
    state_file_close(r);
}

static void a_state_file_is_found_by_host_and_port(void **state)
{
    (void)state;
    assert_false(state_file_exists(kernel.ip, own.port));
    struct state_file *r = state_file_create(&own, &kernel);
    assert_true(state_file_exists(kernel.ip, own.port)); /* of a living server */
    state_file_close(r);
    assert_true(state_file_exists(kernel.ip, own.port));
    assert_false(state_file_exists(other.ip, own.port));
    assert_false(state_file_exists(kernel.ip, 500));
    assert_false(state_file_exists(0x0a000020, own.port));
    state_file_remove(claim(kernel.ip));
    assert_false(state_file_exists(kernel.ip, own.port));
}

static void a_removed_state_file_is_not_claimed(void **state)
{
    (void)state;
    leave_record(&own, &kernel, 1);
    state_file_remove(claim(kernel.ip));
    assert_false(exists(path));
    assert_null(claim(0));
    state_file_remove(NULL);
    state_file_close(NULL);
}

static void a_state_file_is_claimed_once(void **state)
{
    (void)state;
    leave_record(&own, &kernel, 1);
    struct state_file *r = claim(kernel.ip);
    assert_non_null(r);
    assert_null(claim(kernel.ip));
    state_file_close(r);
    r = claim(kernel.ip);
    assert_non_null(r);
    state_file_close(r);
}

/* A server process: creates the state file, increments its seqnos, and runs until it is killed. */
static pid_t start_server(void)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)os_die_with_parent(SIGKILL); /* also if the test fails */
        struct state_file *r = state_file_create(&own, &kernel);
        if (r == NULL)
            _exit(1);
        for (uint32_t i = 1; i <= 1000; i++)
            *state_file_session_state(r) = (struct link_session_state){.sent = i, .next = i + 1};
        if (write(ready[1], "x", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return pid;
}

static void kill_server(pid_t pid)
{
    kill(pid, SIGKILL);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static void a_state_file_is_claimed_once_its_server_is_dead(void **state)
{
    (void)state;
    pid_t pid = start_server();
    assert_null(claim(kernel.ip));
    assert_null(claim(0));
    kill_server(pid);
    struct state_file *r = claim(kernel.ip);
    assert_non_null(r);
    assert_int_equal(state_file_session_state(r)->sent, 1000);
    assert_int_equal(state_file_session_state(r)->next, 1001);
    state_file_remove(r);
}

static void a_new_session_removes_state_files_of_dead_servers_for_the_host(void **state)
{
    static const struct net_addr second = {0x0a000001, 5001}, third = {0x0a000001, 5002};
    (void)state;
    leave_record(&second, &other, 3); /* of another host: stays */
    leave_record(&own, &kernel, 1);
    struct state_file *r = state_file_create(&third, &kernel);
    assert_non_null(r);
    assert_false(exists(path));
    struct state_file *rest = claim(0);
    assert_non_null(rest);
    assert_int_equal(state_file_own(rest).port, 5001);
    assert_null(claim(0));
    state_file_close(rest);
    state_file_close(r);
}

static void a_new_session_keeps_the_state_file_of_a_running_server(void **state)
{
    static const struct net_addr second = {0x0a000001, 5001};
    (void)state;
    pid_t pid = start_server();
    assert_null(state_file_create(&own, &kernel)); /* the same port: not ours */
    struct state_file *r = state_file_create(&second, &kernel);
    assert_non_null(r);
    assert_true(exists(path));
    state_file_remove(r);
    kill_server(pid);
    r = claim(0);
    assert_non_null(r);
    assert_int_equal(state_file_session_state(r)->sent, 1000);
    state_file_close(r);
}

static void a_state_file_is_reused_for_the_same_port(void **state)
{
    (void)state;
    leave_record(&own, &kernel, 99);
    struct state_file *r = state_file_create(&own, &kernel);
    assert_non_null(r);
    assert_int_equal(state_file_session_state(r)->sent, 0);
    state_file_close(r);
}

/* ---- files that are not state files ---- */

static void write_file(const char *name, const void *data, size_t len)
{
    char file[128];
    snprintf(file, sizeof file, "%s/%s", dir, name);
    int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, data, len), (ssize_t)len);
    close(fd);
}

static size_t read_file(uint8_t *bytes, size_t room)
{
    int fd = open(path, O_RDONLY);
    assert_true(fd >= 0);
    ssize_t n = read(fd, bytes, room);
    assert_true(n > 0);
    close(fd);
    return (size_t)n;
}

static unsigned count_files(void)
{
    unsigned n = 0;
    DIR *d = opendir(dir);
    assert_non_null(d);
    while (readdir(d) != NULL)
        n++;
    closedir(d);
    return n - 2;
}

static void files_that_are_not_state_files_are_not_touched(void **state)
{
    uint8_t good[1024], bad[sizeof good + 1];
    char file[128];
    (void)state;
    leave_record(&own, &kernel, 1);
    size_t len = read_file(good, sizeof good);
    assert_true(len < sizeof good); /* the whole file */
    assert_int_equal(unlink(path), 0);

    write_file("session-10.0.0.2-1", good, 0);
    write_file("session-10.0.0.2-2", good, len - 1);
    memcpy(bad, good, len);
    bad[len] = 0;
    write_file("session-10.0.0.2-3", bad, len + 1);
    bad[0] ^= 1;
    write_file("session-10.0.0.2-4", bad, len);
    memset(bad, 0, len);
    write_file("session-10.0.0.2-5", bad, len);
    memcpy(bad, good, 8); /* the magic, and no addresses */
    write_file("session-10.0.0.2-6", bad, len);
    write_file("session-10.0.0.9-7", good, len); /* name and content have different hosts */
    write_file("control", good, len);
    snprintf(file, sizeof file, "%s/session-10.0.0.2-8", dir);
    assert_int_equal(mkdir(file, 0700), 0);
    snprintf(file, sizeof file, "%s/session-10.0.0.2-9", dir);
    assert_int_equal(mkfifo(file, 0600), 0);
    write_file("elsewhere", good, len);
    snprintf(file, sizeof file, "%s/session-10.0.0.2-10", dir);
    assert_int_equal(symlink("elsewhere", file), 0);
    snprintf(file, sizeof file, "%s/session-10.0.0.2-11", dir);
    assert_int_equal(symlink("nowhere", file), 0);

    unsigned before = count_files();
    assert_null(claim(kernel.ip));
    assert_null(claim(0x0a000009));
    struct state_file *r = state_file_create(&own, &kernel);
    assert_non_null(r);
    state_file_remove(r);
    assert_int_equal(count_files(), before);
}

/* Leaves a state file with one wrong number. */
static void leave_wrong_record(unsigned what)
{
    struct state_file *r = state_file_create(&own, &kernel);
    assert_non_null(r);
    struct link_session_state *s = state_file_session_state(r);
    s->sent = what == 0 ? UINT32_MAX : 1; /* no seqno would be left */
    s->stop.cause = what == 1 ? STOP_RAN + 1 : STOP_RAN;
    s->stop.watch = what == 2 ? STOP_WATCH_UNKNOWN + 1 : STOP_WATCH_UNKNOWN;
    s->stop.pc = what == 3 ? UINT8_MAX + 1 : UINT8_MAX;
    s->stop.pc_len = what == 4 ? sizeof(uint64_t) + 1 : sizeof(uint64_t);
    s->stop.points[STOP_POINTS - 1] = (struct stop_point){.len = STOP_TEXT_MAX, .inserted = 1};
    if (what == 5)
        s->stop.points[STOP_POINTS - 1].len++;
    state_file_close(r);
}

static void a_state_file_with_impossible_numbers_is_not_claimed(void **state)
{
    enum { WRONG = 6 };
    (void)state;
    for (unsigned i = 0; i <= WRONG; i++) {
        leave_wrong_record(i);
        struct state_file *r = claim(kernel.ip);
        assert_int_equal(r != NULL, i == WRONG); /* the last one has none */
        assert_true(exists(path));
        state_file_close(r);
        state_file_remove(state_file_create(&own, &kernel)); /* the kernel's next session */
        assert_false(exists(path));
    }
}

static void remove_path(void)
{
    assert_int_equal(unlink(path), 0);
}

/* Its owner ended the session between our open and our lock. */
static void a_state_file_removed_before_the_lock_is_not_claimed(void **state)
{
    (void)state;
    leave_record(&own, &kernel, 1);
    before_lock = remove_path;
    assert_null(claim(kernel.ip));
    assert_false(exists(path));
}

/* The old file is removed between our open and our lock: the new one must exist. */
static void a_state_file_removed_during_creation_is_created_again(void **state)
{
    (void)state;
    before_lock = remove_path;
    struct state_file *r = state_file_create(&own, &kernel);
    assert_non_null(r);
    assert_true(exists(path));
    state_file_close(r);
}

/* ---- a full file system ---- */

enum { PAGES = 4, NOT_ALLOWED = 77 };

/* Writes until there is no space. */
static void fill(const char *file)
{
    static const char page[4096];
    int fd = open(file, O_WRONLY | O_CREAT, 0600);
    while (write(fd, page, sizeof page) > 0)
        continue;
    close(fd);
}

/* The runtime directory is a small tmpfs of our own. */
static void enter_tmpfs(void)
{
#ifdef CLONE_NEWNS
    char size[32];
    (void)snprintf(size, sizeof size, "size=%ld", PAGES * sysconf(_SC_PAGESIZE));
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("netgdb-test", dir, "tmpfs", 0, size) != 0)
        _exit(NOT_ALLOWED);
    (void)chmod(dir, 0700);
#else
    _exit(NOT_ALLOWED);
#endif
}

static int make_one(void)
{
    fill("filler");
    struct state_file *r = state_file_create(&own, &kernel);
    if (r != NULL)
        state_file_session_state(r)->sent = 1; /* SIGBUS if no page is available */
    return r != NULL || errno != ENOSPC || exists(path);
}

/* A state file of an older version, or a copied one: sparse. */
static int claim_a_hole(void)
{
    leave_record(&own, &kernel, 17);
    int from = open(path, O_RDONLY), to = open("copy", O_WRONLY | O_CREAT, 0600);
    char bytes[8192];
    ssize_t n = read(from, bytes, sizeof bytes);
    if (n <= 0 || rename("copy", path) != 0 || ftruncate(to, n) != 0)
        return 1;
    close(from);
    close(to);
    fill("filler");
    struct state_file *r = claim(kernel.ip);
    return r != NULL;
}

static void in_a_full_tmpfs(int (*act)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        enter_tmpfs();
        _exit(chdir(dir) != 0 ? 2 : act());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_ALLOWED)
        UNIT_SKIP("no file system can be mounted here");
    assert_int_equal(status, 0);
}

static void a_full_file_system_is_an_error_and_no_signal(void **state)
{
    (void)state;
    in_a_full_tmpfs(make_one);
    in_a_full_tmpfs(claim_a_hole);
}

/* ---- the directory ---- */

static void a_directory_of_another_user_is_not_used(void **state)
{
    char deep[128];
    (void)state;
    leave_record(&own, &kernel, 1);
    assert_int_equal(chmod(dir, 0770), 0);
    assert_null(state_file_create(&own, &kernel));
    assert_int_equal(errno, EPERM);
    assert_null(claim(0));
    assert_int_equal(chmod(dir, 0702), 0);
    assert_null(claim(0));
    assert_int_equal(chmod(dir, 0755), 0); /* readable by others is allowed */
    struct state_file *r = claim(0);
    assert_non_null(r);
    state_file_close(r);

    snprintf(deep, sizeof deep, "%s/link", dir);
    assert_int_equal(symlink(dir, deep), 0);
    setenv("NETGDB_RUNTIME_DIR", deep, 1);
    assert_null(claim(0));
    assert_null(state_file_create(&own, &kernel));
    setenv("NETGDB_RUNTIME_DIR", path, 1); /* a file */
    assert_null(claim(0));
    snprintf(deep, sizeof deep, "%s/a/b", dir); /* cannot be created */
    setenv("NETGDB_RUNTIME_DIR", deep, 1);
    assert_null(state_file_create(&own, &kernel));
}

/* Returns the line about an unusable directory. */
static void trouble(const char *name, const char *why, int error)
{
    char told[RUNDIR_MAX];
    setenv("NETGDB_RUNTIME_DIR", name, 1);
    assert_string_equal(rundir_trouble(told), why);
    assert_int_equal(errno, error);
    assert_string_equal(told, name);
}

static void the_reason_for_an_unusable_directory_is_logged(void **state)
{
    char told[RUNDIR_MAX], deep[128];
    (void)state;
    assert_null(rundir_trouble(told));
    assert_string_equal(told, dir);
    assert_int_equal(chmod(dir, 0777), 0);
    trouble(dir, "others can write to it (chmod go-w)", EPERM);
    assert_int_equal(chmod(dir, 0700), 0);
    snprintf(deep, sizeof deep, "%s/a/b", dir);
    trouble(deep, "No such file or directory", ENOENT);
    trouble("/dev/null", "not a directory", EPERM);
    trouble("relative", "its name must begin with /", EINVAL);
    if (geteuid() == 0) { /* otherwise no directory certainly belongs to another user */
        snprintf(deep, sizeof deep, "%s/theirs", dir);
        assert_int_equal(mkdir(deep, 0700), 0);
        assert_int_equal(chown(deep, 1, 1), 0);
        trouble(deep, "it belongs to another user", EPERM);
        assert_int_equal(rmdir(deep), 0);
    }
}

static void a_missing_directory_is_created_with_mode_700(void **state)
{
    char deep[128];
    struct stat st;
    (void)state;
    snprintf(deep, sizeof deep, "%s/new", dir);
    setenv("NETGDB_RUNTIME_DIR", deep, 1);
    state_file_close(state_file_create(&own, &kernel));
    assert_int_equal(stat(deep, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
}

static void a_path_that_is_too_long_is_an_error(void **state)
{
    char deep[400];
    (void)state;
    memset(deep, 'x', sizeof deep);
    deep[0] = '/';
    deep[sizeof deep - 1] = 0;
    setenv("NETGDB_RUNTIME_DIR", deep, 1);
    assert_null(state_file_create(&own, &kernel));
    assert_int_equal(errno, ENAMETOOLONG);
    assert_null(claim(0));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_state_file_describes_the_session),
        TEST(a_file_system_that_reserves_no_blocks_has_state_files),
        TEST(only_a_state_file_of_the_host_is_claimed),
        TEST(a_state_file_is_found_by_host_and_port),
        TEST(a_removed_state_file_is_not_claimed),
        TEST(a_state_file_is_claimed_once),
        TEST(a_state_file_is_claimed_once_its_server_is_dead),
        TEST(a_new_session_removes_state_files_of_dead_servers_for_the_host),
        TEST(a_new_session_keeps_the_state_file_of_a_running_server),
        TEST(a_state_file_is_reused_for_the_same_port),
        TEST(files_that_are_not_state_files_are_not_touched),
        TEST(a_state_file_with_impossible_numbers_is_not_claimed),
        TEST(a_state_file_removed_before_the_lock_is_not_claimed),
        TEST(a_state_file_removed_during_creation_is_created_again),
        TEST(a_full_file_system_is_an_error_and_no_signal),
        TEST(a_directory_of_another_user_is_not_used),
        TEST(the_reason_for_an_unusable_directory_is_logged),
        TEST(a_missing_directory_is_created_with_mode_700),
        TEST(a_path_that_is_too_long_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
