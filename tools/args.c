/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Error messages and parsers of command lines; see tools.h. */
#include "tools/tools.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int complain_usage(const char *command, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    complain_list(format, args);
    va_end(args);
    return hint_usage(command);
}

int hint_usage(const char *command)
{
    fprintf(stderr, "Try 'netgdb%s%s --help'.\n", command[0] != '\0' ? " " : "", command);
    return EXIT_USAGE;
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

int complain_value(const char *command, const char *option, const char *value, const char *wants)
{
    return complain_usage(command, "--%s=%.100s: takes %s", option, value, wants);
}

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

bool parse_net(const char *text, uint32_t *ip, uint32_t *mask)
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
    *mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
    *ip = ntohl(in.s_addr) & *mask;
    return true;
}
