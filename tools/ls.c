/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb ls: asks the running proxy for its kernels, over the control socket. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "session/control.h"
#include "session/rundir.h"
#include "tools/tools.h"

enum { ANSWER_SECONDS = 10 }; /* for the proxy's answer, and each part of it */

static int ls_help(void)
{
    printf("Usage: netgdb ls [OPTION...]\n"
           "List the kernels that the running 'netgdb proxy' keeps: host, generation, first stop,\n"
           "time of connection, state, round-trip time, retransmissions, and what to type after\n"
           "'target remote'.\n\n"
           "  -v, --verbose  also print the profile of each session\n"
           "  --json         print one JSON object per line\n"
           "  -h, --help     print this and exit\n\n"
           "Exit codes: 0 done, 1 failed, 2 usage, 3 no proxy answers.\n");
    return EXIT_DONE;
}

static int no_answer(void)
{
    complain("the netgdb proxy does not answer: %s", strerror(errno));
    return EXIT_NOBODY;
}

/* Waits for more of the answer. Returns as read(2); ETIMEDOUT: a proxy that is stopped or hangs. */
static ssize_t receive_answer(int fd, char *data, size_t size)
{
    struct pollfd p = {fd, POLLIN, 0};
    int ready = poll(&p, 1, ANSWER_SECONDS * 1000);
    if (ready == 0)
        errno = ETIMEDOUT;
    return ready > 0 ? read(fd, data, size) : -1;
}

/* Copies the answer to stdout. */
static int copy(int fd)
{
    char data[4096];
    ssize_t n;
    while ((n = receive_answer(fd, data, sizeof data)) > 0)
        (void)fwrite(data, 1, (size_t)n, stdout);
    return n == 0 ? EXIT_DONE : no_answer();
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
    rc = send(fd, request, (size_t)n, MSG_NOSIGNAL) == n ? copy(fd) : no_answer();
    close(fd);
    return rc;
}
