/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A panicked FreeBSD kernel in real time: the kernel twin of the simulated world (tests/sim/twin.h)
 * on a UDP socket, with a kernel's delays and bugs. It types `netgdb -s SERVER`. When the last
 * session ends, or at SIGTERM, it prints counters of executed requests: a word and a number per
 * line.
 *
 *   kernel [OPTION...] SERVER[:HERALD-PORT]
 *
 *   --old              13.x; else 14.0 or later
 *   --bind ADDRESS[:PORT]  its own address (127.0.0.1) and port (20026; 0: any)
 *   --mtu N            of its interface (1500)
 *   --mem MIB          size of additional memory at 0xfffff80000000000
 *   --machine NAME     registers of amd64 (the default), i386, arm64, riscv64 or powerpc64
 *   --file ELF         with the segments of this file (64 bits, little-endian) in memory; may be
 *                      given twice
 *   --moved HEX        the segments are at this distance from their addresses
 *   --register N=HEX   of the thread that panicked
 *   --threads N        in its list, most of which sleep (5)
 *   --stacks N=PC:CALLER   N threads, most of which sleep at PC (hexadecimal), with 10 frames that
 *                      return to CALLER; amd64
 *   --sessions N       types `netgdb -s` again at db>, N times in total (1)
 *   --runs-on          the first `c` never stops
 *   --reboots MS       reboots at the first `c`, and types `netgdb -s` again after MS milliseconds
 *
 * Its machine is that of tests/sim/machine.h: registers, five threads, memory at MACHINE_TEXT,
 * _DATA and _STACK. `c` increments the 8 bytes at MACHINE_DATA and runs to the next 0xcc that was
 * written into the code, like an x86: the pc is then after it. Without one it stops after 1 ms at
 * the same pc. A watchpoint on the counter stops it 4 bytes further. If the 8 bytes after the
 * counter are 1, a fault does the same; if they are 2, it runs for ever. A step is 4 bytes.
 *
 * Exit status: 0 if the last session ended with a detach or SIGTERM was received, otherwise 1.
 */
#include <arpa/inet.h>
#include <elf.h>
#include <err.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "io/sockets.h"
#include "tests/sim/machine.h"
#include "tests/sim/real.h"
#include "tests/sim/twin.h"

enum {
    HERALD_PORT = 20025,
    KERNEL_PORT = 20026,
    BREAKPOINT = 0xcc,
    MEM_MAX = 4096,
    SET_MAX = 16, /* --register options */
    FILES_MAX = 2,
    STACKS_MAX = 4096,
    FRAMES = 10
};
enum { FAULTS = 1, RUNS_ON = 2 }; /* behaviour of the program */

struct options {
    struct twin_config config;
    struct sockaddr_in server, own;
    size_t mem;
    unsigned sessions;
    const struct registers *machine;
    const char *files[FILES_MAX];
    unsigned n_files;
    uint64_t moved;
    struct {
        unsigned reg;
        uint64_t value;
    } set[SET_MAX];
    unsigned sets;
    unsigned stacks; /* threads in all; 0: only the machine's */
    uint64_t stack_pc, stack_caller;
    bool runs_on;
    uint64_t reboots; /* ns; SIM_NEVER: no reboot */
};

/* Executes `c`. */
struct program {
    const struct options *options;
    struct sim_world *w;
    struct twin *twin;
    bool ran, reboots;
    uint64_t sessions; /* number of sessions before the reboot */
};

static uint64_t loaded; /* the machine's change number after the file was loaded */

static volatile sig_atomic_t ended, stopped;

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

static void stop(int signal)
{
    (void)signal;
    stopped = 1;
}

/* ---- the machine's program ---- */

/* Runs from the pc to the first breakpoint, if any. */
static uint64_t runs_to(const struct machine *m, uint64_t pc)
{
    for (uint64_t at = pc; at - m->registers->text < MACHINE_TEXT_SIZE; at++) {
        uint8_t byte;
        if (machine_changed(m, at) > loaded && machine_read(m, at, &byte, 1) == 1 &&
            byte == BREAKPOINT)
            return at + 1;
    }
    return pc;
}

/* The first run may be the last. */
static void plan_end(struct machine *m, struct program *p)
{
    const struct options *o = p->options;
    uint64_t now = sim_now(p->w);
    p->reboots = o->reboots != SIM_NEVER && !p->ran;
    m->run_time = (o->runs_on || p->reboots) && !p->ran ? SIM_NEVER : SIM_MS;
    p->sessions = twin_counts(p->twin)->sessions;
    if (p->reboots)
        twin_reboot(p->twin, now + SIM_MS, now + SIM_MS + o->reboots);
    p->ran = true;
}

static bool is_watched(const struct machine *m)
{
    bool watched = false;
    for (unsigned i = 0; i < m->points_used; i++)
        watched |= m->points[i].set && m->points[i].addr == MACHINE_DATA;
    return watched;
}

static void run(struct machine *m, void *context)
{
    struct machine_thread *t = &m->threads[0];
    unsigned number = m->registers->pc;
    uint64_t count[2] = {0, 0}, pc = t->regs[number];
    fputs("kernel: runs\n", stderr);
    (void)machine_read(m, MACHINE_DATA, count, sizeof count);
    count[0]++;
    (void)machine_write(m, MACHINE_DATA, count, sizeof count[0]);
    m->watched = MACHINE_DATA;
    if (is_watched(m))
        machine_trap(m, MACHINE_WATCH);
    else if (count[1] == FAULTS)
        machine_trap(m, MACHINE_FAULT);
    plan_end(m, context);
    if (count[1] == RUNS_ON)
        m->run_time = SIM_NEVER;
    machine_set_reg(m, t, number,
                    m->trap == MACHINE_BREAKPOINT ? runs_to(m, pc) : pc + MACHINE_INSTRUCTION);
}

/* ---- options ---- */

static unsigned long number(const char *text, unsigned long max)
{
    char *rest;
    unsigned long n = strtoul(text, &rest, 10);
    if (*text == 0 || *rest != 0 || n > max)
        errx(2, "'%s' is not a number up to %lu", text, max);
    return n;
}

/* "ADDRESS[:PORT]". */
static struct sockaddr_in address(const char *text, uint16_t port)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    char host[INET_ADDRSTRLEN] = "";
    size_t len = strcspn(text, ":");
    if (len < sizeof host)
        memcpy(host, text, len);
    if (text[len] == ':')
        port = (uint16_t)number(text + len + 1, UINT16_MAX);
    if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
        errx(2, "'%s' is no IPv4 address", text);
    a.sin_port = htons(port);
    return a;
}

/* "N=HEX". */
static void add_register(struct options *o, const char *text)
{
    char *at;
    if (o->sets == SET_MAX)
        errx(2, "more than %d registers", SET_MAX);
    o->set[o->sets].reg = (unsigned)strtoul(text, &at, 10);
    if (*at != '=' || o->set[o->sets].reg >= MACHINE_REGS)
        errx(2, "'%s' is no N=HEX", text);
    o->set[o->sets++].value = strtoull(at + 1, NULL, 16);
}

/* "N=PC:CALLER". */
static void set_stacks(struct options *o, const char *text)
{
    char *at;
    o->stacks = (unsigned)strtoul(text, &at, 10);
    if (*at == '=')
        o->stack_pc = strtoull(at + 1, &at, 16);
    if (*at != ':' || o->stacks > STACKS_MAX)
        errx(2, "'%s' is no N=PC:CALLER", text);
    o->stack_caller = strtoull(at + 1, NULL, 16);
    o->config.threads = o->stacks;
}

static void usage(void)
{
    errx(2, "usage: kernel [--old] [--bind ADDRESS[:PORT]] [--mtu N] [--mem MIB] [--machine NAME] "
            "[--file ELF]... [--moved HEX] [--register N=HEX]... [--threads N] [--stacks "
            "N=PC:CALLER] [--sessions N] "
            "[--runs-on] "
            "[--reboots MS] "
            "SERVER[:HERALD-PORT]");
}

/* Takes one option; its value is in optarg. */
static void take_option(struct options *o, int c)
{
    switch (c) {
    case 'o':
        o->config.generation = TWIN_OLD;
        break;
    case 'n':
        o->config.generation = TWIN_NEW;
        break;
    case 'b':
        o->own = address(optarg, KERNEL_PORT);
        break;
    case 't':
        o->config.mtu = number(optarg, SIM_DATAGRAM_MAX);
        break;
    case 'm':
        o->mem = number(optarg, MEM_MAX) << 20;
        break;
    case 'a':
        o->machine = registers_named(optarg);
        if (o->machine == NULL)
            errx(2, "no machine '%s'", optarg);
        break;
    case 'f':
        if (o->n_files == FILES_MAX)
            errx(2, "more than %d files", FILES_MAX);
        o->files[o->n_files++] = optarg;
        break;
    case 'M':
        o->moved = strtoull(optarg, NULL, 16);
        break;
    case 'r':
        add_register(o, optarg);
        break;
    case 'T':
        o->config.threads = (unsigned)number(optarg, UINT16_MAX);
        break;
    case 'S':
        set_stacks(o, optarg);
        break;
    case 's':
        o->sessions = (unsigned)number(optarg, UINT16_MAX);
        break;
    case 'u':
        o->runs_on = true;
        break;
    case 'R':
        o->reboots = number(optarg, UINT16_MAX) * SIM_MS;
        break;
    default:
        usage();
    }
}

static struct options options_of(int argc, char **argv)
{
    static const struct option names[] = {{"old", no_argument, NULL, 'o'},
                                          {"new", no_argument, NULL, 'n'},
                                          {"bind", required_argument, NULL, 'b'},
                                          {"mtu", required_argument, NULL, 't'},
                                          {"mem", required_argument, NULL, 'm'},
                                          {"machine", required_argument, NULL, 'a'},
                                          {"file", required_argument, NULL, 'f'},
                                          {"moved", required_argument, NULL, 'M'},
                                          {"register", required_argument, NULL, 'r'},
                                          {"threads", required_argument, NULL, 'T'},
                                          {"sessions", required_argument, NULL, 's'},
                                          {"stacks", required_argument, NULL, 'S'},
                                          {"runs-on", no_argument, NULL, 'u'},
                                          {"reboots", required_argument, NULL, 'R'},
                                          {NULL, 0, NULL, 0}};
    struct options o = {.config = twin_config(TWIN_NEW),
                        .sessions = 1,
                        .machine = registers_of(MACHINE_AMD64),
                        .reboots = SIM_NEVER};
    o.own = address("127.0.0.1", KERNEL_PORT);
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;)
        take_option(&o, c);
    if (optind + 1 != argc)
        usage();
    o.server = address(argv[optind], HERALD_PORT);
    return o;
}

/* ---- its memory and registers ---- */

static void read_at(int fd, off_t at, void *bytes, size_t len)
{
    if (pread(fd, bytes, len, at) != (ssize_t)len)
        errx(2, "the file is too short");
}

/* Loads an ELF file like a boot loader; omits segments outside the machine's memory. */
static void load(struct machine *m, const char *path, uint64_t moved)
{
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        err(2, "%s", path);
    read_at(fd, 0, &header, sizeof header);
    for (unsigned i = 0; i < header.e_phnum; i++) {
        read_at(fd, (off_t)(header.e_phoff + i * sizeof segment), &segment, sizeof segment);
        size_t len = (size_t)segment.p_filesz;
        uint8_t *bytes = segment.p_type == PT_LOAD ? malloc(len) : NULL;
        if (bytes == NULL)
            continue;
        read_at(fd, (off_t)segment.p_offset, bytes, len);
        (void)machine_write(m, segment.p_vaddr + moved, bytes, len);
        free(bytes);
    }
    close(fd);
}

static void boot(struct machine *m, struct program *p)
{
    const struct options *o = p->options;
    machine_become(m, o->machine->arch);
    size_t stacks = o->stacks * MACHINE_SLEEPER;
    machine_bulk(m, o->mem > stacks ? o->mem : stacks);
    if (o->stacks != 0)
        machine_crowd(m, o->stacks, FRAMES, o->stack_pc, o->stack_caller);
    for (unsigned i = 0; i < o->n_files; i++)
        load(m, o->files[i], o->moved);
    for (unsigned i = 0; i < o->sets; i++)
        machine_set_reg(m, &m->threads[0], o->set[i].reg, o->set[i].value);
    loaded = m->change;
    m->on_run = run;
    m->context = p;
}

/* ---- sessions ---- */

/* Blocks signals except during waits. Returns the mask for waits. */
static sigset_t catch_signals(void)
{
    static const int signals[] = {SIGTERM, SIGINT, SIGUSR1};
    sigset_t caught, outside;
    sigemptyset(&caught);
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        const struct sigaction action = {.sa_handler = signals[i] == SIGUSR1 ? stop : end};
        sigaction(signals[i], &action, NULL);
        sigaddset(&caught, signals[i]);
    }
    sigprocmask(SIG_BLOCK, &caught, &outside);
    for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
        sigdelset(&outside, signals[i]);
    return outside;
}

/* Whether it is at db> and will not connect again after a reboot. */
static bool is_over(struct twin *t, struct program *p)
{
    if (twin_phase(t) == TWIN_HERALD || twin_counts(t)->sessions > p->sessions)
        p->reboots = false; /* it has connected again */
    return twin_phase(t) == TWIN_GONE || (twin_phase(t) == TWIN_DDB && !p->reboots);
}

/* Runs a session. Returns whether it ended with a detach. */
static bool play_session(struct twin *t, struct program *p, struct sim_real *r,
                         const sigset_t *mask)
{
    uint64_t detaches = twin_counts(t)->detaches;
    fputs("kernel: netgdb -s\n", stderr);
    twin_netgdb(t);
    while (!ended && !is_over(t, p)) {
        sim_real_turn(r, mask);
        if (stopped)
            twin_stop(t);
        stopped = 0;
    }
    return twin_counts(t)->detaches > detaches;
}

static void print(const char *word, uint64_t n)
{
    printf("%s %" PRIu64 "\n", word, n);
}

/* Prints the state of ddb, if the kernel is at db>. */
static void report_ddb(struct twin *t)
{
    const struct machine *m = twin_machine(t);
    uint64_t text = m->registers->text, inserted = 0;
    unsigned past;
    for (uint64_t at = text; at < text + MACHINE_TEXT_SIZE; at++)
        inserted += machine_breakpoint_at(m, at, &past);
    printf("pc %" PRIx64 "\n", m->threads[0].regs[m->registers->pc]);
    print("at_db", twin_phase(t) == TWIN_DDB);
    print("thread", twin_thread(t));
    print("inserted", inserted);
    print("longjmp", twin_executed(t, "Mffffffff80200800,1:cc"));
}

/* Of this process, in ns: on the machine of a measurement it takes the debugger's share. */
static uint64_t own_cpu_time(void)
{
    struct timespec used = {0};
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static void report(struct twin *t, const struct sim_real *r)
{
    const struct twin_counts *c = twin_counts(t);
    report_ddb(t);
    print("sessions", c->sessions);
    print("requests", c->requests);
    print("repeated", c->repeated);
    print("reads", twin_executed(t, "m"));
    print("writes", c->writes);
    print("register_writes", c->register_writes);
    print("steps", c->steps);
    print("continues", c->continues);
    print("no_ack", twin_executed(t, "QStartNoAckMode"));
    print("detaches", c->detaches);
    print("lost", c->lost);
    print("harm", twin_harm(t));
    print("gave_up", c->gave_up);
    print("full", c->full_lost + c->full_refused);
    print("messages", c->messages);
    print("retransmissions", c->retransmissions);
    print("sending", c->sending);
    print("replied", c->replied);
    print("replies", c->replies);
    print("ns_a_send", c->messages != 0 ? c->sending / c->messages : 0);
    print("received", sim_real_received(r));
    print("sent", sim_real_sent(r));
    print("cpu", own_cpu_time());
}

int main(int argc, char **argv)
{
    struct options o = options_of(argc, argv);
    struct sim_world *w = sim_world_new(1);
    struct twin *t = twin_new(w, &o.config);
    sigset_t mask = catch_signals();
    int fd = sockets_udp(&o.own, NULL);
    if (fd < 0)
        err(1, "%s:%u", inet_ntoa(o.own.sin_addr), ntohs(o.own.sin_port));
    struct sim_real *r = sim_real_new(w, o.config.ip, fd, &o.server);
    struct program p = {.options = &o, .w = w, .twin = t};
    boot(twin_machine(t), &p);

    fputs("kernel: ready\n", stderr);

    bool good = true;
    for (unsigned i = 0; i < o.sessions && twin_phase(t) == TWIN_DDB && !ended; i++)
        good = play_session(t, &p, r, &mask);
    report(t, r);
    sim_real_free(r);
    twin_free(t);
    sim_world_free(w);
    close(fd);
    return good || ended ? 0 : 1;
}
