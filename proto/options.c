/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parses names and options; see options.h. */
#include "proto/options.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/err.h"
#include "proto/link/wire.h"
#include "proto/nearest.h"
#include "proto/rsp/rsp.h"

enum { TIMEOUT_MAX = 1000000000 }; /* seconds */

#define DIGITS "0123456789"
#define HOST_INVALID_CHARS " \t\r\n/=@?\\\"'[]" /* not allowed in a host name */

static bool only(const char *text, const char *allowed)
{
    return *text != '\0' && text[strspn(text, allowed)] == '\0';
}

/* Parses a decimal number of at most `max`, without any other character. */
static bool parse_decimal(const char *text, unsigned long max, unsigned long *value)
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

bool options_set_text(char *out, size_t size, const char *text)
{
    size_t n = strlen(text);
    if (n == 0 || n >= size)
        return false;
    memcpy(out, text, n + 1);
    return true;
}

/*
 * Each of the following parses a value into *to, the member of its row, which has `size` bytes.
 * Returns whether the value is valid.
 */

static bool set_text(void *to, size_t size, const char *value)
{
    return options_set_text(to, size, value);
}

static bool set_switch(void *to, size_t size, const char *value)
{
    bool on = strcmp(value, "on") == 0;
    (void)size;
    *(bool *)to = on;
    return on || strcmp(value, "off") == 0;
}

static bool set_seconds(void *to, size_t size, const char *value)
{
    unsigned long seconds;
    (void)size;
    if (!parse_decimal(value, TIMEOUT_MAX, &seconds))
        return false;
    *(uint64_t *)to = seconds * IO_SECOND;
    return true;
}

static bool set_limit(void *to, size_t size, const char *value)
{
    return set_seconds(to, size, value) && *(uint64_t *)to != 0;
}

static bool set_slide(void *to, size_t size, const char *value)
{
    struct options *o = to;
    uint64_t by;
    (void)size;
    bool down = *value == '-';
    if (down || *value == '+')
        value++;
    if (!parse_hex(&value, false, &by) || *value != '\0')
        return false;
    o->slide = down ? 0 - by : by;
    o->have_slide = true;
    return true;
}

static bool set_rtos(void *to, size_t size, const char *value)
{
    return only(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS "-_.") &&
           options_set_text(to, size, value);
}

/* Parses START-END; in the variable, several with commas between them. */
static bool set_nocache(void *to, size_t size, const char *value)
{
    struct options *o = to;
    (void)size;
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

static bool set_kill(void *to, size_t size, const char *value)
{
    bool forward = strcmp(value, "forward") == 0;
    (void)size;
    *(enum options_kill *)to = forward ? OPTIONS_KILL_FORWARD : OPTIONS_KILL_DETACH;
    return forward || strcmp(value, "detach") == 0;
}

static bool set_log(void *to, size_t size, const char *value)
{
    (void)size;
    return log_level_parse(value, to) == 0;
}

static bool set_capture_size(void *to, size_t size, const char *value)
{
    unsigned long *mib = to;
    (void)size;
    return parse_decimal(value, OPTIONS_CAPTURE_MIB_MAX, mib) && *mib != 0;
}

#define MEMBER(set_member, member)                                                                 \
    .set = set_member, .at = offsetof(struct options, member),                                     \
    .size = sizeof(((struct options *)NULL)->member)

/* All options. Those without a name, which only have a variable, come last. */
static const struct row {
    struct options_help help;
    bool (*set)(void *to, size_t size, const char *value);
    size_t at, size;       /* of the member in struct options, in bytes */
    const char *transport; /* prefix of the only names that accept it; NULL: all do */
    const char *alone;     /* the value without '='; NULL: it needs one */
} table[] = {
    {.help = {"timeout", "SECONDS", "NETGDB_TIMEOUT", "a whole number of seconds",
              "wait so long for the kernel (0: only one that waits already); no limit by default"},
     MEMBER(set_seconds, timeout)},
    {.help =
         {"run-timeout", "SECONDS", "NETGDB_RUN_TIMEOUT", "a whole number of seconds, at least 1",
          "close the connection when the target runs for longer than this; no limit by default"},
     MEMBER(set_limit, run_timeout)},
    {.help = {"symbols", "FILE", "NETGDB_SYMBOLS", "the name of a file",
              "read symbols from this ELF file"},
     MEMBER(set_text, symbols)},
    {.help = {"save", "FILE", "NETGDB_SAVE", "the name of a file",
              "write what this session reads to this file, an ELF core"},
     MEMBER(set_text, save)},
    {.help = {"modules", "DIR[:DIR...]", "NETGDB_MODULES", "the names of directories",
              "search these directories for a FreeBSD kernel's modules"},
     MEMBER(set_text, modules)},
    {.help = {"slide", "+0xHEX|-0xHEX", "NETGDB_SLIDE", "a number such as 0x200000 or -0x200000",
              "add this to every address of the symbol file"},
     .set = set_slide},
    {.help = {"rtos", "auto|off|NAME", "NETGDB_RTOS", "auto, off or the name of an RTOS",
              "show the threads of an RTOS"},
     MEMBER(set_rtos, rtos)},
    {.help = {"cache", "on|off", "NETGDB_CACHE", "on or off",
              "remember memory and registers while the target is stopped"},
     MEMBER(set_switch, cache)},
    {.help = {"nocache", "START-END", "NETGDB_NOCACHE",
              "a range such as 0xfee00000-0xfee01000, 32 times at most",
              "never remember these addresses (END is not among them); may be given again"},
     .set = set_nocache},
    {.help = {"kill", "detach|forward", "NETGDB_KILL", "detach or forward",
              "what GDB's kill and quit do to the target"},
     MEMBER(set_kill, kill)},
    {.help = {"fileio", "on|off", "NETGDB_FILEIO", "on or off",
              "let the target open, write and delete files of this machine (GDB's File-I/O)"},
     MEMBER(set_switch, fileio)},
    {.help = {"observe", "on|off", "NETGDB_OBSERVE", "on or off",
              "only look at the kernel, beside the debugger that has it at this machine's netgdb "
              "proxy"},
     MEMBER(set_switch, observe),
     .alone = "on"},
    {.help = {"psk", "FILE", "NETGDB_TLS_PSK", "the name of a file",
              "tls: the pre-shared key, IDENTITY:HEX as psktool writes it"},
     MEMBER(set_text, psk),
     .transport = "tls"},
    {.help = {"cert", "FILE", "NETGDB_TLS_CERT", "the name of a file",
              "tls: our certificate (PEM)"},
     MEMBER(set_text, cert),
     .transport = "tls"},
    {.help = {"key", "FILE", "NETGDB_TLS_KEY", "the name of a file", "tls: its private key (PEM)"},
     MEMBER(set_text, key),
     .transport = "tls"},
    {.help = {"ca", "FILE", "NETGDB_TLS_CA", "the name of a file",
              "tls: certificates of those who sign the other end's (PEM)"},
     MEMBER(set_text, ca),
     .transport = "tls"},
    {.help = {"log", "error|warn|info|debug|packet", "NETGDB_LOG",
              "error, warn, info, debug or packet", "how much to say"},
     MEMBER(set_log, log)},
    {.help = {"capture", "FILE", "NETGDB_CAPTURE", "the name of a file",
              "write all datagrams and packets of this process there, for Wireshark and replay"},
     MEMBER(set_text, capture)},
    {.help = {"capture-size", "MIB", "NETGDB_CAPTURE_SIZE", "a number of MiB from 1 to 1048576",
              "then continue in a new file and keep one earlier, as FILE.1 (256)"},
     MEMBER(set_capture_size, capture_size)},
    {.help = {NULL, "FILE", "NETGDB_LOG_FILE", "the name of a file",
              "say it there and not on stderr"},
     MEMBER(set_text, log_file)},
    {.help = {NULL, "DIR", "NETGDB_DEBUG_DIR", "the name of a directory",
              "with the kernel.debug of many FreeBSD kernels: name the one that fits"},
     MEMBER(set_text, debug_dir)},
};

enum { ROWS = sizeof table / sizeof table[0] };

static bool set_option(struct options *o, const struct row *row, const char *value)
{
    return row->set((char *)o + row->at, row->size, value);
}

const struct options_help *options_help(size_t i)
{
    return i < ROWS ? &table[i].help : NULL;
}

int options_set_error(const struct options_error *e, const char *format, ...)
{
    va_list args;
    if (e->size == 0)
        return NETGDB_PROTO;
    va_start(args, format);
    vsnprintf(e->text, e->size, format, args);
    va_end(args);
    for (char *p = e->text; *p != '\0'; p++) {
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            *p = '?';
    }
    return NETGDB_PROTO;
}

static int unknown_option(const struct options_error *e, const char *name)
{
    char names[OPTIONS_ERROR_MAX] = "", meant[NEAREST_TEXT];
    struct nearest n = nearest_to(name);
    for (size_t i = 0; i < ROWS && table[i].help.name != NULL; i++) {
        size_t at = strlen(names);
        snprintf(names + at, sizeof names - at, "%s%s", i == 0 ? "" : ", ", table[i].help.name);
        nearest_consider(&n, table[i].help.name);
    }
    return options_set_error(e, "unknown option '%.100s'%s; valid options: %s", name,
                             nearest_text(&n, meant), names);
}

static bool is_accepted(const struct options *o, const struct row *row)
{
    return row->transport == NULL ||
           (o->transport != NULL && strcmp(o->transport->prefix, row->transport) == 0);
}

/* Parses `name=value`, or `name`. The first nocache in the name replaces the ranges of the variable
 * and sets *replaced. */
static int parse_option(struct options *o, char *text, bool *replaced,
                        const struct options_error *e)
{
    char *equals = strchr(text, '=');
    if (equals != NULL)
        *equals = '\0';
    for (size_t i = 0; i < ROWS && table[i].help.name != NULL; i++) {
        const struct options_help *h = &table[i].help;
        if (strcmp(text, h->name) != 0)
            continue;
        const char *value = equals != NULL ? equals + 1 : table[i].alone;
        if (value == NULL)
            return options_set_error(e, "option '%s' has no value: %s=%s", text, h->name, h->takes);
        if (!is_accepted(o, &table[i]))
            return options_set_error(e, "%s= is only for names that begin with %s:", text,
                                     table[i].transport);
        if (table[i].set == set_nocache && !*replaced) {
            o->nocaches = 0;
            *replaced = true;
        }
        if (!set_option(o, &table[i], value))
            return options_set_error(e, "%s=%.100s: takes %s", h->name, value, h->wants);
        return 0;
    }
    return unknown_option(e, text);
}

static int read_environment(struct options *o, options_getenv *env, const struct options_error *e)
{
    for (size_t i = 0; i < ROWS; i++) {
        const struct options_help *h = &table[i].help;
        const char *value = env != NULL ? env(h->variable) : NULL;
        if (value != NULL && *value != '\0' && !set_option(o, &table[i], value))
            return options_set_error(e, "%s=%.100s: takes %s", h->variable, value, h->wants);
    }
    return 0;
}

static int parse_port(struct options *o, const char *text, const struct options_error *e)
{
    unsigned long port;
    if (!parse_decimal(text, UINT16_MAX, &port) || port == 0)
        return options_set_error(e, "invalid port '%.100s' (1 to 65535)", text);
    o->port = (uint16_t)port;
    return 0;
}

int options_parse_endpoint(struct options *o, char *text, uint16_t default_port,
                           const struct options_error *e)
{
    const char *prefix = o->transport->prefix, *suffix = default_port != 0 ? "[:PORT]" : ":PORT";
    char *colon = strrchr(text, ':'), *end = colon != NULL ? colon : text + strlen(text);
    bool ipv6 = *text == '[' || (colon != NULL && strchr(text, ':') != colon);
    bool brackets = end - text > 2 && text[0] == '[' && end[-1] == ']';
    if ((colon == NULL && (default_port == 0 || ipv6)) || end == text)
        return options_set_error(e, "'%s:%.100s': takes %s:HOST%s", prefix, text, prefix, suffix);
    *end = '\0';
    if (brackets)
        end[-1] = '\0';
    if ((!ipv6 && strpbrk(text, HOST_INVALID_CHARS) != NULL) ||
        !options_set_text(o->host, sizeof o->host, brackets ? text + 1 : text))
        return options_set_error(e, "'%.100s' is not a host name", text);
    o->port = default_port;
    return colon != NULL ? parse_port(o, colon + 1, e) : 0;
}

/* Parses HOST[:PORT] or any[:PORT]. */
static int parse_kernel(struct options *o, char *text, const struct options_error *e)
{
    char *colon = strchr(text, ':');
    if (*text == '[' || (colon != NULL && strchr(colon + 1, ':') != NULL))
        return options_set_error(e, "'%.100s': takes HOST[:PORT], and a kernel supports only IPv4",
                                 text);
    if (colon != NULL)
        *colon = '\0';
    o->kind = strcmp(text, "any") == 0 ? OPTIONS_ANY : OPTIONS_KERNEL;
    o->port = WIRE_HERALD_PORT;
    if (*text == '\0')
        return options_set_error(e, "no host: netgdb:HOST, netgdb:any or netgdb:tcp:HOST:PORT");
    if (only(text, DIGITS))
        return options_set_error(
            e, "'%.100s' is not a host name. For a TCP port use netgdb:tcp:HOST:%.100s", text,
            text);
    if (strpbrk(text, HOST_INVALID_CHARS) != NULL || strlen(text) >= sizeof o->host)
        return options_set_error(e, "'%.100s' is not a host name", text);
    if (o->kind == OPTIONS_KERNEL)
        (void)options_set_text(o->host, sizeof o->host, text);
    return colon != NULL ? parse_port(o, colon + 1, e) : 0;
}

/* Returns the text after `word` and a colon, or after the word alone; or NULL. */
static char *after_word(char *text, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(text, word, n) != 0 || strchr(":,", text[n]) == NULL) /* or its end */
        return NULL;
    return text + n + (text[n] == ':' ? 1 : 0);
}

/* Returns the transport whose prefix the text has, and its address in *address; or NULL. */
static const struct transport *find_transport(const struct options_source *source, char *text,
                                              char **address)
{
    for (const struct transport *const *t = source->transports; *t != NULL; t++) {
        if ((*address = after_word(text, (*t)->prefix)) != NULL)
            return *t;
    }
    return NULL;
}

/* Parses the text up to its options. Returns 0, with the options in *options or NULL there. */
static int parse_target(struct options *o, char *text, const struct options_source *source,
                        char **options, const struct options_error *e)
{
    char *address;
    const struct transport *t = find_transport(source, text, &address);
    *options = text;
    if (t == NULL)
        return parse_kernel(o, strsep(options, ","), e);
    o->kind = OPTIONS_STREAM;
    o->transport = t;
    if (t->tool_only && !source->tool)
        return options_set_error(e, "%s: is for the netgdb tool, not for a debugger", t->prefix);
    if (t->verbatim)
        *options = NULL;
    else
        (void)strsep(options, ",");
    return t->parse(o, address, e);
}

int options_parse(struct options *o, const char *text, const struct options_source *source,
                  char *error, size_t size)
{
    const struct options_error e = {error, size};
    char copied[OPTIONS_TEXT_MAX], *at = NULL;
    bool replaced = false;
    *o = (struct options){.timeout = IO_NEVER,
                          .run_timeout = IO_NEVER,
                          .rtos = "auto",
                          .cache = true,
                          .capture_size = OPTIONS_CAPTURE_MIB,
                          .log = LOG_WARN};
    if (strncmp(text, "netgdb:", 7) == 0)
        text += 7;
    if (strlen(text) >= sizeof copied) {
        options_set_error(&e, "a name has at most %d bytes", OPTIONS_TEXT_MAX - 1);
        return NETGDB_TOO_LONG;
    }
    strcpy(copied, text);
    int rc = read_environment(o, source->env, &e);
    if (rc == 0)
        rc = parse_target(o, copied, source, &at, &e);
    while (rc == 0 && at != NULL)
        rc = parse_option(o, strsep(&at, ","), &replaced, &e);
    if (rc == 0 && o->observe && o->kind == OPTIONS_STREAM)
        rc = options_set_error(&e,
                               "observe is for kernels that netgdb proxy has: netgdb:HOST,observe");
    return rc;
}

bool options_is_netgdb(const char *node)
{
    return node != NULL && strncmp(node, "netgdb", 6) == 0 && (node[6] == '\0' || node[6] == ':');
}

int options_from_gdb(struct options *o, const char *node, const char *service,
                     const struct options_source *source, char *error, size_t size)
{
    char typed[OPTIONS_TEXT_MAX];
    if (!options_is_netgdb(node))
        return NETGDB_UNSUPPORTED;
    const char *head = node[6] == ':' ? node + 7 : "";
    const char *tail = service != NULL ? service : "";
    bool both = *head != '\0' && service != NULL;
    int n = snprintf(typed, sizeof typed, "%s%s%s", head, both ? ":" : "", tail);
    if (n < 0 || (size_t)n >= sizeof typed) {
        const struct options_error e = {error, size};
        options_set_error(&e, "a name has at most %d bytes", OPTIONS_TEXT_MAX - 1);
        return NETGDB_TOO_LONG;
    }
    return options_parse(o, strncmp(typed, "//", 2) == 0 ? typed + 2 : typed, source, error, size);
}
