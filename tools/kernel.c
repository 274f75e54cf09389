/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netgdb kernel: connects to a kernel, prints the answer to a query (freebsd/queries.h) or takes a
 * snapshot (kernel_snapshot.c), and returns the kernel to db>. Uses the running proxy of this
 * machine, if there is one.
 */
#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/fds.h"
#include "io/progress.h"
#include "io/sockets.h"
#include "proto/err.h"
#include "proto/nearest.h"
#include "session/control.h"
#include "session/leave.h"
#include "session/transport.h"
#include "tools/await.h"
#include "tools/kernel.h"
#include "tools/tools.h"

enum { ERROR_TEXT = OPTIONS_ERROR_MAX, QUERY_LINE = 128, ANSWER_MAX = 64 << 20 };

static int kernel_help(void)
{
    printf("Usage: netgdb kernel QUERY [OPTION...] NAME\n"
           "       netgdb kernel snapshot --out FILE [OPTION...] NAME\n"
           "Print facts about a panicked FreeBSD kernel, or save what a post-mortem needs, and\n"
           "return it to db>.\n"
           "NAME is HOST[:PORT] or any, with options as after 'target remote netgdb:'.\n\n"
           "Queries:\n");
    for (const struct query *q = queries; q->name != NULL; q++)
        printf("  %-8s %s\n", q->name, q->help);
    printf(
        "\nOptions:\n"
        "  --symbols FILE  the kernel's kernel.debug (NETGDB_SYMBOLS)\n"
        "  --lines N       for dmesg: only the last N lines\n"
        "  --json          print JSON\n"
        "  --out FILE      of snapshot: the core, for 'target remote netgdb:file:FILE'; one of\n"
        "                  the same panic is continued\n"
        "  --stacks        of snapshot: the stacks of all threads, without .data and .bss\n"
        "  --range A-B     of snapshot: this memory as well, up to but not B; may be repeated\n"
        "  --log LEVEL     error, warn, info, debug or packet (NETGDB_LOG, else warn)\n"
        "  -h, --help      print this and exit\n\n"
        "Exit codes: 0 printed, 1 failed, 2 usage, 3 no kernel connected within timeout=SECONDS\n"
        "of NAME, 4 connection lost, 5 snapshot stopped by Ctrl-C: the same command continues.\n");
    return EXIT_DONE;
}

/* ---- the target ---- */

/* After an error of await.h. */
static int no_kernel(const struct kernel_tool *k, int error)
{
    if (error == EINTR)
        return EXIT_FAILED; /* and hold_finish ends the command */
    if (error != ETIMEDOUT) {
        complain("%s: %s", k->log.name, strerror(error));
        return EXIT_FAILED;
    }
    complain("%s: no kernel connected within %u s: is netgdb running at its db>?", k->log.name,
             (unsigned)(k->options.timeout / IO_SECOND));
    return EXIT_NOBODY;
}

static int exit_of(const struct kernel_tool *k, int rc)
{
    if (k->stopped)
        return EXIT_STOPPED;
    if (rc != 0 && rc != NETGDB_REFUSED) /* logged already */
        complain("%s: %s", k->log.name, netgdb_strerror(rc));
    return rc == 0 ? EXIT_DONE : rc == NETGDB_LOST ? EXIT_LOST : EXIT_FAILED;
}

/* Sends the query to the chain; first `?`, as a debugger does, so that the chain knows the thread
 * that stopped. */
static int ask_kernel(struct kernel_tool *k, struct chain *chain)
{
    char line[QUERY_LINE];
    struct buf reply;
    if (!chain_has_queries(chain)) {
        complain("%s: not a FreeBSD kernel, or its kernel.debug is missing: --symbols FILE",
                 k->log.name);
        return NETGDB_REFUSED;
    }
    buf_init(&reply, TARGET_REPLY_MAX);
    int rc = chain_record(chain);
    if (rc == 0)
        rc = target_ask(chain->target, "qSupported", &reply);
    if (rc == 0)
        rc = target_ask(chain->target, "?", &reply);
    buf_free(&reply);
    if (rc != 0 || k->query == NULL)
        return rc == 0 ? kernel_snapshot(k, chain) : rc;
    (void)snprintf(line, sizeof line, "%s%s %s", k->query->name, k->json ? " --json" : "",
                   k->argument);
    return chain_query(chain, line, &k->answer);
}

/* Queries a kernel that connected to this process. */
static int ask_session(struct kernel_tool *k, struct session *s)
{
    const struct chain_config config = {
        .options = &k->options, .records = k->query == NULL, .log = &k->log};
    struct io_fds io;
    struct chain chain = {.target = NULL};
    if (io_fds_init(&io) != 0) {
        session_free(s);
        return NETGDB_NOMEM;
    }
    if (k->options.kind == OPTIONS_ANY)
        k->log.name = net_ip_text(s->kernel.ip, k->host);
    int rc = session_adopt(s, &io, &k->log, NULL);
    if (rc == 0)
        rc = chain_renew(&chain, s->target, &config);
    if (rc == 0) {
        rc = ask_kernel(k, &chain);
        (void)chain_strip(&chain);
    }
    session_leave_io(s);
    leave_kernel(s, &k->log);
    io_fds_close(&io);
    return rc;
}

static int ask_listener(struct kernel_tool *k)
{
    struct listener *l = listener_get(k->options.port, &k->log);
    struct session *s;
    if (l == NULL)
        return complain_herald_port(k->options.port);
    struct progress *progress = progress_start("waiting for the kernel of %s", k->log.name);
    int error = await_session(l, &k->hosts, k->options.timeout, &k->hold, &s);
    progress_stop(progress);
    int rc = s != NULL ? exit_of(k, ask_session(k, s)) : no_kernel(k, error);
    leave_waiting(); /* others that called meanwhile */
    return rc;
}

/* Queries a kernel of the running proxy, which keeps it afterwards. */
static int ask_proxys_kernel(struct kernel_tool *k, int fd)
{
    const struct chain_config config = {
        .options = &k->options, .records = k->query == NULL, .log = &k->log};
    char why[CONTROL_LINE_MAX];
    struct control_kernel kernel;
    struct io_fds io;
    struct chain chain = {.target = NULL};
    struct progress *progress = progress_start("waiting for the kernel of %s", k->log.name);
    int error = await_readable(fd, k->options.timeout, &k->hold);
    progress_stop(progress);
    if (error != 0)
        return no_kernel(k, error);
    error = control_answer(fd, &kernel, why);
    if (error == 0 && io_fds_init(&io) != 0)
        error = errno;
    if (error != 0) {
        complain("%s: %s", k->log.name, error == EBUSY ? why : strerror(error));
        return EXIT_FAILED;
    }
    if (k->options.kind == OPTIONS_ANY)
        k->log.name = net_ip_text(kernel.ip, k->host);
    io_fds_set_stream(&io, IO_TARGET, fd, fd);
    int rc = chain_for_proxy(&chain, &io.io, kernel.peer, &config);
    if (rc == 0)
        rc = ask_kernel(k, &chain);
    chain_close(&chain);
    io_fds_set_stream(&io, IO_TARGET, -1, -1);
    io_fds_close(&io);
    return exit_of(k, rc);
}

/* Resolves the host; `any` stays 0. */
static bool resolve_host(struct kernel_tool *k)
{
    k->hosts.n = 1;
    if (k->options.kind == OPTIONS_ANY)
        return true;
    int rc = sockets_resolve_hosts(getaddrinfo, k->options.host, &k->hosts);
    if (rc != 0)
        complain("%s: %s", k->options.host, sockets_resolve_text(rc));
    return rc == 0;
}

static int run_query(struct kernel_tool *k)
{
    if (!resolve_host(k))
        return EXIT_FAILED;
    buf_init(&k->answer, ANSWER_MAX);
    if (hold_begin(&k->hold) != 0) {
        complain("%s", strerror(errno));
        return EXIT_FAILED;
    }
    int fd = control_take(&k->hosts, k->options.port, k->options.observe);
    if (fd < 0 && k->options.observe)
        complain("observe: no netgdb proxy is running on this machine");
    int rc = fd >= 0              ? ask_proxys_kernel(k, fd)
             : k->options.observe ? EXIT_NOBODY
                                  : ask_listener(k);
    hold_finish(&k->hold);
    if (k->answer.len != 0)
        (void)fwrite(k->answer.data, 1, k->answer.len, stdout);
    buf_free(&k->answer);
    return rc;
}

/* ---- options ---- */

static const char *take_lines(void *to, const char *text)
{
    bool good = *text != '\0' && strspn(text, "0123456789") == strlen(text) && strlen(text) < 10;
    *(const char **)to = text;
    return good ? NULL : "a number";
}

static int parse_name(struct kernel_tool *k, const char *text)
{
    const char *symbols = k->symbols;
    char error[ERROR_TEXT];
    const struct options_source source = {
        .tool = true, .transports = transports_all, .env = getenv};
    if (options_parse(&k->options, text, &source, error, sizeof error) != 0)
        return complain_usage("kernel", "%s", error);
    if (k->options.kind != OPTIONS_KERNEL && k->options.kind != OPTIONS_ANY)
        return complain_usage("kernel", "'%s': takes HOST[:PORT] or any", text);
    if (symbols != NULL && strlen(symbols) >= sizeof k->options.symbols)
        return complain_value("kernel", "symbols", symbols, "a shorter path");
    if (symbols != NULL)
        strcpy(k->options.symbols, symbols);
    if (k->options.symbols[0] == '\0')
        return complain_usage("kernel", "the kernel's kernel.debug is needed: --symbols FILE");
    k->log.name = k->options.kind == OPTIONS_ANY ? "any" : k->options.host;
    return check_symbols_option(k->options.symbols) ? EXIT_DONE : EXIT_FAILED;
}

static void unknown_query(const char *name)
{
    char meant[NEAREST_TEXT];
    struct nearest n = nearest_to(name);
    for (const struct query *q = queries; q->name != NULL; q++)
        nearest_consider(&n, q->name);
    (void)complain_usage("kernel", "no query '%.100s'%s", name, nearest_text(&n, meant));
}

/* "0x1000-0x2000" */
static const char *take_range(void *to, const char *text)
{
    static const char wanted[] =
        "a range of 64-bit addresses such as 0x1000-0x2000, 64 times at most";
    struct kernel_tool *k = to;
    char *end;
    errno = 0; /* or ERANGE */
    uint64_t first = strtoull(text, &end, 16), last;
    if (k->n_ranges == KERNEL_RANGES_MAX || !isxdigit((unsigned char)*text) || *end != '-' ||
        !isxdigit((unsigned char)end[1]))
        return wanted;
    last = strtoull(end + 1, &end, 16);
    if (*end != '\0' || errno != 0 || last <= first)
        return wanted;
    k->ranges[k->n_ranges++] = (struct snapshot_range){first, last - first};
    return NULL;
}

/* What goes with a snapshot and not with a query, and the other way round. */
static int check_kernel_options(const struct kernel_tool *k)
{
    bool snapshot = k->query == NULL;
    if (snapshot && (k->out == NULL || k->out[0] == '\0'))
        return complain_usage("kernel", "snapshot: --out FILE is missing");
    if (snapshot && k->json)
        return complain_usage("kernel", "snapshot: it prints no JSON");
    if (!snapshot && (k->out != NULL || k->only_stacks || k->n_ranges != 0))
        return complain_usage("kernel", "--out, --stacks and --range are options of snapshot");
    if (k->argument[0] != '\0' && (snapshot || strcmp(k->query->name, "dmesg") != 0))
        return complain_usage("kernel", "--lines is an option of dmesg");
    return EXIT_DONE;
}

/* Returns the query of this name, or NULL after an error message. */
static const struct query *find_query(const char *name)
{
    const struct query *found = NULL;
    const char *argument;
    bool json;
    if (name != NULL)
        found = query_find(name, &json, &argument);
    if (name == NULL)
        (void)complain_usage("kernel", "a query is missing");
    else if (found == NULL)
        unknown_query(name);
    return found;
}

static const struct tool_option known[] = {
    OPTION("symbols", take_text, struct kernel_tool, symbols),
    OPTION("lines", take_lines, struct kernel_tool, argument),
    FLAG("json", struct kernel_tool, json),
    OPTION("log", take_log_level, struct kernel_tool, log.level),
    OPTION("out", take_text, struct kernel_tool, out),
    FLAG("stacks", struct kernel_tool, only_stacks),
    {"range", 0, required_argument, take_range, 0},
    {0}};

int kernel_main(int argc, char **argv)
{
    static const struct command_line line = {"kernel", kernel_help, {{known, 0}}};
    struct kernel_tool k = {.argument = "", .log = {.level = LOG_WARN, .sink = log_to_stderr}};
    progress_permit();
    int rc = parse_log_variable("kernel", &k.log.level);
    if (rc < 0)
        rc = parse_options(argc, argv, &line, &k);
    if (rc >= 0)
        return rc;
    bool snapshot = argv[optind] != NULL && strcmp(argv[optind], "snapshot") == 0;
    k.query = snapshot ? NULL : find_query(argv[optind]);
    if (k.query == NULL && !snapshot)
        return EXIT_USAGE;
    rc = check_kernel_options(&k);
    if (rc == EXIT_DONE && optind + 2 != argc)
        rc = complain_usage("kernel", "give one NAME after the query");
    if (rc == EXIT_DONE)
        rc = parse_name(&k, argv[optind + 1]);
    if (rc == EXIT_DONE && snapshot && !kernel_snapshot_check(&k))
        rc = EXIT_FAILED;
    return rc == EXIT_DONE ? run_query(&k) : rc;
}
