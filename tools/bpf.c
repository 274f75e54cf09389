/* SPDX-License-Identifier: GPL-3.0-or-later */
/* netgdb bpf: runs eBPF programs, or serves them to a debugger over TCP. */
#include "tools/bpf.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ebpf/events.h"
#include "ebpf/names.h"
#include "io/fds.h"
#include "io/sockets.h"
#include "proto/nearest.h"
#include "proto/rsp/rsp_server.h"
#include "session/serve.h"
#include "tools/tools.h"

enum { DEFAULT_PORT = 9001 /* the seed's */ };

enum what { BPF_RUN, BPF_DEBUG, BPF_LINK, BPF_NOTHING };

struct debug {
    struct bpf_programs programs;
    struct io_fds io;
    struct log log;
    char host[HOST_MAX];
    uint16_t port;
    bool once;
    const char *output; /* of link */
    int listener;
    struct target *target;
};

static struct io_fds *to_wake; /* for the signal handler */

static int bpf_help(void)
{
    printf(
        "Usage: netgdb bpf run [OPTION...] OBJECT...\n"
        "       netgdb bpf debug [OPTION...] OBJECT... [--listen ADDRESS:PORT]\n"
        "       netgdb bpf link [OPTION...] OBJECT -o FILE\n"
        "Run eBPF programs (objects of clang or gcc-bpf, or linked files) on a built-in machine.\n"
        "run prints the return value (r0) of each. debug waits for gdb or lldb before the first\n"
        "instruction; after the end of a program, the next connection gets the next "
        "one.\n\n" BPF_OPTIONS_HELP "Options for debug:\n"
        "  --listen ADDRESS:PORT    listen there (127.0.0.1:9001); port 0: any free "
        "port\n" BPF_ARCH_HELP "  --once                   exit after the first program\n"
        "  --log LEVEL              error, warn, info, debug or packet (info)\n"
        "Option for link:\n"
        "  -o FILE                  output file\n"
        "Common option:\n"
        "  -h, --help               print this and exit\n\n"
        "Exit codes: 0 done, 1 a program stopped by a fault or could not be loaded, 2 usage.\n");
    return EXIT_DONE;
}

/* --- run --------------------------------------------------------------------------------- */

static void print_events(const struct ebpf_machine *m)
{
    struct buf text;
    buf_init(&text, 4 * EBPF_EVENTS_MAX);
    ebpf_events_print(m, UINT32_MAX, &text);
    bpf_print(NULL, text.data, text.len);
    buf_free(&text);
}

static int run_one(const struct bpf_programs *p, const struct ebpf_image *image)
{
    struct ebpf_machine *m;
    enum ebpf_stop stop;
    int rc = ebpf_machine_new(&m, image, &p->machine);
    if (rc != 0) {
        bpf_programs_no_machine(p, image);
        return EXIT_FAILED;
    }
    do {
        stop = ebpf_run(m, EBPF_SLICE_MAX);
        bpf_print(NULL, m->output.data, m->output.len);
        buf_reset(&m->output);
    } while (stop == EBPF_RUNNING);
    print_events(m);
    const char *name = ebpf_result_name(p->machine.context, m->reg[0]);
    if (stop == EBPF_EXITED && name != NULL)
        printf("0x%" PRIx64 " %s\n", m->reg[0], name);
    else if (stop == EBPF_EXITED)
        printf("0x%" PRIx64 "\n", m->reg[0]);
    else {
        const struct ebpf_symbol *f = ebpf_image_function(image, m->pc);
        complain("%s: stopped at 0x%" PRIx64 "%s%s after %" PRIu64 " instruction%s: %s",
                 image->name, m->pc, f == NULL ? "" : " in ", f == NULL ? "" : f->name, m->executed,
                 m->executed == 1 ? "" : "s", m->fault.text);
    }
    ebpf_machine_free(m);
    return stop == EBPF_EXITED ? EXIT_DONE : EXIT_FAILED;
}

/* --- debug ------------------------------------------------------------------------------- */

static void on_debug_signal(int number)
{
    (void)number;
    io_fds_wake(to_wake);
}

static void catch_debug_signals(struct debug *d)
{
    struct sigaction action = {.sa_handler = on_debug_signal,
                               .sa_flags = (int)SA_RESETHAND | SA_RESTART};
    to_wake = &d->io;
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

static bool debug_told_to_end(void *context)
{
    struct debug *d = context;
    return io_wait(&d->io.io, 0, IO_ON_WAKE) != 0;
}

static int open_debug_listener(struct debug *d)
{
    char text[SOCKETS_STREAM_TEXT];
    d->listener = listen_on(d->host, d->port, text);
    if (d->listener < 0)
        return EXIT_FAILED;
    printf("waiting: target remote %s\n", text);
    fflush(stdout);
    return EXIT_DONE;
}

static bool was_last(const struct debug *d)
{
    return d->once && ebpf_target_machine(d->target)->exited;
}

/*
 * Waits for a client; a detached program continues meanwhile. Returns the connection, or -1 if the
 * command must end.
 */
static int await_client(struct debug *d)
{
    int fd = -1;
    io_fds_set_stream(&d->io, IO_TARGET, d->listener, d->listener);
    while (fd < 0 && !debug_told_to_end(d)) {
        unsigned watch = IO_ON_TARGET | IO_ON_WAKE;
        int rc = ebpf_target_run_on(d->target, watch, bpf_print, NULL);
        if (was_last(d))
            break;
        if (rc == 0)
            (void)io_wait(&d->io.io, IO_NEVER, watch);
        fd = sockets_tcp_accept(d->listener);
        if (fd < 0 && errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
            break;
    }
    d->listener = io_fds_release(&d->io, IO_TARGET);
    return fd;
}

/* True if this session was the last one. */
static bool debug_session(struct debug *d, int fd)
{
    const struct serve_options options = {
        .forward_kill = true, .park = true, .ended = debug_told_to_end, .context = d};
    io_fds_set_stream(&d->io, IO_CLIENT, fd, fd);
    struct server *server = rsp_server_new(&d->io.io, &d->log);
    if (server == NULL)
        return true;
    printf("connected\n");
    fflush(stdout);
    int end = serve(server, d->target, &options, &d->log);
    server_free(server);
    io_fds_set_stream(&d->io, IO_CLIENT, -1, -1);
    bool exited = ebpf_target_machine(d->target)->exited;
    printf(exited                  ? "the program has ended\n"
           : end == SERVE_DETACHED ? "the debugger has disconnected\n"
                                   : "lost the connection to the debugger\n");
    fflush(stdout);
    return debug_told_to_end(d) || was_last(d);
}

static int debug(struct debug *d)
{
    const struct ebpf_target_options options = {.images = d->programs.image,
                                                .count = d->programs.count,
                                                .machine = d->programs.machine,
                                                .arch = d->programs.arch,
                                                .io = &d->io.io,
                                                .log = &d->log};
    int rc = ebpf_target_new(&d->target, &options);
    if (rc != 0) {
        bpf_programs_no_machine(&d->programs, d->programs.image[0]);
        return EXIT_FAILED;
    }
    int end = open_debug_listener(d), fd;
    while (end == EXIT_DONE && (fd = await_client(d)) >= 0 && !debug_session(d, fd))
        ;
    target_free(d->target);
    return end;
}

/* --- both -------------------------------------------------------------------------------- */

static int link_one(const struct ebpf_image *image, const char *file)
{
    FILE *f = fopen(file, "wb");
    bool ok = f != NULL && fwrite(image->elf.data, 1, image->elf.len, f) == image->elf.len;
    if (f != NULL)
        ok = fclose(f) == 0 && ok;
    if (!ok)
        complain("%s: %s", file, strerror(errno));
    return ok ? EXIT_DONE : EXIT_FAILED;
}

static const char *take_debug_address(void *to, const char *value)
{
    struct debug *d = to;
    return parse_endpoint(value, d->host, &d->port) ? NULL : "ADDRESS or ADDRESS:PORT";
}

static const struct tool_option known[] = {
    {"listen", 0, required_argument, take_debug_address, 0},
    FLAG("once", struct debug, once),
    OPTION("log", take_log_level, struct debug, log.level),
    {NULL, 'o', required_argument, take_file_name, offsetof(struct debug, output)},
    {0}};

/* Returns -1 to continue, else the exit code. */
static int bpf_parse_options(int argc, char **argv, enum what what, struct debug *d)
{
    static const struct command_line line = {
        "bpf", bpf_help, {{bpf_options_known, offsetof(struct debug, programs)}, {known, 0}}};
    int end = parse_options(argc, argv, &line, d);
    if (end >= 0)
        return end;
    if (optind == argc)

        return complain_usage("bpf", "no object given");
    if (what == BPF_LINK && (d->output == NULL || optind + 1 != argc))
        return complain_usage("bpf", "link: one object, and -o FILE");
    return -1;
}

static int load_and_go(int argc, char **argv, enum what what, struct debug *d)
{
    int end = EXIT_DONE;
    bool debugging = what == BPF_DEBUG;
    d->programs.load.inspect = what == BPF_LINK;
    for (int i = optind; i < argc; i++)
        if (!bpf_programs_load(&d->programs, argv[i]))
            return EXIT_FAILED;
    if (what == BPF_LINK)
        return link_one(d->programs.image[0], d->output);
    for (unsigned i = 0; !debugging && i < d->programs.count && end == EXIT_DONE; i++)
        end = run_one(&d->programs, d->programs.image[i]);
    if (!debugging)
        return end;
    if (io_fds_init(&d->io) != 0) {
        complain("%s", strerror(errno));
        return EXIT_FAILED;
    }
    catch_debug_signals(d);
    end = debug(d);
    if (d->listener >= 0)
        close(d->listener);
    io_fds_close(&d->io);
    return end;
}

static int complain_bpf_name(const char *name, const char *const names[BPF_NOTHING])
{
    char meant[NEAREST_TEXT];
    struct nearest n = nearest_to(name);
    for (unsigned i = 0; i < BPF_NOTHING; i++)
        nearest_consider(&n, names[i]);
    return complain_usage("bpf", "expected 'run', 'debug' or 'link'%s", nearest_text(&n, meant));
}

int bpf_main(int argc, char **argv)
{
    static const char *const names[] = {"run", "debug", "link"}; /* as enum what */
    const char *name = argc > 1 ? argv[1] : "";
    struct debug d = {.host = "127.0.0.1",
                      .port = DEFAULT_PORT,
                      .log = {LOG_INFO, "bpf", log_to_stderr, NULL},
                      .listener = -1};
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return bpf_help();
    unsigned which = 0;
    while (which < BPF_NOTHING && strcmp(name, names[which]) != 0)
        which++;
    if (which == BPF_NOTHING)
        return complain_bpf_name(name, names);
    bpf_programs_init(&d.programs);
    argv[1] = argv[0]; /* "netgdb bpf" */
    int end = bpf_parse_options(argc - 1, argv + 1, (enum what)which, &d);
    if (end < 0)
        end = load_and_go(argc - 1, argv + 1, (enum what)which, &d);
    bpf_programs_free(&d.programs);
    return end;
}
