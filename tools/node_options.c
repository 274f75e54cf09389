/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parses the command line of `netgdb node`; see node.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/io.h"
#include "proto/link/wire.h"
#include "tools/capture_options.h"
#include "tools/node.h"

#define RETRY_MIN (IO_MS / 10) /* a shorter interval would flood the network */

static int node_help(void)
{
    printf(
        "Usage: netgdb node [OPTION...] SERVER[:PORT] --connect HOST:PORT\n"
        "       netgdb node [OPTION...] SERVER[:PORT] -- COMMAND [ARGUMENT...]\n"
        "       netgdb node [OPTION...] SERVER[:PORT] --ebpf OBJECT\n"
        "       netgdb node --tls [OPTION...] [--listen ADDRESS[:PORT]] STUB, one of these three\n"
        "Make a stub reachable as a panicked FreeBSD kernel is: announce it to SERVER (where a\n"
        "debugger waits with 'target remote netgdb:THIS-HOST'; PORT is 20025) and carry its RSP\n"
        "over debugnet. COMMAND is a stub on stdin and stdout, such as 'gdbserver - PROGRAM'.\n\n"
        "  --connect HOST:PORT      the stub listens on TCP there\n"
        "  --ebpf OBJECT            the stub is the built-in eBPF machine with this program\n"
        "  --bind ADDRESS[:PORT]    send from there (0.0.0.0:20026); port 0: any free port\n"
        "  --generation old|new     ack as FreeBSD 13 does, or as 14.0 and later (new)\n"
        "  --poll TIME              poll for acks at this interval, as a kernel does at 500us;\n"
        "                           0: receive them at once (0)\n"
        "  --retry TIME             retransmit unacknowledged data after this time (1000.5ms);\n"
        "                           give up after 12 times, and not before 12 s\n"
        "  --again                  announce again after each session, and after no answer;\n"
        "                           start COMMAND, or connect to HOST:PORT, "
        "again\n" TLS_OPTIONS_HELP "  --listen ADDRESS[:PORT]  with --tls: listen there "
        "(127.0.0.1:20025); 0: any port\n" CAPTURE_OPTIONS_HELP
        "  --log LEVEL              error, warn, info, debug or packet (NETGDB_LOG, else info)\n"
        "  -h, --help               print this and exit\n"
        "With --ebpf, as for netgdb bpf:\n" BPF_OPTIONS_HELP BPF_ARCH_HELP "\n"
        "TIME is a number and us, ms or s. The debugger's detach ends the command. The address\n"
        "actually used is printed on stderr.\n"
        "Exit codes: 0 detached, 1 failed, 2 usage, 3 no answer (of the server, or HOST:PORT),\n"
        "4 the server was lost.\n");
    return EXIT_DONE;
}

static const char *take_connect(void *to, const char *value)
{
    struct node_options *o = to;
    return parse_endpoint(value, o->stub_host, &o->stub_port) && o->stub_port != 0 ? NULL
                                                                                   : "HOST:PORT";
}

#define ENDPOINT_WANTED "ADDRESS or ADDRESS:PORT"

static const char *take_bind(void *to, const char *value)
{
    struct node_options *o = to;
    return parse_endpoint(value, o->bind_host, &o->bind_port) ? NULL : ENDPOINT_WANTED;
}

static const char *take_tls_address(void *to, const char *value)
{
    struct node_options *o = to;
    o->listens = true;
    return parse_endpoint(value, o->listen_host, &o->listen_port) ? NULL : ENDPOINT_WANTED;
}

static const char *take_generation(void *to, const char *value)
{
    enum debugnet_generation *generation = to;
    *generation = strcmp(value, "old") == 0 ? DEBUGNET_OLD : DEBUGNET_NEW;
    return *generation == DEBUGNET_OLD || strcmp(value, "new") == 0 ? NULL : "old or new";
}

static const char *take_poll(void *to, const char *value)
{
    return parse_time(value, to) ? NULL
                                 : "a time with its unit (us, ms, s) such as 500us, a day at most, "
                                   "or 0";
}

static const char *take_retry(void *to, const char *value)
{
    uint64_t *ns = to;
    return parse_time(value, ns) && *ns >= RETRY_MIN
               ? NULL
               : "a time with its unit (us, ms, s) such as 20ms, from 100us to a day";
}

/* Independent of the interval between transmissions, a server has as much time to answer as with a
 * kernel, 12 times 1000.5 ms. */
static void set_patience(struct debugnet_options *o)
{
    struct debugnet_options kernel;
    debugnet_options_default(&kernel);
    if (o->retry < kernel.retry)
        o->tries = (unsigned)((kernel.tries * kernel.retry + o->retry - 1) / o->retry);
}

static void set_defaults(struct node_options *o)
{
    *o = (struct node_options){.server_port = WIRE_HERALD_PORT,
                               .bind_host = "0.0.0.0",
                               .bind_port = WIRE_KERNEL_PORT,
                               .listen_host = "127.0.0.1",
                               .listen_port = WIRE_HERALD_PORT,
                               .log_level = LOG_INFO};
    debugnet_options_default(&o->debugnet);
    bpf_programs_init(&o->programs);
}

/* Parses SERVER; --tls takes none. */
static int take_server(int argc, char **argv, struct node_options *o)
{
    const char *trouble = tls_options_complete(&o->tls);
    if (trouble != NULL)
        return complain_usage("node", "--tls: %s", trouble);
    if (o->listens && !o->tls.on)
        return complain_usage("node",
                              "--listen is for --tls: without it, a node connects to its server");
    if (o->tls.on)
        return -1;
    if (optind == argc)
        return complain_usage("node", "no server given");
    const char *server = argv[optind++];
    if (!parse_endpoint(server, o->server_host, &o->server_port) || o->server_port == 0)
        return complain_usage("node", "'%s' is not a server", server);
    return -1;
}

/* Parses SERVER, and COMMAND after "--". */
static int take_operands(int argc, char **argv, struct node_options *o)
{
    int rc = take_server(argc, argv, o);
    if (rc >= 0)
        return rc;
    if (optind < argc)
        o->command = argv + optind;
    if (o->command != NULL && o->command[0][0] == '\0')
        return complain_usage("node", "no program given after --");
    if ((o->command != NULL) + (o->stub_host[0] != '\0') + (o->ebpf != NULL) != 1)
        return complain_usage("node",
                              "give --connect HOST:PORT, --ebpf OBJECT or -- COMMAND, one of them");
    return -1;
}

static const struct tool_option known[] = {
    {"connect", 0, required_argument, take_connect, 0},
    {"bind", 0, required_argument, take_bind, 0},
    OPTION("generation", take_generation, struct node_options, debugnet.generation),
    OPTION("poll", take_poll, struct node_options, debugnet.poll),
    OPTION("retry", take_retry, struct node_options, debugnet.retry),
    FLAG("again", struct node_options, again),
    OPTION("log", take_log_level, struct node_options, log_level),
    OPTION("ebpf", take_file_name, struct node_options, ebpf),
    {"listen", 0, required_argument, take_tls_address, 0},
    {0}};

int node_options_parse(int argc, char **argv, struct node_options *options)
{
    static const struct command_line line = {
        "node",
        node_help,
        {{known, 0},
         {tls_options_known, offsetof(struct node_options, tls)},
         {capture_options_known, offsetof(struct node_options, capture)},
         {bpf_options_known, offsetof(struct node_options, programs)}}};
    set_defaults(options);
    int end = parse_log_variable("node", &options->log_level);
    if (end < 0)
        end = parse_options(argc, argv, &line, options);
    if (end >= 0)
        return end;
    set_patience(&options->debugnet);
    if (!capture_options_complete(&options->capture))
        return EXIT_USAGE;
    return take_operands(argc, argv, options);
}
