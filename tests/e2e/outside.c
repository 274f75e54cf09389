/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program with the shim's own code that looks one of its names up, here or in a forked child:
 * `outside [fork]`. Says whether the look-up was ours ("netgdb") or libc's. It is linked, not
 * preloaded: the loader keeps an object with a path out of a setuid program by itself.
 */
#include <err.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int look_up(void)
{
    struct addrinfo *found = NULL;
    int rc = getaddrinfo("netgdb:127.0.0.1", "20025", NULL, &found);
    if (rc == 0)
        freeaddrinfo(found);
    printf("%s\n", rc == 0 ? "netgdb" : "libc");
    return fflush(stdout) != 0;
}

int main(int argc, char **argv)
{
    int status = 1;
    if (argc < 2 || strcmp(argv[1], "fork") != 0)
        return look_up();
    pid_t child = fork();
    if (child < 0)
        err(1, "fork");
    if (child == 0)
        return look_up();
    return waitpid(child, &status, 0) != child || status != 0;
}
