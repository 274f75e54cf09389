/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the command line of `netgdb autopsy`; see autopsy.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "session/chain.h"
#include "session/transport.h"
#include "symbols/find_elf.h"
#include "symbols/gdb_args.h"
#include "tools/autopsy.h"
#include "tools/obstacle.h"
#include "tools/run.h"

enum { SECONDS_MAX = 24 * 60 * 60, CRASH_SECONDS = 300 };

static int autopsy_help(void)
{
    printf(
        "Usage: netgdb autopsy [OPTION...] [NAME]\n"
        "Wait for panicked kernels, examine each with gdb, and write a directory for each crash:\n"
        "report.txt, report.json, gdb.log, link.json, session.core. NAME is HOST[:PORT] or any,\n"
        "with options as after 'target remote netgdb:'; without it all kernels are examined.\n"
        "Uses the running 'netgdb proxy', or runs one. It never resumes a kernel unless --after\n"
        "says so.\n\n"
        "  --out DIR            the crash directories are made there (.)\n"
        "  --debug DIR          searches DIR for each kernel's kernel.debug, by build-id or\n"
        "                       version (NETGDB_DEBUG_DIR)\n"
        "  --script FILE        gdb executes FILE instead of 'thread apply all backtrace'\n"
        "  --gdb PROGRAM        runs this gdb (gdb)\n"
        "  --from CIDR          only kernels of this network; may be repeated\n"
        "  --jobs N             at most N crashes at a time (%d)\n"
        "  --limit SECONDS      for each gdb (%d)\n"
        "  --after detach       then return the kernel to db>: the default\n"
        "  --after park         … keep it waiting for a debugger at the proxy\n"
        "  --after continue     … resume it, so that it reboots\n"
        "  --dedup              only count panics with the signature of an earlier one\n"
        "  --on-report COMMAND  run COMMAND DIRECTORY after each report, by sh\n"
        "  --count N            end after N crashes; else never\n"
        "  --timeout SECONDS    end when no kernel has connected for this time\n"
        "  --expect REGEX       the panic message must match this extended regular expression\n"
        "  --junit FILE         write the results as JUnit XML\n"
        "  --tap                print them as TAP\n"
        "  --log LEVEL          error, warn, info, debug or packet (NETGDB_LOG, else warn)\n"
        "  -h, --help           print this and exit\n\n"
        "Exit codes: 0 all as expected, 1 failed: a report is missing, 2 usage, 3 no kernel\n"
        "connected in time, 4 a kernel was lost or not reachable, 5 another panic than expected,\n"
        "6 a command of the script failed, its 'quit N' was not 0, or gdb reached the limit.\n"
        "Of several the most severe: 1, 4, 6, 5, 3, 0.\n",
        AUTOPSY_JOBS, CRASH_SECONDS);
    return EXIT_DONE;
}

/* Parses a number from `low` to `high`. */
static bool parse_number(const char *text, unsigned long low, unsigned long high, unsigned *number)
{
    char *end;
    *number = 0;
    if (text[0] < '0' || text[0] > '9')
        return false;
    unsigned long value = strtoul(text, &end, 10);
    *number = (unsigned)value;
    return *end == '\0' && value >= low && value <= high;
}

static const char *take_jobs(void *to, const char *value)
{
    return parse_number(value, 1, AUTOPSY_JOBS_MAX, to) ? NULL : "a number from 1 to 1000";
}

static const char *take_count(void *to, const char *value)
{
    return parse_number(value, 1, UINT32_MAX, to) ? NULL : "a number from 1";
}

static bool parse_seconds(const char *text, unsigned long low, uint64_t *ns)
{
    unsigned seconds;
    bool good = parse_number(text, low, SECONDS_MAX, &seconds);
    *ns = seconds * IO_SECOND;
    return good;
}

static const char *take_limit(void *to, const char *value)
{
    return parse_seconds(value, 1, to) ? NULL : "seconds, from 1 to a day";
}

static const char *take_timeout(void *to, const char *value)
{
    return parse_seconds(value, 0, to) ? NULL : "seconds, at most a day";
}

static const char *take_after(void *to, const char *value)
{
    static const char *const words[] = {
        [AFTER_DETACH] = "detach", [AFTER_PARK] = "park", [AFTER_CONTINUE] = "continue"};
    enum autopsy_after *after = to;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        *after = (enum autopsy_after)i;
        if (strcmp(value, words[i]) == 0)
            return NULL;
    }
    return "detach, park or continue";
}

static const char *take_expect(void *to, const char *value)
{
    struct autopsy_options *o = to;
    o->expected = value;
    if (o->expects)
        regfree(&o->expect);
    o->expects = regcomp(&o->expect, value, REG_EXTENDED | REG_NOSUB) == 0;
    return o->expects ? NULL : "an extended regular expression";
}

static const char *take_path(void *to, const char *value)
{
    *(const char **)to = value;
    return value[0] != '\0' && strlen(value) < PATH_MAX / 2
               ? NULL
               : "a name that is not empty, and not too long";
}

/* A file that gdb can read again for each crash. */
static const char *take_script(void *to, const char *value)
{
    struct autopsy_options *o = to;
    struct stat st;
    free(o->script);
    o->script = realpath(value, NULL);
    bool good = o->script != NULL && access(o->script, R_OK) == 0 && stat(o->script, &st) == 0 &&
                S_ISREG(st.st_mode);
    return good ? NULL : "a file that can be read";
}

/* NAME, and what cannot be used. */
static int take_autopsy_operand(int argc, char **argv, struct autopsy_options *o)
{
    static const struct options_source source = {
        .transports = transports_all, .tool = true, .env = getenv};
    char error[OPTIONS_ERROR_MAX];
    const char *text = optind < argc ? argv[optind] : "any";
    if (argc - optind > 1)
        return complain_usage("autopsy", "only one NAME is possible: unexpected '%s'",
                              argv[optind + 1]);
    if (options_parse(&o->target, text, &source, error, sizeof error) != 0 ||
        !chain_takes(&o->target, error, sizeof error))
        return complain_usage("autopsy", "%s", error);
    if (o->target.kind == OPTIONS_STREAM)
        return complain_usage("autopsy", "'%s': takes HOST[:PORT] or any", text);
    if ((o->target.symbols[0] != '\0' && o->target.symbols[0] != '/') ||
        (o->target.modules[0] != '\0' && o->target.modules[0] != '/'))
        return complain_usage("autopsy", "symbols= and modules= need an absolute path here");
    if (strstr(text, ",capture=") != NULL || strstr(text, ",save=") != NULL)
        return complain_usage("autopsy", "capture= and save= would be one file for all crashes: "
                                         "each has its session.core, and NETGDB_CAPTURE is for "
                                         "the proxy");
    o->name_options = strchr(text, ',') != NULL ? strchr(text, ',') : "";
    if (o->timeout == IO_NEVER)
        o->timeout = o->target.timeout;
    if (o->debug == NULL && o->target.debug_dir[0] != '\0')
        o->debug = o->target.debug_dir;
    if (o->expects && o->debug == NULL && o->target.symbols[0] == '\0')
        return complain_usage("autopsy", "--expect needs the kernels' files: --debug DIRECTORY");
    return -1;
}

/* Whether it is a file that can be executed; else errno. */
static bool is_executable(const char *path)
{
    struct stat st;
    if (access(path, X_OK) != 0 || stat(path, &st) != 0)
        return false;
    errno = EISDIR;
    return !S_ISDIR(st.st_mode);
}

/* What would keep every gdb from a connection is found before the first kernel panics. */
static int find_gdb(struct autopsy_options *o)
{
    char obstacle[OBSTACLE_TEXT], *found = find_program(o->gdb);
    char *gdb = found != NULL ? realpath(found, NULL) : NULL;
    if (found == NULL)
        errno = ENOENT;
    if (gdb == NULL || !is_executable(gdb)) {
        complain("%s: %s: name a gdb with --gdb", o->gdb, strerror(errno));
        return EXIT_FAILED;
    }
    if (gdb_args_is_kgdb(o->gdb)) {
        complain("%s: kgdb takes no commands: name a gdb with --gdb", o->gdb);
        return EXIT_FAILED;
    }
    o->gdb = gdb;
    if (obstacle_find(gdb, obstacle) == OBSTACLE_CERTAIN) {
        complain("%s", obstacle);
        return EXIT_FAILED;
    }
    char *library = run_find_library(NULL);
    bool usable = library != NULL;
    free(library);
    return usable ? -1 : EXIT_FAILED;
}

/* Files that gdb needs, in a directory of its own. */
static int find_files(struct autopsy_options *o)
{
    struct stat st;
    const char *debug = o->debug != NULL ? realpath(o->debug, NULL) : "/";
    if (debug == NULL || stat(debug, &st) != 0 || !S_ISDIR(st.st_mode)) {
        complain("%s: no such directory: name one with --debug", o->debug);
        return EXIT_FAILED;
    }
    if (o->debug != NULL)
        o->debug = debug;
    return check_symbols_option(o->target.symbols) ? -1 : EXIT_FAILED;
}

static const struct tool_option known[] = {
    OPTION("out", take_path, struct autopsy_options, out),
    OPTION("debug", take_path, struct autopsy_options, debug),
    {"script", 0, required_argument, take_script, 0},
    OPTION("gdb", take_path, struct autopsy_options, gdb),
    OPTION("from", take_net, struct autopsy_options, from),
    OPTION("jobs", take_jobs, struct autopsy_options, jobs),
    OPTION("limit", take_limit, struct autopsy_options, limit),
    OPTION("after", take_after, struct autopsy_options, after),
    FLAG("dedup", struct autopsy_options, dedup),
    OPTION("on-report", take_path, struct autopsy_options, command),
    OPTION("count", take_count, struct autopsy_options, count),
    OPTION("timeout", take_timeout, struct autopsy_options, timeout),
    {"expect", 0, required_argument, take_expect, 0},
    OPTION("junit", take_path, struct autopsy_options, junit),
    FLAG("tap", struct autopsy_options, tap),
    OPTION("log", take_log_level, struct autopsy_options, log_level),
    {0}};

int autopsy_options_parse(int argc, char **argv, struct autopsy_options *o)
{
    static const struct command_line line = {"autopsy", autopsy_help, {{known, 0}}};
    *o = (struct autopsy_options){.out = ".",
                                  .gdb = "gdb",
                                  .jobs = AUTOPSY_JOBS,
                                  .limit = CRASH_SECONDS * IO_SECOND,
                                  .timeout = IO_NEVER,
                                  .log_level = LOG_WARN};
    int end = parse_log_variable("autopsy", &o->log_level);
    if (end < 0)
        end = parse_options(argc, argv, &line, o);
    if (end < 0)
        end = take_autopsy_operand(argc, argv, o);
    if (end < 0)
        end = find_gdb(o);
    return end >= 0 ? end : find_files(o);
}
