/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting and ending a stub; see child.h. */
#include "session/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/os.h"
#include "proto/check.h"

enum {
    BY_ITSELF_MS = 200, /* for a child that is about to exit */
    PATIENCE_MS = 1000, /* after each signal */
    EXEC_FAILED_STATUS = 127,
};

/* Runs in the child and never returns. Writes errno to `report` if the program cannot be executed.
 */
static void become(char *const argv[], int stream, int report, pid_t parent)
{
    sigset_t none;
    sigemptyset(&none);
    setpgid(0, 0);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (os_die_with_parent(SIGKILL) == 0 && getppid() == parent &&
        dup2(stream, STDIN_FILENO) >= 0 && dup2(stream, STDOUT_FILENO) >= 0)
        execvp(argv[0], argv);
    int error = errno;
    ssize_t n = write(report, &error, sizeof error);
    (void)n;
    _exit(EXEC_FAILED_STATUS);
}

/* Waits for the report of the child, which is empty if the program runs. Returns 0 or the child's
 * errno. */
static int read_report(int fd)
{
    int error = 0;
    ssize_t n;
    do {
        n = read(fd, &error, sizeof error);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof error ? error : 0;
}

static void close_pair(const int pair[2])
{
    close(pair[0]);
    close(pair[1]);
}

int child_start(struct child *child, char *const argv[])
{
    int stream[2], report[2];
    pid_t parent = getpid();
    CHECK(child->pid == 0); /* or the one before would never be reaped */
    child->pid = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream) != 0)
        return -1;
    if (pipe2(report, O_CLOEXEC) != 0) {
        close_pair(stream);
        return -1;
    }
    child->pid = fork();
    if (child->pid == 0)
        become(argv, stream[1], report[1], parent);
    int error = child->pid < 0 ? errno : 0;
    close(stream[1]);
    close(report[1]);
    if (error == 0)
        error = read_report(report[0]);
    close(report[0]);
    if (error == 0)
        return stream[0];
    close(stream[0]);
    if (child->pid < 0)
        child->pid = 0;
    child_end(child, true);
    errno = error;
    return -1;
}

/* Returns whether the child exits within `ms` ms. */
static bool ends_within(int process, int time)
{
    struct pollfd p = {process, POLLIN, 0};
    int n;
    do {
        n = poll(&p, 1, time);
    } while (n < 0 && errno == EINTR);
    return n > 0;
}

void child_end(struct child *child, bool by_itself)
{
    static const int signals[] = {SIGTERM, SIGKILL};
    if (child->pid == 0)
        return;
    int process = os_process_open(child->pid);
    bool ended = by_itself && process >= 0 && ends_within(process, BY_ITSELF_MS);
    for (unsigned i = 0; !ended && i < 2; i++) {
        kill(-child->pid, signals[i]);
        ended = process >= 0 && ends_within(process, PATIENCE_MS);
    }
    while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (process >= 0)
        close(process);
    child->pid = 0;
}
