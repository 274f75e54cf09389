/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The first process of the guest of tests/freebsd-host/run: a file system in memory at /tmp, /rc by
 * the shell, a line with its exit status, and the power off.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/param.h>
#include <sys/reboot.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void mount_at(const char *type, const char *path)
{
    struct iovec words[] = {{"fstype", sizeof "fstype"},
                            {(void *)(uintptr_t)type, strlen(type) + 1},
                            {"fspath", sizeof "fspath"},
                            {(void *)(uintptr_t)path, strlen(path) + 1}};
    if (nmount(words, 4, 0) != 0)
        perror(path);
}

static void use_console(void)
{
    int fd = open("/dev/console", O_RDWR);
    for (int i = 0; i <= STDERR_FILENO; i++)
        (void)dup2(fd, i);
}

int main(void)
{
    static char *const words[] = {"sh", "/rc", NULL};
    static char *const environment[] = {"PATH=/bin:/sbin:/usr/bin:/usr/sbin", "HOME=/tmp",
                                        "TMPDIR=/tmp", NULL};
    int status = -1;
    use_console();
    mount_at("tmpfs", "/tmp");
    pid_t pid = fork();
    if (pid == 0) {
        (void)execve("/bin/sh", words, environment);
        _exit(127);
    }
    (void)waitpid(pid, &status, 0);
    printf("init: status %d\n", status);
    (void)fflush(stdout);
    (void)reboot(RB_POWEROFF);
    return 1;
}
