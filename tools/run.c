/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb run: executes the debugger, or runs and checks it, with libnetgdb.so first in LD_PRELOAD.
 */
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "session/beside.h"
#include "symbols/elf_file.h"
#include "symbols/find_elf.h"
#include "symbols/osabi.h"
#include "tools/obstacle.h"
#include "tools/run.h"
#include "tools/tools.h"

static int run_help(void)
{
    printf("Usage: netgdb run [OPTION...] [--] DEBUGGER [ARGUMENT...]\n"
           "Run a debugger with libnetgdb.so preloaded, so that 'target remote netgdb:HOST'\n"
           "works in it. The exit status is the debugger's; 127 when it is not found, 126 when it\n"
           "cannot be executed.\n\n"
           "  --check      run gdb as a batch with a reliable exit status: 0 if a target was\n"
           "               connected, every command was executed and none failed; 3 if no target\n"
           "               answered; 4 if the connection was lost; 128 + N if signal N ended gdb;\n"
           "               N of the script's 'quit N'; 1 if anything else failed\n"
           "  --lib PATH   the object to preload; else $NETGDB_LIB, else the one installed beside\n"
           "               this program, else %s\n"
           "  -h, --help   print this and exit\n\n"
           "Examples: netgdb run gdb kernel.debug\n"
           "          netgdb run --check gdb -x script.gdb kernel.debug\n",
           NETGDB_LIBRARY);
    return EXIT_DONE;
}

static bool is_shared_object(const char *path)
{
    struct elf_file f;
    const char *why;
    bool is = elf_file_open(&f, path, &why) == 0 && f.ident.type == ET_DYN;
    elf_file_close(&f);
    return is;
}

/* Finds the object that was installed with this program; false: there is none. */
static bool find_beside(char path[PATH_MAX])
{
    char own[PATH_MAX];
    return beside_program(own) && beside(own, NETGDB_BINDIR, NETGDB_LIBRARY, path);
}

char *run_find_library(const char *option)
{
    char beside[PATH_MAX];
    const char *from_environment = getenv("NETGDB_LIB"), *path = NETGDB_LIBRARY;
    if (option != NULL)
        path = option;
    else if (from_environment != NULL && from_environment[0] != '\0')
        path = from_environment;
    else if (find_beside(beside))
        path = beside;
    char *absolute = realpath(path, NULL);
    if (absolute == NULL || access(absolute, R_OK) != 0) {
        complain("%s: %s: name the object with --lib or NETGDB_LIB", path, strerror(errno));
    } else if (strpbrk(absolute, ": ") != NULL) {
        /* ld.so(8): both separate the entries of LD_PRELOAD and cannot be escaped. */
        complain("%s: a path with ':' or ' ' in it cannot be preloaded", absolute);
    } else if (!is_shared_object(absolute)) {
        complain("%s: not an ELF shared object: name libnetgdb.so with --lib or NETGDB_LIB",
                 absolute);
    } else {
        return absolute;
    }
    free(absolute);
    return NULL;
}

/* Prepends the object to LD_PRELOAD. */
static int preload(const char *library)
{
    const char *before = getenv("LD_PRELOAD");
    char *value;
    if (before == NULL || before[0] == '\0')
        return setenv("LD_PRELOAD", library, 1);
    if (asprintf(&value, "%s:%s", library, before) < 0)
        return -1;
    int rc = setenv("LD_PRELOAD", value, 1);
    free(value);
    return rc;
}

/* Returns the debugger's arguments, with two more for a gdb that needs them (symbols/osabi.h). */
static char **with_osabi(int *argc, char **argv)
{
    char *program = find_program(argv[0]);
    char **longer = program != NULL ? osabi_arguments(program, *argc, argv) : NULL;
    free(program);
    if (longer == NULL)
        return argv;
    while (longer[*argc] != NULL)
        ++*argc;
    return longer;
}

int run_execute(char **argv)
{
    execvp(argv[0], argv);
    int error = errno;
    complain("%s: %s", argv[0], strerror(error));
    return error == ENOENT ? NOT_FOUND : CANNOT_EXECUTE;
}

/* Says what keeps the object out of the debugger. Returns whether it certainly does. */
static bool has_obstacle(const char *debugger)
{
    char text[OBSTACLE_TEXT];
    enum obstacle found = obstacle_find(debugger, text);
    if (found != OBSTACLE_NONE)
        complain("%s", text);
    return found == OBSTACLE_CERTAIN;
}

int run_main(int argc, char **argv)
{
    static const struct option options[] = {{"check", no_argument, NULL, 'c'},
                                            {"lib", required_argument, NULL, 'l'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    const char *option = NULL;
    bool check = false;
    int c;
    while ((c = getopt_long(argc, argv, "+h", options, NULL)) != -1) {
        if (c == 'h')
            return run_help();
        if (c == 'c')
            check = true;
        else if (c == 'l')
            option = optarg;
        else
            return hint_option("run", options, argv[optind - 1]);
    }
    if (optind == argc || argv[optind][0] == '\0')
        return complain_usage("run", "no debugger given");
    if (option != NULL && option[0] == '\0')
        return complain_value("run", "lib", option, "the name of a file");
    char *library = run_find_library(option);
    if (library == NULL || has_obstacle(argv[optind])) {
        free(library);
        return EXIT_FAILED;
    }
    if (preload(library) != 0) {
        complain("LD_PRELOAD: %s", strerror(errno));
        return EXIT_FAILED;
    }
    free(library);
    int words = argc - optind;
    char **command = with_osabi(&words, argv + optind);
    return check ? check_run(words, command) : run_execute(command);
}
