/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * A bad network: a relay between a kernel (or node) and a server that loses, delays, duplicates,
 * reorders and corrupts datagrams, depending on a seed. The kernel sees it as the server, the
 * server as the kernel:
 *
 *   kernel --HERALD--> ADDRESS:20025 | ADDRESS:20026 --> SERVER:20025
 *   kernel <--session-- ADDRESS:p    | ADDRESS:20026 <-- SERVER:s     (one p for each s)
 *
 *   noise --address 127.0.0.3 --server 127.0.0.1 [--port 20025]
 *         [--listen HERALD-PORT:KERNEL-PORT] [--seed N] [FAULT...]
 *
 *   --only WHO         only datagrams sent by WHO (kernel or server) have faults
 *   --loss P           probability of loss
 *   --burst P:Q        a burst, in which all datagrams are lost, starts with probability P and ends
 *                      with probability Q at each datagram (Gilbert-Elliott)
 *   --block EVERY:MS   nothing passes in the last MS of every EVERY ms
 *   --duplicate P      probability of duplication
 *   --reorder P        probability of a delay by up to --late MS (or by --late MIN:MAX), so that
 *                      later datagrams overtake
 *   --corrupt P        probability of damage that the UDP checksum detects: the datagram is dropped
 *   --delay MS         delay of all datagrams
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { HERALD_PORT = 20025, KERNEL_PORT = 20026, SESSIONS = 64, DATAGRAM = 9216 };

/* A datagram in flight. */
struct pending {
    TAILQ_ENTRY(pending) entries;
    uint64_t due;
    int fd;
    struct sockaddr_in to;
    size_t len;
    uint8_t data[];
};

static TAILQ_HEAD(pendings, pending) pending = TAILQ_HEAD_INITIALIZER(pending);
static double loss, duplicate, reorder, corrupt, late_ms = 5, late_min, delay_ms;
static double burst_begins, burst_ends, block_every, block_ms;
static bool bad_time, spare_kernel, spare_server;
static uint64_t seed = 1, passed, lost, repeated, late, corrupted;
static volatile sig_atomic_t ended;
static uint16_t herald_port = HERALD_PORT, kernel_port = KERNEL_PORT;

static struct sockaddr_in kernel; /* source of the last HERALD */
static struct {
    int fd;
    uint16_t port; /* of the server's session, network byte order */
} sessions[SESSIONS];
static unsigned session_count;

static void end(int signal)
{
    (void)signal;
    ended = 1;
}

static uint64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static double chance(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (double)(seed >> 11) / (double)(UINT64_C(1) << 53);
}

static void enqueue(int fd, const struct sockaddr_in *to, const uint8_t *data, size_t len,
                    double extra_ms)
{
    struct pending *p = malloc(sizeof *p + len), *at;
    if (p == NULL)
        return;
    p->due = now() + (uint64_t)((delay_ms + extra_ms) * 1e6);
    p->fd = fd;
    p->to = *to;
    p->len = len;
    memcpy(p->data, data, len);
    TAILQ_FOREACH_REVERSE(at, &pending, pendings, entries)
    {
        if (at->due <= p->due)
            break;
    }
    if (at != NULL)
        TAILQ_INSERT_AFTER(&pending, at, p, entries);
    else
        TAILQ_INSERT_HEAD(&pending, p, entries);
}

static bool is_lost(void)
{
    if (chance() < (bad_time ? burst_ends : burst_begins))
        bad_time = !bad_time;
    if (block_every != 0 && fmod((double)now() / 1e6, block_every) > block_every - block_ms)
        return true;
    return bad_time || chance() < loss;
}

/* The fate of a datagram. */
static void forward(bool from_kernel, int fd, const struct sockaddr_in *to, uint8_t *data,
                    size_t len)
{
    double extra = 0;
    if (from_kernel ? spare_kernel : spare_server) {
        passed++;
        enqueue(fd, to, data, len, 0);
        return;
    }
    if (is_lost()) {
        lost++;
        return;
    }
    if (chance() < corrupt) {
        corrupted++;
        return;
    }
    if (chance() < reorder) {
        late++;
        extra = late_min + chance() * (late_ms - late_min);
    }
    passed++;
    enqueue(fd, to, data, len, extra);
    if (chance() < duplicate) {
        repeated++;
        enqueue(fd, to, data, len, extra + chance() * late_ms);
    }
}

static int udp(const char *address, uint16_t port)
{
    struct sockaddr_in sa = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || inet_pton(AF_INET, address, &sa.sin_addr) != 1 ||
        bind(fd, (struct sockaddr *)&sa, sizeof sa) != 0) {
        fprintf(stderr, "noise: cannot bind %s:%u\n", address, port);
        exit(1);
    }
    return fd;
}

static ssize_t take(int fd, uint8_t *data, struct sockaddr_in *from)
{
    socklen_t len = sizeof *from;
    return recvfrom(fd, data, DATAGRAM, MSG_DONTWAIT, (struct sockaddr *)from, &len);
}

/* Returns the socket for the server's session port; created at its first datagram. */
static int session_of(const char *address, uint16_t port)
{
    for (unsigned i = 0; i < session_count; i++) {
        if (sessions[i].port == port)
            return sessions[i].fd;
    }
    if (session_count == SESSIONS)
        return -1;
    sessions[session_count].port = port;
    sessions[session_count].fd = udp(address, 0);
    return sessions[session_count++].fd;
}

static int next_timeout(void)
{
    struct pending *p = TAILQ_FIRST(&pending);
    uint64_t t = now();
    if (p == NULL)
        return -1;
    return p->due <= t ? 0 : (int)((p->due - t) / 1000000) + 1;
}

static void send_due(void)
{
    struct pending *p;
    while ((p = TAILQ_FIRST(&pending)) != NULL && p->due <= now()) {
        TAILQ_REMOVE(&pending, p, entries);
        (void)!sendto(p->fd, p->data, p->len, 0, (struct sockaddr *)&p->to, sizeof p->to);
        free(p);
    }
}

static void run(const char *address, const struct sockaddr_in *server)
{
    int herald_fd = udp(address, herald_port), kernel_fd = udp(address, kernel_port);
    static uint8_t data[DATAGRAM];
    struct sockaddr_in from;
    fprintf(stderr, "noise: ready\n");
    while (!ended) {
        struct pollfd p[2 + SESSIONS] = {{herald_fd, POLLIN, 0}, {kernel_fd, POLLIN, 0}};
        for (unsigned i = 0; i < session_count; i++)
            p[2 + i] = (struct pollfd){sessions[i].fd, POLLIN, 0};
        (void)poll(p, 2 + session_count, next_timeout());
        ssize_t n;
        while ((n = take(herald_fd, data, &from)) >= 0) {
            kernel = from;
            forward(true, kernel_fd, server, data, (size_t)n);
        }
        while ((n = take(kernel_fd, data, &from)) >= 0) {
            int fd = session_of(address, from.sin_port);
            if (fd >= 0)
                forward(false, fd, &kernel, data, (size_t)n);
        }
        for (unsigned i = 0; i < session_count; i++) {
            while ((n = take(sessions[i].fd, data, &from)) >= 0) {
                struct sockaddr_in to = *server;
                to.sin_port = sessions[i].port;
                forward(true, kernel_fd, &to, data, (size_t)n);
            }
        }
        send_due();
    }
    fprintf(stderr, "noise: %llu passed, %llu lost, %llu repeated, %llu late, %llu corrupted\n",
            (unsigned long long)passed, (unsigned long long)lost, (unsigned long long)repeated,
            (unsigned long long)late, (unsigned long long)corrupted);
}

/* Parameters of run, set by options. */
static const char *address = "127.0.0.3";
static struct sockaddr_in server = {.sin_family = AF_INET};

/* An option with one number. Returns whether it is one. */
static bool set_number(int option, const char *text)
{
    static const struct {
        int option;
        double *value;
    } numbers[] = {
        {'l', &loss}, {'d', &duplicate}, {'r', &reorder}, {'c', &corrupt}, {'D', &delay_ms}};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (numbers[i].option == option) {
            *numbers[i].value = atof(text);
            return true;
        }
    }
    return false;
}

/* One of the others. Returns false if it is wrong. */
static bool set_option(int option, const char *text)
{
    switch (option) {
    case 'a':
        address = text;
        return true;
    case 's':
        return inet_pton(AF_INET, text, &server.sin_addr) == 1;
    case 'p':
        server.sin_port = htons((uint16_t)atoi(text));
        return true;
    case 'i':
        return sscanf(text, "%hu:%hu", &herald_port, &kernel_port) == 2;
    case 'L':
        if (sscanf(text, "%lf:%lf", &late_min, &late_ms) != 2)
            late_ms = atof(text);
        return true;
    case 'b':
        return sscanf(text, "%lf:%lf", &burst_begins, &burst_ends) == 2;
    case 'B':
        return sscanf(text, "%lf:%lf", &block_every, &block_ms) == 2;
    case 'o':
        spare_kernel = strcmp(text, "server") == 0;
        spare_server = strcmp(text, "kernel") == 0;
        return true;
    case 'S':
        seed = strtoull(text, NULL, 10);
        return true;
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"address", 1, NULL, 'a'}, {"server", 1, NULL, 's'},  {"port", 1, NULL, 'p'},
        {"listen", 1, NULL, 'i'},  {"loss", 1, NULL, 'l'},    {"duplicate", 1, NULL, 'd'},
        {"reorder", 1, NULL, 'r'}, {"corrupt", 1, NULL, 'c'}, {"late", 1, NULL, 'L'},
        {"delay", 1, NULL, 'D'},   {"seed", 1, NULL, 'S'},    {"burst", 1, NULL, 'b'},
        {"block", 1, NULL, 'B'},   {"only", 1, NULL, 'o'},    {NULL, 0, NULL, 0}};
    const struct sigaction action = {.sa_handler = end};
    int o;
    server.sin_port = htons(HERALD_PORT);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    while ((o = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (!set_number(o, optarg) && !set_option(o, optarg))
            return 2;
    }
    (void)sigaction(SIGTERM, &action, NULL);
    (void)sigaction(SIGINT, &action, NULL);
    run(address, &server);
    return 0;
}
