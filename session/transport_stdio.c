/* SPDX-License-Identifier: GPL-3.0-or-later */
/* stdio:COMMAND: a stub that a shell command starts, on its standard input and output. */
#include "session/transport.h"

static int parse_command(struct options *o, char *command, const struct options_error *e)
{
    if (options_set_text(o->path, sizeof o->path, command))
        return 0;
    return options_set_error(e, "stdio: takes a command of 1 to %d bytes", OPTIONS_PATH_MAX - 1);
}

static int open_command(struct transport_stream *s)
{
    char *command[] = {(char *)"sh", (char *)"-c", (char *)s->options->path, NULL};
    return child_start(&s->child, command);
}

static void close_command(struct transport_stream *s, bool detached)
{
    child_end(&s->child, detached);
}

const struct transport transport_stdio = {
    .prefix = "stdio",
    .tool_only = true,
    .verbatim = true,
    .needs_files = true,
    .may_be_silent = true,
    .parse = parse_command,
    .open = open_command,
    .close = close_command,
};
