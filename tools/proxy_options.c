/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parses the command line of `netgdb proxy`; see proxy.h. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/link/wire.h"
#include "session/chain.h"
#include "symbols/elf_file.h"
#include "tools/proxy.h"

static int proxy_help(void)
{
    printf(
        "Usage: netgdb proxy [OPTION...] [TARGET]\n"
        "Serve panicked kernels to any debugger that speaks RSP: gdb, LLDB, an IDE. Every kernel\n"
        "that connects is kept waiting, and has a unix socket or a TCP port of its own; debuggers\n"
        "attach and detach. TARGET is HOST[:PORT], any[:PORT], tcp:HOST:PORT, unix:PATH,\n"
        "file:PATH or stdio:COMMAND, with options as after 'target remote netgdb:'; without it\n"
        "any kernel is accepted.\n\n"
        "  -p, --port PORT       TCP port of TARGET (any free port); without TARGET that of the\n"
        "                        kernel that waits longest; -p and --ports listen on 127.0.0.1\n"
        "  --listen ADDRESS      TCP ports there: anyone who can connect controls the kernels\n"
        "  --listen unix:PATH    one unix socket, only for this user\n"
        "  --ports FIRST-LAST    TCP ports of the kernels; else UDP port of the session + 1\n"
        "                        Without any of these: unix sockets in the runtime directory,\n"
        "                        for this user, root and the directory's group\n"
        "  --observe             beside each of these, a second one for clients that only look:\n"
        "                        the next TCP port, or the socket's name with .observe\n"
        "  --from CIDR           accept only kernels of this network; may be "
        "repeated\n" TLS_OPTIONS_HELP
        "  --stdio               serve one debugger on stdin and stdout, as in\n"
        "                        'target remote | netgdb proxy --stdio HOST'\n"
        "  --leave parked        at the end, leave the kernels waiting for the next proxy;\n"
        "                        else they are detached and return to db>\n"
        "  --json                print one JSON object per event\n" CAPTURE_OPTIONS_HELP
        "  --log LEVEL           error, warn, info, debug or packet (NETGDB_LOG, else info)\n"
        "  -h, --help            print this and exit\n\n"
        "The proxy prints what to type in gdb and at db>. SIGUSR1 prints the profile of each\n"
        "session; SIGINT and SIGTERM end the proxy. 'netgdb ls' lists the kernels.\n"
        "Exit codes: 0 ended by a signal or the debugger, 1 failed, 2 usage, 3 no answer\n"
        "(no kernel within timeout=SECONDS of TARGET; with --stdio no stub), 4 link lost\n"
        "(--stdio).\n");
    return EXIT_DONE;
}

enum {
    OPT_LISTEN = 256,
    OPT_PORTS,
    OPT_FROM,
    OPT_OBSERVE,
    OPT_STDIO,
    OPT_LEAVE,
    OPT_JSON,
    OPT_LOG
};

/* Parses ADDRESS or unix:PATH; the port is the value of -p. */
static bool take_listen(const char *text, struct proxy_options *o)
{
    static const char unix_prefix[] = "unix:";
    const char *path = text + sizeof unix_prefix - 1;
    uint16_t port = 0;
    o->listen[0] = o->unix_path[0] = '\0';
    if (strncmp(text, unix_prefix, sizeof unix_prefix - 1) != 0)
        return parse_endpoint(text, o->listen, &port) && port == 0;
    if (path[0] == '\0' || strlen(path) >= sizeof o->unix_path)
        return false;
    memcpy(o->unix_path, path, strlen(path) + 1);
    return true;
}

/* "FIRST-LAST" */
static bool take_ports(const char *text, struct proxy_options *o)
{
    char first[8];
    const char *dash = strchr(text, '-');
    if (dash == NULL || (size_t)(dash - text) >= sizeof first)
        return false;
    memcpy(first, text, (size_t)(dash - text));
    first[dash - text] = '\0';
    return parse_port(first, &o->first_port) && parse_port(dash + 1, &o->last_port) &&
           o->first_port != 0 && o->first_port <= o->last_port;
}

static bool take_from(const char *text, struct proxy_options *o)
{
    struct lobby_net *net = &o->from[o->froms];
    return o->froms < PROXY_NETS_MAX && parse_net(text, &net->ip, &net->mask) && ++o->froms != 0;
}

/* Stores the value of an option; false: the value is wrong. */
static bool take_proxy_option(int option, const char *value, struct proxy_options *o)
{
    switch (option) {
    case 'p':
        return o->has_port = parse_port(value, &o->port) && o->port != 0;
    case OPT_LISTEN:
        return take_listen(value, o);
    case OPT_PORTS:
        return take_ports(value, o);
    case OPT_FROM:
        return take_from(value, o);
    case OPT_OBSERVE:
        return o->observe = true;
    case OPT_STDIO:
        return o->stdio = true;
    case OPT_LEAVE:
        return o->leave_parked = strcmp(value, "parked") == 0;
    case OPT_JSON:
        return o->json = true;
    case OPT_LOG:
        return log_level_parse(value, &o->log_level) == 0;
    case CAPTURE_OPT_FILE:
    case CAPTURE_OPT_SIZE:
        return capture_options_take(&o->capture, option, value);
    default:
        return tls_options_take(&o->tls, option, value);
    }
}

/* Checks that sessions can read the file of symbols=, if there is one. */
static bool check_symbols_option(const char *file)
{
    struct elf_file f;
    const char *why;
    if (file[0] == '\0')
        return true;
    int rc = elf_file_open(&f, file, &why);
    elf_file_close(&f);
    if (rc != 0)
        complain("symbols=%s: %s", file, why);
    return rc == 0;
}

static const char *proxy_wanted(int option, const char *value)
{
    switch (option) {
    case 'p':
        return "a port from 1 to 65535";
    case OPT_LISTEN:
        return strchr(value, ':') != NULL && strncmp(value, "unix:", 5) != 0
                   ? "an IPv4 address: the port is -p"
                   : "an address, or unix:PATH of at most 107 bytes";
    case OPT_PORTS:
        return "FIRST-LAST, two ports from 1 to 65535";
    case OPT_FROM:
        return "a network such as 192.0.2.0/24, 32 times at most";
    case OPT_LEAVE:
        return "parked";
    case OPT_LOG:
        return LOG_LEVELS;
    case CAPTURE_OPT_SIZE:
        return capture_options_wanted(option);
    default:
        return "the name of a file";
    }
}

/* Checks the options of --tls, and of TARGET's transport. */
static int check_tls(struct proxy_options *o)
{
    const struct options *t = &o->target;
    const char *trouble = tls_options_complete(&o->tls);
    if (trouble != NULL)
        return complain_usage("proxy", "--tls: %s", trouble);
    if (t->transport != NULL && t->transport->check != NULL)
        trouble = t->transport->check(t);
    if (trouble != NULL)
        return complain_usage("proxy", "%s:%s: %s", t->transport->prefix, t->host, trouble);
    if (o->tls.on && o->unix_path[0] != '\0')
        return complain_usage("proxy", "--tls is for TCP: --listen ADDRESS or -p PORT");
    if (o->tls.on && !o->has_port) { /* that of netgdb:tls:HOST */
        o->has_port = true;
        o->port = WIRE_HERALD_PORT;
    }
    return -1;
}

/* Parses TARGET, and rejects options that exclude each other. */
static int take_operand(int argc, char **argv, struct proxy_options *o)
{
    static const struct options_source source = {
        .transports = transports_all, .tool = true, .env = getenv};
    char error[OPTIONS_ERROR_MAX];
    const char *text = optind < argc ? argv[optind] : "any";
    o->has_target = optind < argc;
    if (argc - optind > 1)
        return complain_usage("proxy", "only one TARGET is possible: unexpected '%s'",
                              argv[optind + 1]);
    if (options_parse(&o->target, text, &source, error, sizeof error) != 0 ||
        !chain_takes(&o->target, error, sizeof error))
        return complain_usage("proxy", "%s", error);
    if (o->capture.file == NULL && o->target.capture[0] != 0)
        o->capture.file = o->target.capture;
    if (o->capture.size == 0)
        o->capture.size = o->target.capture_size;
    if (!check_symbols_option(o->target.symbols))
        return EXIT_USAGE;
    if (o->target.save[0] != '\0' && o->target.kind == OPTIONS_ANY)
        return complain_usage("proxy", "save= is for one target, not for any kernel");
    if (o->froms != 0 && o->target.kind != OPTIONS_ANY)
        return complain_usage("proxy", "--from is for any kernel, not for '%s'", text);
    if (o->target.observe)
        return complain_usage("proxy", "observe is for a debugger: netgdb:HOST,observe in gdb, or "
                                       "proxy --observe");
    if (o->stdio &&
        (o->tls.on || o->observe || o->has_port || o->unix_path[0] != '\0' || o->first_port != 0))
        return complain_usage("proxy", "--stdio does not listen: omit the options for listening");
    return check_tls(o);
}

int proxy_options_parse(int argc, char **argv, struct proxy_options *o)
{
    static const struct option known[] = {{"port", required_argument, NULL, 'p'},
                                          {"listen", required_argument, NULL, OPT_LISTEN},
                                          {"ports", required_argument, NULL, OPT_PORTS},
                                          {"from", required_argument, NULL, OPT_FROM},
                                          {"observe", no_argument, NULL, OPT_OBSERVE},
                                          {"stdio", no_argument, NULL, OPT_STDIO},
                                          {"leave", required_argument, NULL, OPT_LEAVE},
                                          {"json", no_argument, NULL, OPT_JSON},
                                          {"log", required_argument, NULL, OPT_LOG},
                                          TLS_LONG_OPTIONS,
                                          CAPTURE_LONG_OPTIONS,
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    const char *level = getenv("NETGDB_LOG");
    int c, which = 0;
    *o = (struct proxy_options){.log_level = LOG_INFO};
    if (level != NULL && level[0] != '\0' && log_level_parse(level, &o->log_level) != 0)
        return complain_usage("proxy", "NETGDB_LOG: '%s' is not a level", level);
    while ((c = getopt_long(argc, argv, "hp:", known, &which)) != -1) {
        if (c == 'h')
            return proxy_help();
        if (c == '?')
            return hint_option("proxy", known, argv[optind - 1]);
        /* getopt does not set it for a letter. */
        if (c == 'p')
            which = 0;
        if (!take_proxy_option(c, optarg, o))
            return complain_value("proxy", known[which].name, optarg, proxy_wanted(c, optarg));
    }
    return take_operand(argc, argv, o);
}
