/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Target names and options: every valid form, and errors. */
#include "tests/unit/unit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/err.h"
#include "proto/options.h"
#include "session/transport.h"

/* The environment: pairs of a name and a value, ended by NULL. */
static const char *const *environment;

static char *fake_getenv(const char *name)
{
    for (const char *const *e = environment; e != NULL && *e != NULL; e += 2) {
        if (strcmp(*e, name) == 0)
            return (char *)(uintptr_t)e[1];
    }
    return NULL;
}

static const struct options_source for_tool = {transports_all, true, fake_getenv};
static const struct options_source for_gdb = {transports_all, false, fake_getenv};
static const struct options_source without_env = {transports_all, false, NULL};
static const struct options_source tool_without_env = {transports_all, true, NULL};

static char error[OPTIONS_ERROR_MAX];

static int teardown(void **state)
{
    (void)state;
    environment = NULL;
    return 0;
}

static struct options parse(const char *text)
{
    struct options o;
    strcpy(error, "-");
    assert_int_equal(options_parse(&o, text, &for_tool, error, sizeof error), 0);
    assert_string_equal(error, "-");
    return o;
}

static void refuse(const char *text, const char *why)
{
    struct options o;
    assert_int_equal(options_parse(&o, text, &for_gdb, error, sizeof error), NETGDB_PROTO);
    assert_string_equal(error, why);
}

static void a_host_alone_gets_all_defaults(void **state)
{
    struct options o = parse("crash1.example.org");
    (void)state;
    assert_int_equal(o.kind, OPTIONS_KERNEL);
    assert_string_equal(o.host, "crash1.example.org");
    assert_int_equal(o.port, 20025);
    assert_true(o.timeout == IO_NEVER);
    assert_true(o.run_timeout == IO_NEVER);
    assert_string_equal(o.symbols, "");
    assert_true(o.slide == 0);
    assert_string_equal(o.rtos, "auto");
    assert_true(o.cache);
    assert_int_equal(o.nocaches, 0);
    assert_int_equal(o.kill, OPTIONS_KILL_BY_TARGET);
    assert_false(o.fileio);
    assert_int_equal(o.log, LOG_WARN);
    assert_string_equal(o.log_file, "");
}

static void every_form_of_target_is_parsed(void **state)
{
    struct options o = parse("netgdb:10.0.0.7:2000");
    (void)state;
    assert_int_equal(o.kind, OPTIONS_KERNEL);
    assert_string_equal(o.host, "10.0.0.7");
    assert_int_equal(o.port, 2000);
    o = parse("any");
    assert_int_equal(o.kind, OPTIONS_ANY);
    assert_int_equal(o.port, 20025);
    o = parse("any:65535,cache=off");
    assert_int_equal(o.kind, OPTIONS_ANY);
    assert_int_equal(o.port, 65535);
    o = parse("tcp:localhost:1234,cache=off");
    assert_string_equal(o.transport->prefix, "tcp");
    assert_string_equal(o.host, "localhost");
    assert_int_equal(o.port, 1234);
    assert_false(o.cache);
    o = parse("tcp:[fe80::1%eth0]:1234");
    assert_string_equal(o.host, "fe80::1%eth0");
    o = parse("tcp:fe80::1%eth0:1234"); /* gdb takes no brackets there */
    assert_string_equal(o.host, "fe80::1%eth0");
    assert_int_equal(o.port, 1234);
    o = parse("tls:relay.example");
    assert_string_equal(o.transport->prefix, "tls");
    assert_string_equal(o.host, "relay.example");
    assert_int_equal(o.port, 20025);
    o = parse("tls:[2001:db8::1]:4000");
    assert_string_equal(o.transport->prefix, "tls");
    assert_string_equal(o.host, "2001:db8::1");
    assert_int_equal(o.port, 4000);
    o = parse("tls:192.0.2.10:4000,cert=/c,key=/k,ca=/a");
    assert_string_equal(o.transport->prefix, "tls");
    assert_int_equal(o.port, 4000);
    assert_string_equal(o.cert, "/c");
    assert_string_equal(o.key, "/k");
    assert_string_equal(o.ca, "/a");
    o = parse("file:/tmp/a:b.core,save=/tmp/c");
    assert_string_equal(o.transport->prefix, "file");
    assert_string_equal(o.path, "/tmp/a:b.core");
    assert_string_equal(o.save, "/tmp/c");
    o = parse("unix:/run/stub:1,cache=off");
    assert_string_equal(o.transport->prefix, "unix");
    assert_string_equal(o.path, "/run/stub:1");
    assert_false(o.cache);
    o = parse("stdio:qemu -gdb stdio,x=1 -device a,b");
    assert_string_equal(o.transport->prefix, "stdio");
    assert_string_equal(o.path, "qemu -gdb stdio,x=1 -device a,b");
}

static void every_option_is_parsed(void **state)
{
    struct options o = parse(
        "h,timeout=90,run-timeout=5,symbols=/boot/kernel:old/"
        "kernel.debug,slide=-0x200000,rtos=free-rtos_1.0,"
        "cache=off,nocache=0xfee00000-0xfee01000,nocache=0-FF,kill=forward,fileio=on,log=packet");
    (void)state;
    assert_true(o.timeout == 90 * IO_SECOND);
    assert_true(o.run_timeout == 5 * IO_SECOND);
    assert_string_equal(o.symbols, "/boot/kernel:old/kernel.debug");
    assert_true(o.slide == UINT64_C(0) - 0x200000);
    assert_string_equal(o.rtos, "free-rtos_1.0");
    assert_false(o.cache);
    assert_int_equal(o.nocaches, 2);
    assert_true(o.nocache[0].start == 0xfee00000 && o.nocache[0].end == 0xfee01000);
    assert_true(o.nocache[1].start == 0 && o.nocache[1].end == 0xff);
    assert_int_equal(o.kill, OPTIONS_KILL_FORWARD);
    assert_true(o.fileio);
    assert_int_equal(o.log, LOG_PACKET);
    assert_true(parse("h,timeout=0").timeout == 0);
    assert_true(parse("h,slide=0x200000").slide == 0x200000);
    assert_true(parse("h,slide=+0Xffffffff80000000").slide == UINT64_C(0xffffffff80000000));
    assert_true(parse("h,cache=off,cache=on").cache);
    assert_int_equal(parse("h,kill=forward,kill=detach").kill, OPTIONS_KILL_DETACH);
    assert_true(parse("h,observe").observe && parse("h,observe=on").observe);
    assert_false(parse("h,observe,observe=off").observe || parse("h").observe);
}

static void the_environment_sets_defaults(void **state)
{
    static const char *const all[] = {"NETGDB_TIMEOUT",
                                      "5",
                                      "NETGDB_RUN_TIMEOUT",
                                      "6",
                                      "NETGDB_SYMBOLS",
                                      "/a,b",
                                      "NETGDB_SLIDE",
                                      "+0x10",
                                      "NETGDB_RTOS",
                                      "off",
                                      "NETGDB_CACHE",
                                      "off",
                                      "NETGDB_NOCACHE",
                                      "1-2,0x3-4",
                                      "NETGDB_KILL",
                                      "forward",
                                      "NETGDB_FILEIO",
                                      "on",
                                      "NETGDB_TLS_PSK",
                                      "/p",
                                      "NETGDB_TLS_CERT",
                                      "/c",
                                      "NETGDB_TLS_KEY",
                                      "/k",
                                      "NETGDB_TLS_CA",
                                      "/ca",
                                      "NETGDB_LOG",
                                      "debug",
                                      "NETGDB_LOG_FILE",
                                      "/tmp/log,",
                                      NULL};
    (void)state;
    environment = all;
    struct options o = parse("h");
    assert_true(o.timeout == 5 * IO_SECOND);
    assert_true(o.run_timeout == 6 * IO_SECOND);
    assert_string_equal(o.symbols, "/a,b");
    assert_true(o.slide == 0x10);
    assert_string_equal(o.rtos, "off");
    assert_false(o.cache);
    assert_int_equal(o.nocaches, 2);
    assert_true(o.nocache[1].start == 3 && o.nocache[1].end == 4);
    assert_int_equal(o.kill, OPTIONS_KILL_FORWARD);
    assert_true(o.fileio);
    assert_string_equal(o.psk, "/p");
    assert_string_equal(o.cert, "/c");
    assert_string_equal(o.key, "/k");
    assert_string_equal(o.ca, "/ca");
    assert_int_equal(o.log, LOG_DEBUG);
    assert_string_equal(o.log_file, "/tmp/log,");
    assert_int_equal(parse("stdio:x").log, LOG_DEBUG);
}

static void the_name_overrides_the_environment(void **state)
{
    static const char *const some[] = {
        "NETGDB_TIMEOUT", "5", "NETGDB_NOCACHE", "1-2,3-4", "NETGDB_CACHE", "off", NULL};
    (void)state;
    environment = some;
    struct options o = parse("h,timeout=7,nocache=5-6,nocache=7-8,cache=on");
    assert_true(o.timeout == 7 * IO_SECOND);
    assert_int_equal(o.nocaches, 2);
    assert_true(o.nocache[0].start == 5 && o.nocache[1].start == 7);
    assert_true(o.cache);
}

static void empty_or_missing_variables_set_nothing(void **state)
{
    static const char *const empty[] = {"NETGDB_TIMEOUT", "", "NETGDB_LOG", "", NULL};
    struct options o;
    (void)state;
    environment = empty;
    assert_true(parse("h").timeout == IO_NEVER);
    assert_int_equal(options_parse(&o, "h", &without_env, error, sizeof error), 0);
}

static void an_invalid_value_reports_the_accepted_values(void **state)
{
    (void)state;
    refuse("h,timeout=1.5", "timeout=1.5: takes a whole number of seconds");
    refuse("h,timeout=-1", "timeout=-1: takes a whole number of seconds");
    refuse("h,timeout=99999999999", "timeout=99999999999: takes a whole number of seconds");
    refuse("h,timeout=1000000001", "timeout=1000000001: takes a whole number of seconds");
    refuse("h,timeout=", "timeout=: takes a whole number of seconds");
    refuse("h,run-timeout=0", "run-timeout=0: takes a whole number of seconds, at least 1");
    refuse("h,run-timeout=1m", "run-timeout=1m: takes a whole number of seconds, at least 1");
    refuse("h,symbols=", "symbols=: takes the name of a file");
    refuse("h,slide=200000", "slide=200000: takes a number such as 0x200000 or -0x200000");
    refuse("h,slide=0x", "slide=0x: takes a number such as 0x200000 or -0x200000");
    refuse("h,slide=--0x1", "slide=--0x1: takes a number such as 0x200000 or -0x200000");
    refuse("h,slide=0x1g", "slide=0x1g: takes a number such as 0x200000 or -0x200000");
    refuse("h,slide=0x10000000000000000",
           "slide=0x10000000000000000: takes a number such as 0x200000 or -0x200000");
    refuse("h,rtos=a/b", "rtos=a/b: takes auto, off or the name of an RTOS");
    refuse("h,rtos=", "rtos=: takes auto, off or the name of an RTOS");
    refuse("h,rtos=a2345678901234567890123456789012",
           "rtos=a2345678901234567890123456789012: takes auto, off or the name of an RTOS");
    refuse("h,cache=yes", "cache=yes: takes on or off");
    refuse("h,kill=", "kill=: takes detach or forward");
    refuse("h,fileio=yes", "fileio=yes: takes on or off");
    refuse("h,log=loud", "log=loud: takes error, warn, info, debug or packet");
}

static void an_invalid_range_is_rejected(void **state)
{
    static const char *const ranges[] = {"",    "1",    "1-",      "-2",      "2-1", "1-1",
                                         "1-g", "1-2-", "0x-0x10", "1-2,3-4", "1+2"};
    char text[64], why[200];
    (void)state;
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        snprintf(text, sizeof text, "h,nocache=%s", ranges[i]);
        if (strchr(ranges[i], ',') != NULL)
            snprintf(why, sizeof why,
                     "unknown option '3-4'; valid options: timeout, run-timeout, symbols, save, "
                     "modules, slide, rtos, cache, nocache, kill, fileio, observe, psk, cert, key, "
                     "ca, log, "
                     "capture, capture-size");
        else
            snprintf(why, sizeof why,
                     "nocache=%s: takes a range such as 0xfee00000-0xfee01000, "
                     "32 times at most",
                     ranges[i]);
        refuse(text, why);
    }
}

static void at_most_32_ranges_are_accepted(void **state)
{
    char text[1024] = "h";
    (void)state;
    for (int i = 0; i < OPTIONS_NOCACHE_MAX; i++)
        strcat(text, ",nocache=1-2");
    assert_int_equal(parse(text).nocaches, OPTIONS_NOCACHE_MAX);
    strcat(text, ",nocache=1-2");
    refuse(text, "nocache=1-2: takes a range such as 0xfee00000-0xfee01000, 32 times at most");
}

static void an_invalid_variable_is_reported_by_its_name(void **state)
{
    static const char *const wrong[] = {"NETGDB_CACHE", "maybe", NULL};
    static const char *const range[] = {"NETGDB_NOCACHE", "1-2,", NULL};
    (void)state;
    environment = wrong;
    refuse("h", "NETGDB_CACHE=maybe: takes on or off");
    environment = range;
    refuse("h", "NETGDB_NOCACHE=1-2,: takes a range such as 0xfee00000-0xfee01000, "
                "32 times at most");
}

static void an_unknown_option_lists_the_valid_ones(void **state)
{
    (void)state;
    refuse("h,tiemout=1",
           "unknown option 'tiemout' (did you mean timeout?); valid options: timeout, run-timeout, "
           "symbols, save, "
           "modules, slide, rtos, cache, nocache, kill, fileio, observe, psk, cert, key, ca, log, "
           "capture, "
           "capture-size");
    refuse("h,", "unknown option ''; valid options: timeout, run-timeout, symbols, save, modules, "
                 "slide, rtos, "
                 "cache, nocache, "
                 "kill, fileio, observe, psk, cert, key, ca, log, capture, capture-size");
    refuse("h,LOG_FILE=x",
           "unknown option 'LOG_FILE'; valid options: timeout, run-timeout, symbols, save, "
           "modules, slide, rtos, cache, nocache, kill, fileio, observe, psk, cert, key, ca, log, "
           "capture, "
           "capture-size");
    refuse("h,timeout", "option 'timeout' has no value: timeout=SECONDS");
}

/* A user who gives a key expects encryption. */
static void tls_options_are_rejected_without_tls(void **state)
{
    (void)state;
    refuse("h,psk=f", "psk= is only for names that begin with tls:");
    refuse("tcp:h:1,ca=f", "ca= is only for names that begin with tls:");
    assert_string_equal(parse("tls:h,psk=f").psk, "f");
    refuse("tcp:h:1,observe", "observe is for kernels that netgdb proxy has: netgdb:HOST,observe");
    refuse("h,observe=yes", "observe=yes: takes on or off");
}

static void an_invalid_target_reports_the_accepted_form(void **state)
{
    (void)state;
    refuse("tls:", "'tls:': takes tls:HOST[:PORT]");
    refuse("tls:a/b:1", "'a/b' is not a host name");
    refuse("tls:[::1]", "invalid port '1]' (1 to 65535)");
    refuse("tcp:a b:1", "'a b' is not a host name");
    refuse("tcp,timeout=1", "'tcp:': takes tcp:HOST:PORT");
    refuse("tls:a:0", "invalid port '0' (1 to 65535)");
    refuse("", "no host: netgdb:HOST, netgdb:any or netgdb:tcp:HOST:PORT");
    refuse(",timeout=1", "no host: netgdb:HOST, netgdb:any or netgdb:tcp:HOST:PORT");
    refuse(":20025", "no host: netgdb:HOST, netgdb:any or netgdb:tcp:HOST:PORT");
    refuse("1234", "'1234' is not a host name. For a TCP port use netgdb:tcp:HOST:1234");
    refuse("1234:5", "'1234' is not a host name. For a TCP port use netgdb:tcp:HOST:1234");
    refuse("h:0", "invalid port '0' (1 to 65535)");
    refuse("h:65536", "invalid port '65536' (1 to 65535)");
    refuse("h:", "invalid port '' (1 to 65535)");
    refuse("h:http", "invalid port 'http' (1 to 65535)");
    refuse("h:99999999999999999999", "invalid port '99999999999999999999' (1 to 65535)");
    refuse("::1", "'::1': takes HOST[:PORT], and a kernel supports only IPv4");
    refuse("[::1]:5", "'[::1]:5': takes HOST[:PORT], and a kernel supports only IPv4");
    refuse("a b", "'a b' is not a host name");
    refuse("timeout=3", "'timeout=3' is not a host name");
    refuse("tcp", "'tcp:': takes tcp:HOST:PORT");
    refuse("tcp:", "'tcp:': takes tcp:HOST:PORT");
    refuse("tcp:1234", "'tcp:1234': takes tcp:HOST:PORT");
    refuse("tcp::1234", "'tcp::1234': takes tcp:HOST:PORT");
    refuse("tcp:h:x", "invalid port 'x' (1 to 65535)");
    refuse("unix:", "'unix:': takes a socket's name of 1 to 107 bytes");
    refuse("file:", "file: takes a file's name of 1 to 4095 bytes");
    refuse("h,save=", "save=: takes the name of a file");
    refuse("stdio:gdbserver", "stdio: is for the netgdb tool, not for a debugger");
}

static int parse_serial(struct options *o, char *address, const struct options_error *e)
{
    return options_set_text(o->path, sizeof o->path, address)
               ? 0
               : options_set_error(e, "serial: takes a terminal");
}

/* A transport is its descriptor: no other code knows its prefix. */
static void a_new_transport_needs_only_an_entry_of_the_table(void **state)
{
    static const struct transport serial = {.prefix = "serial", .parse = parse_serial};
    static const struct transport *const table[] = {&serial, NULL};
    static const struct options_source source = {.transports = table};
    struct options o;
    (void)state;
    assert_int_equal(options_parse(&o, "serial:/dev/ttyS0,cache=off", &source, error, sizeof error),
                     0);
    assert_int_equal(o.kind, OPTIONS_STREAM);
    assert_ptr_equal(o.transport, &serial);
    assert_string_equal(o.path, "/dev/ttyS0");
    assert_false(o.cache);
    assert_int_equal(options_parse(&o, "serial", &source, error, sizeof error), NETGDB_PROTO);
    assert_string_equal(error, "serial: takes a terminal");
    assert_int_equal(options_parse(&o, "serials:1", &source, error, sizeof error), 0);
    assert_int_equal(o.kind, OPTIONS_KERNEL);
}

static void each_transport_has_a_prefix_of_its_own(void **state)
{
    (void)state;
    assert_non_null(transports_all[0]);
    for (const struct transport *const *t = transports_all; *t != NULL; t++) {
        assert_true((*t)->prefix[0] != '\0' && strpbrk((*t)->prefix, ":,") == NULL);
        assert_true((*t)->parse != NULL && ((*t)->open != NULL) != ((*t)->target != NULL));
        for (const struct transport *const *other = transports_all; other != t; other++)
            assert_string_not_equal((*t)->prefix, (*other)->prefix);
    }
}

static void too_long_values_are_rejected(void **state)
{
    static char text[2 * OPTIONS_TEXT_MAX];
    struct options o;
    (void)state;
    memset(text, 'a', OPTIONS_TEXT_MAX);
    assert_int_equal(options_parse(&o, text, &tool_without_env, error, sizeof error),
                     NETGDB_TOO_LONG);
    assert_string_equal(error, "a name has at most 8191 bytes");
    text[OPTIONS_TEXT_MAX - 1] = '\0';
    assert_int_equal(options_parse(&o, text, &tool_without_env, error, sizeof error), NETGDB_PROTO);
    assert_true(strlen(error) < 200);
    text[OPTIONS_HOST_MAX] = '\0';
    assert_int_equal(options_parse(&o, text, &tool_without_env, error, sizeof error), NETGDB_PROTO);
    text[OPTIONS_HOST_MAX - 1] = '\0';
    assert_int_equal(options_parse(&o, text, &tool_without_env, error, sizeof error), 0);
    assert_string_equal(o.host, text);
    memcpy(text, "unix:", 5);
    text[5 + 107] = '\0';
    assert_int_equal(options_parse(&o, text, &tool_without_env, error, sizeof error), 0);
    memcpy(text + 5 + 107, "a", 2);
    assert_int_equal(options_parse(&o, text, &tool_without_env, error, sizeof error), NETGDB_PROTO);
}

static void an_error_is_one_printable_line_for_any_input(void **state)
{
    struct options o;
    char small[8] = "1234567";
    (void)state;
    refuse("h,log=a\nb\033[1m\x7f", "log=a?b?[1m?: takes error, warn, info, debug or packet");
    assert_int_equal(options_parse(&o, "h,log=x", &without_env, small, sizeof small), NETGDB_PROTO);
    assert_string_equal(small, "log=x: ");
    assert_int_equal(options_parse(&o, "h,log=x", &without_env, NULL, 0), NETGDB_PROTO);
}

static struct options from_gdb(const char *node, const char *service)
{
    struct options o;
    assert_int_equal(options_from_gdb(&o, node, service, &for_gdb, error, sizeof error), 0);
    return o;
}

static void every_split_of_a_name_by_gdb_is_parsed(void **state)
{
    struct options o = from_gdb("netgdb", "crash1"); /* netgdb:crash1, tcp:netgdb:crash1 */
    (void)state;
    assert_int_equal(o.kind, OPTIONS_KERNEL);
    assert_string_equal(o.host, "crash1");
    o = from_gdb("netgdb:crash1", "2000"); /* netgdb:crash1:2000 */
    assert_string_equal(o.host, "crash1");
    assert_int_equal(o.port, 2000);
    o = from_gdb("netgdb:tcp:crash1", "1234"); /* netgdb:tcp:crash1:1234 */
    assert_string_equal(o.transport->prefix, "tcp");
    assert_string_equal(o.host, "crash1");
    assert_int_equal(o.port, 1234);
    o = from_gdb("netgdb", "crash1,timeout=1"); /* netgdb:crash1,timeout=1 */
    assert_string_equal(o.host, "crash1");
    assert_true(o.timeout == IO_SECOND);
    o = from_gdb("netgdb", "//crash1"); /* netgdb://crash1 */
    assert_string_equal(o.host, "crash1");
    o = from_gdb("netgdb://crash1", "2000"); /* netgdb://crash1:2000 */
    assert_string_equal(o.host, "crash1");
    assert_int_equal(o.port, 2000);
    o = from_gdb("netgdb", "any");
    assert_int_equal(o.kind, OPTIONS_ANY);
    o = from_gdb("netgdb:unix", "/run/stub"); /* netgdb:unix:/run/stub */
    assert_string_equal(o.transport->prefix, "unix");
    assert_string_equal(o.path, "/run/stub");
    o = from_gdb("netgdb:crash1,symbols=/a", "b"); /* the last colon is the value's */
    assert_string_equal(o.symbols, "/a:b");
    o = from_gdb("netgdb:crash1", NULL);
    assert_string_equal(o.host, "crash1");
}

static void only_netgdb_names_are_taken_from_gdb(void **state)
{
    static const char *const others[] = {"",        "netgd",     "netgdbx",  "netgdb.example.org",
                                         "Netgdb:", "localhost", "xnetgdb:h"};
    struct options o;
    (void)state;
    strcpy(error, "-");
    assert_false(options_is_netgdb(NULL));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(options_is_netgdb(others[i]));
        assert_int_equal(options_from_gdb(&o, others[i], "1", &without_env, error, sizeof error),
                         NETGDB_UNSUPPORTED);
    }
    assert_string_equal(error, "-");
    assert_true(options_is_netgdb("netgdb"));
    assert_true(options_is_netgdb("netgdb:"));
    assert_true(options_is_netgdb("netgdb:h"));
}

static void errors_in_names_from_gdb_are_reported(void **state)
{
    struct options o;
    static char text[OPTIONS_TEXT_MAX + 1];
    (void)state;
    assert_int_equal(options_from_gdb(&o, "netgdb", "1234", &without_env, error, sizeof error),
                     NETGDB_PROTO);
    assert_string_equal(error,
                        "'1234' is not a host name. For a TCP port use netgdb:tcp:HOST:1234");
    assert_int_equal(options_from_gdb(&o, "netgdb", NULL, &without_env, error, sizeof error),
                     NETGDB_PROTO);
    assert_string_equal(error, "no host: netgdb:HOST, netgdb:any or netgdb:tcp:HOST:PORT");
    assert_int_equal(options_from_gdb(&o, "netgdb:stdio", "x", &without_env, error, sizeof error),
                     NETGDB_PROTO);
    assert_string_equal(error, "stdio: is for the netgdb tool, not for a debugger");
    memset(text, 'a', OPTIONS_TEXT_MAX);
    assert_int_equal(options_from_gdb(&o, "netgdb", text, &without_env, error, sizeof error),
                     NETGDB_TOO_LONG);
    assert_string_equal(error, "a name has at most 8191 bytes");
}

static void every_option_has_help_texts(void **state)
{
    size_t rows = 0;
    (void)state;
    for (; options_help(rows) != NULL; rows++) {
        const struct options_help *h = options_help(rows);
        const char *variable = h->variable;
        assert_int_equal(strncmp(variable, "NETGDB_", 7), 0);
        variable += strncmp(variable, "NETGDB_TLS_", 11) == 0 ? 11 : 7; /* of tls: names alone */
        for (size_t at = 0; h->name != NULL && at <= strlen(h->name); at++) {
            char c = variable[at];
            assert_int_equal(c == '_' ? '-' : tolower(c), h->name[at]);
        }
        assert_true(strlen(h->takes) > 0 && strlen(h->wants) > 0 && strlen(h->help) > 0);
    }
    assert_int_equal(rows, 21);
}

#define TEST(name) cmocka_unit_test_teardown(name, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_host_alone_gets_all_defaults),
        TEST(every_form_of_target_is_parsed),
        TEST(every_option_is_parsed),
        TEST(the_environment_sets_defaults),
        TEST(the_name_overrides_the_environment),
        TEST(empty_or_missing_variables_set_nothing),
        TEST(an_invalid_value_reports_the_accepted_values),
        TEST(an_invalid_range_is_rejected),
        TEST(at_most_32_ranges_are_accepted),
        TEST(an_invalid_variable_is_reported_by_its_name),
        TEST(an_unknown_option_lists_the_valid_ones),
        TEST(tls_options_are_rejected_without_tls),
        TEST(an_invalid_target_reports_the_accepted_form),
        TEST(a_new_transport_needs_only_an_entry_of_the_table),
        TEST(each_transport_has_a_prefix_of_its_own),
        TEST(too_long_values_are_rejected),
        TEST(an_error_is_one_printable_line_for_any_input),
        TEST(every_split_of_a_name_by_gdb_is_parsed),
        TEST(only_netgdb_names_are_taken_from_gdb),
        TEST(errors_in_names_from_gdb_are_reported),
        TEST(every_option_has_help_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
