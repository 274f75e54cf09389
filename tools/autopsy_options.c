/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reads the command line of `netgdb autopsy`; see autopsy.h. */
#include <errno.h>
#include <getopt.h>
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
        "report.txt, report.json, gdb.log, link.json. NAME is HOST[:PORT] or any, with options\n"
        "as after 'target remote netgdb:'; without it all kernels are examined. Uses the running\n"
        "'netgdb proxy', or runs one. It never resumes a kernel unless --after says so.\n\n"
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
        "  --timeout SECONDS    end when no kernel has connected for so long\n"
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

enum {
    OPT_OUT = 256,
    OPT_DEBUG,
    OPT_SCRIPT,
    OPT_GDB,
    OPT_FROM,
    OPT_JOBS,
    OPT_LIMIT,
    OPT_AFTER,
    OPT_DEDUP,
    OPT_ON_REPORT,
    OPT_COUNT,
    OPT_TIMEOUT,
    OPT_EXPECT,
    OPT_JUNIT,
    OPT_TAP,
    OPT_LOG
};

static bool take_number(const char *text, unsigned long low, unsigned long high, unsigned *number)
{
    char *end;
    *number = 0;
    if (text[0] < '0' || text[0] > '9')
        return false;
    unsigned long value = strtoul(text, &end, 10);
    *number = (unsigned)value;
    return *end == '\0' && value >= low && value <= high;
}

static bool take_seconds(const char *text, unsigned long low, uint64_t *ns)
{
    unsigned seconds;
    bool good = take_number(text, low, SECONDS_MAX, &seconds);
    *ns = seconds * IO_SECOND;
    return good;
}

static bool take_after(const char *text, enum autopsy_after *after)
{
    static const char *const words[] = {
        [AFTER_DETACH] = "detach", [AFTER_PARK] = "park", [AFTER_CONTINUE] = "continue"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        *after = (enum autopsy_after)i;
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

static bool take_expect(const char *text, struct autopsy_options *o)
{
    o->expected = text;
    if (o->expects)
        regfree(&o->expect);
    o->expects = regcomp(&o->expect, text, REG_EXTENDED | REG_NOSUB) == 0;
    return o->expects;
}

static bool take_net(const char *text, struct autopsy_options *o)
{
    return o->froms < AUTOPSY_NETS_MAX &&
           parse_net(text, &o->from[o->froms].ip, &o->from[o->froms].mask) && ++o->froms != 0;
}

static bool take_file_option(const char *text, const char **file)
{
    *file = text;
    return text[0] != '\0' && strlen(text) < PATH_MAX / 2;
}

/* Whether gdb can read it again for each crash. */
static bool is_readable(const char *path)
{
    struct stat st;
    return access(path, R_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

/* One option's value; false when it is wrong. */
static bool take_autopsy_option(int option, const char *value, struct autopsy_options *o)
{
    switch (option) {
    case OPT_OUT:
        return take_file_option(value, &o->out);
    case OPT_DEBUG:
        return take_file_option(value, &o->debug);
    case OPT_SCRIPT:
        free(o->script);
        o->script = realpath(value, NULL);
        return o->script != NULL && is_readable(o->script);
    case OPT_GDB:
        return take_file_option(value, &o->gdb);
    case OPT_FROM:
        return take_net(value, o);
    case OPT_JOBS:
        return take_number(value, 1, AUTOPSY_JOBS_MAX, &o->jobs);
    case OPT_LIMIT:
        return take_seconds(value, 1, &o->limit);
    case OPT_AFTER:
        return take_after(value, &o->after);
    case OPT_DEDUP:
        return o->dedup = true;
    case OPT_ON_REPORT:
        return take_file_option(value, &o->command);
    case OPT_COUNT:
        return take_number(value, 1, UINT32_MAX, &o->count);
    case OPT_TIMEOUT:
        return take_seconds(value, 0, &o->timeout);
    case OPT_EXPECT:
        return take_expect(value, o);
    case OPT_JUNIT:
        return take_file_option(value, &o->junit);
    case OPT_TAP:
        return o->tap = true;
    default:
        return log_level_parse(value, &o->log_level) == 0;
    }
}

static const char *autopsy_wanted(int option)
{
    switch (option) {
    case OPT_SCRIPT:
        return "a file that can be read";
    case OPT_FROM:
        return "a network such as 192.0.2.0/24, 32 times at most";
    case OPT_JOBS:
        return "a number from 1 to 1000";
    case OPT_LIMIT:
        return "seconds, from 1 to a day";
    case OPT_AFTER:
        return "detach, park or continue";
    case OPT_COUNT:
        return "a number from 1";
    case OPT_TIMEOUT:
        return "seconds, at most a day";
    case OPT_EXPECT:
        return "an extended regular expression";
    case OPT_LOG:
        return LOG_LEVELS;
    default:
        return "a name that is not too long";
    }
}

/* NAME, and what cannot be used. */
static int take_autopsy_operand(int argc, char **argv, struct autopsy_options *o)
{
    static const struct options_source source = {
        .transports = transports_all, .tool = true, .env = getenv};
    char error[OPTIONS_ERROR_MAX];
    const char *text = optind < argc ? argv[optind] : "any";
    if (argc - optind > 1)
        return complain_usage("autopsy", "it takes one NAME: unexpected '%s'", argv[optind + 1]);
    if (options_parse(&o->target, text, &source, error, sizeof error) != 0 ||
        !chain_takes(&o->target, error, sizeof error))
        return complain_usage("autopsy", "%s", error);
    if (o->target.kind == OPTIONS_STREAM)
        return complain_usage("autopsy", "%s: it takes HOST[:PORT] or any", text);
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
    return -1;
}

int autopsy_options_parse(int argc, char **argv, struct autopsy_options *o)
{
    static const struct option known[] = {{"out", required_argument, NULL, OPT_OUT},
                                          {"debug", required_argument, NULL, OPT_DEBUG},
                                          {"script", required_argument, NULL, OPT_SCRIPT},
                                          {"gdb", required_argument, NULL, OPT_GDB},
                                          {"from", required_argument, NULL, OPT_FROM},
                                          {"jobs", required_argument, NULL, OPT_JOBS},
                                          {"limit", required_argument, NULL, OPT_LIMIT},
                                          {"after", required_argument, NULL, OPT_AFTER},
                                          {"dedup", no_argument, NULL, OPT_DEDUP},
                                          {"on-report", required_argument, NULL, OPT_ON_REPORT},
                                          {"count", required_argument, NULL, OPT_COUNT},
                                          {"timeout", required_argument, NULL, OPT_TIMEOUT},
                                          {"expect", required_argument, NULL, OPT_EXPECT},
                                          {"junit", required_argument, NULL, OPT_JUNIT},
                                          {"tap", no_argument, NULL, OPT_TAP},
                                          {"log", required_argument, NULL, OPT_LOG},
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    const char *level = getenv("NETGDB_LOG");
    int c, which = 0;
    *o = (struct autopsy_options){.out = ".",
                                  .gdb = "gdb",
                                  .jobs = AUTOPSY_JOBS,
                                  .limit = CRASH_SECONDS * IO_SECOND,
                                  .timeout = IO_NEVER,
                                  .log_level = LOG_WARN};
    if (level != NULL && level[0] != '\0' && log_level_parse(level, &o->log_level) != 0)
        return complain_usage("autopsy", "NETGDB_LOG: '%s' is not a level", level);
    while ((c = getopt_long(argc, argv, "h", known, &which)) != -1) {
        if (c == 'h')
            return autopsy_help();
        if (c == '?')
            return hint_option("autopsy", known, argv[optind - 1]);
        if (!take_autopsy_option(c, optarg, o))
            return complain_value("autopsy", known[which].name, optarg, autopsy_wanted(c));
    }
    int end = take_autopsy_operand(argc, argv, o);
    if (end < 0)
        end = find_gdb(o);
    return end >= 0 ? end : find_files(o);
}
