/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The capture of a process: its file, its limit, and what it says of the datagrams of an io. */
#include "io/capture.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/fds.h"
#include "io/sockets.h"
#include "proto/err.h"

enum { MIB = 1 << 20 };

struct fixture {
    char dir[UNIT_PATH], path[UNIT_PATH + 16], older[UNIT_PATH + 16];
    unsigned lines;
    char line[LOG_LINE_MAX];
};

static struct fixture *current;

static void count_line(void *context, enum log_level level, const char *line)
{
    (void)context;
    (void)level;
    current->lines++;
    (void)snprintf(current->line, sizeof current->line, "%s", line);
}

static const struct log counting = {.level = LOG_WARN, .sink = count_line};

static int setup(void **state)
{
    struct fixture *f = current = test_calloc(1, sizeof *f);
    assert_non_null(mkdtemp(unit_directory(f->dir, "capture")));
    (void)snprintf(f->path, sizeof f->path, "%s/c", f->dir);
    (void)snprintf(f->older, sizeof f->older, "%s/c.1", f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    capture_close();
    (void)unlink(f->path);
    (void)unlink(f->older);
    assert_int_equal(rmdir(f->dir), 0);
    test_free(f);
    return 0;
}

/* The contents of a file, to be freed. */
static uint8_t *contents(const char *path, size_t *len)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(fstat(fd, &st), 0);
    *len = (size_t)st.st_size;
    uint8_t *data = test_malloc(*len + 1);
    assert_int_equal(read(fd, data, *len), (ssize_t)*len);
    close(fd);
    return data;
}

static uint32_t get32le(const uint8_t *p)
{
    return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* The number of blocks of this type in a file of whole blocks that begins with a section. */
static unsigned blocks(const char *path, uint32_t type)
{
    unsigned n = 0;
    size_t len, at = 0;
    uint8_t *data = contents(path, &len);
    assert_true(len >= 28 && get32le(data) == 0x0a0d0d0a);
    while (at < len) {
        uint32_t size = get32le(data + at + 4);
        assert_true(size >= 12 && size <= len - at);
        assert_int_equal(get32le(data + at + size - 4), size);
        n += get32le(data + at) == type;
        at += size;
    }
    test_free(data);
    return n;
}

static bool contains(const char *path, const char *text)
{
    size_t len;
    uint8_t *data = contents(path, &len);
    bool found = memmem(data, len, text, strlen(text)) != NULL;
    test_free(data);
    return found;
}

enum { INTERFACES = 1, PACKETS = 6 };

static void add_request(const char *name, size_t len)
{
    static uint8_t zeros[64 * 1024];
    capture_rsp(name, true, zeros, len);
}

static void a_new_file_is_private_and_has_its_interfaces(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    mode_t before = umask(0);
    assert_false(capture_on());
    add_request("nobody", 1); /* without a capture, nothing happens */
    assert_int_equal(capture_open(f->path, 1, &counting), 0);
    (void)umask(before);
    assert_true(capture_on());
    add_request("crash1", 4);
    add_request("crash2", 4);
    add_request("crash1", 4);
    capture_flush();
    assert_int_equal(stat(f->path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0600);
    assert_int_equal(blocks(f->path, INTERFACES), 3);
    assert_int_equal(blocks(f->path, PACKETS), 3);
    assert_int_equal(f->lines, 0);
}

static void an_earlier_capture_is_kept_as_dot_1(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(capture_open(f->path, 1, &counting), 0);
    add_request("first", 4);
    assert_int_equal(capture_open(f->path, 1, &counting), 0); /* the same one: it goes on */
    add_request("first", 4);
    capture_close();
    assert_int_equal(capture_open(f->path, 1, &counting), 0);
    capture_close();
    assert_int_equal(blocks(f->older, PACKETS), 2);
    assert_int_equal(blocks(f->path, PACKETS), 0);
}

static void refused(const struct fixture *f, const char *why)
{
    errno = 0;
    assert_int_equal(capture_open(f->path, 1, &counting), NETGDB_IO);
    assert_non_null(strstr(capture_error_text(errno), why));
    assert_false(capture_on());
}

static void what_is_not_a_capture_is_refused_and_unchanged(void **state)
{
    struct fixture *f = *state;
    int fd = open(f->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_int_equal(write(fd, "precious", 8), 8);
    close(fd);
    refused(f, "is not a capture");
    assert_true(contains(f->path, "precious"));
    assert_int_equal(rename(f->path, f->older), 0); /* nor is it replaced by an earlier capture */
    assert_int_equal(capture_open(f->path, 1, &counting), 0);
    capture_close();
    refused(f, "is not a capture");
    assert_true(contains(f->older, "precious"));
    assert_int_equal(unlink(f->older), 0);
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(symlink("c.1", f->path), 0);
    refused(f, "symbolic link");
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(mkfifo(f->path, 0600), 0);
    refused(f, "is not a capture");
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    refused(f, "is not a capture");
    assert_int_equal(rmdir(f->path), 0);
}

/* Locked as by another process: a second open of a file is independent of the first. */
static void the_capture_of_another_process_is_refused_and_unchanged(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(capture_open(f->path, 1, &counting), 0);
    capture_close();
    int fd = open(f->path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
    refused(f, "another process writes to it");
    assert_int_equal(access(f->older, F_OK), -1);
    close(fd);
    assert_int_equal(capture_open(f->path, 1, &counting), 0);
    fd = open(f->path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), -1); /* ours is locked */
    close(fd);
    capture_close();
}

/* One byte is added to it. */
static void the_longest_directory_fits(void **state)
{
    char name[PATH_MAX];
    (void)state;
    memset(name, '/', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(capture_open(name, 1, &counting), NETGDB_IO);
    assert_false(capture_on());
}

static void at_its_limit_a_file_is_complete_and_another_one_begins(void **state)
{
    enum { LEN = 60000 };
    struct fixture *f = *state;
    struct stat st;
    unsigned per_file = MIB / LEN, n = 2 * per_file + per_file / 2;
    assert_int_equal(capture_open(f->path, 1, &counting), 0);
    for (unsigned i = 0; i < n; i++)
        add_request(i % 2 == 0 ? "even" : "odd", LEN);
    capture_flush();
    assert_int_equal(stat(f->older, &st), 0);
    assert_in_range(st.st_size, MIB / 2, MIB);
    assert_int_equal(blocks(f->older, INTERFACES), 3);
    assert_int_equal(blocks(f->older, PACKETS), per_file);
    assert_int_equal(blocks(f->path, INTERFACES), 3);
    assert_int_equal(blocks(f->path, PACKETS), n - 2 * per_file);
}

static void the_process_may_change_its_directory(void **state)
{
    struct fixture *f = *state;
    char *before = getcwd(NULL, 0);
    assert_int_equal(chdir(f->dir), 0);
    assert_int_equal(capture_open("c", 1, &counting), 0);
    assert_int_equal(chdir("/"), 0);
    for (unsigned i = 0; i < 20; i++)
        add_request("x", 60000);
    capture_flush();
    assert_true(blocks(f->older, PACKETS) != 0);
    assert_int_equal(f->lines, 0);
    assert_int_equal(chdir(before), 0);
    free(before);
}

static void a_full_disk_is_one_line_and_the_end(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, small = {.rlim_cur = MIB / 2};
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(capture_open(f->path, 1, &counting), 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0); /* write(2) then fails halfway */
    for (unsigned i = 0; i < 30; i++)
        add_request("x", 60000);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, handler);
    assert_false(capture_on());
    assert_int_equal(f->lines, 1);
    assert_non_null(strstr(f->line, "the capture in "));
    assert_int_equal(blocks(f->path, PACKETS), MIB / 2 / 60000);
    capture_flush();
    assert_int_equal(f->lines, 1);
}

/* ---- an io ---- */

/* A UDP socket on loopback. */
static int open_socket(struct sockaddr_in *name)
{
    const struct sockaddr_in any = {.sin_family = AF_INET,
                                    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = sockets_udp(&any, NULL);
    assert_true(fd >= 0 && sockets_local(fd, name));
    return fd;
}

static void datagrams_are_captured_with_their_notes(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_in here, there;
    struct io_fds io;
    struct io_msg received;
    int fd = open_socket(&here), other = open_socket(&there);
    assert_int_equal(capture_open(f->path, 1, &counting), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&there, sizeof there), 0);
    assert_int_equal(connect(other, (struct sockaddr *)&here, sizeof here), 0);
    assert_int_equal(io_fds_init(&io), 0);
    io_fds_batch_sends(&io);
    io_fds_set_datagrams(&io, IO_TARGET, fd);
    assert_true(io_captures(&io.io));

    const struct io_msg sent[] = {{.data = (uint8_t *)(uintptr_t) "out1", .len = 4, .note = "why"},
                                  {.data = (uint8_t *)(uintptr_t) "out2", .len = 4}};
    assert_int_equal(io_send(&io.io, IO_TARGET, sent, 2), 0);
    assert_int_equal(send(other, "in", 2, 0), 2);
    assert_int_equal(io_wait(&io.io, IO_NEVER, IO_ON_TARGET), IO_ON_TARGET);
    assert_int_equal(io_recv(&io.io, IO_TARGET, &received, 1), 1);
    io_note(&io.io, IO_TARGET, &received, "%s %d", "number", 7);
    assert_false(contains(f->path, "number 7")); /* it waits for more notes */
    assert_int_equal(io_wait(&io.io, 0, IO_ON_TARGET), 0);
    assert_true(contains(f->path, "out1"));
    assert_true(contains(f->path, "why"));
    assert_true(contains(f->path, "out2"));
    assert_true(contains(f->path, "number 7"));
    assert_int_equal(blocks(f->path, PACKETS), 3);
    io_fds_close(&io);
    close(other);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_new_file_is_private_and_has_its_interfaces),
        TEST(an_earlier_capture_is_kept_as_dot_1),
        TEST(what_is_not_a_capture_is_refused_and_unchanged),
        TEST(the_capture_of_another_process_is_refused_and_unchanged),
        TEST(the_longest_directory_fits),
        TEST(at_its_limit_a_file_is_complete_and_another_one_begins),
        TEST(the_process_may_change_its_directory),
        TEST(a_full_disk_is_one_line_and_the_end),
        TEST(datagrams_are_captured_with_their_notes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
