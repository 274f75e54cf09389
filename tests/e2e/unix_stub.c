/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A stub on a unix socket: accepts one connection, and runs a command with it as standard input and
 * output.
 *
 *   unix_stub PATH COMMAND...
 */
#include <err.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (argc < 3 || strlen(argv[1]) >= sizeof address.sun_path)
        errx(2, "usage: unix_stub PATH COMMAND...");
    strcpy(address.sun_path, argv[1]);
    int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(listener, 1) != 0)
        err(1, "%s", argv[1]);
    int fd = accept(listener, NULL, NULL);
    if (fd < 0 || dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
        err(1, "accept");
    close(fd);
    execvp(argv[2], argv + 2);
    err(1, "%s", argv[2]);
}
