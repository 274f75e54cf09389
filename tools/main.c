/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The command `netgdb`: finds the subcommand in a table and runs it. */
#include "config.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/check.h"
#include "proto/nearest.h"
#include "symbols/bfd_syms.h"
#include "tools/tools.h"

static const struct command {
    const char *name;
    int (*function)(int argc, char **argv);
    bool serves; /* its output, but for --help, is not its result: it may be lost */
    const char *description;
} commands[] = {
    {"run", run_main, false, "run a debugger with libnetgdb.so preloaded"},
    {"node", node_main, true, "make a stub reachable as a panicked kernel is"},
    {"rtos", rtos_main, false, "list the RTOSes that are known, or show a program's layout"},
    {"bpf", bpf_main, false, "run or debug eBPF programs on a built-in machine"},
    {"proxy", proxy_main, true, "serve kernels to any debugger"},
    {"kernel", kernel_main, false, "print facts about a panicked kernel"},
    {"autopsy", autopsy_main, false, "examine every panic unattended, and write reports"},
    {"replay", replay_main, true, "serve the session in a capture to any debugger"},
    {"ls", ls_main, false, "list the kernels of the running proxy"},
    {"doctor", doctor_main, false, "check this machine, and say what to do"},
};

enum { COMMANDS = sizeof commands / sizeof commands[0] };

static int help(void)
{
    printf("Usage: netgdb COMMAND [OPTION...]\n"
           "Debug a panicked FreeBSD kernel over the network with an unmodified gdb.\n\n"
           "Commands ('netgdb COMMAND --help' explains each):\n");
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-10s %s\n", commands[i].name, commands[i].description);
    printf(
        "\nOptions:\n"
        "  -h, --help     print this and exit\n"
        "  -V, --version  print the version and exit\n\n"
        "Exit codes: 0 done, 1 failed while running, 2 usage, 3 no answer, 4 connection lost.\n");
    return EXIT_DONE;
}

static int unknown_command(const char *name)
{
    char meant[NEAREST_TEXT];
    struct nearest n = nearest_to(name);
    for (size_t i = 0; i < COMMANDS; i++)
        nearest_consider(&n, commands[i].name);
    return complain_usage("", "no command '%.100s'%s", name, nearest_text(&n, meant));
}

/* Opens descriptors 0 to 2 if they are closed: otherwise output could reach a socket of ours. What
 * is written to a closed 1 is lost, and stays an error. */
static void open_standard(void)
{
    int fd = 0;
    while (fd >= 0 && fd <= STDERR_FILENO) {
        bool output = fcntl(STDIN_FILENO, F_GETFD) >= 0 && fcntl(STDOUT_FILENO, F_GETFD) < 0;
        fd = open("/dev/null", output ? O_RDONLY : O_RDWR); /* uses the lowest free descriptor */
    }
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    open_standard();
    check_set_handler(check_report);
    const char *name = argc > 1 ? argv[1] : "";
    char spoken[32];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return finish_output(help());
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        printf("netgdb %s\nsymbols by %s\n", PACKAGE_VERSION, bfd_syms_version());
        return finish_output(EXIT_DONE);
    }
    for (size_t i = 0; i < COMMANDS; i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        (void)snprintf(spoken, sizeof spoken, "netgdb %s", name);
        argv[1] = spoken;
        int status = commands[i].function(argc - 1, argv + 1);
        return commands[i].serves ? status : finish_output(status);
    }
    if (name[0] == '\0')
        return complain_usage("", "no command given");
    return unknown_command(name);
}
