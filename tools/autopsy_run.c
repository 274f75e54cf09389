/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Runs a program under a time limit; see autopsy.h. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/fds.h"
#include "io/os.h"
#include "proto/visible.h"
#include "tools/autopsy.h"

enum {
    CHUNK = 64 * 1024,          /* the capacity of a pipe on Linux */
    LINE_MAX_BYTES = 64 * 1024, /* of a line: a longer one is cut in two */
    REST_MS = 10,               /* for gdb, which writes line by line, to write more */
};

#define GRACE (2 * IO_SECOND) /* after SIGTERM */
#define TEXT_MAX ((size_t)LINE_MAX_BYTES + CHUNK)

struct run {
    struct crash *crash;
    pid_t pid;
    int process, out; /* out: the program's output */
    int log;
    size_t logged;
    bool cut;
    struct buf text; /* read and not yet written */
    int error;       /* of the log; 0: none */
};

/* ---- the program ---- */

static void become_program(pid_t us, const struct crash *c, int out, char *const *argv)
{
    sigset_t none;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    (void)signal(SIGPIPE, SIG_DFL);
    (void)setpgid(0, 0);
    (void)os_die_with_parent(SIGKILL);
    if (getppid() == us && fchdir(c->dir) == 0 && dup2(null, STDIN_FILENO) >= 0 &&
        dup2(out, STDOUT_FILENO) >= 0 && dup2(out, STDERR_FILENO) >= 0)
        (void)execv(argv[0], argv);
    _exit(127);
}

static bool start_program(struct run *r, char *const *argv)
{
    int pipes[2];
    pid_t us = getpid();
    if (pipe2(pipes, O_CLOEXEC) != 0)
        return false;
    r->pid = fork();
    if (r->pid == 0)
        become_program(us, r->crash, pipes[1], argv);
    close(pipes[1]);
    r->out = pipes[0];
    if (r->pid < 0)
        return false;
    (void)setpgid(r->pid, r->pid); /* whichever of the two comes first */
    (void)fcntl(r->out, F_SETFL, O_NONBLOCK);
    r->process = os_process_open(r->pid);
    return r->process >= 0;
}

/* The group before its leader is reaped: its number cannot be another's yet. */
static void end_group(const struct run *r, int number)
{
    (void)kill(-r->pid, number);
}

/* ---- its output ---- */

static void write_log(struct run *r, const uint8_t *data, size_t len)
{
    while (len > 0 && r->error == 0) {
        ssize_t n = write(r->log, data, len);
        if (n < 0 && errno != EINTR)
            r->error = errno;
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
}

static void log_text(struct run *r)
{
    static const char cut[] = "\nnetgdb: the rest of the output was dropped: it is too long\n";
    struct buf text;
    buf_init(&text, VISIBLE_MAX * TEXT_MAX);
    (void)visible_add(&text, r->text.data, r->text.len);
    if (r->logged + text.len <= AUTOPSY_LOG_MAX) {
        write_log(r, text.data, text.len);
    } else if (!r->cut) {
        r->cut = true;
        write_log(r, (const uint8_t *)cut, sizeof cut - 1);
    }
    r->logged += text.len;
    buf_free(&text);
    buf_reset(&r->text);
}

/* Logs what has come up to its last newline. False: that is all. */
static bool autopsy_take_output(struct run *r)
{
    uint8_t data[CHUNK];
    ssize_t n = read(r->out, data, sizeof data);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    const uint8_t *newline = memrchr(data, '\n', (size_t)n);
    size_t lines = newline != NULL ? (size_t)(newline + 1 - data) : 0;
    (void)buf_add(&r->text, data, lines);
    if (lines != 0)
        log_text(r);
    (void)buf_add(&r->text, data + lines, (size_t)n - lines);
    if (r->text.len >= LINE_MAX_BYTES)
        log_text(r);
    return true;
}

/* ---- until it ends ---- */

/* Waits for its end; why it was to be ended early, else RUN_ENDED. */
static enum run_end watch_program(struct run *r, uint64_t deadline)
{
    struct pollfd fds[] = {
        {r->process, POLLIN, 0}, {r->crash->autopsy->stop_fd, POLLIN, 0}, {r->out, POLLIN, 0}};
    while (fds[0].revents == 0) {
        if (poll(fds, 3, io_fds_timeout(deadline)) < 0 && errno != EINTR)
            return RUN_NOT_STARTED;
        if (fds[2].revents != 0 && !autopsy_take_output(r))
            fds[2].fd = -1;
        else if (fds[2].revents != 0)
            (void)poll(fds, 2, REST_MS);
        if (r->error != 0)
            return RUN_NOT_WRITTEN;
        if (fds[1].revents != 0)
            return RUN_INTERRUPTED;
        if (fds[0].revents == 0 && io_fds_now() >= deadline)
            return RUN_TIMED_OUT;
    }
    return RUN_ENDED;
}

static void reap_program(struct run *r, int *status)
{
    end_group(r, SIGKILL);
    while (waitpid(r->pid, status, 0) < 0 && errno == EINTR)
        continue;
}

/* SIGTERM has gdb leave the kernel in order. */
static void end_early(struct run *r)
{
    struct pollfd end = {r->process, POLLIN, 0};
    end_group(r, SIGTERM);
    (void)poll(&end, 1, (int)(GRACE / IO_MS));
}

static void drain(struct run *r)
{
    struct pollfd more = {r->out, POLLIN, 0};
    while (poll(&more, 1, 0) > 0 && autopsy_take_output(r))
        continue;
    if (r->text.len != 0)
        log_text(r);
}

static enum run_end run_to_end(struct run *r, uint64_t deadline, int *status)
{
    enum run_end end = watch_program(r, deadline);
    if (end != RUN_ENDED)
        end_early(r);
    reap_program(r, status);
    drain(r);
    return end == RUN_ENDED && r->error != 0 ? RUN_NOT_WRITTEN : end;
}

enum run_end run_limited(struct crash *c, char *const *argv, const char *log, uint64_t deadline,
                         int *status)
{
    enum run_end end = RUN_NOT_WRITTEN;
    int fd = openat(c->dir, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
    *status = -1;
    if (fd < 0)
        return end;
    struct run r = {.crash = c, .process = -1, .out = -1, .log = fd};
    buf_init(&r.text, TEXT_MAX);
    if (start_program(&r, argv)) {
        end = run_to_end(&r, deadline, status);
    } else {
        r.error = errno;
        end = RUN_NOT_STARTED;
        if (r.pid > 0)
            reap_program(&r, status);
    }
    buf_free(&r.text);
    close(fd);
    if (r.out >= 0)
        close(r.out);
    if (r.process >= 0)
        close(r.process);
    errno = r.error;
    return end;
}
