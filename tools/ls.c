/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb ls: asks the running proxy for its kernels, over the control socket. */
#include <errno.h>
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

struct ls_options {
    bool verbose, json;
};

static const struct tool_option known[] = {
    {"verbose", 'v', no_argument, take_flag, offsetof(struct ls_options, verbose)},
    FLAG("json", struct ls_options, json),
    {0}};

int ls_main(int argc, char **argv)
{
    static const struct command_line line = {"ls", ls_help, {{known, 0}}};
    struct ls_options o = {0};
    char request[CONTROL_LINE_MAX];
    int rc = parse_options(argc, argv, &line, &o);
    if (rc >= 0)
        return rc;
    if (optind < argc)
        return complain_usage("ls", "'%s': ls takes no argument", argv[optind]);
    int fd = control_connect();
    if (fd < 0)
        return no_proxy(errno);
    int n = snprintf(request, sizeof request, "ls%s%s\n", o.json ? " json" : "",
                     o.verbose ? " verbose" : "");
    rc = send(fd, request, (size_t)n, MSG_NOSIGNAL) == n ? copy(fd) : EXIT_FAILED;
    close(fd);
    return rc;
}
