/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A program linked with the code of shim/ that looks up a netgdb: name, in its own process or in a
 * forked child: `outside [fork]`. Prints "netgdb" if shim/ handled the look-up, otherwise "libc".
 * It is linked, not preloaded, because ld.so does not preload an object with a path into a setuid
 * program.
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
