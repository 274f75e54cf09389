/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parses names and options; see options.h. */
#include "proto/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "proto/link/wire.h"
#include "proto/rsp/rsp.h"

enum { TIMEOUT_MAX = 1000000000 }; /* seconds */

#define DIGITS "0123456789"
#define TLS_VARIABLE "NETGDB_TLS_" /* prefix of the variables of options that only tls: accepts */
#define HOST_INVALID_CHARS " \t\r\n/=@?\\\"'[]" /* not allowed in a host name */

static bool only(const char *text, const char *allowed)
{
    return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

/* Parses a decimal number of at most `max`, without any other character. */
static bool parse_number(const char *text, unsigned long max, unsigned long *value)
{
    if (!only(text, DIGITS) || strlen(text) > 10)
        return false;
    *value = strtoul(text, NULL, 10);
    return *value <= max;
}

/* Parses a hexadecimal number at *text and advances *text past it. "0x" is optional if `bare`. */
static bool parse_hex(const char **text, bool bare, uint64_t *value)
{
    bool prefix = strncasecmp(*text, "0x", 2) == 0;
    if (!prefix && !bare)
        return false;
    *text += prefix ? 2 : 0;
    size_t n = rsp_hex_number((const uint8_t *)*text, strlen(*text), value);
    *text += n;
    return n != 0;
}

static bool copy(char *out, size_t size, const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n >= size)
        return false;
    memcpy(out, text, n + 1);
    return true;
}

/* Parses one of two words. *second: whether it is the second one. */
static bool choose(const char *text, const char *first_word, const char *second_word, bool *second)
{
    *second = strcmp(text, second_word) == 0;
    return *second || strcmp(text, first_word) == 0;
}

static bool set_timeout(struct options *o, const char *value)
{
    unsigned long seconds;
    if (!parse_number(value, TIMEOUT_MAX, &seconds))
        return false;
    o->timeout = seconds * IO_SECOND;
    return true;
}

static bool set_run_timeout(struct options *o, const char *value)
{
    unsigned long seconds;
    if (!parse_number(value, TIMEOUT_MAX, &seconds) || seconds == 0)
        return false;
    o->run_timeout = seconds * IO_SECOND;
    return true;
}

static bool set_symbols(struct options *o, const char *value)
{
    return copy(o->symbols, sizeof o->symbols, value);
}

static bool set_modules(struct options *o, const char *value)
{
    return copy(o->modules, sizeof o->modules, value);
}

static bool set_slide(struct options *o, const char *value)
{
    uint64_t by;
    bool down = *value == '-';
    if (down || *value == '+')
        value++;
    if (!parse_hex(&value, false, &by) || *value != '\0')
        return false;
    o->slide = down ? 0 - by : by;
    o->have_slide = true;
    return true;
}

static bool set_rtos(struct options *o, const char *value)
{
    return only(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "-_.") &&
           copy(o->rtos, sizeof o->rtos, value);
}

static bool set_cache(struct options *o, const char *value)
{
    return choose(value, "off", "on", &o->cache);
}

/* Parses START-END; in the variable, several with commas between them. */
static bool set_nocache(struct options *o, const char *value)
{
    for (;;) {
        struct options_range r;
        if (o->nocaches == OPTIONS_NOCACHE_MAX || !parse_hex(&value, true, &r.start) ||
            *value++ != '-' || !parse_hex(&value, true, &r.end) || r.start >= r.end)
            return false;
        o->nocache[o->nocaches++] = r;
        if (*value == '\0')
            return true;
        if (*value++ != ',')
            return false;
    }
}

static bool set_kill(struct options *o, const char *value)
{
    bool forward;
    if (!choose(value, "detach", "forward", &forward))
        return false;
    o->kill = forward ? OPTIONS_KILL_FORWARD : OPTIONS_KILL_DETACH;
    return true;
}

static bool set_fileio(struct options *o, const char *value)
{
    return choose(value, "off", "on", &o->fileio);
}

static bool set_psk(struct options *o, const char *value)
{
    return copy(o->psk, sizeof o->psk, value);
}

static bool set_cert(struct options *o, const char *value)
{
    return copy(o->cert, sizeof o->cert, value);
}

static bool set_key(struct options *o, const char *value)
{
    return copy(o->key, sizeof o->key, value);
}

static bool set_ca(struct options *o, const char *value)
{
    return copy(o->ca, sizeof o->ca, value);
}

static bool set_log(struct options *o, const char *value)
{
    return log_level_parse(value, &o->log) == 0;
}

static bool set_log_file(struct options *o, const char *value)
{
    return copy(o->log_file, sizeof o->log_file, value);
}

/* All options. Those without a name, which only have a variable, come last. */
static const struct row {
    struct options_help help;
    bool (*set)(struct options *o, const char *value);
} table[] = {
    {{"timeout", "SECONDS", "NETGDB_TIMEOUT", "a whole number of seconds",
      "wait so long for the kernel (0: only one that waits already); no limit by default"},
     set_timeout},
    {{"run-timeout", "SECONDS", "NETGDB_RUN_TIMEOUT", "a whole number of seconds, at least 1",
      "close the connection when the target runs for longer than this; no limit by default"},
     set_run_timeout},
    {{"symbols", "FILE", "NETGDB_SYMBOLS", "the name of a file", "read symbols from this ELF file"},
     set_symbols},
    {{"modules", "DIR[:DIR...]", "NETGDB_MODULES", "the names of directories",
      "search these directories for a FreeBSD kernel's modules"},
     set_modules},
    {{"slide", "+0xHEX|-0xHEX", "NETGDB_SLIDE", "a number such as 0x200000 or -0x200000",
      "add this to every address of the symbol file"},
     set_slide},
    {{"rtos", "auto|off|NAME", "NETGDB_RTOS", "auto, off or the name of an RTOS",
      "show the threads of an RTOS"},
     set_rtos},
    {{"cache", "on|off", "NETGDB_CACHE", "on or off",
      "remember memory and registers while the target is stopped"},
     set_cache},
    {{"nocache", "START-END", "NETGDB_NOCACHE",
      "a range such as 0xfee00000-0xfee01000, 32 times at most",
      "never remember these addresses (END is not among them); may be given again"},
     set_nocache},
    {{"kill", "detach|forward", "NETGDB_KILL", "detach or forward",
      "what GDB's kill and quit do to the target"},
     set_kill},
    {{"fileio", "on|off", "NETGDB_FILEIO", "on or off",
      "let the target open, write and delete files of this machine (GDB's File-I/O)"},
     set_fileio},
    {{"psk", "FILE", "NETGDB_TLS_PSK", "the name of a file",
      "tls: the pre-shared key, IDENTITY:HEX as psktool writes it"},
     set_psk},
    {{"cert", "FILE", "NETGDB_TLS_CERT", "the name of a file", "tls: our certificate (PEM)"},
     set_cert},
    {{"key", "FILE", "NETGDB_TLS_KEY", "the name of a file", "tls: its private key (PEM)"},
     set_key},
    {{"ca", "FILE", "NETGDB_TLS_CA", "the name of a file",
      "tls: certificates of those who sign the other end's (PEM)"},
     set_ca},
    {{"log", "error|warn|info|debug|packet", "NETGDB_LOG", "error, warn, info, debug or packet",
      "how much to say"},
     set_log},
    {{NULL, "FILE", "NETGDB_LOG_FILE", "the name of a file", "say it there and not on stderr"},
     set_log_file},
};

enum { ROWS = sizeof table / sizeof table[0] };

const struct options_help *options_help(size_t i)
{
    return i < ROWS ? &table[i].help : NULL;
}

/* The caller's buffer for the error text. */
struct error_text {
    char *text;
    size_t size;
};

/* Formats the error text and replaces control characters in it. Returns NETGDB_PROTO. */
static int __attribute__((format(printf, 2, 3)))
set_error(const struct error_text *c, const char *format, ...)
{
    va_list args;
    if (c->size == 0)
        return NETGDB_PROTO;
    va_start(args, format);
    vsnprintf(c->text, c->size, format, args);
    va_end(args);
    for (char *p = c->text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    }
    return NETGDB_PROTO;
}

static int unknown_option(const struct error_text *c, const char *name)
{
    char names[OPTIONS_ERROR_MAX] = "";
    for (size_t i = 0; i < ROWS && table[i].help.name != NULL; i++) {
        size_t at = strlen(names);
        snprintf(names + at, sizeof names - at, "%s%s", i == 0 ? "" : ", ", table[i].help.name);
    }
    return set_error(c, "unknown option '%.100s': there are %s", name, names);
}

/* Parses `name=value`. The first nocache in the name replaces the ranges of the variable and sets
 * *replaced. */
static int parse_option(struct options *o, char *text, bool *replaced, const struct error_text *c)
{
    char *value = strchr(text, '=');
    if (value != NULL)
        *value++ = '\0';
    for (size_t i = 0; i < ROWS && table[i].help.name != NULL; i++) {
        const struct options_help *h = &table[i].help;
        if (strcmp(text, h->name) != 0)
            continue;
        if (value == NULL)
            return set_error(c, "option '%s' has no value: %s=%s", text, h->name, h->takes);
        if (strncmp(h->variable, TLS_VARIABLE, sizeof TLS_VARIABLE - 1) == 0 &&
            o->kind != OPTIONS_TLS)
            return set_error(c, "%s= is for tls:HOST[:PORT] alone: nothing else is encrypted",
                             text);
        if (table[i].set == set_nocache && !*replaced) {
            o->nocaches = 0;
            *replaced = true;
        }
        if (!table[i].set(o, value))
            return set_error(c, "%s=%.100s: takes %s", h->name, value, h->wants);
        return 0;
    }
    return unknown_option(c, text);
}

static int read_environment(struct options *o, options_getenv *env, const struct error_text *c)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct options_help *h = &table[i].help;
        const char *value = env != NULL ? env(h->variable) : NULL;
        if (value != NULL && *value != '\0' && !table[i].set(o, value))
            return set_error(c, "%s=%.100s: takes %s", h->variable, value, h->wants);
    }
    return 0;
}

static int parse_port(struct options *o, const char *text, const struct error_text *c)
{
    unsigned long port;
    if (!parse_number(text, UINT16_MAX, &port) || port == 0)
        return set_error(c, "'%.100s' is no port: a number from 1 to 65535", text);
    o->port = (uint16_t)port;
    return 0;
}

/* Parses HOST:PORT of a stub. Brackets around an IPv6 address are optional: GDB does not accept
 * them after a prefix. */
static int parse_tcp(struct options *o, char *text, const struct error_text *c)
{
    char *colon = strrchr(text, ':');
    size_t n = colon != NULL ? (size_t)(colon - text) : 0;
    bool brackets = n > 2 && text[0] == '[' && text[n - 1] == ']';
    o->kind = OPTIONS_TCP;
    if (n == 0)
        return set_error(c, "'tcp:%.100s': a stub on TCP is tcp:HOST:PORT", text);
    *colon = '\0';
    if (brackets)
        text[n - 1] = '\0';
    if (!copy(o->host, sizeof o->host, brackets ? text + 1 : text))
        return set_error(c, "'%.100s' is no host", text);
    return parse_port(o, colon + 1, c);
}

/* Parses HOST[:PORT] of a proxy or node with --tls. */
static int parse_tls(struct options *o, char *text, const struct error_text *c)
{
    char *colon = strchr(text, ':');
    if (*text == '[' || (colon != NULL && strchr(colon + 1, ':') != NULL)) { /* IPv6 */
        int rc = parse_tcp(o, text, c);
        o->kind = OPTIONS_TLS;
        return rc;
    }
    o->kind = OPTIONS_TLS;
    o->port = WIRE_HERALD_PORT;
    if (colon != NULL)
        *colon++ = '\0';
    if (strpbrk(text, HOST_INVALID_CHARS) != NULL || !copy(o->host, sizeof o->host, text))
        return set_error(c, "'tls:%.100s': takes tls:HOST[:PORT]", text);
    return colon != NULL ? parse_port(o, colon, c) : 0;
}

static int parse_unix(struct options *o, char *text, const struct error_text *c)
{
    o->kind = OPTIONS_UNIX;
    if (!copy(o->path, OPTIONS_SOCKET_MAX, text))
        return set_error(c, "'unix:%.100s': takes a socket's name of 1 to %d bytes", text,
                         OPTIONS_SOCKET_MAX - 1);
    return 0;
}

/* Parses HOST[:PORT] or any[:PORT]. */
static int parse_kernel(struct options *o, char *text, const struct error_text *c)
{
    char *colon = strchr(text, ':');
    if (*text == '[' || (colon != NULL && strchr(colon + 1, ':') != NULL))
        return set_error(c, "'%.100s': takes HOST[:PORT], and a kernel speaks IPv4 only", text);
    if (colon != NULL)
        *colon = '\0';
    o->kind = strcmp(text, "any") == 0 ? OPTIONS_ANY : OPTIONS_KERNEL;
    o->port = WIRE_HERALD_PORT;
    if (*text == '\0')
        return set_error(c, "no host: netgdb:HOST, netgdb:any or netgdb:tcp:HOST:PORT");
    if (only(text, DIGITS))
        return set_error(c, "'%.100s' is no host: a TCP port was meant? tcp:HOST:%.100s", text,
                         text);
    if (strpbrk(text, HOST_INVALID_CHARS) != NULL || strlen(text) >= sizeof o->host)
        return set_error(c, "'%.100s' is no host", text);
    if (o->kind == OPTIONS_KERNEL)
        (void)copy(o->host, sizeof o->host, text);
    return colon != NULL ? parse_port(o, colon + 1, c) : 0;
}

/* Returns the text after `word` and a colon, "" if `text` is the word alone, or NULL. */
static char *after_word(char *text, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(text, word, n) != 0 || (text[n] != ':' && text[n] != '\0'))
        return NULL;
    return text + n + (text[n] == ':' ? 1 : 0);
}

static int parse_target(struct options *o, char *text, const struct error_text *c)
{
    char *rest;
    if ((rest = after_word(text, "tcp")) != NULL)
        return parse_tcp(o, rest, c);
    if ((rest = after_word(text, "tls")) != NULL)
        return parse_tls(o, rest, c);
    if ((rest = after_word(text, "unix")) != NULL)
        return parse_unix(o, rest, c);
    return parse_kernel(o, text, c);
}

/* Takes the command verbatim, including commas: options can come only from the environment. */
static int parse_stdio(struct options *o, const char *command, bool tool,
                       const struct error_text *c)
{
    o->kind = OPTIONS_STDIO;
    if (!tool)
        return set_error(c, "stdio: is for the netgdb tool, not for a debugger");
    if (!copy(o->path, sizeof o->path, command))
        return set_error(c, "stdio: takes a command of 1 to %d bytes", OPTIONS_PATH_MAX - 1);
    return 0;
}

int options_parse(struct options *o, const char *text, bool tool, options_getenv *env, char *error,
                  size_t size)
{
    const struct error_text c = {error, size};
    char copied[OPTIONS_TEXT_MAX], *at = copied, *rest;
    bool replaced = false;
    *o = (struct options){.timeout = IO_NEVER,
                          .run_timeout = IO_NEVER,
                          .rtos = "auto",
                          .cache = true,
                          .log = LOG_WARN};
    if (strncmp(text, "netgdb:", 7) == 0)
        text += 7;
    if (strlen(text) >= sizeof copied) {
        set_error(&c, "a name has at most %d bytes", OPTIONS_TEXT_MAX - 1);
        return NETGDB_TOO_LONG;
    }
    strcpy(copied, text);
    int rc = read_environment(o, env, &c);
    if (rc == 0 && (rest = after_word(copied, "stdio")) != NULL)
        return parse_stdio(o, rest, tool, &c);
    if (rc == 0)
        rc = parse_target(o, strsep(&at, ","), &c);
    while (rc == 0 && at != NULL)
        rc = parse_option(o, strsep(&at, ","), &replaced, &c);
    return rc;
}

bool options_is_netgdb(const char *node)
{
    return node != NULL && strncmp(node, "netgdb", 6) == 0 && (node[6] == '\0' || node[6] == ':');
}

int options_from_gdb(struct options *o, const char *node, const char *service, options_getenv *env,
                     char *error, size_t size)
{
    char typed[OPTIONS_TEXT_MAX];
    if (!options_is_netgdb(node))
        return NETGDB_UNSUPPORTED;
    const char *head = node[6] == ':' ? node + 7 : "";
    const char *tail = service != NULL ? service : "";
    bool both = *head != '\0' && service != NULL;
    int n = snprintf(typed, sizeof typed, "%s%s%s", head, both ? ":" : "", tail);
    if (n < 0 || (size_t)n >= sizeof typed) {
        const struct error_text c = {error, size};
        set_error(&c, "a name has at most %d bytes", OPTIONS_TEXT_MAX - 1);
        return NETGDB_TOO_LONG;
    }
    return options_parse(o, strncmp(typed, "//", 2) == 0 ? typed + 2 : typed, false, env, error,
                         size);
}
