/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb ls: asks the running proxy for its kernels, over the control socket. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session/control.h"
#include "session/rundir.h"
#include "tools/tools.h"

static int ls_help(void)
{
    printf("Usage: netgdb ls [OPTION...]\n"
           "List the kernels that the running 'netgdb proxy' keeps: host, generation, first stop,\n"
           "time of connection, state, round-trip time, retransmissions, and what to type after\n"
           "'target remote'.\n\n"
           "  -v, --verbose  also print the profile of each session\n"
           "  --json         print one JSON object per line\n"
           "  -h, --help     print this and exit\n\n"
           "Exit codes: 0 done, 1 failed, 2 usage, 3 no proxy is running.\n");
    return EXIT_DONE;
}

/* Copies the answer to stdout. */
static int copy(int fd)
{
    char data[4096];
    ssize_t n;
    while ((n = read(fd, data, sizeof data)) > 0)
        (void)fwrite(data, 1, (size_t)n, stdout);
    return n == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int no_proxy(int error)
{
    char dir[RUNDIR_MAX];
    const char *why = rundir_trouble(dir);
    if (why != NULL)
        complain("no netgdb proxy is running here: runtime directory %s: %s", dir, why);
    else
        complain("no netgdb proxy is running here: %s", strerror(error));
    return EXIT_NOBODY;
}

int ls_main(int argc, char **argv)
{
    static const struct option known[] = {{"verbose", no_argument, NULL, 'v'},
                                          {"json", no_argument, NULL, 'j'},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    bool verbose = false, json = false;
    char request[CONTROL_LINE_MAX];
    int c;
    while ((c = getopt_long(argc, argv, "hv", known, NULL)) != -1) {
        if (c == 'h')
            return ls_help();
        if (c == '?')
            return hint_option("ls", known, argv[optind - 1]);
        verbose |= c == 'v';
        json |= c == 'j';
    }
    if (optind < argc)
        return complain_usage("ls", "'%s': ls takes no argument", argv[optind]);
    int fd = control_connect();
    if (fd < 0)
        return no_proxy(errno);
    int n = snprintf(request, sizeof request, "ls%s%s\n", json ? " json" : "",
                     verbose ? " verbose" : "");
    int rc = send(fd, request, (size_t)n, MSG_NOSIGNAL) == n ? copy(fd) : EXIT_FAILED;
    close(fd);
    return rc;
}
