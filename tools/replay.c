/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb replay: serves the session in a capture to any debugger, by netgdb proxy. */
#include <stdio.h>
#include <string.h>

#include "proto/link/wire.h"
#include "proto/options.h"
#include "tools/tools.h"

static int replay_help(void)
{
    printf("Usage: netgdb replay --serve[=[ADDRESS]:PORT] FILE\n"
           "Answer debuggers from a capture that netgdb (capture=FILE) or tcpdump made: each\n"
           "request in it, in any order. Any other request gets an error that says so.\n"
           "In a gdb with the preload no server is needed: target remote netgdb:replay:FILE\n\n"
           "  --serve[=[ADDRESS]:PORT]  listen on TCP there (127.0.0.1:20025)\n"
           "  -h, --help                print this and exit\n\n"
           "Ends with SIGINT, SIGTERM or SIGHUP. Exit codes: 0 ended by a signal, 1 failed,\n"
           "2 usage.\n");
    return EXIT_DONE;
}

/* Serves by the proxy, whose operand is the capture. */
static int serve_capture(const char *file, const char *host, uint16_t port)
{
    char target[OPTIONS_PATH_MAX + 8], number[8], listen[HOST_MAX + 2];
    char *arguments[] = {
        (char *)"netgdb proxy", (char *)"--listen", listen, (char *)"-p", number, target, NULL};
    if ((size_t)snprintf(target, sizeof target, "replay:%s", file) >= sizeof target)
        return complain_usage("replay", "the file's name is too long");
    const char *format = strchr(host, ':') != NULL ? "[%s]" : "%s"; /* IPv6 */
    (void)snprintf(listen, sizeof listen, format, host);
    (void)snprintf(number, sizeof number, "%u", port);
    optind = 1;
    return proxy_main(sizeof arguments / sizeof arguments[0] - 1, arguments);
}

struct replay_options {
    char host[HOST_MAX];
    uint16_t port;
    bool serve;
};

static const char *take_serve(void *to, const char *value)
{
    struct replay_options *o = to;
    bool bare = value != NULL && value[0] == ':'; /* a port alone */
    o->serve = true;
    if (value != NULL &&
        (bare ? !parse_port(value + 1, &o->port) : !parse_endpoint(value, o->host, &o->port)))
        return "[ADDRESS]:PORT";
    return o->port == 0 ? "a port from 1 to 65535" : NULL;
}

static const struct tool_option known[] = {{"serve", 0, optional_argument, take_serve, 0}, {0}};

int replay_main(int argc, char **argv)
{
    static const struct command_line line = {"replay", replay_help, {{known, 0}}};
    struct replay_options o = {.host = "127.0.0.1", .port = WIRE_HERALD_PORT};
    int end = parse_options(argc, argv, &line, &o);
    if (end >= 0)
        return end;
    if (!o.serve)
        return complain_usage("replay", "give --serve; in gdb: target remote netgdb:replay:FILE");
    if (argc - optind != 1 || argv[optind][0] == '\0')
        return complain_usage("replay", "give one FILE");
    return serve_capture(argv[optind], o.host, o.port);
}
