/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parses the command line of `netgdb node`; see node.h. */
#include <getopt.h>
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

static bool parse_generation(const char *text, enum debugnet_generation *generation)
{
    *generation = strcmp(text, "old") == 0 ? DEBUGNET_OLD : DEBUGNET_NEW;
    return *generation == DEBUGNET_OLD || strcmp(text, "new") == 0;
}

enum {
    OPT_CONNECT = 256,
    OPT_BIND,
    OPT_GENERATION,
    OPT_POLL,
    OPT_RETRY,
    OPT_AGAIN,
    OPT_LOG,
    OPT_LISTEN,
    OPT_EBPF
};

static const char *node_wanted(int option)
{
    switch (option) {
    case OPT_CONNECT:
        return "HOST:PORT";
    case OPT_BIND:
    case OPT_LISTEN:
        return "ADDRESS or ADDRESS:PORT";
    case OPT_GENERATION:
        return "old or new";
    case OPT_POLL:
        return "a time with its unit (us, ms, s) such as 500us, a day at most, or 0";
    case OPT_RETRY:
        return "a time with its unit (us, ms, s) such as 20ms, from 100us to a day";
    case OPT_LOG:
        return LOG_LEVELS;
    case TLS_OPT_PSK:
    case TLS_OPT_CERT:
    case TLS_OPT_KEY:
    case TLS_OPT_CA:
        return "the name of a file";
    case CAPTURE_OPT_FILE:
    case CAPTURE_OPT_SIZE:
        return capture_options_wanted(option);
    default:
        return bpf_programs_wanted(option);
    }
}

/* Stores the value of an option; false: the value is wrong. */
static bool take_node_option(int option, const char *value, struct node_options *o)
{
    switch (option) {
    case OPT_CONNECT:
        return parse_endpoint(value, o->stub_host, &o->stub_port) && o->stub_port != 0;
    case OPT_BIND:
        return parse_endpoint(value, o->bind_host, &o->bind_port);
    case OPT_LISTEN:
        o->listens = true;
        return parse_endpoint(value, o->listen_host, &o->listen_port);
    case OPT_GENERATION:
        return parse_generation(value, &o->debugnet.generation);
    case OPT_POLL:
        return parse_time(value, &o->debugnet.poll);
    case OPT_RETRY:
        return parse_time(value, &o->debugnet.retry) && o->debugnet.retry >= RETRY_MIN;
    case OPT_AGAIN:
        return o->again = true;
    case OPT_EBPF:
        o->ebpf = value;
        return true;
    case OPT_LOG:
        return log_level_parse(value, &o->log_level) == 0;
    case CAPTURE_OPT_FILE:
    case CAPTURE_OPT_SIZE:
        return capture_options_take(&o->capture, option, value);
    default:
        return tls_options_take(&o->tls, option, value) ||
               bpf_programs_option(&o->programs, option, value);
    }
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

static bool set_defaults(struct node_options *o)
{
    const char *level = getenv("NETGDB_LOG");
    *o = (struct node_options){.server_port = WIRE_HERALD_PORT,
                               .bind_host = "0.0.0.0",
                               .bind_port = WIRE_KERNEL_PORT,
                               .listen_host = "127.0.0.1",
                               .listen_port = WIRE_HERALD_PORT,
                               .log_level = LOG_INFO};
    debugnet_options_default(&o->debugnet);
    bpf_programs_init(&o->programs);
    return level == NULL || level[0] == '\0' || log_level_parse(level, &o->log_level) == 0;
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
    if ((o->command != NULL) + (o->stub_host[0] != '\0') + (o->ebpf != NULL) != 1)
        return complain_usage("node",
                              "give --connect HOST:PORT, --ebpf OBJECT or -- COMMAND, one of them");
    return -1;
}

int node_options_parse(int argc, char **argv, struct node_options *options)
{
    static const struct option known[] = {{"connect", required_argument, NULL, OPT_CONNECT},
                                          {"bind", required_argument, NULL, OPT_BIND},
                                          {"generation", required_argument, NULL, OPT_GENERATION},
                                          {"poll", required_argument, NULL, OPT_POLL},
                                          {"retry", required_argument, NULL, OPT_RETRY},
                                          {"again", no_argument, NULL, OPT_AGAIN},
                                          {"log", required_argument, NULL, OPT_LOG},
                                          {"ebpf", required_argument, NULL, OPT_EBPF},
                                          {"listen", required_argument, NULL, OPT_LISTEN},
                                          TLS_LONG_OPTIONS,
                                          CAPTURE_LONG_OPTIONS,
                                          BPF_LONG_OPTIONS,
                                          {"help", no_argument, NULL, 'h'},
                                          {0}};
    int c, which = 0;
    if (!set_defaults(options))
        return complain_usage("node", "NETGDB_LOG: '%s' is not a level", getenv("NETGDB_LOG"));
    while ((c = getopt_long(argc, argv, "h", known, &which)) != -1) {
        if (c == 'h')
            return node_help();
        if (c == '?')
            return hint_option("node", known, argv[optind - 1]);
        if (!take_node_option(c, optarg, options))
            return complain_value("node", known[which].name, optarg, node_wanted(c));
    }
    set_patience(&options->debugnet);
    if (!capture_options_complete(&options->capture))
        return EXIT_USAGE;
    return take_operands(argc, argv, options);
}
