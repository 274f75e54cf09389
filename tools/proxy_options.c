/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parses the command line of `netgdb proxy`; see proxy.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/link/wire.h"
#include "session/chain.h"
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
        "session; SIGINT, SIGTERM and SIGHUP end the proxy. 'netgdb ls' lists the kernels.\n"
        "Exit codes: 0 ended by a signal or the debugger, 1 failed, 2 usage, 3 no answer\n"
        "(no kernel within timeout=SECONDS of TARGET; with --stdio no stub), 4 connection\n"
        "lost (--stdio).\n");
    return EXIT_DONE;
}

#define ADDRESS_WANTED "an address, or unix:PATH of at most 107 bytes"

/* Parses ADDRESS or unix:PATH; the port is the value of -p. */
static const char *take_listen(void *to, const char *text)
{
    struct proxy_options *o = to;
    static const char unix_prefix[] = "unix:";
    const char *path = text + sizeof unix_prefix - 1;
    uint16_t port = 0;
    o->listen[0] = o->unix_path[0] = '\0';
    if (strncmp(text, unix_prefix, sizeof unix_prefix - 1) != 0)
        return parse_endpoint(text, o->listen, &port) && port == 0 ? NULL
               : strchr(text, ':') != NULL ? "an IPv4 address: the port is -p"
                                           : ADDRESS_WANTED;
    if (path[0] == '\0' || strlen(path) >= sizeof o->unix_path)
        return ADDRESS_WANTED;
    memcpy(o->unix_path, path, strlen(path) + 1);
    return NULL;
}

/* "FIRST-LAST" */
static bool parse_ports(const char *text, struct proxy_options *o)
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

static const char *take_ports(void *to, const char *value)
{
    return parse_ports(value, to) ? NULL : "FIRST-LAST, two ports from 1 to 65535";
}

static const char *take_port(void *to, const char *value)
{
    struct proxy_options *o = to;
    o->has_port = parse_port(value, &o->port) && o->port != 0;
    return o->has_port ? NULL : "a port from 1 to 65535";
}

static const char *take_leave(void *to, const char *value)
{
    bool *leave_parked = to;
    *leave_parked = strcmp(value, "parked") == 0;
    return *leave_parked ? NULL : "parked";
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
        return EXIT_FAILED;
    if (o->target.save[0] != '\0' && o->target.kind == OPTIONS_ANY)
        return complain_usage("proxy", "save= is for one target, not for any kernel");
    if (o->from.n != 0 && o->target.kind != OPTIONS_ANY)
        return complain_usage("proxy", "--from is for any kernel, not for '%s'", text);
    if (o->target.observe)
        return complain_usage("proxy", "observe is for a debugger: netgdb:HOST,observe in gdb, or "
                                       "proxy --observe");
    if (o->stdio &&
        (o->tls.on || o->observe || o->has_port || o->unix_path[0] != '\0' || o->first_port != 0))
        return complain_usage("proxy", "--stdio does not listen: omit the options for listening");
    return check_tls(o);
}

static const struct tool_option known[] = {
    {"port", 'p', required_argument, take_port, 0},
    {"listen", 0, required_argument, take_listen, 0},
    {"ports", 0, required_argument, take_ports, 0},
    OPTION("from", take_net, struct proxy_options, from),
    FLAG("observe", struct proxy_options, observe),
    FLAG("stdio", struct proxy_options, stdio),
    OPTION("leave", take_leave, struct proxy_options, leave_parked),
    FLAG("json", struct proxy_options, json),
    OPTION("log", take_log_level, struct proxy_options, log_level),
    {0}};

int proxy_options_parse(int argc, char **argv, struct proxy_options *o)
{
    static const struct command_line line = {
        "proxy",
        proxy_help,
        {{known, 0},
         {tls_options_known, offsetof(struct proxy_options, tls)},
         {capture_options_known, offsetof(struct proxy_options, capture)}}};
    *o = (struct proxy_options){.log_level = LOG_INFO};
    int end = parse_log_variable("proxy", &o->log_level);
    if (end < 0)
        end = parse_options(argc, argv, &line, o);
    return end >= 0 ? end : take_operand(argc, argv, o);
}
