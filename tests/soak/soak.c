/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * Many sessions for a long time: makes GDB's calls under the preload, with all of them open at
 * once; asks each in turn, and each time a round is over detaches one and connects it again. Prints
 * what the process holds, and fails when that grows or a reply is wrong.
 *
 *   soak SECONDS SESSIONS PORT PROCESS    kernels at 127.0.1.1, 127.0.1.2 and so on; the node that
 *                                         is watched, too
 */
#include <dirent.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    SESSIONS_MAX = 250,
    REPLY_MS = 60000,
    PAUSE_US = 1000,   /* between two exchanges: others need the CPU, too */
    SAMPLES = 30,      /* lines that are printed */
    WARM = 10,         /* samples until everything has its size */
    GROWTH_KIB = 1024, /* what the allocator may make of it */
};

struct held {
    long kib, descriptors;
};

static const char *port;
static int sessions[SESSIONS_MAX];
static unsigned long exchanges, reconnects;

static long seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec;
}

static void die(const char *what, unsigned i)
{
    printf("127.0.1.%u: %s, after %lu exchanges and %lu reconnections\n", i + 1, what, exchanges,
           reconnects);
    exit(1);
}

static void put(int fd, const char *content)
{
    char packet[200];
    unsigned sum = 0;
    for (const char *p = content; *p != '\0'; p++)
        sum += (unsigned char)*p;
    int n = snprintf(packet, sizeof packet, "$%s#%02x", content, sum & 0xff);
    (void)!write(fd, packet, (size_t)n);
}

/* One packet's content; false when none comes. */
static bool get(int fd, char *content, size_t max)
{
    struct pollfd p = {fd, POLLIN, 0};
    size_t n = 0;
    bool inside = false;
    char c = 0, sum[2];
    while (c != '#') {
        if (poll(&p, 1, REPLY_MS) != 1 || read(fd, &c, 1) != 1)
            return false;
        if (inside && n + 1 < max)
            content[n++] = c;
        inside |= c == '$';
    }
    content[n - 1] = '\0';
    return poll(&p, 1, REPLY_MS) == 1 && recv(fd, sum, 2, MSG_WAITALL) == 2;
}

static void ask(unsigned i, const char *request, const char *expected)
{
    char reply[4096];
    put(sessions[i], request);
    if (!get(sessions[i], reply, sizeof reply))
        die("no reply", i);
    if (strncmp(reply, expected, strlen(expected)) != 0)
        die(reply, i);
    exchanges++;
}

static void open_session(unsigned i)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    char node[64];
    snprintf(node, sizeof node, "netgdb:127.0.1.%u", i + 1);
    if (getaddrinfo(node, port, &hints, &found) != 0)
        die("not looked up", i);
    sessions[i] = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(sessions[i], found->ai_addr, found->ai_addrlen) != 0)
        die("not connected", i);
    freeaddrinfo(found);
    ask(i, "qSupported:xmlRegisters=i386", "");
    ask(i, "?", "T05");
}

static void close_session(unsigned i)
{
    ask(i, "D", "OK");
    close(sessions[i]);
}

/* What a process holds; 0 is ourselves. */
static struct held measure(int process)
{
    struct held h = {0, -2};
    char path[64], who[16] = "self";
    if (process != 0)
        snprintf(who, sizeof who, "%d", process);
    snprintf(path, sizeof path, "/proc/%s/statm", who);
    FILE *f = fopen(path, "re");
    if (f == NULL || fscanf(f, "%*d %ld", &h.kib) != 1)
        h.kib = -1;
    h.kib *= sysconf(_SC_PAGESIZE) / 1024;
    if (f != NULL)
        fclose(f);
    snprintf(path, sizeof path, "/proc/%s/fd", who);
    DIR *dir = opendir(path);
    while (dir != NULL && readdir(dir) != NULL)
        h.descriptors++;
    if (dir != NULL)
        closedir(dir);
    return h;
}

static bool grew(const char *who, struct held before, struct held now)
{
    if (now.kib <= before.kib + GROWTH_KIB && now.descriptors <= before.descriptors)
        return false;
    printf("%s grew: %ld KiB and %ld descriptors, %ld and %ld when warm\n", who, now.kib,
           now.descriptors, before.kib, before.descriptors);
    return true;
}

/* Asks until `end`, with all sessions open. */
static void work(long end, unsigned count, unsigned *next)
{
    while (seconds() < end) {
        for (unsigned i = 0; i < count; i++) {
            ask(i, "m1000,4", "01020304");
            usleep(PAUSE_US);
        }
        close_session(*next);
        open_session(*next);
        reconnects++;
        *next = (*next + 1) % count;
    }
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    long length = atol(argv[1]), began = seconds();
    unsigned count = (unsigned)atoi(argv[2]), next = 0;
    int process = atoi(argv[4]);
    port = argv[3];
    if (count == 0 || count > SESSIONS_MAX)
        return 2;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (unsigned i = 0; i < count; i++)
        open_session(i);
    struct held us = {0}, node = {0}, us_warm = {0}, node_warm = {0};
    for (int sample = 1; sample <= SAMPLES; sample++) {
        work(began + length * sample / SAMPLES, count, &next);
        us = measure(0);
        node = measure(process);
        printf("%5ld s: %lu exchanges, %lu reconnections; %ld KiB, %ld descriptors; node %ld KiB, "
               "%ld descriptors\n",
               seconds() - began, exchanges, reconnects, us.kib, us.descriptors, node.kib,
               node.descriptors);
        if (sample <= WARM) {
            us_warm = us;
            node_warm = node;
        }
    }
    bool bad = grew("the debugger's process", us_warm, us);
    bad |= grew("the node", node_warm, node);
    for (unsigned i = 0; i < count; i++)
        close_session(i);
    puts(bad ? "not flat" : "flat");
    return bad ? 1 : 0;
}
