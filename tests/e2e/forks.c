/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program with children: it forks one that counts, waits for it, and then starts one that
 * executes this program again (vfork and exec).
 *
 *   forks [counted]
 */
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

volatile int done;

static int counts(int to)
{
    int sum = 0;
    for (int i = 1; i <= to; i++)
        sum += i;
    return sum;
}

static void forked(void)
{
    done = counts(3);
    _exit(done);
}

static int executed(void)
{
    done = counts(4);
    return done;
}

static void parent_waits(void)
{
    done = 0;
}

static int status_of(pid_t child)
{
    int status = 0;
    parent_waits();
    (void)waitpid(child, &status, 0);
    return WEXITSTATUS(status);
}

static int parent_sees(int status)
{
    done = status;
    return done;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "counted") == 0)
        return executed();
    pid_t child = fork();
    if (child == 0)
        forked();
    (void)parent_sees(status_of(child));
    child = vfork();
    if (child == 0) {
        execl(argv[0], argv[0], "counted", (char *)NULL);
        _exit(127);
    }
    return parent_sees(status_of(child));
}
