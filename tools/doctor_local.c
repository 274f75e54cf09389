/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb doctor: this machine's debugger, files and proxy; see doctor.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/progress.h"
#include "session/control.h"
#include "session/rundir.h"
#include "symbols/elf_file.h"
#include "symbols/find_elf.h"
#include "symbols/gdb_args.h"
#include "tools/doctor.h"
#include "tools/obstacle.h"

enum {
    OUTPUT_MAX = 16 * 1024, /* bytes of a program's output that are read */
    OLDEST_GDB = 10,        /* doc/clients.md lists what was run */
};

/* ---- the debugger ---- */

/* The first number with a dot after the first line's last space: "GNU gdb (Debian 13.1-3) 13.1". */
static unsigned long major_version(const char *text)
{
    size_t len = strcspn(text, "\n");
    while (len > 0 && text[len - 1] != ' ')
        len--;
    return strtoul(text + len, NULL, 10);
}

static void report_version(struct doctor *d, const char *program, const char *text)
{
    unsigned long major = major_version(text);
    if (strcspn(text, "\n") == 0)
        text = "it prints nothing";
    int len = (int)strcspn(text, "\n");
    if (strncmp(text, "GNU gdb", 7) != 0)
        doctor_find(d, "gdb", DOCTOR_WARNING, "use gdb, or another client through netgdb proxy",
                    "%s does not say that it is gdb: %.*s", program, len, text);
    else if (major < OLDEST_GDB)
        doctor_find(d, "gdb", DOCTOR_WARNING, "install a newer gdb",
                    "%s: %.*s: older than any "
                    "that was tried",
                    program, len, text);
    else
        doctor_find(d, "gdb", DOCTOR_OK, NULL, "%s: %.*s", program, len, text);
}

static bool run_debugger(const char *program, char *const argv[], char text[OUTPUT_MAX])
{
    struct progress *progress = progress_start("waiting for %s", program);
    bool ran = doctor_run(argv, text, OUTPUT_MAX);
    int error = errno;
    progress_stop(progress);
    errno = error;
    return ran;
}

/* A name with a mistake is refused by our object, and looked up as a host by a gdb without it. */
static void check_preload(struct doctor *d, const char *program)
{
    static char preload[4096 + PATH_MAX + 16], text[OUTPUT_MAX], obstacle[OBSTACLE_TEXT],
        name[] = "target remote netgdb:any,doctor=1";
    char *argv[] = {(char *)"sh",    (char *)"-c",  (char *)"exec \"$@\" 2>&1",
                    (char *)"sh",    (char *)"env", preload,
                    (char *)program, (char *)"-nx", (char *)"-batch",
                    (char *)"-ex",   name,          NULL};
    if (d->library == NULL) {
        doctor_find(d, "preload", DOCTOR_PROBLEM, "install netgdb, or name the object with --lib",
                    "libnetgdb.so is not found");
        return;
    }
    const char *before = getenv("LD_PRELOAD");
    bool more = before != NULL && before[0] != '\0';
    (void)snprintf(preload, sizeof preload, "LD_PRELOAD=%s%s%s", d->library, more ? ":" : "",
                   more ? before : "");
    if (run_debugger(program, argv, text) && strstr(text, "unknown option 'doctor'") != NULL)
        doctor_find(d, "preload", DOCTOR_OK, NULL, "%s loads %s", program, d->library);
    else
        doctor_find(d, "preload", DOCTOR_PROBLEM,
                    obstacle_find(program, obstacle) != OBSTACLE_NONE
                        ? obstacle
                        : "use gdb of this system's packages, or netgdb proxy",
                    "%s does not load %s", program, d->library);
}

static void try_debugger(struct doctor *d, char *program)
{
    static char text[OUTPUT_MAX];
    char *argv[] = {(char *)"sh", (char *)"-c", (char *)"exec \"$@\" 2>&1",
                    (char *)"sh", program,      (char *)"--version",
                    NULL};
    if (run_debugger(program, argv, text)) {
        report_version(d, program, text);
        check_preload(d, program);
    } else if (errno == ETIMEDOUT) {
        doctor_find(d, "gdb", DOCTOR_PROBLEM, "start it by hand, or name another one with --gdb",
                    "%s has printed nothing for %d s", program, DOCTOR_PROGRAM_SECONDS);
    } else {
        doctor_find(d, "gdb", DOCTOR_PROBLEM, NULL, "%s cannot be run: %s", program,
                    strerror(errno));
    }
}

void doctor_check_gdb(struct doctor *d)
{
    char *program = find_program(d->gdb);
    if (program == NULL || access(program, X_OK) != 0)
        doctor_find(d, "gdb", DOCTOR_PROBLEM, "install gdb, or name it with --gdb",
                    "%s is not found in PATH", d->gdb);
    else if (gdb_args_is_kgdb(program))
        doctor_find(d, "gdb", DOCTOR_WARNING, "name the gdb beside it with --gdb",
                    "%s is not tried: kgdb takes no commands", program);
    else
        try_debugger(d, program);
    free(program);
}

/* ---- files ---- */

static void check_symbols(struct doctor *d, const char *path)
{
    struct elf_file file;
    struct build_id id;
    GElf_Shdr header;
    const char *why;
    if (elf_file_open(&file, path, &why) != 0) {
        doctor_find(d, "symbols", DOCTOR_PROBLEM, "name the kernel.debug of the kernel that runs",
                    "%s: %s", path, why);
        return;
    }
    elf_file_build_id(&file, &id);
    if (elf_file_section(&file, SHT_NULL, ".debug_info", &header) == NULL)
        doctor_find(d, "symbols", DOCTOR_WARNING,
                    "use kernel.debug, which has debug information (/usr/lib/debug/boot/kernel)",
                    "%s has no debug information", path);
    else if (id.len == 0)
        doctor_find(d, "symbols", DOCTOR_WARNING, "compare the versions yourself",
                    "%s has no build-id: another build of the same version is not noticed", path);
    else
        doctor_find(d, "symbols", DOCTOR_OK, NULL, "%s has debug information and a build-id", path);
    elf_file_close(&file);
}

/* Each directory of DIR[:DIR…]. */
static void check_directories(struct doctor *d, const char *check, const char *list)
{
    while (*list != '\0') {
        char path[OPTIONS_PATH_MAX];
        struct stat st;
        int len = (int)strcspn(list, ":"), error = ENOTDIR;
        (void)snprintf(path, sizeof path, "%.*s", len, list);
        list += len + (list[len] == ':');
        if (stat(path, &st) != 0 || (S_ISDIR(st.st_mode) && access(path, R_OK | X_OK) != 0))
            error = errno;
        else if (S_ISDIR(st.st_mode))
            error = 0;
        if (error == 0)
            doctor_find(d, check, DOCTOR_OK, NULL, "%s can be searched", path);
        else
            doctor_find(d, check, DOCTOR_PROBLEM, "name a directory", "%s cannot be searched: %s",
                        path, strerror(error));
    }
}

void doctor_check_files(struct doctor *d)
{
    if (d->options.symbols[0] != '\0')
        check_symbols(d, d->options.symbols);
    check_directories(d, "modules", d->options.modules);
    check_directories(d, "kernels", d->options.debug_dir);
}

/* ---- the runtime directory and the proxy ---- */

void doctor_check_directory(struct doctor *d)
{
    char path[RUNDIR_MAX];
    const char *why = rundir_trouble(path);
    if (why == NULL)
        doctor_find(d, "directory", DOCTOR_OK, NULL, "%s keeps the state of sessions", path);
    else
        doctor_find(d, "directory", DOCTOR_PROBLEM,
                    "remove it, or name another one in NETGDB_RUNTIME_DIR",
                    "%s: %s: a session cannot be resumed", path, why);
}

void doctor_check_proxy(struct doctor *d)
{
    int fd = control_connect();
    doctor_find(d, "proxy", DOCTOR_OK, NULL,
                fd >= 0 ? "netgdb proxy is running: netgdb ls lists its kernels"
                        : "no netgdb proxy is running: the debugger receives the kernel itself");
    if (fd >= 0)
        close(fd);
}
