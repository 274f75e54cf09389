/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error messages, options and values of command lines; see tools.h. */
#include "tools/tools.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/check.h"
#include "proto/io.h"
#include "proto/nearest.h"
#include "proto/visible.h"

enum { DAY_SECONDS = 24 * 60 * 60 };

static void complain_list(const char *format, va_list args)
{
    char line[LOG_LINE_MAX];
    (void)vsnprintf(line, sizeof line, format, args);
    visible_line(line);
    fprintf(stderr, "netgdb: %s\n", line);
}

void complain(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_list(format, args);
    va_end(args);
}

/* Prints the hint. Returns EXIT_USAGE. */
static int hint_usage(const char *command)
{
    fprintf(stderr, "Try 'netgdb%s%s --help'.\n", command[0] != '\0' ? " " : "", command);
    return EXIT_USAGE;
}

int complain_usage(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_list(format, args);
    va_end(args);
    return hint_usage(command);
}

int hint_option(const char *command, const struct option *options, const char *typed)
{
    char name[NEAREST_LEN_MAX + 1];
    const char *start = strncmp(typed, "--", 2) == 0 ? typed + 2 : "";
    int len = snprintf(name, sizeof name, "%.*s", (int)strcspn(start, "="), start);
    struct nearest n = nearest_to(len < (int)sizeof name ? name : "");
    for (; options->name != NULL; options++)
        nearest_consider(&n, options->name);
    if (n.word != NULL && n.mistakes != 0) /* a known name is right, and its value missing */
        fprintf(stderr, "Did you mean --%s? ", n.word);
    return hint_usage(command);
}

int finish_output(int status)
{
    errno = EIO; /* the error of an earlier write is not known */
    bool written = fflush(stdout) == 0 && ferror(stdout) == 0;
    if (written || status != EXIT_DONE)
        return status;
    complain("the output cannot be written: %s", strerror(errno));
    return EXIT_FAILED;
}

int complain_value(const char *command, const char *option, const char *value, const char *wants)
{
    return complain_usage(command, "--%s=%.100s: takes %s", option, value, wants);
}

/* ---- options ---- */

const char *take_flag(void *to, const char *value)
{
    (void)value;
    *(bool *)to = true;
    return NULL;
}

const char *take_text(void *to, const char *value)
{
    *(const char **)to = value;
    return NULL;
}

const char *take_file_name(void *to, const char *value)
{
    *(const char **)to = value;
    return value[0] != '\0' ? NULL : "the name of a file";
}

const char *take_log_level(void *to, const char *value)
{
    return log_level_parse(value, to) == 0 ? NULL : LOG_LEVELS;
}

/* "192.0.2.0/24" or "192.0.2.7"; net->ip gets no bits outside the mask. */
static bool parse_net(const char *text, struct lobby_net *net)
{
    char address[INET_ADDRSTRLEN];
    struct in_addr in;
    uint16_t bits = 32;
    const char *slash = strchr(text, '/');
    size_t len = slash != NULL ? (size_t)(slash - text) : strlen(text);
    if (len >= sizeof address || (slash != NULL && (!parse_port(slash + 1, &bits) || bits > 32)))
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    if (inet_pton(AF_INET, address, &in) != 1)
        return false;
    net->mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
    net->ip = ntohl(in.s_addr) & net->mask;
    return true;
}

const char *take_net(void *to, const char *value)
{
    struct tool_nets *nets = to;
    bool good = nets->n < TOOL_NETS_MAX && parse_net(value, &nets->at[nets->n]);
    nets->n += good;
    return good ? NULL : "a network such as 192.0.2.0/24, 32 times at most";
}

/* An option of a command, and its variable. */
struct known_option {
    const struct tool_option *option;
    void *to;
};

/* The options of a command, for getopt_long(3). */
struct known_options {
    struct option names[OPTIONS_KNOWN_MAX + 2]; /* --help, and a zeroed one at the end */
    char letters[2 * OPTIONS_KNOWN_MAX + 2];
    struct known_option known[OPTIONS_KNOWN_MAX];
    int n, named;
};

enum { FIRST_NAME = 256 /* above all letters: what getopt_long(3) returns for known[0] */ };

static void add_table(struct known_options *k, const struct tool_option *o, char *to)
{
    for (; o->take != NULL && CHECK(k->n < OPTIONS_KNOWN_MAX); o++) {
        if (o->letter != 0) {
            size_t used = strlen(k->letters);
            (void)snprintf(k->letters + used, sizeof k->letters - used, "%c%s", o->letter,
                           o->has_arg != no_argument ? ":" : "");
        }
        if (o->name != NULL)
            k->names[k->named++] = (struct option){o->name, o->has_arg, NULL, FIRST_NAME + k->n};
        k->known[k->n++] = (struct known_option){o, to + o->at};
    }
}

/* The option for which getopt_long(3) has returned `c`. */
static const struct known_option *find_command_option(const struct known_options *k, int c)
{
    for (int i = 0; i < k->n; i++)
        if (c == (c < FIRST_NAME ? k->known[i].option->letter : FIRST_NAME + i))
            return &k->known[i];
    return NULL;
}

int parse_options(int argc, char **argv, const struct command_line *line, void *options)
{
    struct known_options k = {.letters = "h"};
    int c;
    for (int i = 0; i < OPTION_TABLES && line->tables[i].rows != NULL; i++)
        add_table(&k, line->tables[i].rows, (char *)options + line->tables[i].at);
    k.names[k.named] = (struct option){"help", no_argument, NULL, 'h'};
    while ((c = getopt_long(argc, argv, k.letters, k.names, NULL)) != -1) {
        if (c == 'h')
            return finish_output(line->help());
        if (c == '?')
            return hint_option(line->command, k.names, argv[optind - 1]);
        const struct known_option *known = find_command_option(&k, c);
        if (!CHECK(known != NULL))
            return EXIT_FAILED;
        const char *wants = known->option->take(known->to, optarg);
        if (wants != NULL && known->option->name == NULL)
            return complain_usage(line->command, "-%c '%.100s': takes %s", c, optarg, wants);
        if (wants != NULL)
            return complain_value(line->command, known->option->name, optarg, wants);
    }
    return -1;
}

int parse_log_variable(const char *command, enum log_level *level)
{
    const char *value = getenv("NETGDB_LOG");
    if (value == NULL || value[0] == '\0' || log_level_parse(value, level) == 0)
        return -1;
    return complain_usage(command, "NETGDB_LOG=%s: takes %s", value, LOG_LEVELS);
}

/* ---- values ---- */

void log_to_stderr(void *context, enum log_level level, const char *line)
{
    (void)context;
    (void)level;
    fprintf(stderr, "%s\n", line);
}

bool parse_time(const char *text, uint64_t *ns)
{
    static const struct {
        const char *name;
        double seconds;
    } units[] = {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}};
    char *end;
    if (!isdigit((unsigned char)text[0])) /* no sign, no "inf" */
        return false;
    double number = strtod(text, &end);
    *ns = 0;
    if (number == 0 && *end == '\0')
        return true;
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        double seconds = number * units[i].seconds;
        if (strcmp(end, units[i].name) == 0 && seconds <= DAY_SECONDS) {
            *ns = (uint64_t)(seconds * (double)IO_SECOND + 0.5);
            return true;
        }
    }
    return false;
}

bool parse_port(const char *text, uint16_t *port)
{
    char *end;
    errno = 0;
    unsigned long number = strtoul(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || *end != '\0' || errno != 0 || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

bool parse_endpoint(const char *text, char host[HOST_MAX], uint16_t *port)
{
    const char *end = text[0] == '[' ? strchr(text, ']') : NULL;
    const char *start = end != NULL ? text + 1 : text;
    const char *rest = end != NULL ? end + 1 : start + strcspn(start, ":[]");
    size_t len = (size_t)((end != NULL ? end : rest) - start);
    if (len == 0 || len >= HOST_MAX || (*rest != '\0' && *rest != ':') ||
        (*rest == ':' && !parse_port(rest + 1, port)))
        return false;
    memcpy(host, start, len);
    host[len] = '\0';
    return true;
}
